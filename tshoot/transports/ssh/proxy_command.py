"""A ProxyCommand: a program whose standard input and output carry the connection. It ends with the connection.

It runs as OpenSSH runs it, by the user's shell with `exec` before it, but in a session of its own, so without a terminal: it can ask
nobody. What it writes to standard error is kept (the last 2 KiB) for the message when it fails.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports.config.host_settings import HostSettings

_KEPT = 2048


class ProxyCommand:
    """`socket` is our end. TargetError "unreachable" where the shell cannot be started."""

    def __init__(self, host: HostSettings) -> None:
        self.socket, theirs = socket.socketpair()
        command = host.proxy_command.removeprefix("exec ")
        self._said = b""
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [os.environ.get("SHELL") or "/bin/sh", "-c", f"exec {command}"],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            self.socket.close()
            hint = "check ProxyCommand in the ssh_config, and SHELL"
            raise TargetError("unreachable", f"{host.place}: its ProxyCommand cannot be started: {error}", hint) from error
        self._listener = threading.Thread(target=self._listen, name="tshoot proxy", daemon=True)
        self._listener.start()

    def last_words(self) -> str:
        """Why it ended: ` (its ProxyCommand …)`; "" while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        if self._process.returncode is None:
            return ""
        self._listener.join(0.5)
        said = clean_line(self._said.decode("utf-8", "replace"))[-300:]
        return f" (its ProxyCommand ended with exit status {self._process.returncode}{': ' if said else ''}{said})"

    def close(self) -> None:
        """Ends the program and what it started."""
        self.socket.close()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)  # the program may have ended before what it started
            except (ProcessLookupError, PermissionError):
                break
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.3)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.3)
        self._listener.join(0.3)

    def _listen(self) -> None:
        stream = self._process.stderr
        if stream is None:
            return
        with suppress(OSError, ValueError), stream:
            while piece := os.read(stream.fileno(), 4096):
                self._said = (self._said + piece)[-_KEPT:]
