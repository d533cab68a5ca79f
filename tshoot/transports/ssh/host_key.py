"""Is it the host it claims to be? Known keys pass, unknown ones are asked about, changed and revoked ones never pass.

StrictHostKeyChecking: `yes` refuses an unknown key without asking, `accept-new` takes it and says so. `no` is asked about all the
same: whoever logs in to troubleshoot types passwords, and a run that believes any host proves nothing about the one it was sent to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports import hints
from tshoot.transports.base import HostKey, Prompter, TargetBusy
from tshoot.transports.bounded import Deadline
from tshoot.transports.config.host_settings import HostSettings, needs_openssh
from tshoot.transports.login.known_hosts import KnownKey, entry_name, fingerprint, known_keys, remember, rests_on_authority, standing
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.algorithms import allowed
from tshoot.transports.ssh.reach import AGAIN

_TICK = 0.2


class HostKeyCheck:
    """`check` raises TargetError "host-key-unknown" (not accepted) or "host-key-changed" (also: revoked).

    `ask` False: an unknown key is neither asked about nor refused, only told. `on_note` is told of a key that was accepted without a question.
    """

    def __init__(
        self,
        host: HostSettings,
        settings: SshSettings,
        prompter: Prompter,
        deadline: Deadline,
        on_note: Callable[[str], None] = lambda text: None,
        ask: bool = True,
    ) -> None:
        self._host, self._prompter, self._deadline, self._on_note, self._may_ask = host, prompter, deadline, on_note, ask
        self._own: tuple[Path, ...] = settings.known_hosts if host.known_hosts is None else host.known_hosts
        shared = settings.global_known_hosts if host.global_known_hosts is None else host.global_known_hosts
        self._files = (*self._own, *shared)
        self._entry = (host.host_key_alias or "").lower() or entry_name(host.host, host.port)
        self._known = known_keys(self._files, self._entry)

    def require_no_authority(self) -> None:
        """NeedsOpenSsh where a certificate authority alone vouches for the host: host certificates are beyond paramiko."""
        if rests_on_authority(self._known):
            place = next(key.place for key in self._known if key.authority)
            raise needs_openssh(self._host.typed, f"only a certificate authority vouches for its host key ({place}), which paramiko cannot check")

    def prefer_known(self, client: paramiko.Transport) -> None:
        """Ask first for key types that are known, so that a host known by its RSA key is not taken for a stranger."""
        types = {key.key_type for key in self._known if not key.revoked and not key.authority}
        if "ssh-rsa" in types:
            types |= {"rsa-sha2-512", "rsa-sha2-256"}
        options, written = client.get_security_options(), self._host.host_key_algorithms
        usable = allowed(written, tuple(options.key_types), "HostKeyAlgorithms", self._host.typed)
        ordered = written and written[0] not in "+-"
        options.key_types = usable if ordered else sorted(usable, key=lambda name: name not in types)

    def check(self, client: paramiko.Transport) -> str:
        """In words, what is known of the key that the host showed.

        Others on their way through the same host ask about the same key: one after the other, each by what is known when its turn comes.
        """
        shown = client.get_remote_server_key()
        kind, blob = shown.get_name(), shown.asbytes()
        if not self._may_ask or standing(self._known, blob) != "unknown":
            return self._judged(kind, blob)
        with self._deadline.paused(), _turns.of(client, self._host):
            self._known = known_keys(self._files, self._entry)
            return self._judged(kind, blob)

    def _judged(self, kind: str, blob: bytes) -> str:
        words = f"{kind} {fingerprint(blob)}"
        match standing(self._known, blob):
            case "unknown":
                return f"{words}: {self._unknown(kind, blob)}"
            case "changed":
                raise self._changed(kind, blob)
            case "revoked":
                place = next(key.place for key in self._known if key.revoked and key.blob == blob)
                message = f"{self._host.place}: shows a revoked {kind} host key {fingerprint(blob)} ({place})"
                raise TargetError("host-key-changed", message, hints.REVOKED)
            case "known":
                pass
        return f"{words}: known ({next(key.place for key in self._known if key.blob == blob and not key.revoked)})"

    def _unknown(self, kind: str, blob: bytes) -> str:
        strict = self._host.strict_host_key_checking
        if strict == "yes":
            raise self._refused(kind, blob, " and StrictHostKeyChecking is yes")
        if not self._may_ask:
            return "unknown, and accepted by a connection (accept-new)" if strict == "accept-new" else "unknown; a connection asks about it"
        asked = HostKey(self._shown, self._host.port, kind, fingerprint(blob))
        if strict != "accept-new" and not self._prompter.accept_host_key(asked):
            raise self._refused(kind, blob)
        if self._own:
            remember(self._own[0], self._entry, kind, blob, self._host.hash_known_hosts)
        if strict == "accept-new":
            kept = f"and remembered in {self._own[0]}" if self._own else "and not remembered"
            self._on_note(f"{self._host.place}: its new {kind} host key {fingerprint(blob)} was accepted unseen (accept-new) {kept}")
        return f"unknown, accepted ({strict})"

    @property
    def _shown(self) -> str:
        """The host by its name as well as by what that stands for: a hop is known by its name."""
        return self._host.host if self._host.typed == self._host.host else f"{self._host.typed} ({self._host.host})"

    def _refused(self, kind: str, blob: bytes, why: str = "") -> TargetError:
        message = f"{self._host.place}: its {kind} host key is unknown{why}: {fingerprint(blob)}"
        return TargetError("host-key-unknown", message, self._how_to_accept())

    def _how_to_accept(self) -> str:
        port = "" if self._host.port == 22 else f" -p {self._host.port}"
        login = f"`ssh{port} {self._host.user}@{self._host.host}`"
        scan = f"`ssh-keyscan{port} {self._host.host} >> {self._own[0] if self._own else '~/.ssh/known_hosts'}`"
        how = f"`ssh {self._host.typed}`" if self._host.proxy_jump or self._host.proxy_command else f"{login}, or {scan}"
        return hints.compare_fingerprint(how)

    def _changed(self, kind: str, blob: bytes) -> TargetError:
        known = ", ".join(f"{_words(key)} ({key.place})" for key in self._known if not key.revoked and not key.authority)
        message = f"{self._host.place}: its host key has changed: it shows {kind} {fingerprint(blob)}, known is {known}"
        return TargetError("host-key-changed", message, hints.key_changed(self._entry))


class _Turns:
    """One question about a host key at a time, whatever connection it is for."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._asking: paramiko.Transport | None = None

    @contextmanager
    def of(self, client: paramiko.Transport, host: HostSettings) -> Iterator[None]:
        """The turn of `client`. One whose connection has ended, cut by a cancelled login, neither waits nor keeps others waiting."""
        with self._news:
            while self._asking is not None and self._asking.is_active():
                if not client.is_active():
                    message = f"{host.place}: the connection was lost while its host key waited for the answer about another one"
                    raise TargetBusy(message, AGAIN)
                self._news.wait(_TICK)
            self._asking = client
        try:
            yield
        finally:
            with self._news:
                if self._asking is client:
                    self._asking = None
                self._news.notify_all()


_turns = _Turns()


def _words(key: KnownKey) -> str:
    return f"{clean_line(key.key_type)} {fingerprint(key.blob)}"
