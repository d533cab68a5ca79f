"""Which sessions hold these words and pass these filters, newest first, each with the place that fits best.

All words must occur in a session, not in one piece of it: `denied vmk1` finds the command of one node and the answer of another.
Everything that narrows is one statement of SQL over indexes; only the sessions that are shown are looked into.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from tshoot.model.text import clean_line
from tshoot.session.archive.index import Archive, packed, rows_of, text_out
from tshoot.session.archive.query import Query
from tshoot.session.archive.snippet import Wanted, best_place, wanted_words
from tshoot.session.store import SessionEntry

_MOST_VALUES = 30_000  # of a column that fit a filter: SQLite takes some more in one statement
_COLUMNS = ("verdict", "cause", "playbook")
_ASKED_OF_THE_LOCK = frozenset(("running", "interrupted"))
_Condition = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Hit:
    """`kind` and `source` say where `snippet` stands (output, `host $ esxcfg-vmknic -l`); a search without words shows the verdict."""

    entry: SessionEntry
    kind: str
    source: str
    snippet: str


def search(archive: Archive, query: Query, limit: int = 20) -> tuple[list[Hit], int]:
    """At most `limit` hits, and how many there are. An empty query fits every session, one in which nothing can be looked for fits none."""
    if query.fruitless:
        return [], 0
    conditions = list(_conditions(archive, query))
    where = " AND ".join(text for text, _ in conditions) or "1"
    values = [value for _, given in conditions for value in given]
    rows = archive.database.execute(f"SELECT number FROM session WHERE {where} ORDER BY started DESC, id DESC", values)  # noqa: S608  texts of ours
    numbers = [number for (number,) in rows]
    states = frozenset(query.filters.get("state", ()))
    if states & _ASKED_OF_THE_LOCK:
        numbers = [number for number, (entry, _) in rows_of(archive, numbers).items() if entry.state in states]
    words = wanted_words(query.words)
    return [_hit(archive, words, number, *row) for number, row in rows_of(archive, numbers[:limit]).items()], len(numbers)


def _conditions(archive: Archive, query: Query) -> Iterator[_Condition]:
    if query.words:
        yield "number IN (SELECT rowid FROM words WHERE words MATCH ?)", (" AND ".join(query.words),)
    if query.since is not None:
        yield "started >= ?", (query.since,)
    if query.until is not None:
        yield "started < ?", (query.until,)
    for column in _COLUMNS:
        if column in query.filters:
            yield _of_column(archive, column, query.filters[column])
    if "state" in query.filters:
        yield _one_of("state", [*query.filters["state"], *(_ASKED_OF_THE_LOCK if _ASKED_OF_THE_LOCK & {*query.filters["state"]} else ())])
    for key, condition in (("target", _target), ("address", _address)):
        if key in query.filters:
            texts, given = zip(*map(condition, query.filters[key]), strict=True)
            yield f"number IN ({' UNION ALL '.join(texts)})", tuple(value for values in given for value in values)


def _of_column(archive: Archive, column: str, wanted: tuple[str, ...]) -> _Condition:
    """A cause also by its family: `nfs` for `nfs.mount-denied`; `none` is a session without a verdict."""
    held = [value for (value,) in archive.database.execute(f"SELECT DISTINCT {column} FROM session")]  # noqa: S608  a name of ours
    told = {value: (text_out(value) or ("none" if column == "verdict" else "")).lower() for value in held}
    return _one_of(column, [value for value, text in told.items() if any(_fits(column, text, one) for one in wanted)])


def _fits(column: str, value: str, wanted: str) -> bool:
    return value == wanted or (column == "cause" and value.startswith(f"{wanted}."))


def _one_of(column: str, values: list[object] | list[str]) -> _Condition:
    values = values[:_MOST_VALUES]
    return f"{column} IN ({','.join('?' * len(values))})", tuple(values)


def _target(wanted: str) -> _Condition:
    """Of a target, also by its name without the domain, and by its role."""
    after = f"{wanted}{chr(ord('.') + 1)}"  # the first text behind all that begin with `wanted.`
    kinds = "SELECT session FROM term WHERE kind IN ('target', 'role')"
    return f"{kinds} AND value = ? UNION ALL {kinds} AND value > ? AND value < ?", (wanted, f"{wanted}.", after)


def _address(wanted: str) -> _Condition:
    """That address, or one in that network."""
    try:
        network = ip_network(wanted)
    except ValueError:
        return "SELECT session FROM term WHERE kind IN ('address', 'key-address') AND value = ?", (wanted,)
    first, last = packed(str(network[0])), packed(str(network[-1]))
    return "SELECT session FROM term WHERE packed BETWEEN ? AND ?", (first, last)


def _hit(archive: Archive, words: tuple[Wanted, ...], number: int, entry: SessionEntry, title: str) -> Hit:
    pieces = archive.database.execute("SELECT kind, source, text FROM piece WHERE session = ? ORDER BY number", (number,)) if words else ()
    place = best_place(pieces, words)
    if place is None:
        return Hit(entry, "verdict" if title else "", "", clean_line(title or entry.problem))
    return Hit(entry, clean_line(place.kind), clean_line(place.source), clean_line(place.snippet)[:400])
