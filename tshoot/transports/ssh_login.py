"""One login: each credential at most once, and at most one that the operator typed or the password source gave.

Order: keys, keyboard-interactive, password, as far as the server allows them. A server that wants several methods
says after each what it wants next. Accounts are locked by repeated attempts, so a rejected password ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import paramiko

from tshoot.errors import TargetError
from tshoot.model.text import clean, clean_line
from tshoot.transports.base import Prompter
from tshoot.transports.bounded import Deadline
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh_config import HostSettings
from tshoot.transports.ssh_keys import offered_keys

_METHODS = ("publickey", "keyboard-interactive", "password")
_MAX_ROUNDS, _MAX_PROMPTS, _MAX_PROMPT = 10, 10, 400  # what a hostile server may ask
_HINT = "check user, key and password by hand with `ssh {user}@{host}`; tshoot does not try again, so that no account is locked"


class SshClient(paramiko.Transport):
    """paramiko's client side, which forgets why a server disconnected: remember it."""

    disconnect_reason = ""

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.disconnect_reason = clean_line(m.get_text())[:200]


class Login:
    """`log_in` once on a connected transport; TargetError "auth-rejected" with what the server allows and what was tried."""

    def __init__(self, client: SshClient, host: HostSettings, settings: SshSettings, prompter: Prompter, deadline: Deadline) -> None:
        self._client, self._host, self._settings, self._prompter, self._deadline = client, host, settings, prompter, deadline
        self._keys = offered_keys(host, settings, self._ask_passphrase, self._usable)
        self._secret_sent = False
        self._tried: list[str] = []
        self._allowed: list[str] = []
        self._rounds = 0

    def log_in(self) -> None:
        try:
            allowed = self._attempt(lambda: self._client.auth_none(self._host.user), [])
            spent: set[str] = set()
            while not self._client.is_authenticated():
                method = next((m for m in _METHODS if m in allowed and m not in spent), None)
                if method is None:
                    raise self._rejected(allowed)
                spent.add(method)
                self._allowed = allowed
                allowed = self._try(method, allowed)
        finally:
            self._keys.close()  # and with it the connection to the agent

    def _try(self, method: str, allowed: list[str]) -> list[str]:
        """Try one method; what the server allows after it."""
        if method == "publickey":
            return self._try_keys(allowed)
        sent_before = self._secret_sent
        if method == "keyboard-interactive":
            after = self._attempt(lambda: self._client.auth_interactive(self._host.user, self._answer), allowed, "keyboard-interactive")
        else:
            password = self._password("Password: ")
            after = self._attempt(lambda: self._client.auth_password(self._host.user, password, fallback=False), allowed, "password")
        if after is allowed and self._secret_sent and not sent_before and not self._client.is_authenticated():
            raise self._rejected(allowed)
        return after

    def _try_keys(self, allowed: list[str]) -> list[str]:
        for key in self._keys:
            after = self._attempt(lambda key=key: self._client.auth_publickey(self._host.user, key), allowed, f"key {key.fingerprint}")  # type: ignore[misc]
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
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise self._broke_off(allowed, error) from error
        if not self._client.is_active():
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
        return [self._one_answer(f"{said} {text}" if said and not index else text, echo) for index, (text, echo) in enumerate(prompts)]

    def _one_answer(self, prompt: str, echo: bool) -> str:
        if not echo and not self._secret_sent and "assw" in prompt:
            return self._password(prompt)
        return self._ask(prompt, echo)

    def _password(self, prompt: str) -> str:
        source = self._settings.password_source
        given = source(self._host.typed, self._host.user) if source else None
        if given is not None:
            self._secret_sent = True
            return given
        return self._ask(prompt, echo=False)

    def _ask(self, prompt: str, echo: bool) -> str:
        with self._deadline.paused():
            given = self._prompter.secret(clean(prompt)[:_MAX_PROMPT], self._name, echo)
        if given is None:
            unanswered = self._rejected(self._allowed).message
            raise TargetError("auth-rejected", f"{unanswered}; `{clean_line(prompt)[:80]}` was not answered", _NO_ANSWER)
        self._secret_sent = True
        return given

    def _ask_passphrase(self, prompt: str) -> str | None:
        with self._deadline.paused():
            return self._prompter.secret(clean_line(prompt), self._name, False)

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

    @property
    def _name(self) -> str:
        port = "" if self._host.port == 22 else f":{self._host.port}"
        return f"{self._host.user}@{self._host.typed}{port}"

    @property
    def _hint(self) -> str:
        return _HINT.format(user=self._host.user, host=self._host.typed)

    def _rejected(self, allowed: Sequence[str]) -> TargetError:
        methods = clean_line(", ".join(allowed))[:200] or "nothing more"
        tried = ", ".join(self._tried) or "nothing, having no key or password for it"
        message = f"{self._name}: the login was rejected; the server allows {methods}; tried: {tried}"
        return TargetError("auth-rejected", message, self._hint)

    def _broke_off(self, allowed: Sequence[str], error: BaseException | None) -> TargetError:
        reason = self._client.disconnect_reason
        if "too many" in reason.lower():
            rejected = self._rejected(allowed)
            hint = "too many keys were offered: name the right one with IdentityFile and IdentitiesOnly yes in ssh_config"
            return TargetError("auth-rejected", f"{rejected.message}; it said: {reason}", hint)
        if isinstance(error, paramiko.SSHException) and str(error):
            return TargetError("auth-rejected", f"{self._name}: the login broke off: {clean_line(str(error))[:200]}", self._hint)
        said = f": {reason}" if reason else ""
        return TargetError("closed", f"{self._name}: the server closed the connection during the login{said}", self._hint)


_NO_ANSWER = "run tshoot in a terminal, or let a key or the agent log in"
