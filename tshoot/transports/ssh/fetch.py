"""A remote file copied over a channel: by SFTP, else by `cat`. Every byte passes a `Copy`, which counts, bounds and writes it.

paramiko's prefetch is left at its default: limiting its requests makes it ten times slower, without it twenty times.
"""

from __future__ import annotations

import socket
import struct
from typing import BinaryIO

import paramiko

from tshoot.errors import TargetError, UsageError
from tshoot.model.text import clean_line, decode
from tshoot.transports.base import OnBytes
from tshoot.transports.bounded import Deadline
from tshoot.transports.listing import quoted

_CHUNK = 32 * 1024


class Copy:
    """What has arrived of one file. `deadline` starts anew with every piece: a copy may take long, but not stand still."""

    def __init__(self, name: str, into: BinaryIO, limit: int, on_bytes: OnBytes | None, deadline: Deadline) -> None:
        self.name, self.deadline = name, deadline
        self._into, self._limit, self._on_bytes, self._start = into, limit, on_bytes, into.tell()
        self._patience = deadline.seconds
        self.done = self.total = 0
        self.said = b""  # of stderr

    def expect(self, size: int | None) -> None:
        self.total = size or 0
        self._check(self.total)

    def take(self, stream: str, data: bytes) -> None:
        """A piece of the output of `cat`."""
        if stream == "stdout":
            self.write(data)
        else:
            self.said = (self.said + data)[:4096]

    def write(self, data: bytes) -> None:
        self.done += len(data)
        self._check(self.done)
        self.deadline.restart(self._patience)
        try:
            self._into.write(data)
        except OSError as error:
            raise UsageError(f"the copy of {self.name} cannot be written here: {error.strerror}", "free some space on this machine") from error
        if self._on_bytes is not None:
            self._on_bytes(self.done, max(self.total, self.done))

    def rewind(self) -> None:
        """Forget what has arrived: the file is copied again in another way."""
        self._into.seek(self._start)
        self._into.truncate()
        self.done = self.total = 0

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise TargetError("unreadable", f"{self.name}: {size} bytes are more than the {self._limit} that tshoot copies", "copy it by hand")


def copy_by_sftp(channel: paramiko.Channel | socket.socket, remote: str, copy: Copy) -> None:
    """Runs in a bounded thread; whatever fails on the way is an SSHException, EOFError or OSError."""
    try:
        _copy_by_sftp(channel, remote, copy)
    except (paramiko.SFTPError, ValueError, LookupError, struct.error) as error:
        raise OSError(f"the server's SFTP cannot be understood ({type(error).__name__})") from error


def _copy_by_sftp(channel: paramiko.Channel | socket.socket, remote: str, copy: Copy) -> None:
    sftp = paramiko.SFTPClient(channel)  # type: ignore[arg-type]  # it takes a socket, too
    size = sftp.stat(remote).st_size
    if not size:
        raise OSError("an empty file, or one whose size is not known beforehand: `cat` reads both")
    copy.expect(size)
    with sftp.open(remote, "rb") as file:
        file.prefetch(copy.total)
        while copy.done < copy.total and (data := file.read(min(_CHUNK, copy.total - copy.done))):
            copy.write(data)
    if copy.done != copy.total:
        raise OSError(f"the copy ended after {copy.done} of {copy.total} bytes")


def cat_command(remote: str) -> str:
    return f"cat {quoted(remote)}"


def check_cat(copy: Copy, exit_status: int | None) -> None:
    """TargetError where `cat` did not bring the whole file, with its kind read from what it said."""
    said = clean_line(decode(copy.said))[:200]
    if exit_status == 0 and (not copy.total or copy.done == copy.total):
        return
    lowered = said.lower()
    if "no such file" in lowered or "not found" in lowered:
        raise TargetError("not-found", f"{copy.name}: {said}", "was it removed there?")
    if "permission denied" in lowered or "not permitted" in lowered:
        raise TargetError("permission-denied", f"{copy.name}: {said}", "log in as a user who may read it")
    what = said or f"the copy ended after {copy.done} of {copy.total} bytes"
    raise TargetError("unreadable", f"{copy.name}: {what}", "try again, or copy it by hand")
