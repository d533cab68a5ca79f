"""A scenario served: each of its devices an SSH server on loopback, with all that a client needs to log in.

Clients check real host keys and log in for real, yet without a prompt: `known_hosts` holds the host keys of this run,
`key_file` the private key that every device takes; each device also takes its own random password.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from tshoot.simulator.clock import ServedClock
from tshoot.simulator.device import Device
from tshoot.simulator.login import Credentials
from tshoot.simulator.scenario import Scenario
from tshoot.simulator.server import LOOPBACK, DeviceServer
from tshoot.simulator.simulated_device import SimulatedDevice

USER = "root"


@dataclass(frozen=True)
class ServedDevice:
    """Where one device answers, and how to log in. `known_hosts_line` and `fingerprint` are as OpenSSH writes them."""

    role: str
    name: str
    platform: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    key_file: Path
    fingerprint: str
    known_hosts_line: str
    capture_directory: str
    device: SimulatedDevice = field(repr=False)
    server: DeviceServer = field(repr=False)

    @property
    def address(self) -> str:
        """`root@127.0.0.1:40022`, as a target is named."""
        return f"{self.user}@{self.host}:{self.port}"


@dataclass(frozen=True)
class Served:
    scenario: Scenario
    devices: Mapping[str, ServedDevice]
    known_hosts: Path
    key_file: Path
    clock: ServedClock

    @property
    def capture_directories(self) -> dict[str, str]:
        """Role to the folder to capture into: inside the simulated device. A command line captures nowhere."""
        return {role: served.capture_directory for role, served in self.devices.items() if served.device.device.cli is None}


@contextmanager
def serve(scenario: Scenario, capture_delay: float = 1.0) -> Iterator[Served]:
    """Serve `scenario` within the block. Captures see their first frame `capture_delay` seconds after they start."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tshoot-served-")))
        key_file = folder / "id_ecdsa"
        paramiko.ECDSAKey.generate().write_private_key_file(str(key_file))
        clock = ServedClock(folder / "clock")
        devices = {role: _served(role, device, key_file, capture_delay, clock, stack) for role, device in scenario.devices.items()}
        known_hosts = folder / "known_hosts"
        known_hosts.write_text("".join(f"{device.known_hosts_line}\n" for device in devices.values()), encoding="utf-8")
        yield Served(scenario, devices, known_hosts, key_file, clock)


def _served(role: str, device: Device, key_file: Path, delay: float, clock: ServedClock, stack: ExitStack) -> ServedDevice:
    host_key, password = paramiko.ECDSAKey.generate(), secrets.token_urlsafe(18)
    simulated = SimulatedDevice(device, clock, delay)
    stack.callback(simulated.close)
    server = DeviceServer(simulated, host_key, Credentials(USER, password, paramiko.ECDSAKey.from_private_key_file(str(key_file))), clock)
    stack.callback(server.close)
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(host_key.asbytes()).digest()).decode().rstrip("=")
    line = f"[{LOOPBACK}]:{server.port} {host_key.get_name()} {host_key.get_base64()}"
    directory = str(simulated.capture_directory)
    return ServedDevice(
        role, device.name, device.platform, LOOPBACK, server.port, USER, password, key_file, fingerprint, line, directory, simulated, server
    )
