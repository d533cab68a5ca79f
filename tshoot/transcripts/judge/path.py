"""The way between two hosts, from pings of several sizes and from probes of ports.

Never from `nc` alone: a port that times out may be filtered for the probe and open for the client, and over UDP no answer looks
like success. `Message too long` is the sending interface's own MTU: nothing left the host.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tshoot.model.findings import Finding, LineValue
from tshoot.transcripts.judgement import Judgement, finding, proof
from tshoot.transcripts.reading import Read, Reads

_HEADER = re.compile(r"PING6? ?(?P<host>\S{1,255}) \(?.{0,60}?(?P<size>\d{1,5})(?:\(\d{1,5}\))? (?:data )?bytes")
_LARGE = 1400  # bytes of payload: below it no path is expected to refuse


@dataclass(slots=True)
class _Way:
    """What was tried from one host towards another."""

    source: str
    target: str
    passed: dict[int, Read] = field(default_factory=dict)
    lost: dict[int, Read] = field(default_factory=dict)
    too_long: dict[int, Read] = field(default_factory=dict)
    unfragmented: set[int] = field(default_factory=set)
    open: list[Read] = field(default_factory=list)
    closed: list[Read] = field(default_factory=list)


class _Path:
    family = "path"
    causes: Mapping[str, str] = {
        "path.mtu-mismatch": "a large ping that may not be fragmented is lost, a smaller one to the same host passes; Message too long: a note",
        "path.unreachable": "no ping of any size is answered and no TCP port that was tried is open or refuses",
    }
    seen: Mapping[str, str] = {
        "path.pings": "pings, where one of full size was tried or one is lost",
        "path.probes": "probes of ports, which alone prove nothing",
    }

    def judge(self, reads: Reads) -> Judgement:
        ways = _ways(reads)
        findings = [one for way in ways for one in (*_mtu(way), *_unreachable(way))]
        pings = sum(len(way.passed) + len(way.lost) + len(way.too_long) for way in ways if _telling(way))
        probes = sum(len(way.open) + len(way.closed) for way in ways)
        counts = {"path.pings": pings, "path.probes": probes if pings else 0}
        faulty = {str(one.facts.get("server")) for one in findings if one.severity == "fault"}
        missing = [sentence for way in ways if way.target not in faulty for sentence in _missing(way)]
        return Judgement(tuple(findings), {name: count for name, count in counts.items() if count}, tuple(missing))


def _telling(way: _Way) -> bool:
    """Whether these pings say more than that small packets pass, which proves no sound path."""
    return bool(way.lost or way.too_long) or any(size >= _LARGE and size in way.unfragmented for size in way.passed)


def _ways(reads: Reads) -> list[_Way]:
    found: dict[tuple[str, str], _Way] = {}
    for read in reads.answers:
        if read.parsed.parser == "vmkping":
            target, size, unfragmented = _asked(read)
            way = found.setdefault((read.piece.host, target), _Way(read.piece.host, target))
            if target and "received" in read.facts:
                answers = way.too_long if read.facts.get("too_long") else way.passed if read.facts["received"] else way.lost
                answers[size] = read
                way.unfragmented |= {size} if unfragmented else set()
        elif read.parsed.parser == "nc_probe" and read.facts.get("host"):
            target = str(read.facts["host"])
            way = found.setdefault((read.piece.host, target), _Way(read.piece.host, target))
            if read.facts.get("state") in ("open", "refused"):
                way.open.append(read)
            elif read.facts.get("state") in ("silent", "unreachable"):
                way.closed.append(read)
    return list(found.values())


def _asked(read: Read) -> tuple[str, int, bool]:
    """Target, payload size, and whether fragmentation was forbidden, from the command, else from ping's header."""
    try:
        words = shlex.split(read.piece.command)
    except ValueError:
        words = read.piece.command.split()
    header = next((match for line in read.piece.lines[:20] if (match := _HEADER.match(line.text))), None)
    size = next((int(after) for word, after in pairwise(words) if word == "-s" and after.isdecimal()), None)
    forbidden = "-d" in words or ("-M" in words and "do" in words)
    target = header["host"].rstrip(":") if header else ""
    if words and words[0] in {"vmkping", "ping", "ping6"} and not words[-1].startswith("-"):
        target = words[-1]
    return target, size if size is not None else int(header["size"]) if header else 56, forbidden


def _mtu(way: _Way) -> Iterable[Finding]:
    facts: dict[str, str | int] = {"server": way.target, **({"client": way.source} if way.source else {})}
    small = max((size for size in way.passed), default=None)
    large = min((size for size in way.lost if small is not None and size > small and size >= _LARGE), default=None)
    if small is not None and large is not None:
        evidence = [*_received(way.passed[small]), *_received(way.lost[large])]
        text = f"From {way.source or 'the host'} to {way.target}, pings of {small} bytes pass and of {large} bytes are lost without a word"
        if large in way.unfragmented:
            text += ": the path does not carry packets of that size."
            yield finding("path.mtu-mismatch", text, evidence, {**facts, "passes": small, "lost": large})
        else:
            text += ". The command did not forbid fragmentation (-d), so fragments may be lost instead."
            yield finding("path.mtu-mismatch", text, evidence, {**facts, "passes": small, "lost": large}, severity="warning", confidence="low")
    for size, read in way.too_long.items():
        text = f"A ping of {size} bytes exceeds the MTU of the sending interface itself: nothing left {way.source or 'the host'}, "
        text += "and nothing is said about the path."
        yield finding(
            "path.mtu-mismatch", text, proof(read, "too_long", "larger than the interface's own MTU"), facts, severity="note", confidence="low"
        )


def _unreachable(way: _Way) -> Iterable[Finding]:
    if way.lost and way.closed and not way.passed and not way.open:
        tried = ", ".join(str(read.facts.get("port")) for read in way.closed)
        text = f"From {way.source or 'the host'}, {way.target} answers no ping, and none of the TCP ports tried ({tried})."
        evidence = [value for read in way.lost.values() for value in _received(read)]
        evidence += [value for read in way.closed for value in proof(read, "state")]
        facts: dict[str, str | int] = {"server": way.target, **({"client": way.source} if way.source else {})}
        yield finding("path.unreachable", text, evidence, facts, confidence="medium")


def _received(read: Read) -> Sequence[LineValue]:
    return proof(read, "received", f"{read.facts.get('received')} of {read.facts.get('sent')} answered")


def _missing(way: _Way) -> Iterable[str]:
    for size, read in way.passed.items():
        if read.facts["received"] < read.facts.get("sent", 0):
            yield f"where {read.facts['sent'] - read.facts['received']} of {read.facts['sent']} pings of {size} bytes to {way.target} were lost"
    if way.closed and way.passed:
        ports = ", ".join(str(read.facts.get("port")) for read in way.closed)
        what = f"what becomes of a connection to {way.target} port {ports}"
        yield f"{what}: `nc` alone proves nothing; capture the attempt itself (`tcpdump-uw`) and analyze it"
    elif way.closed and not way.lost:
        yield f"whether {way.target} can be reached at all: ping it with small and full size (`vmkping -I VMK -d -s 1472 {way.target}`)"
    elif way.lost and not way.passed and not way.closed and not way.open:
        yield f"whether {way.target} answers anything: it answers no ping, which may be filtered; try its TCP ports or capture"
    elif way.too_long and not way.passed and not way.lost:
        yield f"a ping of {way.target} that fits the interface's own MTU (1472 for 1500, 8972 for 9000)"


JUDGE = _Path()
