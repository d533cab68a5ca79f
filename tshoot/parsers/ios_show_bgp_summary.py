"""`show bgp ipv6 unicast summary` and `show ip bgp summary` of Cisco IOS, IOS XE and NX-OS, and of Arista EOS.

    BGP router identifier 10.0.0.2, local AS number 65012
    Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd
    2001:DB9:121:100::1
                    4        65012       5       5        3    0    0 00:00:58        1

IPv6 addresses stand on a line of their own. The last column is a number where the session is up, else its state; EOS has a column
`State` before the number, and may put a description before the address. Of a neighbour whose numbers were not read no more is known.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._session_table import put_summary, session_state
from tshoot.parsers._shapes import BGP_SUMMARY
from tshoot.parsers._values import canonical_address, duration

FACTS = declared(BGP_SUMMARY)

_IDENTITY = re.compile(r"(?:BGP )?router identifier ([0-9.]{7,15}), local AS number ([0-9.]{1,16})\b.{0,80}", re.IGNORECASE)
_HEADER = re.compile(r"\s{0,9}(?:Description\s{1,60})?Neighbor\s{1,40}V\s{1,20}AS\s{1,20}MsgRcvd\s{1,9}MsgSent\b.{0,80}", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\s{0,9}(?:\S.{0,78}?\s{1,60})??[*]?(?P<address>(?=[0-9A-Fa-f]{0,4}[:.])[0-9A-Fa-f:.]{2,45})(?:%[\w./-]{1,32})?(?P<rest>\s.{0,200})?"
)
_NUMBERS = re.compile(
    r"\s{1,60}[0-9]\s{1,20}(?P<as>[0-9]{1,10}(?:\.[0-9]{1,5})?)(?:\s{1,20}[0-9]{1,10}){4,5}\s{1,20}(?P<since>[0-9ywdhms:.]{1,16}|never)"
    r"\s{1,20}(?P<state>[A-Za-z][A-Za-z() -]{0,30}?|)\s{0,20}(?P<prefixes>[0-9]{1,10})?(?:\s{1,20}[0-9]{1,10}){0,2}\s{0,9}"
)
_FRAME = re.compile(
    r"BGP (?:table version|summary information|using|activity|attribute|community)|Neighbor Status Codes|For address family|Load for |Time source is"
    r"|[0-9]{1,10} (?:network|path|multipath|BGP|received|identical|networks)|.{0,60} using [0-9]{1,10} .{0,9}bytes|Dampening|"
    r"[0-9]{1,9} .{1,40} consuming ",
    re.IGNORECASE,
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_bgp_summary", text)
    neighbors: dict[str, Record] = {}
    started: dict[str, Line] = {}  # where each row begins
    header: Line | None = None
    waiting = ""  # the address whose numbers stand on the next line
    for line in reading.lines:
        words = line.text.rstrip() if line.stream == "stdout" else ""
        if found := _IDENTITY.fullmatch(words):
            reading.put("router_id", found[1], line)
            reading.put("local_as", found[2], line)
        elif _HEADER.fullmatch(words):
            header, waiting = line, ""
        elif waiting and (found := _NUMBERS.fullmatch(words)):
            _fill(neighbors[waiting], found, started[waiting], line)
            waiting = ""
        elif header and (row := _row(words)):
            address, numbers = row
            started[address], neighbors[address], waiting = line, Record(), "" if numbers else address
            neighbors[address].put("address", address, line)
            if numbers:
                _fill(neighbors[address], numbers, line)
        elif not _FRAME.match(words):
            continue
        reading.skip(line)
    if header:
        put_summary(reading, neighbors, [header])
        for name in ("neighbors", "established", "down", "by_neighbor"):
            if name in reading.facts:
                reading.note([name], header)
    return reading.parsed()


def _row(words: str) -> tuple[str, re.Match[str] | None] | None:
    """Address and numbers of a row; without numbers where the address stands alone."""
    found = _ADDRESS.fullmatch(words)
    address = canonical_address(found["address"]) if found else None
    if found is None or address is None:
        return None
    rest = found["rest"] or ""
    numbers = _NUMBERS.fullmatch(rest)
    return (address, numbers) if numbers or not rest.strip() else None


def _fill(neighbor: Record, found: re.Match[str], *lines: Line) -> None:
    state = _state(found["state"], found["prefixes"])
    neighbor.put("address", neighbor.fields["address"], *lines)
    neighbor.put("as", found["as"], *lines)
    neighbor.put("state", state, *lines)
    neighbor.put("established", state == "established", *lines)
    neighbor.put("uptime_seconds", duration(found["since"]), *lines)
    if state == "established" and found["prefixes"]:
        neighbor.put("prefixes", int(found["prefixes"]), *lines)


def _state(word: str, prefixes: str | None) -> str:
    """`Idle (Admin)` is shut; an empty state needs a number of prefixes."""
    letters = re.sub(r"[^a-z() ]", "", word.lower()).strip()
    if not letters:
        return "established" if prefixes else "idle"
    return session_state(letters) or letters.split()[0]
