"""Neighbour discovery as `tcpdump -nevv` prints it: a line a packet, indented lines of options below it.

    c4:17:fe:12:7d:75 > 33:33:ff:00:00:01, ethertype IPv6 (0x86dd), length 86: (hlim 255, …) 2001:db8::5 > ff02::1:ff00:1:
        [icmp6 sum ok] ICMP6, neighbor solicitation, length 32, who has 2001:db8::1
          source link-address option (1), length 8 (1): 00:03:ff:13:7d:75

A packet whose line the terminal wrapped is put together again. Without -e there is no Ethernet source, without -v no option.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tshoot.transcripts.reading import Reads
from tshoot.transcripts.text import TextLine

MOST_PACKETS = 100_000
_MAC = r"[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}"
_START = re.compile(
    rf"(?:\S{{1,40}} ){{0,2}}(?P<source>{_MAC})(?: \([^)]{{1,60}}\))? > (?P<to>{_MAC}|Broadcast)|(?:\S{{1,40}} ){{0,2}}IP6 ", re.IGNORECASE
)
_KINDS = (
    ("solicitation", re.compile(r"neighbor solicitation.{0,40}?,? who has (?P<target>[0-9a-f:.]{2,45})", re.IGNORECASE)),
    ("advertisement", re.compile(r"neighbor advertisement.{0,40}?,? tgt is (?P<target>[0-9a-f:.]{2,45})", re.IGNORECASE)),
    ("router-solicitation", re.compile(r"router solicitation(?P<target>)", re.IGNORECASE)),
    ("router-advertisement", re.compile(r"router advertisement(?P<target>)", re.IGNORECASE)),
)
_FROM = re.compile(r"(?P<from>[0-9a-f:.]{2,45}) > (?P<to>[0-9a-f:.]{2,45}): ", re.IGNORECASE)
_OPTION = re.compile(rf"(?P<side>source|destination) link-address option(?: \(\d\))?[^:]{{0,40}}: (?P<mac>{_MAC})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NdPacket:
    """`source` is the Ethernet source and `option` the link-layer address that the packet itself claims; empty where not printed."""

    kind: str
    source: str
    sender: str
    target: str
    option: str
    line: TextLine
    option_line: TextLine | None


def packets(reads: Reads) -> Iterator[NdPacket]:
    """The packets of neighbour discovery in all answers and loose text, in order; at most MOST_PACKETS of them."""
    count = 0
    for piece in (read.piece for read in reads.answers):
        for lines in _grouped(piece.lines):
            if (packet := _packet(lines)) is not None:
                yield packet
                count += 1
                if count >= MOST_PACKETS:
                    return


def _grouped(lines: Iterable[TextLine]) -> Iterator[list[TextLine]]:
    group: list[TextLine] = []
    for line in lines:
        if _START.match(line.text):
            if group:
                yield group
            group = [line]
        elif group and line.text.strip() and len(group) < 40:
            group.append(line)
        elif group and not line.text.strip():
            yield group
            group = []
    if group:
        yield group


def _packet(lines: list[TextLine]) -> NdPacket | None:
    whole = " ".join(line.text.strip() for line in lines)[:4000]
    start = _START.match(lines[0].text)
    kind, found = next(((kind, found) for kind, pattern in _KINDS if (found := pattern.search(whole))), ("", None))
    if found is None or start is None:
        return None
    ends = _FROM.search(whole[start.end() :]) or _FROM.search(whole)
    option = next((match for match in _OPTION.finditer(whole) if (match["side"].lower() == "source") == (kind != "advertisement")), None)
    shown = next((line for line in lines if option and option["mac"] in line.text and "link-address" in line.text), None)
    sender = _address(ends["from"]) if ends else ""
    return NdPacket(kind, mac(start["source"] or ""), sender, _address(found["target"]), mac(option["mac"]) if option else "", lines[0], shown)


def mac(text: str) -> str:
    """`0:3:ff:13:7d:75` as aa:bb:cc:dd:ee:ff writes it; empty stays empty."""
    return ":".join(part.zfill(2) for part in text.lower().split(":")) if text else ""


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.rstrip(".:") if not text.endswith("::") else text))
    except ValueError:
        return text.lower()
