"""The paths of one prefix in a BGP table as the facts of BGP_ROUTE: what holds of the best path, else of the first.

A reader of a dialect has a record a path, with the fields of `_PATH` as far as they are known. Whether a path is best is
what the paths say themselves, else what the device announced above them; where neither does it is unknown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_list

_PATH = ("next_hop", "from", "best", "valid", "accessible", "internal", "as_path", "origin")
_OF_THE_PREFIX = {"next_hop": "next_hop", "accessible": "next_hop_accessible", "from": "from", "internal": "internal"}
_ORIGINS = {"igp": "igp", "i": "igp", "egp": "egp", "e": "egp", "incomplete": "incomplete", "?": "incomplete"}


def put_paths(reading: Reading, prefix: str, lines: Sequence[Line], paths: Sequence[Record], announced: tuple[bool, Line] | None = None) -> None:
    """The table has `prefix`, said on `lines`, by `paths`. `announced`: that a path is best, or none, said above them."""
    reading.put("found", True, *lines)
    reading.put("prefix", prefix, *lines)
    if paths:
        put_list(reading, "paths", paths, _PATH)
    else:
        reading.put_unless_torn("paths", [], *lines)
    best = next((path for path in paths if path.fields.get("best")), None)
    if best is not None:
        reading.put("best", True, *best.lines["best"])
    elif announced is not None:
        reading.put("best", *announced)
    elif paths and all("best" in path for path in paths):
        reading.put("best", False, *(line for path in paths for line in path.lines["best"]))
    for name, fact in _OF_THE_PREFIX.items():
        if paths and name in (best or paths[0]):
            chosen = best or paths[0]
            reading.put(fact, chosen.fields[name], *chosen.lines[name])


def put_no_prefix(reading: Reading, *lines: Line) -> None:
    """The device said, on `lines` or by saying nothing, that the table has no such prefix."""
    reading.put("found", False, *lines)
    reading.put("paths", [], *lines)


def origin(word: str) -> str | None:
    """igp, egp or incomplete, as any of the dialects writes it."""
    return _ORIGINS.get(word.lower())


def sender(address: str) -> str:
    """The neighbour; `local` for the device's own path, which names the unspecified address."""
    return "local" if ipaddress.ip_address(address).is_unspecified else address
