"""A session's report with the times of its frames, and any text as a file that is there whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, SessionError, TshootError
from tshoot.session.report.cast import IDLE
from tshoot.session.store import Session


def report_of(session: Session, format_: str, cancel: CancelToken, idle: float = IDLE) -> str:
    """SessionError where the session cannot be read, Cancelled when the token is set."""
    from tshoot.session.report.formats import report_text

    return report_text(session, format_, frame_times=_FrameTimes(session, cancel), idle=idle)


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


def write_whole(path: Path, text: str, *, new: bool = False) -> None:
    """0600: it holds what devices said. `new`: a file that is there already is not overwritten. TshootError where it cannot be written."""
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):  # a pipe, /dev/stdout
            path.write_text(text, encoding="utf-8")
            return
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.write(text)
            if new:
                os.link(temporary, path)
            else:
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError as error:
        raise TshootError(f"{path} is there already", "name another file") from error
    except OSError as error:
        raise TshootError(f"{path}: cannot be written: {error.strerror}", "name another file") from error
