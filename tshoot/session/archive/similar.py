"""Incidents like this one: the same cause, the same target, the same address, ranked, each with its reasons.

A shared playbook or an address that is merely mentioned is no reason. The same cause on the same target is the strongest; of equals the
newer comes first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
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
    scores: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}

    def add(session: int, score: int, reason: str) -> None:
        scores[session] = scores.get(session, 0) + score
        reasons.setdefault(session, []).append(reason)

    for session, other in _with_causes(archive, number, cause):
        same = other == cause
        add(session, _CAUSE if same else _FAMILY, f"same cause {cause}" if same else f"related cause {other}")
    targets = _sharing(archive, number, "target")
    for session, names in targets.items():
        add(session, _TARGET, f"same target {min(names, key=len)}")  # the shortest: without user and port
    for session, shared in _sharing(archive, number, "key-address").items():
        addresses = [address for address in shared if address not in targets.get(session, ())]
        if addresses:
            add(session, _ADDRESS, f"same address {', '.join(addresses[:_MOST_NAMED])}")
    rows = rows_of(archive, [session for session, score in scores.items() if score > _FAMILY])
    found = [Similar(entry, title, scores[session], tuple(reasons[session])) for session, (entry, title) in rows.items()]
    return sorted(found, key=lambda one: (one.score, one.entry.started, one.entry.id), reverse=True)[:limit]


def similar_to(root: Path, folder: Path, limit: int = 3) -> list[Similar]:
    """`similar_sessions` for a caller without an archive at hand, such as a screen; reads what is new first, so call it in a thread."""
    return with_archive(root, lambda archive: similar_sessions(archive, folder, limit))


def _with_causes(archive: Archive, number: int, cause: str) -> list[tuple[int, str]]:
    """(session, its cause) of the same cause or family; a run that found no fault has none."""
    family = cause.partition(".")[0]
    rows = archive.database.execute("SELECT number, cause FROM session WHERE number != ? AND cause != ''", (number,))
    others = [(session, text_out(other)) for session, other in rows]
    return [(session, other) for session, other in others if cause and (other == cause or other.partition(".")[0] == family)]


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
