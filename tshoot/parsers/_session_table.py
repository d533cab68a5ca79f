"""The sessions of a BGP speaker, as facts in the shapes BGP_SUMMARY and BGP_NEIGHBORS. For the parsers of FRR and BIRD.

A session is a `Record` whose `address` says, with its line, which neighbour it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_table, put_words

_STATES = ("established", "idle", "active", "connect", "opensent", "openconfirm")
_ENDING = {"clearing": "idle", "deleted": "idle", "passive": "active", "close": "idle", "down": "shut", "shutdown": "shut"}


def session_state(printed: str) -> str | None:
    """A state of the shapes for `Established`, `Idle (Admin)`, `OpenSent`, FRR's `Clearing`, BIRD's `Down`; None for anything else."""
    word = printed.strip().lower()
    if "admin" in word:
        return "shut"
    name = word.partition(" ")[0]
    return name if name in _STATES else _ENDING.get(name)


def put_summary(reading: Reading, sessions: Mapping[str, Record], above: Sequence[Line]) -> None:
    """`neighbors`, `established`, `down` and `by_neighbor`; `above`: where the list begins, for one that is empty."""
    put_neighbors(reading, sessions, above)
    for name, wanted in (("established", True), ("down", False)):
        chosen = [(address, one.lines["established"]) for address, one in sessions.items() if one.fields.get("established") is wanted]
        put_words(reading, name, chosen)
        if not chosen:
            reading.note([name], *above)


def put_neighbors(reading: Reading, sessions: Mapping[str, Record], above: Sequence[Line]) -> None:
    """`neighbors` and `by_neighbor`."""
    put_words(reading, "neighbors", [(address, one.lines["address"]) for address, one in sessions.items()])
    put_table(reading, "by_neighbor", sessions)
    if not sessions:
        reading.note(["neighbors"], *above)
        reading.note(["by_neighbor"], *above)
