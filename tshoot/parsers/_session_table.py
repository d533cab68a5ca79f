"""The sessions of a BGP speaker, as facts in the shapes BGP_SUMMARY and BGP_NEIGHBORS.

A session is a `Record` whose `address` says, with its line, which neighbour it is. A list that is empty although a row was not
read is unknown; so are `established` and `down` where of a neighbour it is not known which of them it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_table, put_words

_STATES = ("established", "idle", "active", "connect", "opensent", "openconfirm", "shut")
_ALSO = {
    "estab": "established", "clearing": "idle", "closing": "idle", "close": "idle", "deleted": "idle", "passive": "active",
    "down": "shut", "shutdown": "shut",
}  # fmt: skip


def session_state(printed: str) -> str | None:
    """A state of the shapes for `Established`, `Estab`, `Idle (Admin)`, `OpenSent`, FRR's `Clearing`, BIRD's `Down`; None for anything else."""
    word = printed.strip().lower()
    if "admin" in word:
        return "shut"
    name = word.partition(" ")[0]
    return name if name in _STATES else _ALSO.get(name)


def put_summary(reading: Reading, sessions: Mapping[str, Record], above: Sequence[Line]) -> None:
    """`neighbors`, `established`, `down` and `by_neighbor`; `above`: where the list begins, for one that is empty."""
    put_sessions(reading, sessions, above)
    if any("established" not in one for one in sessions.values()):
        return
    for name, wanted in (("established", True), ("down", False)):
        put_words(reading, name, [(address, one.lines["established"]) for address, one in sessions.items() if one.fields["established"] is wanted])
        _check_empty(reading, name, above)


def put_sessions(reading: Reading, sessions: Mapping[str, Record], above: Sequence[Line]) -> None:
    """`neighbors` and `by_neighbor`."""
    put_words(reading, "neighbors", [(address, one.lines["address"]) for address, one in sessions.items()])
    put_table(reading, "by_neighbor", sessions)
    for name in ("neighbors", "by_neighbor"):
        _check_empty(reading, name, above)


def _check_empty(reading: Reading, name: str, above: Sequence[Line]) -> None:
    if not reading.facts[name]:
        reading.put_unless_torn(name, reading.facts[name], *above)
