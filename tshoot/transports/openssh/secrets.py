"""What is given for one login by `ssh`: by the password source, the credentials of the run, or the operator; and what came of it.

`ssh` does not say whether an answer may be seen while it is typed: none is shown. Accounts on the way (jump hosts) have secrets of their own;
of what came of those there is no log, only what their `ssh` says on stderr, where it is silent nothing is concluded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tshoot.transports.base import Prompter
from tshoot.transports.login.credentials import Account
from tshoot.transports.openssh.log import LoginLog
from tshoot.transports.openssh.options import Resolved
from tshoot.transports.settings import SshSettings

_DENIED = re.compile(r"^(?:(\S{1,600}): Permission denied \(|Received disconnect from .{1,300}: Too many authentication failures)", re.MULTILINE)
_LED_ON = re.compile(r"^channel \d+: open failed: |^stdio forwarding failed", re.MULTILINE)  # it let us in, but what lies behind is down
_KEY_TAKEN = 'Authenticated using "publickey"'


class LoginSecrets:
    """One login as `account`. Accounts on the way are named as `ssh` names them in its prompts, the target's own is ""."""

    def __init__(self, host: Resolved, settings: SshSettings, prompter: Prompter, account: Account, alive: Callable[[], bool]) -> None:
        self._host, self._settings, self._prompter, self._alive = host, settings, prompter, alive
        self._accounts = {"": account}  # one object for each hop, by which the credentials know this login
        self._sent: dict[str, int] = {}  # account -> secrets sent for it
        self._refused: set[str] = set()  # those that asked again
        self._rejections = 0  # the target's, when the last was sent
        self._on_the_way: list[str] = []  # the prompts for passphrases of keys for jump hosts

    def answer(self, prompt: str, account: str, rejections: int) -> str | None:
        """One prompt; None where it is not answered, which ends the login."""
        first = account not in self._sent
        given = self._source(prompt) if not account and first else None
        if given is None:
            given = self._ask(prompt, account, first)
        if given is not None:
            self._sent[account] = self._sent.get(account, 0) + 1
            self._rejections = rejections if not account else self._rejections
        return given

    def _source(self, prompt: str) -> str | None:
        source = self._settings.password_source
        return source(self._host.typed, self._host.user) if source and "assw" in prompt else None

    def _ask(self, prompt: str, account: str, first: bool) -> str | None:
        credentials = self._settings.credentials
        if credentials is None:
            return self._prompter.secret(prompt, account or self._host.name, False)
        return credentials.answer(prompt, self._account(account), False, self._prompter, first=first, alive=self._alive)

    def passphrase(self, prompt: str, on_the_way: bool) -> str | None:
        """Of a key file; None goes on to the next key."""
        credentials = self._settings.credentials
        if on_the_way:
            self._on_the_way.append(prompt)
        if credentials is None:
            return self._prompter.secret(prompt.strip(), self._host.name, False)
        return credentials.passphrase(prompt.strip(), self._account(""), self._prompter, self._alive)

    def was_rejected(self, log: LoginLog) -> bool:
        """Whether the target refused what was sent."""
        return "" in self._sent and log.rejections > self._rejections

    def refuse(self, account: str) -> None:
        """It asks again for what it was sent."""
        self._refused.add(account)

    def stopped(self, account: str) -> str:
        credentials = self._settings.credentials
        return credentials.stopped(self._account(account)) if credentials is not None else ""

    def ended(self, log: LoginLog, said: str) -> None:
        """Tell the credentials what came of the login. `said`: what jump hosts and their `ssh` wrote to stderr."""
        credentials = self._settings.credentials
        if credentials is None:
            return
        for prompt in dict.fromkeys((*log.wrong_passphrases, *self._wrong_on_the_way(log, said))):
            credentials.wrong_passphrase(prompt.strip())
        for name, number in self._sent.items():
            accepted = self._accepted(name, log, said)
            if accepted:
                credentials.accepted(self._account(name))
            elif accepted is False:
                credentials.rejected(self._account(name), certain=number == 1)
            else:
                credentials.left(self._account(name))

    def _accepted(self, name: str, log: LoginLog, said: str) -> bool | None:
        """None where nothing tells."""
        if log.authenticated or (name and log.through):
            return True
        if not name:
            return False if self.was_rejected(log) else None
        last = name == next(reversed(self._sent))  # whoever was asked for before it has let us through to it
        if name in self._refused or any(found[1] == name or (not found[1] and last) for found in _DENIED.finditer(said)):
            return False
        return True if _LED_ON.search(said) else None

    def _wrong_on_the_way(self, log: LoginLog, said: str) -> Sequence[str]:
        return self._on_the_way if not log.through and _DENIED.search(said) and _KEY_TAKEN not in said else ()

    def _account(self, name: str) -> Account:
        if name not in self._accounts:
            user, _, host = name.rpartition("@")
            self._accounts[name] = Account(user, host, jump=True)
        return self._accounts[name]
