"""One login: each credential at most once, and at most one that the operator typed or the password source gave.

Order: keys, keyboard-interactive, password, as far as the server allows them. A server that wants several methods
says after each what it wants next. Accounts are locked by repeated attempts, so a rejected password ends it, and the credentials
of the run are told: nobody else tries it then.
"""

from __future__ import annotations

import hmac
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import paramiko
import paramiko.util

from tshoot.errors import TargetError
from tshoot.model.text import clean, clean_line
from tshoot.transports.base import Prompter
from tshoot.transports.bounded import Deadline
from tshoot.transports.busy import says_locked
from tshoot.transports.config.host_settings import HostSettings, needs_openssh
from tshoot.transports.login.credentials import Account, Credentials
from tshoot.transports.login.words import MANY_KEYS, NO_ANSWER, by_hand, not_answered, rejected
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.certificates import named
from tshoot.transports.ssh.keys import offered_keys, token_file, token_reason

_MAX_ROUNDS, _MAX_PROMPTS, _MAX_PROMPT = 10, 10, 400  # what a hostile server may ask


# What paramiko raises where the connection, or what the server sends over it, is broken: unknown messages, keys that are none.
BROKEN = (paramiko.SSHException, EOFError, OSError, ValueError, LookupError)

# paramiko compares the MAC of every packet byte by byte, in Python
paramiko.util.constant_time_bytes_eq = hmac.compare_digest  # type: ignore[assignment]


class SshClient(paramiko.Transport):
    """paramiko's client side, which forgets why a server disconnected: remember it."""

    disconnect_reason = ""

    def stop_thread(self) -> None:
        """Its thread looks for bytes a tenth of a second at a time: woken, it ends at once."""
        self.active = False
        self.packetizer.close()
        if isinstance(self.sock, socket.socket):
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
        super().stop_thread()

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.disconnect_reason = clean_line(m.get_text())[:200]


def broken(error: BaseException) -> str:
    """In words, why the library gave up; "" where it does not say. What is no error of its own may quote a secret, so its kind alone is told."""
    if isinstance(error, ValueError | LookupError):
        return f"what the server sent cannot be understood ({type(error).__name__})"
    return clean_line(str(error))[:200]


