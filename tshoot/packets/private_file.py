"""Temporary files for parts of captures: readable by their owner alone, removed with the `with` block."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tshoot.errors import CaptureFileError


@contextmanager
def private_file(origin: Path) -> Iterator[IO[bytes]]:
    """An empty file for what comes from `origin`; CaptureFileError where none can be made."""
    try:
        file = tempfile.NamedTemporaryFile(prefix="tshoot-", suffix=".pcap")  # noqa: SIM115 - closed below
    except OSError as error:
        raise no_room(origin, error) from error
    with file:
        yield file


def no_room(origin: Path, error: OSError) -> CaptureFileError:
    return CaptureFileError(f"{origin}: no temporary copy can be written: {error.strerror or error}", "free space, or set TMPDIR to a larger folder")
