"""The paths of one prefix in a BGP table, and its facts in the shape BGP_ROUTE: what holds of the best path, else of the first.

For the parsers of FRR and BIRD, which have each path whole.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_list

_PATH = ("next_hop", "from", "best", "valid", "accessible", "internal", "as_path", "origin")
_OF_THE_PREFIX = {"next_hop": "next_hop", "accessible": "next_hop_accessible", "from": "from", "internal": "internal"}
_ORIGINS = {"igp": "igp", "i": "igp", "egp": "egp", "e": "egp", "incomplete": "incomplete", "?": "incomplete"}


def put_paths(reading: Reading, prefix: str, lines: Sequence[Line], paths: Sequence[Record]) -> None:
    """The table has `prefix`, said on `lines`, by `paths`."""
    reading.put("found", True, *lines)
    reading.put("prefix", prefix, *lines)
    put_list(reading, "paths", paths, _PATH)
    if not paths:
        return
    chosen = next((path for path in paths if path.fields.get("best")), paths[0])
    if "best" in chosen:
        reading.put("best", chosen.fields["best"], *chosen.lines["best"])
    for name, fact in _OF_THE_PREFIX.items():
        if name in chosen:
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
