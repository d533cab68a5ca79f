"""What was given for logins, for as long as a run lasts: asked once, reused where it is shared, tried on one target first, wiped at the end.

Order, after agent and keys: what was given for this very account; the system's keyring, for the target, then for its groups; what was
given for another target with the same user, if the operator agrees, once, that they share it; the prompt.

Never reused: what is no plain question for a password in the first round of a login. Codes are asked each time. A password that no
target has taken yet is tried on one alone, the others wait for what comes of it. Once rejected it is sent to nobody else: the operator is asked
anew once, then all who would need it are stopped. Nothing here is shown, logged, pickled or written.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NoReturn, Protocol, TypeVar

from tshoot.transports.base import Prompter
from tshoot.transports.login.reusable import asks_for_password

_TICK = 0.2
_LONGEST_TRIAL = 120.0  # seconds after which a login that nobody ended does not keep the others waiting
Alive = Callable[[], bool]
Groups = Callable[[str], tuple[str, ...]]
Place = tuple[str, str, str]  # what is asked for, the user, the account's name, or "" for all targets with that user
T = TypeVar("T")


class Keyring(Protocol):
    def get(self, name: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in where; `host` as it was typed, without user and port. `jump`: a host on the way, which shares no password with targets.

    Equal ones are the same account; each login has an object of its own, by which `Credentials` tells who tries a password.
    """

    user: str
    host: str
    port: int = 22
    jump: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.user}@{self.host}" + ("" if self.port == 22 else f":{self.port}")


@dataclass(slots=True, eq=False)
class _Secret:
    value: bytearray = field(repr=False)
    given_for: Account
    place: Place
    standing: str = "new"  # new | good | bad
    tried_by: Account | None = None
    since: float = 0.0

    @property
    def text(self) -> str:
        return self.value.decode("utf-8", "surrogatepass")

    def wipe(self) -> None:
        self.value[:] = bytes(len(self.value))


