"""The private folder of one connection by `ssh`: the control socket, the socket for its questions, and the program that asks them.

Mode 0700, in a place whose programs may run and whose path is short enough for a socket (about 100 bytes, and
`ssh` appends 17 while it binds). Nothing secret is written into it: the token only tells our own `ssh` from others.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tshoot.errors import UsageError
from tshoot.transports.openssh import askpass

_LONGEST = 70


class PrivateFolder:
    """Made at once, removed by `remove`."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self.path = _made()
        (self.path / "token").touch(0o600)
        (self.path / "token").write_text(self.token, encoding="ascii")

    @property
    def control(self) -> Path:
        return self.path / "m"

    @property
    def questions(self) -> Path:
        return self.path / "ask"

    @property
    def askpass(self) -> Path:
        return self.path / "askpass"

    @property
    def log(self) -> Path:
        return self.path / "log"

    def open_log(self) -> BinaryIO:
        """The end to read of the pipe by which `ssh` writes its log. Open for both, so that it never comes to an end by itself."""
        if not self.log.exists():
            os.mkfifo(self.log, 0o600)
        return os.fdopen(os.open(self.log, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)

    def environment(self) -> dict[str, str]:
        """What lets `ssh` ask us and nobody else. DISPLAY is for those before 8.4, which ask a program only where they think of a desktop."""
        own = {"SSH_ASKPASS": str(self.askpass), "SSH_ASKPASS_REQUIRE": "force", askpass.PLACE: str(self.path), "LC_ALL": "C"}
        return {"DISPLAY": "tshoot"} | dict(os.environ) | own

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _made() -> Path:
    tried: list[str] = []
    for base in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp", str(Path("~/.cache").expanduser())):  # noqa: S108 - mkdtemp makes it private
        if not base or base in tried or len(base) > _LONGEST:
            continue
        tried.append(base)
        with suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix="tshoot-", dir=base))
            if _can_run(_written(folder / "askpass")):
                return folder
            shutil.rmtree(folder, ignore_errors=True)
    raise UsageError(
        f"no place for the socket of ssh: none of {', '.join(tried) or 'the usual folders'} may be written to and hold programs",
        "set XDG_RUNTIME_DIR to a folder of yours with a short path",
    )


def _written(program: Path) -> Path:
    words = " ".join(shlex.quote(word) for word in (sys.executable, "-I", "-S", str(Path(askpass.__file__).resolve())))
    descriptor = os.open(program, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec {words} "$@"\n')
    return program


def _can_run(program: Path) -> bool:
    return os.access(program, os.X_OK)
