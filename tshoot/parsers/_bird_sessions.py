"""The BGP protocols that `birdc show protocols all` of BIRD 2 prints, one record each, in order.

    r1         BGP        ---        start  07:09:56.049  Idle          BGP Error: Bad peer AS
      BGP state:          Idle
        Neighbor address: 2001:db9:121:100::1
        Neighbor AS:      65099
        Local AS:         65012
        Error wait:       0.599/4
        Last error:       BGP Error: Bad peer AS

`Since` is a time of day or a date, no duration: how long a session has been up is not printed. A protocol that is disabled
is `Down`.
"""

from __future__ import annotations

import re

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, ends
from tshoot.parsers._session_table import session_state
from tshoot.parsers._values import canonical_address

_GREETING = re.compile(r"BIRD [0-9][0-9.A-Za-z+-]{0,40} ready\.|Access restricted")
_TITLE = re.compile(r"Name +Proto +Table +State +Since +Info")
_HEAD = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]{0,63} {1,40}([A-Z][A-Za-z0-9]{1,15}) {1,20}\S{1,64} {1,40}(?:up|down|start|stop|flush)(?: {1,20}\S.{0,300})?"
)
_FIELD = re.compile(r" {2,8}([A-Z][A-Za-z0-9 -]{1,40}):(?: {1,40}(\S.{0,200}))?")
_ROUTES = re.compile(r"([0-9]{1,9}) imported")
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?/([0-9]{1,6})")


def read_sessions(reading: Reading) -> tuple[dict[str, Record], Line | None]:
    """The sessions by neighbour, each with `address`, and the title line, without which nothing is known.

    Of a list without details (`show protocols`) the neighbours are not known: there is no title line then either.
    """
    sessions: dict[str, Record] = {}
    title: Line | None = None
    current: Record | None = None
    unnamed = 0
    for line in reading.lines:
        written = line.text.rstrip()
        if _TITLE.fullmatch(written):
            title = line
            reading.skip(line)
        elif head := _HEAD.fullmatch(written):
            current = Record() if head[1] == "BGP" else None
            unnamed += current is not None
            reading.skip(line)
        elif title and line.text.startswith("  ") and line.stream == "stdout":
            reading.skip(line)
            field = _FIELD.fullmatch(written)
            if field and current is not None and _add(current, field[1], (field[2] or "").strip(), line):
                sessions.setdefault(current.fields["address"], current)
                unnamed -= 1
        elif _GREETING.fullmatch(written):
            reading.skip(line)
    return sessions, title if not unnamed else None


def _add(session: Record, name: str, value: str, line: Line) -> bool:
    """Take one field; whether it told the neighbour's address."""
    if name == "BGP state":
        state = session_state(value)
        session.put("state", state, line)
        session.put("established", None if state is None else state == "established", line)
    elif name == "Neighbor address" and "address" not in session and (address := canonical_address(value)):
        session.put("address", address, line)
        return True
    elif name in ("Neighbor AS", "Local AS") and re.fullmatch(r"[0-9.]{1,12}", value):
        session.put("as" if name == "Neighbor AS" else "local_as", value, line)
    elif name == "Session":
        session.put("internal", "internal" in value.split(), line)
    elif name == "Hold timer" and (seconds := _SECONDS.fullmatch(value)):
        session.put("hold_time", int(seconds[1]), line)
    elif name == "Last error" and value:
        session.put("last_error", value, line)
    elif name == "Routes" and session.fields.get("established") and (routes := _ROUTES.match(value)):
        before = session.lines.get("prefixes", ())  # one such line an address family
        session.put("prefixes", session.fields.get("prefixes", 0) + int(routes[1]), *ends([*before, line]))
    return False
