"""`show bgp neighbors [X] json` of FRR's bgpd.

    {
      "2001:db9:121:100::1":{
        "remoteAs":65099,
        "localAs":65012,
        "nbrExternalLink":true,
        "bgpState":"Idle",
        "bgpTimerHoldTimeMsecs":9000,
        "connectionsDropped":0,
        "lastResetTimerMsecs":13000,
        "lastErrorCodeSubcode":"0202",
        "lastNotificationReason":"OPEN Message Error\\/Bad Peer AS",
        "lastResetDueTo":"BGP Notification send"
      }
    }

A session that has never been up names `Waiting for peer OPEN` or the like as its last reset; of a session that is up,
`lastErrorCodeSubcode` is that of the last one. Of one that is down the hold time is only what was offered: left out.
FRR 8.4 says `{"bgpNoSuchNeighbor":true}` of a neighbour it does not have.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._json_text import Node, lines_of, read_json
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record
from tshoot.parsers._session_table import put_sessions, session_state
from tshoot.parsers._shapes import BGP_NEIGHBORS
from tshoot.parsers._values import canonical_address

FACTS = declared(BGP_NEIGHBORS)

_CODE = re.compile(r"([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})")


def parse(text: CommandText) -> Parsed:
    reading = Reading("frr_show_bgp_neighbors_json", text)
    document = read_json(reading, text)
    if document is None or document.items is None:
        return reading.parsed()
    sessions = {
        address: _session(reading, address, node) for key, node in document.each() if (address := canonical_address(key)) and node.items is not None
    }
    if sessions or document.get("bgpNoSuchNeighbor").flag() or not document.items:
        put_sessions(reading, sessions, lines_of(reading, document))
    return reading.parsed()


def _session(reading: Reading, address: str, peer: Node) -> Record:
    record = Record()
    record.put("address", address, *lines_of(reading, peer))
    state = session_state(peer.get("bgpState").text() or "")
    up = state == "established"
    for name, key in (("as", "remoteAs"), ("local_as", "localAs")):
        number = peer.get(key).whole()
        record.put(name, None if number is None else str(number), *lines_of(reading, peer.get(key)))
    record.put("state", state, *lines_of(reading, peer.get("bgpState")))
    record.put("established", None if state is None else up, *lines_of(reading, peer.get("bgpState")))
    for name, key, divisor in (
        ("uptime_seconds", "bgpTimerUpMsec", 1000),
        ("hold_time", "bgpTimerHoldTimeMsecs", 1000),
        ("last_reset_seconds", "lastResetTimerMsecs", 1000),
        ("dropped", "connectionsDropped", 1),
    ):
        number = peer.get(key).whole()
        if number is not None and (up or name not in ("uptime_seconds", "hold_time")):
            record.put(name, number // divisor, *lines_of(reading, peer.get(key)))
    internal, external = peer.get("nbrInternalLink"), peer.get("nbrExternalLink")
    if internal.first or external.first:
        record.put("internal", internal.flag(), *lines_of(reading, internal if internal.first else external))
    _add_reset(reading, record, peer)
    return record


def _add_reset(reading: Reading, record: Record, peer: Node) -> None:
    """Why the session was reset last, and by which NOTIFICATION."""
    due, said, code = peer.get("lastResetDueTo"), peer.get("lastNotificationReason"), peer.get("lastErrorCodeSubcode")
    reason = ": ".join(words for words in (due.text(), said.text()) if words)
    record.put("last_reset_reason", reason or None, *lines_of(reading, due, said))
    direction = "received" if "received" in (due.text() or "") else "sent"
    found = _CODE.fullmatch(code.text() or "")
    if found and "Notification" in (due.text() or "") and int(found[1], 16):
        record.put("notification", f"{direction} {int(found[1], 16)}/{int(found[2], 16)}", *lines_of(reading, code, due))
        record.put("notification_code", int(found[1], 16), *lines_of(reading, code))
    elif due.text():
        record.put("notification", "", *lines_of(reading, due))
