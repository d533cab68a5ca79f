"""tshoot sessions rejudge: recorded sessions judged again by what tshoot knows today; the sessions are only read."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.opened import opened
from tshoot.cli.output import emit_json, say, table
from tshoot.cli.run import pairs
from tshoot.errors import Cancelled, SessionError, TshootError, UsageError
from tshoot.model.verdicts import Verdict
from tshoot.playbook.tree import Playbook
from tshoot.retrace.free.playbook import FREE
from tshoot.retrace.judgement_text import judgement_json, judgement_lines
from tshoot.retrace.rejudge import Judgement, recorded_playbook, rejudge
from tshoot.retrace.what_if import assumptions
from tshoot.retrace.words import what
from tshoot.session.archive.index import Archive, with_archive
from tshoot.session.archive.when import period
from tshoot.session.fleet import is_fleet
from tshoot.session.store import Session, SessionEntry, list_sessions, open_session
from tshoot.wiring import checked_playbook

SAME, DIFFERENT, OPEN = 0, 1, 3
_STATUS = {"same": SAME, "different": DIFFERENT, "open": OPEN}


def run(root: Path, arguments: Namespace) -> int:
    if arguments.since and not arguments.all:
        raise UsageError("--since goes with --all", "a single session is named by its id")
    if not arguments.all:
        try:
            with opened(root, arguments.session or "last") as session:
                return cancellable(lambda cancel: _one(session, arguments, cancel))
        except SessionError as error:  # altered, or no session: as with --all it could not be judged
            diagnostics.report(error)
            return OPEN
    if arguments.session:
        raise UsageError("--all is for every session, and one is named", "leave out one of the two")
    if arguments.target or arguments.inputs:
        raise UsageError("--target and --set are for one imported recording, not for --all", "name the session")
    if arguments.what_if:
        raise UsageError("--what-if is for one session, not for --all", "name the session")
    since = _moment(arguments.since) if arguments.since else 0.0
    return cancellable(lambda cancel: _all(root, arguments, since, cancel))


def _one(session: Session, arguments: Namespace, cancel: CancelToken) -> int:
    playbook = _Playbooks(arguments.playbook).of(session)
    assumed = assumptions(arguments.what_if, playbook)
    try:
        if session.header.playbook == FREE:
            from tshoot.retrace.free.rejudged import rejudge_free

            given = pairs(arguments.target, "--target"), pairs(arguments.inputs, "--set")
            judgement = rejudge_free(session, playbook, assumed, cancel, *given)
        elif arguments.target or arguments.inputs:
            raise UsageError("--target and --set are for imported recordings", "this session holds its targets and inputs")
        else:
            judgement = rejudge(session, playbook, assumed, cancel)
    except Cancelled:
        return diagnostics.INTERRUPTED
    if arguments.json:
        emit_json(judgement_json(judgement, arguments.what_if))
    else:
        say(*judgement_lines(judgement, arguments.what_if))
    return _STATUS[judgement.result]


class _Playbooks:
    """What to judge by: what `--playbook` names, `shipped` for today's of the session's id, else what the session holds. Each is checked once."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._loaded: dict[str, Playbook] = {}
        self.only = "" if name in (None, "shipped") else self._checked(str(name)).id

    def of(self, session: Session) -> Playbook:
        if self._name is None or (self._name == "shipped" and session.header.playbook == FREE):
            return recorded_playbook(session)
        return self._checked(session.header.playbook if self._name == "shipped" else self._name)

    def _checked(self, name: str) -> Playbook:
        if name not in self._loaded:
            self._loaded[name] = checked_playbook(name)
        return self._loaded[name]


# --- all ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """One session of the table; `problem` says why it could not be judged."""

    entry: SessionEntry
    judgement: Judgement | None
    problem: str = ""

    @property
    def result(self) -> str:
        return self.judgement.result if self.judgement else "not judged"


