"""`nc -z -w 3 HOST PORT`: whether a port takes a connection, on ESXi and with OpenBSD's netcat.

    Connection to 10.0.0.9 1514 port [tcp/*] succeeded!

The sentence may be on either stream, and some versions print it only with -v: the exit status 0 says the same. Refused is
told from silence only where it is printed (`nc: connect to 10.0.0.9 port 9 (tcp) failed: Connection refused`); without -v
many versions print nothing, so `silent` means: no connection, and not known why. Over UDP no answer looks like success.
"""

from __future__ import annotations

import re
import shlex

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Line, Reading

FACTS = {
    "state": "str: open, refused, silent (no connection, no reason given), unreachable (said so), or open-or-filtered (UDP)",
    "protocol": "str: tcp or udp, from the command line",
    "host": "str: from the command line",
    "port": "int: from the command line",
}

_WITH_VALUE = frozenset("wspiIMmOPqTVXxce")
_STATES = (
    ("open", re.compile(r"Connection to \S{1,300}(?: \([^() ]{1,60}\))? [0-9]{1,5} port \[[^\[\]]{1,40}\] succeeded", re.IGNORECASE)),
    ("refused", re.compile(r"connection refused", re.IGNORECASE)),
    ("unreachable", re.compile(r"no route to host|network is unreachable|host is (?:down|unreachable)", re.IGNORECASE)),
    ("silent", re.compile(r"timed out|operation now in progress", re.IGNORECASE)),
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("nc_probe", text)
    protocol = _read_command(reading, text.command)
    said = [(state, line) for line in reading.lines for state, pattern in _STATES if pattern.search(line.text)]
    reading.skip(*(line for _, line in said))
    printed = any(line.text.strip() for line in reading.lines)
    if protocol is None:
        pass
    elif text.exit_status == 0:
        _conclude(reading, "open", protocol, said)
    elif said:
        _conclude(reading, said[-1][0], protocol, said)
    elif text.exit_status is not None and not printed:
        _conclude(reading, "silent", protocol, said)
    return reading.parsed()


def _conclude(reading: Reading, state: str, protocol: str, said: list[tuple[str, Line]]) -> None:
    proof = [line for known, line in said if known == state][-1:]
    reading.put("state", "open-or-filtered" if state == "open" and protocol == "udp" else state, *proof)


def _read_command(reading: Reading, command: str) -> str | None:
    """Host, port and protocol as asked for; None where the command is no nc that names them."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    flags, others = "", []
    rest = iter(words[1:])
    for word in rest:
        if word.startswith("-") and len(word) > 1:
            flags += word[1:]
            if word[-1] in _WITH_VALUE:
                next(rest, None)
        else:
            others.append(word)
    if len(others) != 2 or not re.fullmatch("[0-9]{1,5}", others[1]):
        return None
    protocol = "udp" if "u" in flags else "tcp"
    reading.facts |= {"protocol": protocol, "host": others[0], "port": int(others[1])}
    return protocol
