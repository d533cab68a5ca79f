"""Private files: what a session writes is 0600 in 0700 folders, whatever the umask; what it reads is a regular file.

A session folder may have come from someone else: a link, a FIFO or a device in it is refused, never
followed or waited on. Errors of the disk become SessionErrors that say what to do.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from tshoot.errors import SessionError

_HINTS = {
    errno.ENOSPC: "free some space there, or keep sessions elsewhere by setting XDG_DATA_HOME",
    errno.EDQUOT: "your quota is used up: free some space, or keep sessions elsewhere by setting XDG_DATA_HOME",
    errno.EFBIG: "the file size limit is reached: raise it (ulimit -f), or bound the output or capture more tightly",
    errno.EROFS: "the file system is read-only: keep sessions elsewhere by setting XDG_DATA_HOME",
    errno.EACCES: "check the owner and permissions of that path",
    errno.EPERM: "check the owner and permissions of that path",
    errno.ENOENT: "`tshoot sessions list` shows the sessions that are there",
    errno.ELOOP: "a session holds no links: this one was tampered with or copied wrongly",
}


@contextmanager
def disk_errors(doing: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a SessionError `PATH: cannot be <doing>: <why>` with a hint."""
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "check the disk that holds it")
        raise SessionError(f"{path}: cannot be {doing}: {error.strerror or error}", hint) from error


def make_private_folder(path: Path) -> None:
    """Create `path`, 0700; FileExistsError if it is there. Missing parents are made 0700 too."""
    if not path.parent.exists():
        make_private_folder(path.parent)
    path.mkdir(0o700)
    path.chmod(0o700)


def create_private(path: Path) -> int:
    """A descriptor, open for reading and writing, of a new file, 0600."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of an existing regular file, whose last part is no link; anything else is a SessionError."""
    with disk_errors("read" if flags == os.O_RDONLY else "written", path):
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SessionError(f"{path}: is no regular file", "a session holds files and one folder only: this one was copied wrongly")
    return descriptor


def read_regular(path: Path) -> BufferedReader:
    """`open_regular` as a buffered binary file."""
    return os.fdopen(open_regular(path), "rb")


def write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
