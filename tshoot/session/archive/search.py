"""Which sessions hold these words and pass these filters, newest first, each with the place that fits best.

All words must occur in a session, not in one piece of it: `denied vmk1` finds the command of one node and the answer of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from tshoot.model.text import clean_line
from tshoot.session.archive.index import Archive, rows_of, text_out
from tshoot.session.archive.query import Query
from tshoot.session.store import SessionEntry

_SNIPPET = 20  # words
_KEPT_TERMS = {"target": ("target", "role"), "address": ("address", "key-address")}


@dataclass(frozen=True, slots=True)
class Hit:
    """`kind` and `source` say where `snippet` stands (output, `host $ esxcfg-vmknic -l`); a search without words shows the verdict."""

    entry: SessionEntry
    kind: str
    source: str
    snippet: str


def search(archive: Archive, query: Query, limit: int = 20) -> tuple[list[Hit], int]:
    """At most `limit` hits, and how many there are."""
    numbers = _filtered(archive, query)
    for word in query.words:
        found = archive.database.execute(
            "SELECT DISTINCT piece.session FROM words JOIN piece ON piece.number = words.rowid WHERE words MATCH ?", (word,)
        )
        numbers &= {number for (number,) in found}
    states = query.filters.get("state", ())
    rows = rows_of(archive, sorted(numbers)) if states else {}
    if states:
        numbers = {number for number, (entry, _) in rows.items() if entry.state in states}
    marks = sorted(numbers, key=lambda number: _order(archive, number), reverse=True)
    best = _best_pieces(archive, query, set(marks[:limit]))
    found_rows = rows_of(archive, marks[:limit])
    return [_hit(archive, query, entry, title, best.get(number)) for number, (entry, title) in found_rows.items()], len(marks)


def _order(archive: Archive, number: int) -> tuple[float, str]:
    started, id_ = archive.database.execute("SELECT started, id FROM session WHERE number = ?", (number,)).fetchone()
    return started, text_out(id_)


def _filtered(archive: Archive, query: Query) -> set[int]:
    since = float("-inf") if query.since is None else query.since
    until = float("inf") if query.until is None else query.until
    rows = archive.database.execute("SELECT number, verdict, cause, playbook FROM session WHERE started >= ? AND started < ?", (since, until))
    numbers = set()
    for number, verdict, cause, playbook in rows:
        values = {"verdict": text_out(verdict) or "none", "cause": text_out(cause), "playbook": text_out(playbook)}
        if all(any(_fits(key, values[key].lower(), wanted) for wanted in query.filters[key]) for key in values if key in query.filters):
            numbers.add(number)
    for key, kinds in _KEPT_TERMS.items():
        if key in query.filters:
            numbers &= _with_terms(archive, kinds, key, query.filters[key])
    return numbers


def _fits(key: str, value: str, wanted: str) -> bool:
    """A cause also by its family: `nfs` for `nfs.mount-denied`."""
    return value == wanted or (key == "cause" and value.startswith(f"{wanted}."))


def _with_terms(archive: Archive, kinds: tuple[str, ...], key: str, wanted: tuple[str, ...]) -> set[int]:
    places = ",".join("?" * len(kinds))
    values = [row[0] for row in archive.database.execute(f"SELECT DISTINCT value FROM term WHERE kind IN ({places})", kinds)]  # noqa: S608
    fitting = [value for value in values if any(_names(key, value, one) for one in wanted)]
    numbers: set[int] = set()
    for value in fitting:
        numbers |= {row[0] for row in archive.database.execute(f"SELECT session FROM term WHERE kind IN ({places}) AND value = ?", (*kinds, value))}  # noqa: S608
    return numbers


def _names(key: str, value: str, wanted: str) -> bool:
    """A target also by its name without the domain; an address also by the network that it lies in."""
    if value == wanted:
        return True
    if key == "target":
        return value.startswith(f"{wanted}.")
    if "/" not in wanted:
        return False
    try:
        return ip_address(value) in ip_network(wanted)
    except ValueError:
        return False


def _best_pieces(archive: Archive, query: Query, numbers: set[int]) -> dict[int, int]:
    """The piece of each session that fits the words best."""
    best: dict[int, int] = {}
    if query.words and numbers:
        rows = archive.database.execute(
            "SELECT piece.session, words.rowid FROM words JOIN piece ON piece.number = words.rowid WHERE words MATCH ? ORDER BY rank",
            (" OR ".join(query.words),),
        )
        for session, number in rows:
            if session in numbers and session not in best:
                best[session] = number
                if len(best) == len(numbers):
                    break
    return best


def _hit(archive: Archive, query: Query, entry: SessionEntry, title: str, piece: int | None) -> Hit:
    if piece is None:
        return Hit(entry, "verdict" if title else "", "", clean_line(title or entry.problem))
    kind, source = archive.database.execute("SELECT kind, source FROM piece WHERE number = ?", (piece,)).fetchone()
    (snippet,) = archive.database.execute(
        f"SELECT snippet(words, 0, '', '', '…', {_SNIPPET}) FROM words WHERE words MATCH ? AND rowid = ?",  # noqa: S608  a number of ours
        (" OR ".join(query.words), piece),
    ).fetchone()
    return Hit(entry, clean_line(kind), clean_line(source), clean_line(snippet)[:400])
