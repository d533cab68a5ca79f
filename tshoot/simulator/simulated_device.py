"""A device of a scenario as a private folder and real processes.

The folder (0700) holds `root`, which is the device's file system as far as SFTP shows it and where each command
starts; and beside it `bin`, the only folder on the PATH: stand-ins for the device's own commands, which answer from
the scenario, and links to the few real tools that a shell script needs (cat, rm, ls, kill, …). So shell syntax,
signals and files are real, while `nc` or `ip` never reach this machine's network. Commands run as this user, for as
long as the device exists; absolute paths outside `root` are this machine's own, as for any process of this user.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tshoot.simulator.clock import ServedClock
from tshoot.simulator.device import CommandEntry, Device

_PROGRAMS = Path(__file__).resolve().parent / "programs"
_TOOLS = frozenset(
    """awk basename cat chmod cmp cp cut date dd df dirname du echo env expr false find grep head id kill ln ls md5sum mkdir mkfifo mv nohup od printf
    pwd readlink rm rmdir sed seq setsid sh sha256sum sleep sort stat tail tee test timeout touch tr true uniq wc xargs""".split()  # noqa: SIM905
)
_MARK = "TSHOOT_SIMULATED_DEVICE"  # in the environment of every process of a device, so that all can be ended


class SimulatedDevice:
    """One device, ready to run commands; `close` ends its processes and removes its folder. `on_cut` is called when a command cuts the connection."""

    def __init__(self, device: Device, clock: ServedClock, capture_delay: float = 1.0) -> None:
        self.device, self._clock = device, clock
        self.on_cut: Callable[[], None] = lambda: None
        # ESXi captures in /tmp, which `vdf` lists as a RAM disk of its own: there, where this machine has one
        self._folder = Path(tempfile.mkdtemp(prefix="tshoot-device-", dir="/tmp" if Path("/tmp").is_dir() else None)).resolve()  # noqa: S108
        self.root = self._folder / "root"
        self.capture_directory = self.root / "tmp"
        self._bin = self._folder / "bin"
        self._state = self._folder / "state.json"
        self._control = self._folder / "control"
        self._lock = threading.Lock()
        self._closed = False
        self._started: list[subprocess.Popen[bytes]] = []
        for folder in (self.root, self.capture_directory, self._bin):
            folder.mkdir()
        os.mkfifo(self._control, 0o600)
        self._control_pipe = self._control.open("r+b", buffering=0)
        self._state.write_text(json.dumps(self._content(capture_delay)), encoding="utf-8")
        if device.cli is None:
            self._fill_bin()
        self._watching = threading.Thread(target=self._watch, name="simulator cuts", daemon=True)
        self._watching.start()

    def _watch(self) -> None:
        while self._control_pipe.read(1) == b"c":
            self.on_cut()

    def run(self, command: bytes) -> subprocess.Popen[bytes]:
        """Start `command` with its three streams as pipes; OSError or ValueError where the system cannot."""
        entry = self.entry(command)
        if entry is None:
            arguments: list[str | bytes] = ["/bin/sh", "-c", command]
        else:
            arguments = [*_python("device_command.py"), str(self._state), "entry", str(self.device.commands.index(entry))]
        environment = {"PATH": str(self._bin), "HOME": str(self.root), "USER": "root", "SHELL": "/bin/sh", _MARK: str(self._folder)}
        with self._lock:
            if self._closed:
                raise OSError("the device is switched off")
            pipe = subprocess.PIPE
            process = subprocess.Popen(arguments, cwd=self.root, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
            self._started = [started for started in self._started if started.poll() is None] + [process]
            return process

    def entry(self, command: bytes) -> CommandEntry | None:
        """The scenario's entry for this whole command line, if there is one."""
        return self.device.entry(command.decode("utf-8", errors="replace"))

    def processes(self) -> list[int]:
        """The pids of all processes of this device that still run, orphans too: told by environment or folder (where there is a /proc)."""
        mark, inside = f"{_MARK}={self._folder}".encode(), f"{self._folder}/"
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0") or str((process / "cwd").readlink()).startswith(inside):
                    found.append(int(process.name))
        return found

    def close(self) -> None:
        """End all processes and remove the folder; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for started in self._started:
            if started.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(started.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while (running := self.processes()) and time.monotonic() < deadline:
            for pid in running:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
        self._control_pipe.write(b"q")
        self._watching.join()
        self._control_pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _content(self, delay: float) -> dict[str, object]:
        capture = self.device.capture
        return {
            "commands": [_as_data(entry) for entry in self.device.commands],
            "capture": {
                "file": str(capture.file) if capture and capture.file else None,
                "fails": capture.fails if capture else None,
                "closes": capture.closes if capture else False,
                "delay": delay,
            },
            "tcpdump": shutil.which("tcpdump"),
            "control": str(self._control),
            "clock": str(self._clock.file),
        }

    def _fill_bin(self) -> None:
        for tool in sorted(_TOOLS):
            if path := shutil.which(tool):
                (self._bin / tool).symlink_to(path)
        for name in sorted({_name(entry) for entry in self.device.commands} - _TOOLS - {""}):
            self._stand_in(name, "device_command.py", self._state, "words")
        self._stand_in(self.device.capture_program, "capture_command.py", self._state)
        self._stand_in("ps", "process_list.py", self._folder)

    def _stand_in(self, name: str, program: str, first: Path, *form: str) -> None:
        line = shlex.join([*_python(program), str(first), *form, name])
        (self._bin / name).write_text(f'#!/bin/sh\nexec {line} "$@"\n', encoding="utf-8")
        (self._bin / name).chmod(0o700)


def _python(program: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(_PROGRAMS / program)]


def _name(entry: CommandEntry) -> str:
    """The program that an entry stands for; empty where its text begins with none."""
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9_-]*(?=\s|\\s|$)", entry.text)
    return found[0] if found else ""


def _as_data(entry: CommandEntry) -> dict[str, object]:
    """JSON for the stand-in. Bytes are kept as Latin-1: each byte a character."""
    words = None
    if not entry.is_pattern:
        with suppress(ValueError):
            words = shlex.split(entry.text)
    return {
        "words": words,
        "pattern": entry.text if entry.is_pattern else None,
        "turns": [(output.decode("latin-1"), seconds) for output, seconds in entry.turns],
        "stderr": entry.stderr.decode("latin-1"),
        "exit": entry.exit_status,
        "seconds": entry.seconds,
        "fails": entry.fails,
    }
