"""What is given for one login by `ssh`: by the password source, the credentials of the run, or the operator; and what came of it.

`ssh` does not say whether an answer may be seen while it is typed: none is shown. Accounts on the way (jump hosts)
have secrets of their own.
"""

from __future__ import annotations

from collections.abc import Callable

from tshoot.transports.base import Prompter
from tshoot.transports.login.credentials import Account
from tshoot.transports.openssh.log import LoginLog
from tshoot.transports.openssh.options import Resolved
from tshoot.transports.settings import SshSettings


class LoginSecrets:
    """One login. An account is named as `ssh` names it in its prompts, the target's own as ""."""

    def __init__(self, host: Resolved, settings: SshSettings, prompter: Prompter, alive: Callable[[], bool]) -> None:
        self._host, self._settings, self._prompter, self._alive = host, settings, prompter, alive
        self._sent: dict[str, int] = {}  # account -> secrets sent for it
        self._rejections = 0  # the target's, when the last was sent
        self._passphrases: list[str] = []

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

    def passphrase(self, prompt: str) -> str | None:
        """Of a key file; None goes on to the next key."""
        credentials = self._settings.credentials
        self._passphrases.append(prompt)
        if credentials is None:
            return self._prompter.secret(prompt.strip(), self._host.name, False)
        return credentials.passphrase(prompt.strip(), self._account(""), self._prompter, self._alive)

    def was_rejected(self, log: LoginLog) -> bool:
        """Whether the target refused what was sent."""
        return "" in self._sent and log.rejections > self._rejections

    def stopped(self, account: str) -> str:
        credentials = self._settings.credentials
        return credentials.stopped(self._account(account)) if credentials is not None else ""

    def ended(self, log: LoginLog) -> None:
        """Tell the credentials what came of the login."""
        credentials = self._settings.credentials
        if credentials is None:
            return
        for prompt in self._passphrases if not log.authenticated else ():
            credentials.wrong_passphrase(prompt.strip())
        for account, number in self._sent.items():
            place = self._account(account)
            if log.authenticated or (account and log.phase in ("exchanging keys", "logging in")):
                credentials.accepted(place)
            elif account or self.was_rejected(log):
                credentials.rejected(place, certain=number == 1)
            else:
                credentials.left(place)

    def _account(self, name: str) -> Account:
        if not name:
            return Account(self._host.user, self._host.typed, self._host.port)
        user, _, host = name.rpartition("@")
        return Account(user, host, jump=True)
