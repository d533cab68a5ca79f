"""What typed address, inventory and ssh_config say together about one host: one hop of a way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tshoot.transports.base import NeedsOpenSsh

METHODS = ("publickey", "keyboard-interactive", "password")


@dataclass(frozen=True, slots=True)
class Applied:
    """One line of an ssh_config that took effect: `place` is `file:line`."""

    place: str
    option: str
    text: str


@dataclass(frozen=True, slots=True)
class HostSettings:
    """None or "": the ssh_config says nothing. Algorithms as they are written there (`+…`, `-…`, `^…`, or a list).

    `methods` are the logins that may be tried, in their order. `beyond_paramiko` are the reasons why only OpenSSH's own client goes this way.
    """

    typed: str
    host: str
    port: int
    user: str
    identity_files: tuple[Path, ...] | None = None  # (): `none`, not even the default ones
    identities_only: bool = False
    identity_agent: str | None = None  # path of a socket; "none": no agent
    certificate_files: tuple[Path, ...] = ()
    known_hosts: tuple[Path, ...] | None = None
    global_known_hosts: tuple[Path, ...] | None = None
    host_key_alias: str | None = None
    strict_host_key_checking: str = "ask"  # yes · ask · accept-new · no
    hash_known_hosts: bool = False
    host_key_algorithms: str = ""
    kex_algorithms: str = ""
    ciphers: str = ""
    macs: str = ""
    methods: tuple[str, ...] = METHODS
    gssapi: bool = False  # OpenSSH would try it first
    connect_timeout: float | None = None
    server_alive_interval: int = 0
    server_alive_count_max: int = 3
    address_family: str = "any"
    bind_address: str = ""
    proxy_jump: tuple[str, ...] = ()
    proxy_command: str = ""  # tokens replaced, ready for a shell
    beyond_paramiko: tuple[str, ...] = ()
    applied: tuple[Applied, ...] = ()

    @property
    def place(self) -> str:
        """The host as messages name it."""
        return f"{self.typed} ({self.host} port {self.port})"


def needs_openssh(typed: str, reason: str) -> NeedsOpenSsh:
    """The way to `typed` is beyond the SSH library, for a reason that its settings give."""
    return NeedsOpenSsh("unreachable", f"{typed}: {reason}", "connect with the system's own ssh: `--transport openssh`", reason)
