"""One host of the laboratory: network, mount and uts namespaces that a sleeping process holds open.

The host's /run is a folder that the runner can write to (`folder`); its /tmp, /var/tmp, /var/log and
/var/lib/nfs are its own.
All processes are children of the case's process 1 and end with it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_SETUP = """hostname {name}; ip link set lo up
mount --bind {folder} /run
mount -t tmpfs -o size=256m tmp /tmp; mount -t tmpfs -o size=256m tmp /var/tmp; mount -t tmpfs log /var/log
[ ! -d /var/lib/nfs ] || mount -t tmpfs nfs /var/lib/nfs
echo up; exec sleep infinity
"""


def wait_for(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.01) -> None:
    """TimeoutError where the condition does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} within {seconds:g} s")
        time.sleep(pause)


@dataclass
class Host:
    name: str
    folder: Path
    pid: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def create(cls, name: str, folder: Path) -> Host:
        folder.mkdir(parents=True)
        script = _SETUP.format(name=name, folder=folder)
        holder = subprocess.Popen(["unshare", "-n", "-m", "-u", "sh", "-ec", script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert holder.stdout
        if holder.stdout.readline() != b"up\n":
            raise OSError(f"{name}: its namespaces could not be made")
        return cls(name, folder, holder.pid)

    def inside(self, *words: str) -> list[str]:
        """The command line that runs `words` in this host."""
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "--wd=/", "--", *words]

    def attempt(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run to its end, however it ends."""
        return subprocess.run(self.inside(*words), input=text, capture_output=True, text=True, errors="replace")

    def run(self, *words: str, text: str = "") -> str:
        """Run to its end and return its stdout; OSError with its stderr where it failed."""
        done = self.attempt(*words, text=text)
        if done.returncode:
            raise OSError(f"{self.name}: {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def start(self, service: str, *words: str) -> Path:
        """Start a service in the foreground; its output goes to the returned file."""
        log = self.folder / f"{service}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(self.inside(*words), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.processes[service] = process
        return log

    def stop(self, service: str, signal: str) -> None:
        """End a service by its own process id (nsenter has become the service)."""
        process = self.processes.pop(service)
        subprocess.run(["kill", f"-{signal}", str(process.pid)], check=True)
        process.wait(60)

    def ready(self, service: str, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; OSError with the service's output where it ended instead."""

        def settled() -> bool:
            if self.processes[service].poll() is not None:
                raise OSError(f"{self.name}: {service} ended: {(self.folder / f'{service}.log').read_text(errors='replace')[-600:]}")
            return condition()

        wait_for(settled, 15, f"{self.name}: {service} is ready")

    def listens(self, port: int) -> bool:
        """Whether a TCP socket of this host's network listens on the port (state 0A in the kernel's table)."""
        rows = [row.split() for kind in ("tcp", "tcp6") for row in Path(f"/proc/{self.pid}/net/{kind}").read_text().splitlines()[1:]]
        return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)
