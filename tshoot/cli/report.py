"""tshoot sessions report: a recorded session as a page, a ticket's text, a recording or a test result."""

from __future__ import annotations

import os
import stat
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.opened import opened
from tshoot.cli.output import say
from tshoot.errors import Cancelled, CaptureFileError, SessionError, TshootError, UsageError
from tshoot.session.store import Session


def run(root: Path, arguments: Namespace) -> int:
    from tshoot.session.report.formats import report_text

    if not 0 <= arguments.idle <= 3600:
        raise UsageError("--idle takes seconds from 0 to 3600", "2 is the default: longer pauses of a recording are cut to that")

    def work(cancel: CancelToken) -> int:
        try:
            times = _FrameTimes(session, cancel)
            _write(report_text(session, arguments.format, frame_times=times, idle=arguments.idle), arguments.output)
        except Cancelled:
            return diagnostics.INTERRUPTED
        return diagnostics.HEALTHY

    with opened(root, arguments.session) as session:
        return cancellable(work)


class _FrameTimes:
    """When frames of a capture of the session were seen; a capture that cannot be read gives none."""

    def __init__(self, session: Session, cancel: CancelToken) -> None:
        self._session, self._cancel = session, cancel

    def __call__(self, sha256: str, frames: frozenset[int]) -> Mapping[int, float]:
        from tshoot.packets.batches import Batch
        from tshoot.packets.container import inspect

        found: dict[int, float] = {}

        def visit(batch: Batch) -> None:
            found.update({frame: int(batch.times[frame - batch.first]) / 1e9 for frame in frames if 0 <= frame - batch.first < len(batch)})

        try:
            with inspect(self._session.evidence_path(sha256), self._cancel, visit):
                return found
        except (CaptureFileError, SessionError, OSError):
            return found


def _write(text: str, file: str | None) -> None:
    """To standard output, or to a file that is there whole or not at all. It holds what devices said: readable by you alone."""
    if not file or file == "-":
        say(text.removesuffix("\n"))
        return
    path = Path(file)
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):  # a pipe, /dev/stdout
            path.write_text(text, encoding="utf-8")
            return
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.write(text)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise TshootError(f"{path}: the report cannot be written: {error.strerror}", "name another file with -o") from error
