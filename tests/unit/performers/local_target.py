"""This machine as a target without SSH: commands run in a shell of their own, a spawned one is ended by the end of its standard input."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import CommandRan

# writes one packet of 60 bytes each 10 ms to a file, or to standard output; what tcpdump says, it says
_STAND_IN = """#!{python}
import signal, struct, sys, time
arguments = sys.argv[1:]
packets, path = int(arguments[arguments.index("-c") + 1]), arguments[arguments.index("-w") + 1]
count = 0
def end(*_):
    print(f"{{count}} packets captured\\n{{count}} packets received by filter\\n{dropped} packets dropped by kernel", file=sys.stderr)
    sys.exit(0)
signal.signal(signal.SIGINT, end)
print("stand-in: listening on lo, link-type EN10MB", file=sys.stderr, flush=True)
with open("/dev/stdout" if path == "-" else path, "wb", buffering=0) as file:
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    while count < packets:
        file.write(struct.pack("<IIII", count, 0, 60, 60) + bytes(60))
        count += 1
        time.sleep(0.01)
end()
"""


def stand_in(file: Path, dropped: int = 0) -> Path:
    """A program that behaves as tcpdump does, and needs no rights."""
    file.write_text(_STAND_IN.format(python=sys.executable, dropped=dropped))
    file.chmod(0o755)
    return file


class LocalProcess:
    def __init__(self, command: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="local-process-")
        self._read = 0
        with self._stream("out").open("ab") as out, self._stream("error").open("ab") as error:
            self.popen = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, stdout=out, stderr=error)

    def _stream(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def read_line(self, timeout: float) -> str | None:
        end = time.monotonic() + timeout
        while True:
            ended = self.popen.poll() is not None
            lines = self.output()[0][self._read :].split(b"\n")
            if len(lines) > 1:
                self._read += len(lines[0]) + 1
                return lines[0].decode()
            if ended or time.monotonic() >= end:
                return None
            time.sleep(0.01)

    @property
    def exit_status(self) -> int | None:
        return self.popen.poll()

    def output(self) -> tuple[bytes, bytes]:
        return self._stream("out").read_bytes(), self._stream("error").read_bytes()

    def wait(self, timeout: float) -> bool:
        try:
            self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        if self.popen.stdin:
            self.popen.stdin.close()


class LocalTarget:
    """`asked`: every command that was run or spawned."""

    def __init__(self, host: str = "here") -> None:
        self.host = host
        self.asked: list[str] = []

    def connect(self, cancel: CancelToken) -> None: ...

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: Any = None) -> CommandRan:
        self.asked.append(command)
        ran = subprocess.run(command, shell=True, capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)
        return CommandRan(ran.returncode, ran.stdout, ran.stderr, 0.0)

    def spawn(self, command: str, *, cancel: CancelToken) -> LocalProcess:
        self.asked.append(command)
        return LocalProcess(command)

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: Any = None) -> int:
        try:
            return into.write(Path(remote).read_bytes())
        except FileNotFoundError:
            raise TargetError("not-found", f"here: {remote}: no such file", "was it removed there?") from None

    def close(self) -> None: ...