class Login:
    """`log_in` once on a connected transport; TargetError "auth-rejected" with what the server allows and what was tried.

    `account` is this login's own: by it the credentials know what was given here.
    """

    def __init__(
        self, client: SshClient, host: HostSettings, settings: SshSettings, prompter: Prompter, deadline: Deadline, account: Account
    ) -> None:
        self._client, self._host, self._settings, self._prompter, self._deadline = client, host, settings, prompter, deadline
        self._credentials = settings.credentials or Credentials()
        self._account = account
        self._silent: list[str] = []  # agents
        self._keys = offered_keys(host, settings, self._ask_passphrase, self._usable, self._wrong_passphrase, self._silent.append)
        self._secret_sent = False
        self._codes_sent = 0
        self._tried: list[str] = []
        self._unopened: list[str] = []  # the prompts for passphrases that nobody knew
        self._locked = ""
        self._allowed: list[str] = []
        self._rounds = 0

    def log_in(self) -> None:
        try:
            allowed = self._attempt(lambda: self._client.auth_none(self._host.user), [])
            spent: set[str] = set()
            while not self._client.is_authenticated():
                method = next((m for m in self._host.methods if m in allowed and m not in spent), None)
                if method is None:
                    raise self._beyond(allowed) or self._rejected(allowed)
                spent.add(method)
                self._allowed = allowed
                allowed = self._try(method, allowed)
        finally:
            self._keys.close()  # and with it the connection to the agent
            self._credentials.left(self._account)  # where nothing came of what was given for it

    def _try(self, method: str, allowed: list[str]) -> list[str]:
        """Try one method; what the server allows after it."""
        if method == "publickey":
            return self._try_keys(allowed)
        sent_before = self._secret_sent
        if method == "keyboard-interactive":
            after = self._attempt(lambda: self._client.auth_interactive(self._host.user, self._answer), allowed, "keyboard-interactive")
        else:
            password = self._password("Password: ", first=not self._secret_sent)
            after = self._attempt(lambda: self._client.auth_password(self._host.user, password, fallback=False), allowed, "password")
        if after is not allowed or self._client.is_authenticated():
            self._credentials.accepted(self._account)
        elif self._secret_sent and not sent_before:
            self._credentials.rejected(self._account, certain=not self._codes_sent)
            raise self._rejected(allowed)
        return after

    def _try_keys(self, allowed: list[str]) -> list[str]:
        for key in self._keys:
            after = self._attempt(lambda key=key: self._client.auth_publickey(self._host.user, key), allowed, named(key, self._host.user))  # type: ignore[misc]
            if self._client.is_authenticated() or after is not allowed:
                return after
        return allowed

    def _attempt(self, attempt: Callable[[], Sequence[str]], allowed: list[str], name: str = "") -> list[str]:
        """`allowed` itself when the attempt was rejected, a new list when it went well in part."""
        if name:
            self._tried.append(name)
        try:
            return list(attempt())
        except paramiko.BadAuthenticationType as error:
            if not name:
                return list(error.allowed_types)
        except paramiko.AuthenticationException:
            pass
        except BROKEN as error:
            self._credentials.rejected(self._account, certain=False)  # perhaps by that: nobody else tries it unasked
            raise self._broke_off(allowed, error) from error
        if not self._client.is_active():
            self._credentials.rejected(self._account, certain=not self._codes_sent)
            raise self._broke_off(allowed, None)
        return allowed

    # --- what is answered -------------------------------------------------------------------------

    def _answer(self, title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        """One round of keyboard-interactive, called in paramiko's thread. An empty round is answered with an empty list."""
        self._rounds += 1
        if self._rounds > _MAX_ROUNDS or len(prompts) > _MAX_PROMPTS:
            raise TargetError(
                "auth-rejected", f"{self._name}: the server asks without end ({self._rounds} rounds, {len(prompts)} prompts)", self._hint
            )
        said = " ".join(part for part in (clean_line(title), clean_line(instructions)) if part)[:_MAX_PROMPT]
        self._locked = says_locked("\n".join((title, instructions, *(text for text, _ in prompts)))) or self._locked
        return [
            self._one_answer(f"{said} {text}" if said and not index else text, echo, first=self._rounds == 1 and not index)
            for index, (text, echo) in enumerate(prompts)
        ]

    def _one_answer(self, prompt: str, echo: bool, first: bool) -> str:
        if not echo and not self._secret_sent and "assw" in prompt:
            return self._password(prompt, first)
        return self._ask(prompt, echo)

    def _password(self, prompt: str, first: bool) -> str:
        source = self._settings.password_source
        given = source(self._host.typed, self._host.user) if source else None
        if given is not None:
            self._secret_sent = True
            return given
        return self._ask(prompt, echo=False, first=first)

    def _ask(self, prompt: str, echo: bool, first: bool = False) -> str:
        text = clean(prompt)[:_MAX_PROMPT]
        with self._deadline.paused():
            given = self._credentials.answer(text, self._account, echo, self._prompter, first=first, alive=self._client.is_active)
        if given is None and first and (why := self._credentials.stopped(self._account)):
            raise TargetError("auth-rejected", f"{self._name}: not logged in: {why}", _STOPPED)
        if given is None:
            unanswered = self._rejected(self._allowed).message
            raise TargetError("auth-rejected", f"{unanswered}; {not_answered(prompt)}", NO_ANSWER)
        self._codes_sent += self._secret_sent
        self._secret_sent = True
        return given

    def _ask_passphrase(self, prompt: str) -> str | None:
        with self._deadline.paused():
            given = self._credentials.passphrase(clean_line(prompt), self._account, self._prompter, self._client.is_active)
        if given is None:
            self._unopened.append(prompt)
        return given

    def _wrong_passphrase(self, prompt: str) -> None:
        self._unopened.append(prompt)
        self._credentials.wrong_passphrase(clean_line(prompt))

    # --- what is told ------------------------------------------------------------------------------

    def _usable(self, key_type: str) -> bool:
        """Not what the server's own list leaves out: an ESXi in FIPS mode refuses ed25519, and each refusal counts as an attempt."""
        extensions: dict[str, bytes] = self._client.server_extensions  # type: ignore[attr-defined]  # absent from the type stubs
        algorithms = bytes(extensions.get("server-sig-algs", b"")).decode("ascii", "replace").split(",")
        if algorithms == [""] or not key_type:
            return True
        if key_type == "ssh-rsa":
            return bool({"rsa-sha2-256", "rsa-sha2-512"} & set(algorithms))
        return key_type in algorithms

    def _beyond(self, allowed: Sequence[str]) -> TargetError | None:
        """Where nothing could be tried: what OpenSSH's own client would try."""
        token = token_file(self._host, self._settings)
        if self._tried:
            return None
        if self._host.gssapi and "gssapi-with-mic" in allowed:
            return needs_openssh(self._host.typed, "GSSAPI is the only login left, which paramiko lacks")
        return needs_openssh(self._host.typed, token_reason(token)) if token and "publickey" in allowed else None

    @property
    def _name(self) -> str:
        port = "" if self._host.port == 22 else f":{self._host.port}"
        return f"{self._host.user}@{self._host.typed}{port}"

    @property
    def _hint(self) -> str:
        return by_hand(self._host.user, self._host.typed)

    def _rejected(self, allowed: Sequence[str]) -> TargetError:
        methods = clean_line(", ".join(allowed))[:200]
        return rejected(self._name, self._hint, methods, [*self._silent, *self._tried], self._unopened, self._locked)

    def _broke_off(self, allowed: Sequence[str], error: BaseException | None) -> TargetError:
        reason = self._client.disconnect_reason
        if "too many" in reason.lower():
            return TargetError("auth-rejected", f"{self._rejected(allowed).message}; it said: {reason}", MANY_KEYS)
        if isinstance(error, paramiko.SSHException | ValueError | LookupError) and broken(error):
            return TargetError("auth-rejected", f"{self._name}: the login broke off: {broken(error)}", self._hint)
        said = f": {reason}" if reason else ""
        return TargetError("closed", f"{self._name}: the server closed the connection during the login{said}", self._hint)


_STOPPED = "find out the right password by hand on one of them, then run again"
