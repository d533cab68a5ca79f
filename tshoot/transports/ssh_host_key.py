"""Is it the host it claims to be? Known keys pass, unknown ones are asked about, changed and revoked ones never pass."""

from __future__ import annotations

from pathlib import Path

import paramiko

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports.base import HostKey, Prompter
from tshoot.transports.bounded import Deadline
from tshoot.transports.known_hosts import KnownKey, entry_name, fingerprint, known_keys, remember, standing
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh_config import HostSettings


class HostKeyCheck:
    """`check` raises TargetError "host-key-unknown" (not accepted) or "host-key-changed" (also: revoked)."""

    def __init__(self, host: HostSettings, settings: SshSettings, prompter: Prompter, deadline: Deadline) -> None:
        self._host, self._prompter, self._deadline = host, prompter, deadline
        self._own: tuple[Path, ...] = settings.known_hosts if host.known_hosts is None else host.known_hosts
        self._entry = (host.host_key_alias or "").lower() or entry_name(host.host, host.port)
        self._known = known_keys((*self._own, *settings.global_known_hosts), self._entry)

    def prefer_known(self, client: paramiko.Transport) -> None:
        """Ask first for key types that are known, so that a host known by its RSA key is not taken for a stranger."""
        types = {key.key_type for key in self._known if not key.revoked}
        if "ssh-rsa" in types:
            types |= {"rsa-sha2-512", "rsa-sha2-256"}
        options = client.get_security_options()
        options.key_types = sorted(options.key_types, key=lambda name: name not in types)

    def check(self, client: paramiko.Transport) -> None:
        shown = client.get_remote_server_key()
        kind, blob = shown.get_name(), shown.asbytes()
        match standing(self._known, blob):
            case "unknown":
                self._ask(kind, blob)
            case "changed":
                raise self._changed(kind, blob)
            case "revoked":
                message = f"{self._host.place}: shows a revoked {kind} host key {fingerprint(blob)}"
                raise TargetError("host-key-changed", message, "known_hosts marks that key @revoked: do not connect")
            case "known":
                pass

    def _ask(self, kind: str, blob: bytes) -> None:
        with self._deadline.paused():
            accepted = self._prompter.accept_host_key(HostKey(self._host.host, self._host.port, kind, fingerprint(blob)))
        if not accepted:
            raise TargetError("host-key-unknown", f"{self._host.place}: its {kind} host key is unknown: {fingerprint(blob)}", self._how_to_accept())
        if self._own:
            remember(self._own[0], self._entry, kind, blob)

    def _how_to_accept(self) -> str:
        port = "" if self._host.port == 22 else f" -p {self._host.port}"
        login = f"ssh{port} {self._host.user}@{self._host.host}"
        scan = f"ssh-keyscan{port} {self._host.host} >> {self._own[0] if self._own else '~/.ssh/known_hosts'}"
        return f"compare the fingerprint at the host's console, then accept it once: `{login}`, or `{scan}`"

    def _changed(self, kind: str, blob: bytes) -> TargetError:
        known = ", ".join(f"{_words(key)} ({key.place})" for key in self._known if not key.revoked)
        message = f"{self._host.place}: its host key has changed: it shows {kind} {fingerprint(blob)}, known is {known}"
        hint = (
            f"someone may be in the middle. If the host was reinstalled, check at its console, then `ssh-keygen -R '{self._entry}'` and connect again"
        )
        return TargetError("host-key-changed", message, hint)


def _words(key: KnownKey) -> str:
    return f"{clean_line(key.key_type)} {fingerprint(key.blob)}"
