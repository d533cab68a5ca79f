"""Reading a session file that may come from anybody: nothing of it is believed, nothing becomes visible before all of it was checked.

The manifest says which files follow; each must follow, in that order, under that name, with that size and sha256, and nothing else may.
Unpacking stops at the first byte beyond the limits.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError, UsageError
from tshoot.session.files import create_private, disk_errors, make_private_folder, read_regular, sync_folder, write_all
from tshoot.session.packed.limits import MANIFEST, WINDOW, check_sizes
from tshoot.session.packed.manifest import NAME, Manifest, PackedFile, decode_manifest
from tshoot.session.packed.ustar import BLOCK, END, header, padding
from tshoot.session.read import EVIDENCE, read_header
from tshoot.session.store import Session
from tshoot.session.verify import first_alteration

MAGIC = b"\x28\xb5\x2f\xfd"  # zstd
_TAKEN = 2048  # compressed bytes at once: even the worst blocks make no more than 64 MB of them
_AGAIN = "have it sent again, and compare its size and sha256 with the sender's"


def import_session(file: Path, root: Path, cancel: CancelToken) -> tuple[Session, bool]:
    """Unpack `file` below `root`; the session, and whether it is new there (else the very same was there already).

    SessionError where the file is no sound session file or another session has that id, Cancelled.
    """
    with disk_errors("written", root):
        if not root.exists():
            make_private_folder(root)
    private = root / f".import-{secrets.token_hex(8)}"
    try:
        manifest = _unpack(file, private, cancel)
        folder = root / manifest.session
        if os.path.lexists(folder):
            _same_or_refused(folder, manifest, file)
            return Session(folder, read_header(folder)), False
        with disk_errors("written", folder):
            private.rename(folder)
            sync_folder(root)
        return Session(folder, read_header(folder)), True
    finally:
        shutil.rmtree(private, ignore_errors=True)


@contextmanager
def unpacked(file: Path, cancel: CancelToken) -> Iterator[Session]:
    """The session in `file`, in a private folder that is gone with the block."""
    with tempfile.TemporaryDirectory(prefix="tshoot-") as place:
        folder = Path(place) / "session"
        _unpack(file, folder, cancel)
        yield Session(folder, read_header(folder))


def is_session_file(path: Path) -> bool:
    """Whether `path` is a file that begins as a session file does."""
    try:
        with read_regular(path) as file:
            return file.read(len(MAGIC)) == MAGIC
    except (SessionError, OSError, ValueError):
        return False


def _unpack(file: Path, folder: Path, cancel: CancelToken) -> Manifest:
    with read_regular(file) as source, disk_errors("unpacked", file):
        packed = os.fstat(source.fileno()).st_size
        stream = _Inflated(source, file, cancel)
        manifest = _first_member(stream, file)
        check_sizes([item.size for item in manifest.files], manifest.files[0].size, packed, str(file))
        make_private_folder(folder)
        make_private_folder(folder / EVIDENCE)
        for item in manifest.files:
            _member(stream, item, folder, file)
        stream.end()
        for place in (folder / EVIDENCE, folder):
            sync_folder(place)
    _judge(folder, manifest, file, cancel)
    return manifest


def _first_member(stream: _Inflated, file: Path) -> Manifest:
    head = stream.take(BLOCK)
    try:
        size = int(head[124:135].decode("ascii"), 8)
    except ValueError:
        size = -1
    if size < 0 or head != header(NAME, size):
        raise SessionError(f"{file}: is no session file: its first member is no plain {NAME}", "`tshoot sessions export` makes session files")
    if size > MANIFEST:
        raise SessionError(f"{file}: its manifest has {size} bytes, more than {MANIFEST >> 20} MiB", _AGAIN)
    manifest = decode_manifest(stream.take(size), str(file))
    stream.zeros(padding(size))
    return manifest


def _member(stream: _Inflated, item: PackedFile, folder: Path, file: Path) -> None:
    if stream.take(BLOCK) != header(item.name, item.size):
        raise SessionError(f"{file}: {item.name} is due, and something else follows: it was altered", _AGAIN)
    digest, rest = hashlib.sha256(), item.size
    descriptor = create_private(folder / item.name)
    try:
        while rest:
            piece = stream.some(rest)
            digest.update(piece)
            write_all(descriptor, piece)
            rest -= len(piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if digest.hexdigest() != item.sha256:
        raise SessionError(f"{file}: {item.name} does not have the sha256 of the manifest: it was altered or damaged", _AGAIN)
    stream.zeros(padding(item.size))


def _judge(folder: Path, manifest: Manifest, file: Path, cancel: CancelToken) -> None:
    """What was unpacked is a session, the one that the manifest names, and whole."""
    if read_header(folder).session != manifest.session:
        raise SessionError(f"{file}: its log is of another session than its manifest says", _AGAIN)
    if altered := first_alteration(folder, cancel):
        raise SessionError(f"{file}: {altered}", "the session was altered before it was packed: ask the sender")


def _same_or_refused(folder: Path, manifest: Manifest, file: Path) -> None:
    for item in manifest.files:
        try:
            with read_regular(folder / item.name) as there:
                same = os.fstat(there.fileno()).st_size == item.size and hashlib.file_digest(there, "sha256").hexdigest() == item.sha256
        except SessionError:
            same = False
        if not same:
            raise UsageError(
                f"{folder}: is there already and is not what {file} holds ({item.name} differs)",
                "import it elsewhere with --record DIR, or look at it in its file: `tshoot sessions show FILE`",
            )


class _Inflated:
    """What a zstd file holds, piece by piece; a file that ends early, is damaged or goes on behind its end is refused."""

    def __init__(self, source: IO[bytes], file: Path, cancel: CancelToken) -> None:
        import zstandard

        self._source, self._file, self._cancel = source, file, cancel
        self._inflater: Any = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
        self._damage = zstandard.ZstdError
        self._ready = b""

    def some(self, most: int) -> bytes:
        """At least one byte, at most `most`."""
        while not self._ready:
            self._read()
        piece, self._ready = self._ready[:most], self._ready[most:]
        return piece

    def take(self, size: int) -> bytes:
        pieces = []
        while size:
            pieces.append(self.some(size))
            size -= len(pieces[-1])
        return b"".join(pieces)

    def zeros(self, size: int) -> None:
        if any(self.take(size)):
            raise SessionError(f"{self._file}: holds something between its files: it was altered", _AGAIN)

    def end(self) -> None:
        """Behind the last file there is the end of the tar, and nothing else."""
        self.zeros(len(END))
        while not self._inflater.eof and not self._ready:
            self._read()
        if self._ready or self._inflater.unused_data or self._source.read(1):
            raise SessionError(f"{self._file}: goes on behind its end: it was altered", _AGAIN)

    def _read(self) -> None:
        self._cancel.check()
        piece = b"" if self._inflater.eof else self._source.read(_TAKEN)
        if not piece:
            raise SessionError(f"{self._file}: is cut short", _AGAIN)
        try:
            self._ready = self._inflater.decompress(piece)
        except self._damage as error:
            raise SessionError(f"{self._file}: the compressed data is damaged: {error}", _AGAIN) from error
