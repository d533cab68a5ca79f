"""The evidence of one session: raw bytes, each file named by its sha256, written once and never altered.

A file gets its name only when it is whole and durable, so a name that exists is a file that is whole.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tshoot.errors import SessionError
from tshoot.session.files import create_private, disk_errors, read_regular, sync_folder, write_all

MAX_OUTPUT = 256 << 20  # bytes of one command's stream that are read back into memory
_CHUNK = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")


class Evidence:
    """`folder` is the session's `evidence/`. Safe from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the bytes with that hash lie (or would lie). A name that is no sha256 is refused: it could lead elsewhere."""
        if not _NAME.fullmatch(sha256):
            raise SessionError(f"{self.folder}: {sha256[:80]!r} is no sha256", "the session was edited: `tshoot sessions verify` says where")
        return self.folder / sha256

    def keep(self, data: bytes) -> tuple[str, int]:
        """Store `data`; returns its sha256 and its size in bytes. Durable when it returns."""
        return self.keep_stream(BytesIO(data))

    def keep_stream(self, source: BinaryIO) -> tuple[str, int]:
        """`keep` for what does not fit in memory: copies to the end of `source`."""
        temporary = self.folder / f".{secrets.token_hex(8)}.part"
        with disk_errors("written", self.folder):
            try:
                return self._store(source, temporary)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink()
                raise

    def _store(self, source: BinaryIO, temporary: Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        descriptor = create_private(temporary)
        try:
            while chunk := source.read(_CHUNK):
                write_all(descriptor, chunk)
                digest.update(chunk)
                size += len(chunk)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self.folder / digest.hexdigest())
        sync_folder(self.folder)
        return digest.hexdigest(), size

    def read(self, sha256: str, size: int) -> bytes:
        """The bytes, checked against their hash and size; SessionError where they are missing or were changed."""
        path = self.path(sha256)
        if size > MAX_OUTPUT:
            raise SessionError(f"{path}: {size} bytes are too many to be a command's output", "read the file itself")
        with read_regular(path) as file, disk_errors("read", path):
            data = file.read(size + 1)
        if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
            raise SessionError(f"{path}: was changed after it was recorded", "`tshoot sessions verify` lists all that was")
        return data

    def problem(self, sha256: str, size: int, check: Callable[[], None] = lambda: None) -> str:
        """What is wrong with the stored bytes of that hash and size, or "" where they are intact. Needs no memory. `check` is asked in between."""
        digest = hashlib.sha256()
        try:
            with read_regular(self.path(sha256)) as file:
                found = os.fstat(file.fileno()).st_size
                while piece := file.read(_CHUNK):
                    check()
                    digest.update(piece)
        except (SessionError, OSError) as error:
            return str(error)
        if digest.hexdigest() != sha256:
            return f"evidence/{sha256} was changed after it was recorded"
        return "" if found == size else f"evidence/{sha256} has {found} bytes, the log says {size}"
