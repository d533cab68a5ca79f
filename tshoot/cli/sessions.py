"""tshoot sessions: what was recorded: list, show, replay, verify; the other actions have modules of their own."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.entries import entry_json
from tshoot.cli.interrupt import cancellable
from tshoot.cli.opened import opened
from tshoot.cli.output import emit_json, say, table
from tshoot.errors import Cancelled, SessionError, UsageError
from tshoot.session.store import Session, default_root, list_sessions, session_folders


def run(arguments: Namespace) -> int:
    root = Path(arguments.record) if arguments.record else default_root()
    if arguments.action == "list":
        return _list(root, arguments)
    if arguments.action in ("rejudge", "resume", "report", "search", "similar", "prune", "compare", "verify-fix"):
        return int(import_module(f"tshoot.cli.{arguments.action.replace('-', '_')}").run(root, arguments))
    if arguments.action == "import":
        from tshoot.cli import importing

        return importing.run(root, arguments)
    if arguments.action == "distil":
        from tshoot.cli import distil

        return distil.run(root, arguments)
    if arguments.action in ("export", "redact", "reveal"):
        from tshoot.cli import sharing

        return sharing.run(root, arguments)
    with opened(root, arguments.session) as session:
        if arguments.action == "show":
            return _show(root, session, arguments)
        return {"replay": _replay, "verify": _verify}[arguments.action](session, arguments)


def _list(root: Path, arguments: Namespace) -> int:
    from tshoot.cli.archive import ask_archive

    limit = arguments.limit
    if limit is not None and not 1 <= limit <= 1_000_000:
        raise UsageError("--limit takes a number from 1 to 1000000", "without it all sessions are listed")
    try:
        entries = ask_archive(root, lambda archive: archive.entries(limit), reindex=arguments.reindex)
    except SessionError:  # no index is no reason to show nothing
        entries = list_sessions(root)[:limit]
    if arguments.json:
        rows = [{**entry_json(entry), "problem": entry.problem or None} for entry in entries]
        emit_json({"sessions": rows})
        return 0
    if not entries:
        say(f"no session yet in {root}", "`tshoot demo` makes one")
        return 0
    table(["session", "state", "verdict", "cause"], [[e.id, e.state, e.verdict or "-", e.cause or e.problem or "-"] for e in entries])
    return 0


def _show(root: Path, session: Session, arguments: Namespace) -> int:
    from tshoot.session.transcript import MOST_LINES, transcript_lines

    if arguments.json:
        from tshoot.session.plain import verdict_json
        from tshoot.session.store import verdict_of
        from tshoot.session.verifications import verifications_of, verified_json

        verdict = verdict_of(session.folder)
        told = {"session": session.header.session, "playbook": session.header.playbook, "verdict": verdict_json(verdict) if verdict else None}
        emit_json({**told, "verifications": [verified_json(one) for one in verifications_of(session.folder)]})
        return 0
    for line in transcript_lines(session.events(), None if arguments.all else MOST_LINES):
        say(line)
    _similar(root, session)
    return 0


def _similar(root: Path, session: Session) -> None:
    """The few that are most like it, briefly; `sessions similar` has them all."""
    from tshoot.cli.archive import ask_archive
    from tshoot.cli.similar import similar_lines
    from tshoot.session.archive.similar import similar_sessions

    if session.folder.resolve().parent != root.resolve() or len(session_folders(root)) < 2:
        return
    try:
        found = ask_archive(root, lambda archive: similar_sessions(archive, session.folder, limit=3))
    except (Cancelled, SessionError):
        return
    if found:
        say("", "Similar incidents", *(f"  {line}" for line in similar_lines(found)))


def _replay(session: Session, arguments: Namespace) -> int:
    from tshoot.cli import replay

    return replay.run(session, arguments)


def _verify(session: Session, arguments: Namespace) -> int:
    from tshoot.session.verify import Problem, verify

    def work(cancel: CancelToken) -> list[Problem]:
        return verify(session.folder, cancel, lambda lines: diagnostics.status(f"verifying: {lines:,} lines"))

    try:
        problems = cancellable(work)
    except Cancelled:
        return diagnostics.INTERRUPTED
    finally:
        diagnostics.clear_status()
    for problem in problems:
        say(str(problem))
    broken = sum(not problem.remark for problem in problems)
    state = f"altered or damaged, {broken} problems" if broken else "intact: every line and every piece of evidence is as it was written"
    say(f"{session.header.session}: {state}")
    return diagnostics.USAGE if broken else diagnostics.HEALTHY
