"""A file that is there as a whole or not at all: written beside its place, moved there at the end, removed where that did not come."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tshoot.errors import CaptureFileError


@contextmanager
def atomic_file(target: Path, overwrite: bool) -> Iterator[IO[bytes]]:
    """What is written becomes `target`, readable by its owner alone; CaptureFileError where it is there already or cannot be written."""
    refuse_existing(target, overwrite)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
    except (OSError, ValueError) as error:
        raise _cannot(target, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        if overwrite:
            Path(name).replace(target)
        else:
            _move_to_free(Path(name), target)
    except FileExistsError as error:
        raise _there(target) from error
    except OSError as error:
        raise _cannot(target, error) from error
    finally:
        with suppress(OSError):
            Path(name).unlink()


def _move_to_free(file: Path, target: Path) -> None:
    """FileExistsError where somebody else made `target` meanwhile; some file systems (FAT) know no links, there it is asked once more."""
    try:
        os.link(file, target)
    except FileExistsError:
        raise
    except OSError:
        refuse_existing(target, overwrite=False)
        file.replace(target)


def refuse_existing(target: Path, overwrite: bool) -> None:
    """CaptureFileError where `target` would be overwritten unasked, or is no plain file."""
    if os.path.lexists(target) and not (overwrite and target.is_file() and not target.is_symlink()):
        raise _there(target)


def _there(target: Path) -> CaptureFileError:
    return CaptureFileError(f"{target}: it exists already and is not overwritten", "name another file, or add --force")


def _cannot(target: Path, error: OSError | ValueError) -> CaptureFileError:
    why = error.strerror if isinstance(error, OSError) else error
    return CaptureFileError(f"{target}: cannot be written: {why}", "name a folder that exists and has room")