def _all(root: Path, arguments: Namespace, since: float, cancel: CancelToken) -> int:
    playbooks = _Playbooks(arguments.playbook)
    try:
        found = _entries(root, cancel)
    except Cancelled:
        return diagnostics.INTERRUPTED
    entries = [entry for entry in found if entry.started >= since and playbooks.only in ("", entry.playbook) and not is_fleet(entry.playbook)]
    judged = [entry for entry in entries if entry.state in ("finished", "broken")]
    try:
        rows = list(_rows(judged, playbooks, cancel))
    except Cancelled:
        return diagnostics.INTERRUPTED
    finally:
        diagnostics.clear_status()
    counts = {result: sum(row.result == result for row in rows) for result in ("same", "different", "open", "not judged")}
    if arguments.json:
        emit_json({"sessions": [_row_json(row) for row in rows], **_counted(counts), "left_out": len(entries) - len(judged)})
    else:
        _show(rows, counts, len(entries) - len(judged))
    return DIFFERENT if counts["different"] else OPEN if counts["open"] or counts["not judged"] else SAME


def _entries(root: Path, cancel: CancelToken) -> list[SessionEntry]:
    """All sessions, from the index; where there can be none, from their logs."""
    try:
        return with_archive(root, Archive.entries, cancel=cancel)
    except SessionError:
        return list_sessions(root)


def _rows(entries: list[SessionEntry], playbooks: _Playbooks, cancel: CancelToken) -> Iterator[_Row]:
    for number, entry in enumerate(entries, start=1):
        cancel.check()
        diagnostics.status(f"judging {number} of {len(entries)}: {entry.id}")
        try:
            session = open_session(entry.path.parent, str(entry.path))
            yield _Row(entry, rejudge(session, playbooks.of(session), {}, cancel))
        except Cancelled:
            raise
        except TshootError as error:
            yield _Row(entry, None, error.message)


def _show(rows: list[_Row], counts: dict[str, int], left_out: int) -> None:
    if rows:
        table(["session", "result", "recorded", "today", "why"], [_cells(row) for row in rows])
        say("")
    without = f"; {left_out} without a verdict left out" if left_out else ""
    parts = ", ".join(f"{count} {result}" for result, count in counts.items())
    say(f"{len(rows)} session{'s' * (len(rows) != 1)}: {parts}{without}")


def _cells(row: _Row) -> list[str]:
    judgement = row.judgement
    if judgement is None:
        return [row.entry.id, row.result, f"{row.entry.verdict} {row.entry.cause}".strip() or "-", "-", row.problem]
    return [row.entry.id, row.result, _brief(judgement.recorded), _brief(judgement.today), "" if row.result == "same" else _why(judgement)]


def _why(judgement: Judgement) -> str:
    """Where the ways part and why, or what is missing; "" where neither."""
    parting = judgement.parting
    parts = [f"at {parting.node}" + (f", {parting.difference.why}" if parting.difference else "")] if parting else []
    parts += [f"would have asked {what(effect)}" for effect in judgement.unanswered[:1]]
    return "; ".join(parts)


def _brief(verdict: Verdict | None) -> str:
    return f"{verdict.kind} {verdict.cause}".strip() if verdict else "-"


def _row_json(row: _Row) -> dict[str, Any]:
    judgement, clean = row.judgement, judgement_json(row.judgement, []) if row.judgement else None
    return {
        "session": row.entry.id,
        "playbook": row.entry.playbook,
        "result": row.result.replace(" ", "_"),
        "recorded": _brief_json(judgement.recorded) if judgement else None,
        "today": _brief_json(judgement.today) if judgement else None,
        "parting": clean["parting"] if clean else None,
        "would_have_asked": clean["would_have_asked"] if clean else [],
        "problem": row.problem or None,
    }


def _brief_json(verdict: Verdict | None) -> dict[str, str] | None:
    return {"kind": verdict.kind, "cause": verdict.cause} if verdict else None


def _counted(counts: dict[str, int]) -> dict[str, int]:
    return {result.replace(" ", "_"): count for result, count in counts.items()}


def _moment(text: str) -> float:
    """A date (all of it: `2026-11`, `2026-11-01`) or an age (`30d`): seconds since the epoch."""
    found = period(text, time.time())
    if found is None:
        raise UsageError(f"--since {text}: expected a date or an age", "for example --since 2026-11-01 (UTC), or --since 30d")
    return found[0]