class Credentials:
    """One for a run, or for all runs of a fleet; safe from any thread. `groups` tells the groups of a host, by which the keyring may know it.

    `share` says whether targets with the same user share a password: None asks once, True where they were named as one group.
    """

    def __init__(self, keyring: Keyring | None = None, groups: Groups = lambda host: (), share: bool | None = None) -> None:
        self._keyring, self._groups, self._share = keyring, groups, share
        self._news = threading.Condition()
        self._asking = False
        self._salt = secrets.token_bytes(32)
        self._start()

    def _start(self) -> None:
        self._given: dict[Place, _Secret] = {}
        self._kept: dict[str, _Secret | None] = {}  # by its name in the keyring
        self._in_use: dict[int, tuple[Account, _Secret]] = {}  # by the identity of the login's own account
        self._shared: dict[Place, bool] = {}
        self._refused: dict[Place, Account] = {}
        self._refused_values: set[bytes] = set()
        self._asked_anew: set[Place] = set()
        self._declined: set[Place] = set()

    # --- what is answered --------------------------------------------------------------------------

    def answer(self, prompt: str, account: Account, echo: bool, prompter: Prompter, *, first: bool = True, alive: Alive = lambda: True) -> str | None:
        """One prompt of a login; None where it is not answered (`stopped` says whether to protect the account).

        `first`: the first prompt of the first round. `alive` turns false when the login was given up. Whoever got a password says what came
        of it: `accepted`, `rejected` or `left`.
        """
        if echo or not first or not asks_for_password(prompt):
            return self._alone(lambda: prompter.secret(prompt, account.name, echo), alive)
        self._look_up(account)
        return self._reusable("password", prompt, account, prompter, alive)

    def enable_secret(self, prompt: str, account: Account, prompter: Prompter, alive: Alive = lambda: True) -> str | None:
        """What `enable` asks for, by the rules of a password."""
        return self._reusable("enable", prompt, account, prompter, alive)

    def passphrase(self, prompt: str, account: Account, prompter: Prompter, alive: Alive = lambda: True) -> str | None:
        """Of a key on this machine, which `prompt` names: no target ever sees it. Asked once; `wrong_passphrase` lets it be asked once more."""
        place = ("passphrase", "", prompt)

        def asked() -> str | None:
            if place not in self._given and place not in self._declined:
                said = prompter.secret(prompt, account.name, False)
                if said is None:
                    self._declined.add(place)
                    return None
                self._given[place] = _Secret(_bytes(said), account, place, "good")
            return self._given[place].text if place in self._given else None

        return self._alone(asked, alive)

    def wrong_passphrase(self, prompt: str) -> None:
        place = ("passphrase", "", prompt)
        with self._news:
            if place in self._given:
                self._given.pop(place).wipe()
                if place in self._asked_anew:
                    self._declined.add(place)
                self._asked_anew.add(place)

    # --- what came of it ---------------------------------------------------------------------------

    def accepted(self, account: Account) -> None:
        """The password that `account` was given logged in, or took it a step further."""
        self._settle(account, "good")

    def rejected(self, account: Account, certain: bool = True) -> None:
        """It did not. Not `certain` where a code was wrong instead, perhaps, or the connection broke: then the same one may be typed again."""
        with self._news:
            _, secret = self._in_use.get(id(account), (account, None))
            if secret is not None:
                self._refused[secret.place] = account
                if certain:
                    self._refused_values.add(self._digest(account.user, secret))
        self._settle(account, "bad")

    def left(self, account: Account) -> None:
        """The login ended before it was tried."""
        self._settle(account, "")

    def stopped(self, account: Account) -> str:
        """Why no password is tried for `account` any more, "" where one may be."""
        with self._news:
            where = self._refused.get(self._place("password", account)) or self._refused.get(_own("password", account))
            return "" if where is None else _stop(account, where)

    def forget(self) -> None:
        """Overwrite all that is held. Copies that Python made of it stay until their memory is used again."""
        with self._news:
            for secret in filter(None, (*self._given.values(), *self._kept.values(), *(secret for _, secret in self._in_use.values()))):
                secret.wipe()
            self._start()
            self._news.notify_all()

    # --- the one way to a password -----------------------------------------------------------------

    def _reusable(self, kind: str, prompt: str, account: Account, prompter: Prompter, alive: Alive) -> str | None:
        while alive():
            with self._news:
                secret = self._candidate(kind, account)
                if secret is not None and self._taken(secret, account):
                    return secret.text
                if secret is not None or self._asking:
                    self._news.wait(_TICK)
                    continue
            if not self._alone(lambda: self._ask(kind, prompt, account, prompter), alive):
                return None
        return None

    def _candidate(self, kind: str, account: Account) -> _Secret | None:
        """What could be tried, the most particular first."""
        common = self._given.get(_common(kind, account))
        found = [self._given.get(_own(kind, account)), *(self._kept.get(name) for name in self._names(account) if kind == "password")]
        if common is not None and (common.given_for == account or self._sharing(common.place)):
            found.append(common)
        return next((one for one in found if one is not None and self._usable(one, account.user)), None)

    def _usable(self, secret: _Secret, user: str) -> bool:
        return secret.standing != "bad" and (secret.standing == "good" or self._digest(user, secret) not in self._refused_values)

    def _taken(self, secret: _Secret, account: Account) -> bool:
        """Whether `account` may send it now: a new one only if nobody else is at it."""
        late = secret.tried_by is not None and time.monotonic() - secret.since > _LONGEST_TRIAL
        if secret.standing == "new" and secret.tried_by is not None and secret.tried_by is not account and not late:
            return False
        if secret.standing == "new":
            secret.tried_by, secret.since = account, time.monotonic()
        self._in_use[id(account)] = account, secret
        return True

    def _ask(self, kind: str, prompt: str, account: Account, prompter: Prompter) -> bool:
        """Get something to try into `_given`; False where there is nothing and will be nothing."""
        if self._candidate(kind, account) is not None:
            return True  # it came while this one waited for its turn
        user = _common(kind, account)
        others = self._given.get(user)
        if others is not None and user not in self._shared and self._share is None and self._usable(others, account.user):
            self._shared[user] = self._agreed(kind, others.given_for, account, prompter)
            if self._shared[user]:
                return True
        place = self._place(kind, account)
        where = self._refused.get(place)
        if place in self._declined or (where is not None and place in self._asked_anew):
            return False
        if where is not None:
            self._asked_anew.add(place)
        said = prompter.secret(prompt if where is None else f"{prompt.rstrip()} ({where.name} rejected the last one) ", account.name, False)
        if said is None:
            if self._sharing(place):
                self._declined.add(place)  # for all who share it: a hundred targets do not ask a hundred times
            return False
        return self._store(place, account, said)

    def _store(self, place: Place, account: Account, said: str) -> bool:
        secret = _Secret(_bytes(said), account, place)
        with self._news:
            if self._digest(account.user, secret) in self._refused_values:
                secret.wipe()
                return False
            old = self._given.get(place)
            if old is not None and old.standing == "bad":
                old.wipe()
            self._given[place] = secret
        return True

    def _agreed(self, kind: str, given_for: Account, account: Account, prompter: Prompter) -> bool:
        what = "enable secret" if kind == "enable" else "password"
        question = f"Use the {what} given for {given_for.name} for {account.name} too?"
        return prompter.agree(question, f"it is then used for every target of this run with the user {account.user}; a no asks for each of its own")

    def _look_up(self, account: Account) -> None:
        """What the keyring keeps for it, each name read once: for the target, with its port and without, then for its groups."""
        if self._keyring is None:
            return
        for name in self._names(account):
            if name not in self._kept:
                text = self._keyring.get(name)
                place = _common("password", account) if "@@" in name else _own("password", account)
                with self._news:
                    self._kept.setdefault(name, _Secret(_bytes(text), account, place) if text else None)

    def _names(self, account: Account) -> tuple[str, ...]:
        groups = (f"{account.user}@@{group}" for group in self._groups(account.host))
        return tuple(dict.fromkeys((account.name, f"{account.user}@{account.host}", *groups)))

    # --- whom a secret belongs to ------------------------------------------------------------------

    def _place(self, kind: str, account: Account) -> Place:
        """All targets with that user, as long as nobody said that each has its own."""
        user = _common(kind, account)
        return _own(kind, account) if self._shared.get(user, self._share) is False else user

    def _sharing(self, place: Place) -> bool:
        return self._shared.get(place, self._share) is True

    def _digest(self, user: str, secret: _Secret) -> bytes:
        return blake2b(user.encode("utf-8", "surrogatepass") + b"\0" + bytes(secret.value), key=self._salt).digest()

    # --- turns -------------------------------------------------------------------------------------

    def _alone(self, ask: Callable[[], T], alive: Alive) -> T | None:
        """What `ask` returns, while nobody else is asked anything; None where the login was given up meanwhile."""
        with self._news:
            while self._asking:
                if not alive():
                    return None
                self._news.wait(_TICK)
            self._asking = True
        try:
            return ask()
        finally:
            with self._news:
                self._asking = False
                self._news.notify_all()

    def _settle(self, account: Account, standing: str) -> None:
        with self._news:
            _, secret = self._in_use.pop(id(account), (account, None))
            if secret is not None:
                if secret.tried_by is account:
                    secret.tried_by = None
                if standing == "bad" or (standing and secret.standing == "new"):
                    secret.standing = standing
            self._news.notify_all()

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled")


def _own(kind: str, account: Account) -> Place:
    return kind, account.user, account.name


def _common(kind: str, account: Account) -> Place:
    return _own(kind, account) if account.jump else (kind, account.user, "")


def _bytes(text: str) -> bytearray:
    return bytearray(text, "utf-8", "surrogatepass")


def _stop(account: Account, where: Account) -> str:
    at = "it" if where == account else where.name
    return f"the password given for {account.user} was rejected by {at}; it is tried nowhere else in this run, so that no account is locked"
