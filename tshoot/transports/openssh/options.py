"""The words of the command `ssh`: what the user's own ssh_config says holds, beside what a tool that only reads must never do.

`ssh -G` tells what the configuration comes to for one host. Given on the command line, so that they win: one attempt
a credential, no forwarding of agent, display or ports, no commands of the configuration beside the way there, no
connection shared with another `ssh`. StrictHostKeyChecking is never loosened: `no` becomes `ask`.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tshoot.transports.address import Address
from tshoot.transports.openssh.folder import PrivateFolder
from tshoot.transports.settings import SshSettings

_ALWAYS = {
    "AddKeysToAgent": "no", "ClearAllForwardings": "yes", "ControlMaster": "yes", "ControlPersist": "no", "EscapeChar": "none",
    "ForwardAgent": "no", "ForwardX11": "no", "LogLevel": "DEBUG1", "NumberOfPasswordPrompts": "1", "PermitLocalCommand": "no",
    "RemoteCommand": "none", "RequestTTY": "no", "Tunnel": "no", "UpdateHostKeys": "no", "VisualHostKey": "no",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolved:
    """What `ssh -G` says of the host."""

    typed: str
    values: Mapping[str, str]

    @property
    def host(self) -> str:
        return self.values.get("hostname", self.typed)

    @property
    def port(self) -> int:
        return int(self.values.get("port", "22"))

    @property
    def user(self) -> str:
        return self.values.get("user", "")

    @property
    def place(self) -> str:
        """The host as messages name it."""
        return f"{self.typed} ({self.host} port {self.port})"

    @property
    def name(self) -> str:
        """`user@host`, or `user@host:port`, as a prompt for a secret names it."""
        return f"{self.user}@{self.typed}" + ("" if self.port == 22 else f":{self.port}")

    @property
    def names(self) -> frozenset[str]:
        """What `ssh` calls the host in its questions."""
        alias = self.values.get("hostkeyalias", "")
        return frozenset(name for name in (self.host, self.host.lower(), self.typed, self.typed.lower(), alias, alias.lower()) if name)

    @property
    def connect_timeout(self) -> float | None:
        value = self.values.get("connecttimeout", "none")
        return float(value) if value.isdecimal() and int(value) else None

    @property
    def proxied(self) -> bool:
        return any(self.values.get(option, "none").lower() != "none" for option in ("proxyjump", "proxycommand"))


def resolved(typed: str, printed: str) -> Resolved:
    """`printed` is what `ssh -G` wrote: one option a line, in lower case, and again for each further value."""
    values: dict[str, str] = {}
    for name, _, value in (line.partition(" ") for line in printed.splitlines()):
        values[name] = f"{values[name]}\n{value.strip()}" if name in values else value.strip()
    return Resolved(typed, values)


def destination(address: Address, settings: SshSettings) -> list[str]:
    """Configuration file, user, port and host: what was typed, else the inventory's, else the ssh_config's."""
    place = settings.places.get(address.host)
    user = address.user or (place.user if place else None)
    port = address.port or (place.port if place else None)
    words = _configuration(settings)
    words += ["-l", user] if user else []
    words += ["-p", str(port)] if port else []
    words += ["-o", f"HostName={_literally(place.host)}"] if place and place.host != address.host else []
    return [*words, "--", address.host]


def _ssh_folder() -> Path:
    """Where `ssh` looks: in the home folder that the system knows, whatever HOME says."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"


def _configuration(settings: SshSettings) -> list[str]:
    """No -F where the settings name the file that `ssh` reads anyway: then the system's counts, too, as with `ssh HOST`."""
    file = settings.config_file
    if file == _ssh_folder() / "config":
        return []
    return ["-F", str(file) if file is not None and file.is_file() else "none"]


def master_options(settings: SshSettings, folder: PrivateFolder, found: Resolved, added: Mapping[str, str]) -> list[str]:
    """What comes between `ssh` and the destination. `added`: weak algorithms by option, put behind what the configuration has."""
    values = _ALWAYS | {"ControlPath": _quoted(str(folder.control))}
    if found.values.get("stricthostkeychecking", "ask") not in ("yes", "true", "accept-new"):
        values["StrictHostKeyChecking"] = "ask"
    if found.values.get("serveraliveinterval", "0") == "0":
        values |= {"ServerAliveInterval": str(max(1, round(settings.keepalive))), "ServerAliveCountMax": "3"}
    for option, algorithms in added.items():
        values[option] = ",".join(filter(None, (found.values.get(option.lower(), ""), algorithms)))
    words = [word for option, value in values.items() for word in ("-o", f"{option}={value}")]
    return ["-N", *words, *_files(settings, found)]


def accepted_into(settings: SshSettings, found: Resolved) -> Path | None:
    """The file that `ssh` appends an accepted host key to, None for nowhere."""
    if not _names_known_hosts(found):
        return next(iter(settings.known_hosts), None)
    first = found.values["userknownhostsfile"].partition(" ")[0]
    return Path(first).expanduser() if first not in ("none", "/dev/null") else None


def _files(settings: SshSettings, found: Resolved) -> list[str]:
    """Only what differs from OpenSSH's own defaults, and what the user's ssh_config does not say."""
    folder, words = _ssh_folder(), list[str]()
    if settings.known_hosts != (folder / "known_hosts",) and not _names_known_hosts(found):
        words += ["-o", f"UserKnownHostsFile={_paths(settings.known_hosts)}"]
    if settings.global_known_hosts != SshSettings().global_known_hosts:
        words += ["-o", f"GlobalKnownHostsFile={_paths(settings.global_known_hosts)}"]
    keys = settings.identity_files
    if not keys and any(file.parent != folder for file in settings.default_keys or (Path("none"),)) and not _names_keys(found):
        keys = settings.default_keys or (Path("none"),)
    words += [word for file in keys for word in ("-o", f"IdentityFile={_quoted(str(file))}")]
    return words if settings.use_agent else [*words, "-o", "IdentityAgent=none"]


def _names_known_hosts(found: Resolved) -> bool:
    said = found.values.get("userknownhostsfile", "")
    return bool(said) and said != " ".join(str(_ssh_folder() / name) for name in ("known_hosts", "known_hosts2"))


def _names_keys(found: Resolved) -> bool:
    return any(not file.startswith("~/.ssh/id_") for file in found.values.get("identityfile", "").split("\n") if file)


def _paths(files: Iterable[Path]) -> str:
    return " ".join(_quoted(str(file)) for file in files) or "/dev/null"  # `none` would refuse a new key unasked


def _quoted(text: str) -> str:
    """For a value of an option: quotes for blanks, no tokens."""
    return '"' + _literally(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literally(text: str) -> str:
    return text.replace("%", "%%")
