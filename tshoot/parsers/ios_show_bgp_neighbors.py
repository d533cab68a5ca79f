"""`show bgp ipv6 unicast neighbors [X]` and `show ip bgp neighbors [X]` of Cisco IOS, IOS XE and NX-OS, and of Arista EOS.

    BGP neighbor is 2001:DB9:121:100::1,  remote AS 65012, internal link
      BGP version 4, remote router ID 10.0.0.1
      BGP state = Established, up for 00:01:02
      Last read 00:00:10, last write 00:00:05, hold time is 180, keepalive interval is 60 seconds
      Connections established 3; dropped 2
      Last reset 00:01:02, due to BGP Notification received, hold time expired

NX-OS: `Last reset by us 00:42:14, due to …` with `Reset error sent major: 104 minor: 0`; EOS: `BGP state is …`, `Last sent
notification:Cease/administrative reset, Last time 00:11:05`. Codes are those of RFC 4271 and 4486 where only their words are printed.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bgp_codes import code_of
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._session_table import put_sessions, session_state
from tshoot.parsers._shapes import BGP_NEIGHBORS
from tshoot.parsers._values import canonical_address, duration

FACTS = declared(BGP_NEIGHBORS)

_FIELDS = tuple(path.rpartition(".")[2] for path in BGP_NEIGHBORS if path.startswith("by_neighbor.*."))
_SIDES = {"us": "sent", "peer": "received"}  # who reset the session on NX-OS, and the direction of its notification

_NEIGHBOR = re.compile(
    r"BGP neighbor is \*?(?P<address>[0-9A-Fa-f:.]{2,45})(?:%[\w./-]{1,32})?,\s{1,4}(?:vrf [\w.-]{1,64},\s{1,4})?remote AS (?P<as>[0-9.]{1,16})"
    r"(?:, local AS (?P<local>[0-9.]{1,16})(?: [a-z -]{1,40})?)?(?:, (?P<link>internal|external|ibgp|ebgp|unknown|confed-\w{1,9}) link)?.{0,80}",
    re.IGNORECASE,
)
_STATE = re.compile(r"\s{1,9}BGP state (?:=|is) (?P<state>[A-Za-z]{1,20})(?: ?\(\w{1,20}\))?(?P<rest>,.{0,120})?", re.IGNORECASE)
_UP = re.compile(r"(?:up|down) for ([0-9ywdhms:.]{1,16})")
_HOLD = re.compile(r".{0,90}\bhold time (?:is|=) ([0-9]{1,5})\b.{0,80}", re.IGNORECASE)
_DROPPED = re.compile(r"\s{1,9}Connections established [0-9]{1,9}[;,] dropped ([0-9]{1,9}).{0,40}", re.IGNORECASE)
_RESET = re.compile(r"\s{1,9}Last reset (?:by (?P<by>us|peer) )?(?P<age>[0-9ywdhms:.]{1,16}|never)(?:, due to (?P<reason>.{1,200}))?", re.IGNORECASE)
_RESET_CODE = re.compile(r"\s{1,9}Reset error (sent|received) major: ([0-9]{1,3}) minor: ([0-9]{1,3})", re.IGNORECASE)
_EOS_NOTIFICATION = re.compile(
    r"\s{1,9}Last (?P<way>sent|rcvd) notification: ?(?P<text>.{1,100}?), Last time (?P<age>[0-9ywdhms:.]{1,16})(?:,.{0,80})?", re.IGNORECASE
)
_NOTIFIED = re.compile(r"(?:BGP )?Notification (sent|received)(?: of session [0-9]{1,3})?(?:[,:] (.{1,120}))?", re.IGNORECASE)
_OTHER_HOLD = re.compile("configured|minimum|failure", re.IGNORECASE)
_SHUT = re.compile(r"administratively shut|admin(?:istrative)? (?:shut)?down|shut \(admin\)", re.IGNORECASE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_bgp_neighbors", text)
    neighbors: dict[str, Record] = {}
    current: Record | None = None
    for line in reading.lines:
        words = line.text.rstrip() if line.stream == "stdout" else ""
        if (found := _NEIGHBOR.fullmatch(words)) and (address := canonical_address(found["address"])):
            current = neighbors[address] = _begin(address, found, line)
        elif current is None or not _take(current, line, words):
            continue
        reading.skip(line)
    if neighbors:
        put_sessions(reading, {address: record.only(*_FIELDS) for address, record in neighbors.items()}, ())
    return reading.parsed()


def _begin(address: str, found: re.Match[str], line: Line) -> Record:
    neighbor = Record()
    neighbor.put("address", address, line)
    neighbor.put("as", found["as"], line)
    link = (found["link"] or "").lower()
    if link in ("internal", "ibgp", "external", "ebgp"):
        neighbor.put("internal", link in ("internal", "ibgp"), line)
    local = found["local"] or (found["as"] if neighbor.fields.get("internal") else None)
    neighbor.put("local_as", local, line)
    return neighbor


def _take(neighbor: Record, line: Line, words: str) -> bool:
    """Read one line about a neighbour; False where it says nothing that is asked for."""
    if found := _STATE.fullmatch(words):
        return _put_state(neighbor, line, found)
    if found := _RESET.fullmatch(words):
        notified = _NOTIFIED.search(found["reason"] or "")
        direction, said = (notified[1].lower(), notified[2] or "") if notified else ("", "")
        _put_reset(neighbor, line, found["age"], found["reason"] or "", direction, said)
        if found["by"] and neighbor.lines.get("last_reset_seconds") == (line,):
            neighbor.put("side", _SIDES[found["by"].lower()], line)
    elif found := _RESET_CODE.fullmatch(words):
        if found[1].lower() == neighbor.fields.get("side") and 1 <= int(found[2]) <= 7:
            _put_code(neighbor, line, found[1].lower(), (int(found[2]), int(found[3])))
    elif found := _EOS_NOTIFICATION.fullmatch(words):
        _put_reset(neighbor, line, found["age"], found["text"], "sent" if found["way"].lower() == "sent" else "received", found["text"])
    elif found := _DROPPED.fullmatch(words):
        neighbor.put("dropped", int(found[1]), line)
    elif (found := _HOLD.fullmatch(words)) and not _OTHER_HOLD.search(words):
        neighbor.put("hold_time", int(found[1]), line)
    else:
        return False
    return True


def _put_state(neighbor: Record, line: Line, found: re.Match[str]) -> bool:
    state, rest = session_state(found["state"]), found["rest"] or ""
    if _SHUT.search(rest):
        state = "shut"
    if state is None:
        return False
    neighbor.put("state", state, line)
    neighbor.put("established", state == "established", line)
    if state == "established" and (up := _UP.search(rest)):
        neighbor.put("uptime_seconds", duration(up[1]), line)
    return True


def _put_reset(neighbor: Record, line: Line, age: str, reason: str, direction: str, said: str) -> None:
    """The latest reset of those that are printed: NX-OS has one by either side, EOS a notification in either direction."""
    seconds = duration(age)
    known = neighbor.fields.get("last_reset_seconds")
    if seconds is None or (known is not None and known <= seconds):
        return
    for name in ("notification", "notification_code"):
        neighbor.fields.pop(name, None)
        neighbor.lines.pop(name, None)
    neighbor.put("last_reset_seconds", seconds, line)
    neighbor.put("last_reset_reason", reason, line)
    if not direction:
        neighbor.put("notification", "", line)
    elif code := code_of(said):
        _put_code(neighbor, line, direction, code)


def _put_code(neighbor: Record, line: Line, direction: str, code: tuple[int, int]) -> None:
    neighbor.put("notification", f"{direction} {code[0]}/{code[1]}", line)
    neighbor.put("notification_code", code[0], line)
