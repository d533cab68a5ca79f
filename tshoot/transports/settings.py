"""How SSH behaves here: files, time-outs and bounds. All times are seconds, all sizes bytes.

Secrets are no settings: they come from the prompter, or from `password_source` (the demo's devices), and are
never logged nor shown (`repr` leaves them out).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tshoot.transports.address import Address
from tshoot.transports.login.credentials import Credentials
from tshoot.transports.pace import Pace, pace_of_this_process
from tshoot.transports.steps import OnStep

PasswordSource = Callable[[str, str], str | None]  # host, user -> password; None: ask the operator


def _home(name: str) -> Path:
    return Path("~/.ssh").expanduser() / name


def _default_keys() -> tuple[Path, ...]:
    return tuple(_home(name) for name in ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"))


@dataclass(frozen=True)
class SshSettings:
    """`identity_files` are tried before those of the ssh_config; `default_keys` where the ssh_config names none.

    `known_hosts`: an accepted key is appended to the first. `global_known_hosts` are only read. `use_agent` False leaves the agent alone.
    """

    config_file: Path | None = field(default_factory=lambda: _home("config"))
    known_hosts: tuple[Path, ...] = field(default_factory=lambda: (_home("known_hosts"), _home("known_hosts2")))
    global_known_hosts: tuple[Path, ...] = (Path("/etc/ssh/ssh_known_hosts"), Path("/etc/ssh/ssh_known_hosts2"))
    identity_files: tuple[Path, ...] = ()
    default_keys: tuple[Path, ...] = field(default_factory=_default_keys)
    use_agent: bool = True
    password_source: PasswordSource | None = field(default=None, repr=False)
    connect_timeout: float = 10.0
    login_timeout: float = 30.0  # without the time that the operator takes to answer
    channel_timeout: float = 10.0
    liveness_timeout: float = 5.0
    keepalive: float = 10.0
    stall_timeout: float = 30.0  # a copied file that brings no byte for so long
    max_output: int = 16 * 1024 * 1024
    max_fetch: int = 8 * 1024**3
    max_channels: int = 4  # commands at once on one connection; lasting ones, such as captures, have as many places of their own
    places: Mapping[str, Address] = field(default_factory=dict, repr=False)  # name -> where an inventory says it is; what was typed wins
    transports: Mapping[str, str] = field(default_factory=dict)  # host as typed ("": every other) -> paramiko, openssh or auto
    on_step: OnStep | None = field(default=None, repr=False)  # told of each step on the way to a target, in the thread that goes it
    credentials: Credentials | None = field(default=None, repr=False)  # one a run, or a fleet; None: each transport asks for itself
    pace: Pace = field(default_factory=pace_of_this_process, repr=False)
