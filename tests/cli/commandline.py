"""tshoot as a user starts it: the installed command in a process of its own, with a home folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tshoot.simulator.scenario import Scenario
from tshoot.simulator.serving import Served, serve

TSHOOT = Path(sys.executable).parent / "tshoot"
TRACES = (b"Traceback", b"this is a defect of tshoot", b"Exception ignored", b"Exception in thread")


@dataclass(frozen=True)
class Ended:
    code: int
    out: bytes
    error: bytes

    @property
    def said(self) -> str:
        return (self.out + self.error).decode("utf-8", "replace")

    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Home:
    """A user of tshoot: `~/.ssh` and the folder of sessions."""

    folder: Path

    def environment(self, **changes: str | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "SSH_", "LC_", "TSHOOT_", "COLUMNS", "NO_COLOR"))}
        own = {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data"), "LANG": "C.UTF-8"}
        return {name: value for name, value in {**kept, **own, **changes}.items() if value is not None}

    @property
    def sessions(self) -> Path:
        return self.folder / "data" / "tshoot" / "sessions"

    def start(self, *words: str | bytes, stdin: int = subprocess.DEVNULL, **changes: str | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [TSHOOT, *words], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(**changes), cwd=self.folder
        )

    def run(self, *words: str | bytes, timeout: float = 60, **changes: str | None) -> Ended:
        """Run to the end; whatever happens, no trace of Python's reaches the user."""
        return ended(self.start(*words, **changes), timeout)


def ended(process: subprocess.Popen[bytes], timeout: float = 60) -> Ended:
    try:
        out, error = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    for trace in TRACES:
        assert trace not in out + error, (out + error).decode("utf-8", "replace")
    return Ended(process.returncode, out, error)


@dataclass(frozen=True)
class Bench:
    """A served scenario and a user whose ssh_config names its host `esx`."""

    home: Home
    served: Served

    @property
    def device(self) -> Any:
        return self.served.devices["host"]

    @property
    def words(self) -> list[str]:
        inputs = [word for name, value in self.served.scenario.inputs.items() for word in ("--set", f"{name}={value}")]
        return ["run", self.served.scenario.playbook, "--target", "host=esx", *inputs, "--capture-dir", f"host={self.device.capture_directory}"]

    def captures(self) -> list[Path]:
        return list(Path(self.device.capture_directory).glob("tshoot-*"))

    def nothing_is_left(self) -> bool:
        return not self.captures() and not self.device.device.processes()


@contextmanager
def bench(folder: Path, scenario: Scenario, *, known: bool = True, key: bool = True, capture_delay: float = 1.0) -> Iterator[Bench]:
    """`known`: the host key is in known_hosts; `key`: the user has the key that the device takes."""
    home = Home(folder)
    ssh = folder / ".ssh"
    ssh.mkdir(mode=0o700, parents=True)
    with serve(scenario, capture_delay) as served:
        device = served.devices["host"]
        identity = f"  IdentityFile {device.key_file}\n" if key else ""
        (ssh / "config").write_text(f"Host esx\n  HostName {device.host}\n  Port {device.port}\n  User {device.user}\n{identity}")
        (ssh / "known_hosts").write_text(device.known_hosts_line + "\n" if known else "")
        yield Bench(home, served)
