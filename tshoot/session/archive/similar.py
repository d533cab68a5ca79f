"""Incidents like this one: the same cause, the same target, the same address, ranked, each with its reasons.

A shared playbook or an address that is merely mentioned is no reason. The same cause on the same target is the strongest; of equals the
newer comes first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path

from tshoot.session.archive.index import Archive, rows_of, text_out, with_archive
from tshoot.session.store import SessionEntry

_CAUSE, _FAMILY, _TARGET, _ADDRESS = 4, 1, 3, 2
_MOST_NAMED = 3  # addresses in a reason


@dataclass(frozen=True, slots=True)
class Similar:
    """`score` orders; `reasons` are for a person: `same cause nfs.mount-denied`."""

    entry: SessionEntry
    title: str
    score: int
    reasons: tuple[str, ...]


def similar_sessions(archive: Archive, folder: Path, limit: int = 10) -> list[Similar]:
    """The best `limit`; none where `folder` is not below the archive's root."""
    own = archive.database.execute("SELECT number, cause FROM session WHERE folder = ?", (os.fsencode(folder.name),)).fetchone()
    if own is None or folder.resolve().parent != archive.root.resolve():
        return []
    number, cause = own[0], text_out(own[1])
    causes, targets = _with_causes(archive, number, cause), _sharing(archive, number, "target")
    shared = {
        session: [one for one in found if one not in targets.get(session, ())] for session, found in _sharing(archive, number, "key-address").items()
    }
    addresses = {session: found for session, found in shared.items() if found}
    scores = dict.fromkeys((*causes, *targets, *addresses), 0)
    for session, other in causes.items():
        scores[session] += _CAUSE if other == cause else _FAMILY
    for sessions, score in ((targets, _TARGET), (addresses, _ADDRESS)):
        for session in sessions:
            scores[session] += score

    def reasons(session: int) -> Iterator[str]:
        if session in causes:
            yield f"same cause {cause}" if causes[session] == cause else f"related cause {causes[session]}"
        if session in targets:
            yield f"same target {min(targets[session], key=len)}"  # the shortest: without user and port
        if session in addresses:
            yield f"same address {', '.join(addresses[session][:_MOST_NAMED])}"

    best = _best(archive, {session: score for session, score in scores.items() if score > _FAMILY}, limit)
    return [Similar(entry, title, scores[session], tuple(reasons(session))) for session, (entry, title) in rows_of(archive, best).items()]


def _best(archive: Archive, scores: dict[int, int], limit: int) -> list[int]:
    """The sessions with the highest scores, of equals the newer first; only those that may be among them are looked up."""
    least = min(nlargest(limit, scores.values()), default=0)
    near = {session for session, score in scores.items() if score >= least}
    ordered = archive.database.execute("SELECT number FROM session ORDER BY started DESC, id DESC")
    newest = [number for (number,) in ordered if number in near]
    return sorted(newest, key=lambda number: -scores[number])[:limit]


def similar_to(root: Path, folder: Path, limit: int = 3) -> list[Similar]:
    """`similar_sessions` for a caller without an archive at hand, such as a screen; reads what is new first, so call it in a thread.

    A session that lies elsewhere has none: no index is made beside it.
    """
    return [] if folder.resolve().parent != root.resolve() else with_archive(root, lambda archive: similar_sessions(archive, folder, limit))


def _with_causes(archive: Archive, number: int, cause: str) -> dict[int, str]:
    """Session -> its cause, where that is the same or of the same family; a run that found no fault has none."""
    family = cause.partition(".")[0]
    held = [value for (value,) in archive.database.execute("SELECT DISTINCT cause FROM session WHERE cause != ''")]
    related = [value for value in held if cause and text_out(value).partition(".")[0] == family]
    rows = (
        (session, text_out(value))
        for value in related
        for (session,) in archive.database.execute("SELECT number FROM session WHERE cause = ? AND number != ?", (value, number))
    )
    return dict(rows)


def _sharing(archive: Archive, number: int, kind: str) -> dict[int, list[str]]:
    """Session -> the terms of that kind that it shares."""
    rows = archive.database.execute(
        "SELECT other.session, other.value FROM term AS own JOIN term AS other ON other.kind = own.kind AND other.value = own.value"
        " WHERE own.session = ? AND own.kind = ? AND other.session != own.session ORDER BY other.session, other.value",
        (number, kind),
    )
    shared: dict[int, list[str]] = {}
    for session, value in rows:
        shared.setdefault(session, []).append(value)
    return shared
