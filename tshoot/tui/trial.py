"""Trying the targets of the set-up, one after the other, in a thread of its own: each logs in once, and what came of it is told.

After a login that was rejected the rest is not tried: the same account may count failures over all its devices. What was given for logins that all
went well is handed on, so that the run does not ask for it again; else it is wiped at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message import Message

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.inventory.inventory import Inventory
from tshoot.inventory.memory import default_memory
from tshoot.model.events import TargetSpec
from tshoot.performers.connection import Tried, try_connection
from tshoot.performers.recognition import recognise
from tshoot.performers.settling import remember
from tshoot.transports.address import parse_address
from tshoot.transports.base import HostKey
from tshoot.transports.config.resolving import resolve
from tshoot.transports.settings import SshSettings
from tshoot.tui.messages import Asked, Question
from tshoot.wiring import Settings, known_targets, ssh_of_a_run

if TYPE_CHECKING:
    from tshoot.transports.login.credentials import Credentials

_DEFECT = "this is a defect of tshoot: please report it"


class TrialMoved(Message):
    """What is under way on the target of `role`; "" once it was left out."""

    def __init__(self, role: str, doing: str) -> None:
        super().__init__()
        self.role, self.doing = role, doing


class TrialEnded(Message):
    def __init__(self, tried: Tried) -> None:
        super().__init__()
        self.tried = tried


class TrialsOver(Message):
    """Nothing is tried any more. `left` are the roles that were not tried, `why` says why.

    `credentials` are those of logins that all went well, None after any other; `forget` wipes them, which is for whoever takes them.
    """

    def __init__(self, left: tuple[str, ...], why: str, credentials: Credentials | None, forget: Callable[[], None]) -> None:
        super().__init__()
        self.left, self.why, self.credentials, self.forget = left, why, credentials, forget


class Trials:
    """`begin` once; it is the prompter of its own logins. `post` is the screen's `post_message`."""

    def __init__(
        self,
        targets: Sequence[TargetSpec],
        settings: Settings,
        post: Callable[[Message], object],
        unsure: Collection[str] = frozenset(),
    ) -> None:
        """`settings` are those of the run to be; `unsure` the roles whose platform nobody knows: their devices are asked what they are."""
        self.cancel = CancelToken()
        self._targets, self._settings, self._post, self._unsure = list(targets), settings, post, unsure
        self._inventory: Inventory | None = None
        self._ssh = settings.ssh or SshSettings()

    def begin(self) -> None:
        threading.Thread(target=self._run, name="tshoot trial", daemon=True).start()

    def _run(self) -> None:
        left, why = [target.role for target in self._targets], ""
        done: dict[str, Tried] = {}
        forget: Callable[[], None] = lambda: None  # noqa: E731
        try:
            self._inventory = known_targets(self._settings)
            self._ssh, forget = ssh_of_a_run(self._settings, self._inventory)
            for target in self._targets:
                tried = self._once(target, done)
                self.cancel.check()  # what then failed did so for want of an answer
                left.remove(target.role)
                self._post(TrialEnded(tried))
                if tried.rejected:
                    why = f"not tried: the login to {tried.target.host} was rejected, and the same account may be locked on other devices, too"
                    break
        except Cancelled:
            why = "not tried: cancelled"
        except TshootError as error:
            why = f"not tried: {error.message}"
        except Exception as error:  # whatever it is must end the trial, not hang it
            why = f"not tried: {type(error).__name__}: {error}; {_DEFECT}"
        well = not left and all(not tried.kind for tried in done.values())
        taken = self._post(TrialsOver(tuple(left), why, self._ssh.credentials if well else None, forget))
        if not well or taken is False:  # the set-up was left meanwhile
            forget()

    def _once(self, target: TargetSpec, done: dict[str, Tried]) -> Tried:
        """A device that plays two roles is logged into once."""
        unsure = target.role in self._unsure
        key = f"{account(target.host, self._ssh)} {'' if unsure else target.platform}"
        if key not in done:
            self._post(TrialMoved(target.role, "connecting"))
            done[key] = (self._asked_what if unsure else self._tried)(target)
        return replace(done[key], target=target)

    def _tried(self, target: TargetSpec) -> Tried:
        tried = try_connection(target, self, self._ssh, self.cancel, lambda doing: self._post(TrialMoved(target.role, doing)))
        if tried.platforms and self._inventory is not None:
            place, way = self._inventory.typed(target.host).place, self._inventory.way(target.host)
            default_memory(self._settings.state).forget(place, way)  # whatever was remembered is wrong
        return tried

    def _asked_what(self, target: TargetSpec) -> Tried:
        """The login, and the questions by which a device is recognised; what it says is remembered."""
        found = recognise(target.host, self, self._ssh, self.cancel, lambda doing: self._post(TrialMoved(target.role, doing)))
        if found.kind:
            return Tried(target, found.seconds, kind=found.kind, problem=found.problem, hint=found.hint, rejected=found.rejected)
        if not found.platforms:
            return Tried(target, found.seconds, remarks=(found.told,))
        if self._inventory is not None:
            remember(default_memory(self._settings.state), self._inventory, target.host, found)
        return Tried(target, found.seconds, found.said, platforms=found.platforms)

    # --- the prompter of its logins ---

    def accept_host_key(self, key: HostKey) -> bool:
        text = f"The host key of {key.host} port {key.port} is not known yet. Trust it from now on?"
        return self._asked(Question("confirm", text, f"{key.key_type} {key.fingerprint}")) == "yes"

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        return self._asked(Question("text" if echo else "secret", prompt, f"{host} asks"))

    def agree(self, question: str, why: str) -> bool:
        return self._asked(Question("confirm", question, why)) == "yes"

    def _asked(self, question: Question) -> str | None:
        self._post(Asked(question))
        answer = question.wait(self.cancel)
        return answer if isinstance(answer, str) else None


def account(host: str, settings: SshSettings | None) -> str:
    """`user@host:port` as the ssh_config resolves it: by this a login that was rejected is known again."""
    ssh = settings or SshSettings()
    try:
        found = resolve(parse_address(host), ssh.config_file, ssh.places)
    except TshootError:
        return host.strip()
    return f"{found.user}@{found.host.lower()}:{found.port}"
