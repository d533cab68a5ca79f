"""`birdc show protocols all` of BIRD 2: its BGP sessions in detail.

    r1         BGP        ---        start  07:08:12.679  Connect       BGP Error: Hold timer expired
      BGP state:          Connect
        Neighbor address: 2001:db9:121:100::1
        Neighbor AS:      65012
        Local AS:         65012
        Last error:       BGP Error: Hold timer expired

A session that is up forgets its last error, and how often it was lost BIRD does not count. `BGP Error:` is what BIRD told the
neighbour by a NOTIFICATION, `Received:` what it was told; `Socket:` is an error of the connection.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bird_errors import notification
from tshoot.parsers._bird_sessions import read_sessions
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record
from tshoot.parsers._session_table import put_sessions
from tshoot.parsers._shapes import BGP_NEIGHBORS

FACTS = declared(BGP_NEIGHBORS, "by_neighbor.*.uptime_seconds", "by_neighbor.*.dropped", "by_neighbor.*.last_reset_seconds")

_KNOWN = ("address", "as", "local_as", "state", "established", "internal", "hold_time")


def parse(text: CommandText) -> Parsed:
    reading = Reading("bird_show_bgp_neighbors", text)
    sessions, title = read_sessions(reading)
    if title is not None:
        put_sessions(reading, {address: _detailed(one) for address, one in sessions.items()}, [title])
    return reading.parsed()


def _detailed(session: Record) -> Record:
    detailed = session.only(*_KNOWN)
    if "as" in session and "local_as" in session and "internal" not in session:  # a session that is down does not say
        detailed.put("internal", session.fields["as"] == session.fields["local_as"], *session.lines["as"], *session.lines["local_as"])
    if "last_error" in session:
        said, lines = session.fields["last_error"], session.lines["last_error"]
        detailed.put("last_reset_reason", said, *lines)
        known = notification(said)
        if known:
            detailed.put("notification", f"{known[0]} {known[1]}/{known[2]}", *lines)
            detailed.put("notification_code", known[1], *lines)
        elif said.startswith("Socket:"):
            detailed.put("notification", "", *lines)
    return detailed
