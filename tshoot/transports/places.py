"""Places for connections to a device: locked files, so that several processes of one user share them; a process that dies gives its own back.

Where the folder cannot be used (a full or read-only disk) the places of this process alone are counted: a guard of devices is no reason not to work.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tshoot.user_folders import data_folder


@dataclass
class Place:
    """One connection's. `give_back` may be called twice."""

    _of: Places
    _device: str
    _file: tuple[int, Path] | None
    _held: bool = True

    def give_back(self) -> None:
        with self._of.lock:
            if self._held:
                self._held = False
                self._of.taken[self._device] -= 1
                if self._file is not None:
                    descriptor, path = self._file
                    with suppress(OSError):
                        path.unlink()  # while it is locked: whoever opened it meanwhile sees that it is gone
                    os.close(descriptor)


class Places:
    """`folder` None: counted in this process only."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.lock = threading.Lock()
        self.taken: Counter[str] = Counter()

    def take(self, device: str, most: int) -> Place | None:
        """A place, None where all `most` are taken now."""
        with self.lock:
            if self.taken[device] >= most:
                return None
            try:
                file = self._locked(device, most)
            except OSError:
                file = None
            else:
                if file is None and self._folder is not None:
                    return None
            self.taken[device] += 1
            return Place(self, device, file)

    def _locked(self, device: str, most: int) -> tuple[int, Path] | None:
        if self._folder is None:
            return None
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = sha256(device.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        for number in range(most):
            path = self._folder / f"{name}.{number}"
            descriptor = _lock(path)
            if descriptor is not None:
                return descriptor, path
        return None


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock of the file that is there by this name; None where another one holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(path).st_ino == os.fstat(descriptor).st_ino:  # noqa: PTH116 - beside its descriptor
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:  # given back between our opening and our locking it
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def default_folder() -> Path:
    """`connections` beside the sessions."""
    return data_folder() / "connections"
