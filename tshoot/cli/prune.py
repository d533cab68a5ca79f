"""tshoot sessions prune: remove old sessions, after saying which and asking. What a crashed run may have left on a target is never forgotten."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.archive import ask_archive
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import say
from tshoot.cli.terminal import can_ask, forget_typed, read_line
from tshoot.errors import SessionError, UsageError
from tshoot.session.archive.index import Archive
from tshoot.session.archive.prune import Kept, Prunable, prunable, remove
from tshoot.session.archive.when import age

_KINDS = ("fault", "healthy", "inconclusive", "none")


def run(root: Path, arguments: Namespace) -> int:
    length = age(arguments.older_than)
    if length is None:
        raise UsageError(f"--older-than {arguments.older_than}: is no age", "for example 90d, 12w or 1y")
    unknown = [kind for kind in arguments.keep_verdict if kind not in _KINDS]
    if unknown:
        raise UsageError(f"--keep-verdict {unknown[0]}: is no verdict", f"one of {', '.join(_KINDS)}")
    entries = ask_archive(root, Archive.entries)
    going, kept = prunable(entries, time.time() - length.total_seconds(), frozenset(arguments.keep_verdict), _still_needed)
    _tell(going, kept)
    if arguments.dry_run or not going:
        return diagnostics.HEALTHY
    if not arguments.yes and not _agreed(len(going)):
        return diagnostics.USAGE
    return _remove_all(going)


def _still_needed(folder: Path) -> str:
    """A capture that may still lie on a target is named in the session's folder; `captures.jsonl` goes only when that is settled."""
    from tshoot.performers.journal import of_session

    left = of_session(folder / "captures.jsonl")
    return f"a capture may still lie on {left[0].record.host}: {left[0].record.path}" if left else ""


def _tell(going: list[Prunable], kept: list[Kept]) -> None:
    for one in going:
        say(f"{one.entry.id}  {one.entry.verdict or one.entry.state}  {_size(one.bytes)}")
    for stays in kept:
        diagnostics.note(f"{stays.entry.id} stays: {stays.why}")
    total = sum(one.bytes for one in going)
    say(f"{len(going):,} {'session' if len(going) == 1 else 'sessions'}, {_size(total)} ({total:,} bytes)" if going else "no session is that old")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _agreed(count: int) -> bool:
    if not can_ask():
        raise UsageError("nothing is removed: there is no terminal to ask at", "--yes removes without asking, --dry-run only says what would go")

    def ask(cancel: CancelToken) -> str | None:
        forget_typed()
        diagnostics.ask(f"Remove {'it' if count == 1 else f'all {count:,}'} for good? [yes/no] ")
        return read_line(cancel)

    if (cancellable(ask) or "").lower() == "yes":
        return True
    diagnostics.note("nothing was removed")
    return False


def _remove_all(going: list[Prunable]) -> int:
    failed = removed = 0
    for one in going:
        try:
            remove(one.entry.path)
            removed += 1
        except SessionError as error:
            diagnostics.report(error)
            failed += 1
    say(f"removed {removed:,}{f', {failed:,} could not be' if failed else ''}")
    return diagnostics.USAGE if failed else diagnostics.HEALTHY
