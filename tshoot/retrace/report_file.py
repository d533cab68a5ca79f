"""A session's report with the times of its frames, and any text as a file that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, SessionError, TshootError
from tshoot.session.report.cast import IDLE
from tshoot.session.store import Session
from tshoot.whole_file import put_whole


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


class FileIsThere(TshootError):
    """A file that was to be a new one."""


def write_whole(path: Path, text: str, *, new: bool = False) -> None:
    """Also into a pipe. `new`: a file that is there already is not overwritten. TshootError where it cannot be written."""
    content = text.encode("utf-8", "replace")
    try:
        if path.exists() and not path.is_file():  # a pipe, /dev/stdout
            path.write_bytes(content)
        else:
            put_whole(path, content, new=new)
    except FileExistsError as error:
        raise FileIsThere(f"{path} is there already", "name another file") from error
    except OSError as error:
        raise TshootError(f"{path}: cannot be written: {error.strerror}", "name another file") from error
