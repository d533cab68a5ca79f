"""Pieces to facts: which platform a host is, which parser reads an answer, and on which lines of the file each fact stands.

The parser is the one that the platform's rule names for the command as written out; where that gives nothing (no prompt, a
command that is not known), the parsers whose output begins like this answer are tried, and the one that understands
most of it is taken. Nothing here judges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers import parse, parser_facts, parser_names
from tshoot.parsers._shapes import BGP_NEIGHBORS, BGP_ROUTE, BGP_SUMMARY, MAC_TABLE, NEIGHBORS, ROUTE, ROUTING_CONFIG, ROUTING_LOG
from tshoot.transcripts.commands import Known, known_command
from tshoot.transcripts.hosts import HostGuess, guessed_hosts
from tshoot.transcripts.joints import join_wrapped, parts
from tshoot.transcripts.logs import LogLine
from tshoot.transcripts.pieces import Piece, Transcript, split
from tshoot.transcripts.text import TextLine
from tshoot.transcripts.times import stamped

SHAPES: Mapping[str, Mapping[str, str]] = {
    "route": ROUTE,
    "bgp-route": BGP_ROUTE,
    "bgp-summary": BGP_SUMMARY,
    "bgp-neighbors": BGP_NEIGHBORS,
    "neighbors": NEIGHBORS,
    "mac-table": MAC_TABLE,
    "routing-config": ROUTING_CONFIG,
    "routing-log": ROUTING_LOG,
}
# how an answer begins -> the parsers that may read it, by the end of their names
_HEADS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("_show_route", re.compile(r"\s{0,4}(?:Routing entry for \S|IPv6 Routing Table|IP Route Table|VRF: |Codes: )")),
    ("_show_route", re.compile(r"(?:[A-Z][A-Z0-9* ]{0,4}|[a-z] [A-Z0-9]{0,2}|\*)\s{1,12}[0-9A-Fa-f:.]{2,45}/\d{1,3} \[\d{1,3}/\d{1,10}\]")),
    ("_show_bgp_route", re.compile(r"BGP routing table entry for ")),
    ("_summary", re.compile(r"Neighbor\s+V\s+AS\b|BGP router identifier|BGP summary information")),
    ("_show_bgp_neighbors", re.compile(r"BGP neighbor is ")),
    ("_ipv6_neighbors", re.compile(r"IPv6 Adjacency Table|IPv6 Address\s+Age\b|IPv6 Address\s.{0,200}(?:Hardware|MAC|Link-layer) Addr")),
    ("_arp", re.compile(r"Protocol\s+Address\s+Age|Address\s+Age(?:\s*\([^)]*\))?\s+(?:Hardware|MAC) Addr|\S{1,255} \([0-9.]{7,15}\) at ")),
    ("_neigh", re.compile(r"[0-9A-Fa-f:.]{2,45} dev \S{1,32} (?:lladdr |INCOMPLETE|FAILED)")),
    ("_neighbor_list", re.compile(r"Neighbor\s+Mac Address\s+Vmknic")),
    ("_mac_address_table", re.compile(r"\s{0,20}Mac Address Table|Legend:|\s{0,4}Vlan\s+Mac Address\s+Type", re.IGNORECASE)),
    ("_routing_config", re.compile(r"\s{0,4}router bgp \d|ipv6 prefix-list \S|route-map \S{1,64} (?:permit|deny) \d")),
    ("bird_show_protocols", re.compile(r"Name\s+Proto\s+Table\s+State\s+Since")),
    (
        "bird_show_route",
        re.compile(r"[0-9A-Fa-f:.]{2,45}/\d{1,3}\s+(?:unicast|unreachable|blackhole|via|dev) ?\[?|Table master[46]?:|BIRD \d[\d.]* ready"),
    ),
    ("linux_ip_route_get", re.compile(r"[0-9A-Fa-f:.]{2,45} (?:from \S{1,45} )?(?:via \S{1,45} )?dev \S{1,32} .{0,60}\bsrc ")),
    ("vmkping", re.compile(r"PING6? ?[(\S].{0,300}(?:data )?bytes|--- \S{1,300} (?:ping6? )?statistics ---")),
    ("vmkernel_log_nfs", re.compile(r".{0,120}cpu\d{1,4}:\d{1,10}.{0,60}\).{0,80}NFS: ")),
    ("esxcfg_vmknic", re.compile(r"Interface\s+Port Group/DVPort")),
    ("esxcfg_route", re.compile(r"VMkernel Routes:")),
    ("esxcli_storage_nfs_list", re.compile(r"Volume Name\s+Host\s+Share")),
)
_EMPTY = Parsed("", {})
_ALSO = {"bird_show_route": "bird_show_bgp_route", "bird_show_protocols": "bird_show_bgp_neighbors"}  # BIRD answers two questions at once
_LONG = 2000  # lines; a longer answer is read by one parser only
_OWN = {"cisco_ios": "ios_", "cisco_nxos": "nxos_", "arista_eos": "eos_", "frr_vtysh": "frr_", "vmware_esxi": "esx"}


@dataclass(frozen=True, slots=True)
class Read:
    """One answer as read. `shape` is the name in SHAPES that its facts have, empty for a parser of its own kind."""

    piece: Piece
    platform: str
    parsed: Parsed
    shape: str
    command: str

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.parsed.facts

    def lines(self, *paths: str) -> tuple[TextLine, ...]:
        """The lines that the facts under `paths` were read from, numbered as in the file; those above a path where it has none."""
        found: dict[int, TextLine] = {}
        for path in paths:
            steps = path.split(".")
            above = (".".join(steps[:depth]) for depth in range(len(steps), 0, -1))
            if (span := next((self.parsed.lines[one] for one in above if one in self.parsed.lines), None)) is not None:
                found |= {line.number: line for line in self.piece.lines[span.first - 1 : span.last]}
        return tuple(found[number] for number in sorted(found))


@dataclass(frozen=True, slots=True)
class Reads:
    """All that was read of one text. `logs` hold the log lines of one host each, read as one; `hosts` say what each was taken for."""

    transcript: Transcript
    answers: tuple[Read, ...]
    logs: tuple[Read, ...]
    hosts: Mapping[str, HostGuess]

    def of(self, shape: str) -> tuple[Read, ...]:
        return tuple(read for read in self.answers if read.shape == shape)


def read(lines: Sequence[TextLine], check: Callable[[], None] = lambda: None) -> Reads:
    """The facts of a text. `check` is called between pieces and may raise to stop."""
    transcript = split(lines)
    join_wrapped(transcript.pieces)
    pieces = [part for piece in transcript.pieces for part in parts(piece)]
    hosts = guessed_hosts(pieces)
    answers: list[Read] = []
    for piece in pieces:
        check()
        if any(line.text for line in piece.lines):
            answers += _read(piece, hosts[piece.host])
    return Reads(transcript, tuple(answers), tuple(_logs(transcript.logs)), hosts)


@cache
def shape_of(parser: str) -> str:
    """The name in SHAPES whose facts the parser gives, empty where it has its own."""
    try:
        facts = set(parser_facts(parser))
    except KeyError:
        return ""
    best = max(SHAPES, key=lambda name: len(set(SHAPES[name]) & facts) / len(SHAPES[name]))
    shape = SHAPES[best]
    alike = len(set(shape) & facts) >= len(shape) / 3 and {path.split(".")[0] for path in facts} <= {path.split(".")[0] for path in shape}
    return best if alike else ""  # what its platform never prints a parser leaves out


# --- answers ---------------------------------------------------------------------------------------------------


def _read(piece: Piece, host: HostGuess) -> Iterable[Read]:
    known = _command_of(piece, host.platform)
    command = known.command if known else piece.command
    text = CommandText(command, piece.text, "", None)
    parsed = _parsed(known, text, host.platform)
    if not parsed.facts and (bare := _without_stamps(piece)) is not None:
        parsed = _parsed(known, replace(text, stdout=bare), host.platform)
    platform = known.platform if known else host.platform
    yield Read(piece, platform, parsed, shape_of(parsed.parser) if parsed.parser else "", command)
    other = parse(_ALSO[parsed.parser], text) if parsed.parser in _ALSO else _EMPTY
    if other.facts:
        yield Read(piece, platform, other, shape_of(other.parser), command)


def _parsed(known: Known | None, text: CommandText, platform: str) -> Parsed:
    parsed = parse(known.parser, text) if known and known.parser else _EMPTY
    if parsed.facts and (not parsed.unread or text.stdout.count("\n") > _LONG):
        return parsed
    other = _by_shape(text, platform)
    if other is None or (parsed.facts and (_unread(other) >= _unread(parsed) or shape_of(other.parser) != shape_of(parsed.parser))):
        return parsed
    return other  # the platform was guessed wrong: another one's parser understands more


def _without_stamps(piece: Piece) -> str | None:
    """The answer without what a terminal program put before every line; None where lines have no such stamps."""
    filled = [line.text for line in piece.lines if line.text.strip()]
    bare = [stamped(line.text) for line in piece.lines]
    if not filled or sum(time is not None for time, _ in bare) * 2 < len(filled):
        return None
    return "\n".join(rest for _, rest in bare)


def _command_of(piece: Piece, platform: str) -> Known | None:
    command = piece.command
    if piece.repeated or not command:
        return None
    found = known_command(platform, command)
    if found is None and piece.kind in {"shell", "esxi"}:  # `ssh r2 'show …'`: a router answered
        others = (
            ("frr_vtysh", "cisco_ios", "cisco_nxos", "arista_eos") if re.match("(?:sh|show) ", command) else ("linux", "bird", "frr", "vmware_esxi")
        )
        found = next((known for other in others if other != platform and (known := known_command(other, command))), None)
    if found is None and piece.kind == "bird":
        found = known_command("bird", f"birdc -r {command}") or known_command("bird", f"birdc {command}")
    return found


def _by_shape(text: CommandText, platform: str) -> Parsed | None:
    """What the parser that understands most of the answer says, of those whose output begins so; of equals, the platform's own."""
    endings = {ending for line in text.stdout.split("\n", 400)[:400] for ending, head in _HEADS if head.match(line)}
    names = [name for name in parser_names() if any(name.endswith(ending) for ending in endings) and not name.endswith("_json")]
    tried = [parsed for name in names if (parsed := parse(name, text)).facts]
    own = _OWN.get(platform, platform)
    return min(tried, key=lambda parsed: (_unread(parsed), not parsed.parser.startswith(own), not parsed.parser.startswith("ios")), default=None)


def _unread(parsed: Parsed) -> int:
    return sum(span.last - span.first + 1 for span in parsed.unread)


def _logs(logs: Sequence[LogLine]) -> Iterable[Read]:
    """The log lines of each host and maker, read together as one log."""
    grouped: dict[tuple[str, str], list[LogLine]] = {}
    for log in logs:
        grouped.setdefault((log.host, log.source), []).append(log)
    for (host, source), group in grouped.items():
        piece = Piece(host, "log", "", 0, lines=[TextLine(log.number, log.text) for log in group])
        name = f"{source}_routing_log"
        parsed = parse(name, CommandText("", piece.text)) if source != "kernel" else _EMPTY
        yield Read(piece, "", parsed, "routing-log" if parsed.facts else "", "")
