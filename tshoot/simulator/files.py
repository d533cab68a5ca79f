"""What SFTP shows of a simulated device: the folder `root`, to read, list and remove in.

A path means the same here as in the device's shell: relative to `root`, or absolute on this machine. Whatever
leads out of `root`, by name or by link, is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import paramiko
from paramiko.sftp import SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_PERMISSION_DENIED

_Result = TypeVar("_Result")


class DeviceFiles(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def canonicalize(self, path: str) -> str:
        return os.path.normpath(self._root / path)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self._within(path, lambda place: paramiko.SFTPAttributes.from_stat(place.stat()))

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self._within(path, lambda place: paramiko.SFTPAttributes.from_stat(place.lstat()), follow=False)

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        return self._within(path, lambda place: [paramiko.SFTPAttributes.from_stat(entry.lstat(), entry.name) for entry in sorted(place.iterdir())])

    def remove(self, path: str) -> int:
        def unlink(place: Path) -> int:
            place.unlink()
            return SFTP_OK

        return self._within(path, unlink, follow=False)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
            return SFTP_PERMISSION_DENIED
        return self._within(path, _opened)

    def _within(self, path: str, work: Callable[[Path], _Result], *, follow: bool = True) -> _Result | int:
        """`work` on the place that `path` leads to, if that lies in the root; else the SFTP status."""
        try:
            named = self._root / path
            place = Path(os.path.realpath(named)) if follow else Path(os.path.realpath(named.parent)) / named.name
            if not place.is_relative_to(self._root) or ".." in place.parts:
                return SFTP_PERMISSION_DENIED
            return work(place)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        except ValueError:  # a NUL in the name
            return SFTP_NO_SUCH_FILE


def _opened(place: Path) -> paramiko.SFTPHandle | int:
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return SFTP_PERMISSION_DENIED
    handle = paramiko.SFTPHandle()
    handle.readfile = os.fdopen(descriptor, "rb")  # type: ignore[attr-defined]  # what SFTPHandle.read looks for
    return handle
