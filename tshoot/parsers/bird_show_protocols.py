"""`birdc show protocols all` of BIRD 2: its BGP sessions in short.

    BIRD 2.0.12 ready.
    Name       Proto      Table      State  Since         Info
    r1         BGP        ---        up     07:04:17.637  Established
      BGP state:          Established
        Neighbor address: 2001:db9:121:100::1
        Neighbor AS:      65012
        Local AS:         65012
        Routes:         2 imported, 1 exported, 1 preferred

The local AS is that of the first session. BIRD prints neither its router id nor how long a session is up here.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bird_sessions import read_sessions
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._session_table import put_summary
from tshoot.parsers._shapes import BGP_SUMMARY

FACTS = declared(BGP_SUMMARY, "router_id", "by_neighbor.*.uptime_seconds")

_KNOWN = ("address", "as", "state", "established", "prefixes")


def parse(text: CommandText) -> Parsed:
    reading = Reading("bird_show_protocols", text)
    sessions, title = read_sessions(reading)
    if title is not None:
        local = next((one for one in sessions.values() if "local_as" in one), None)
        if local:
            reading.put("local_as", local.fields["local_as"], *local.lines["local_as"])
        put_summary(reading, {address: one.only(*_KNOWN) for address, one in sessions.items()}, [title])
    return reading.parsed()
