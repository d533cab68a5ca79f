"""What every connection keeps to: one login for the life of the object, however many threads want it, and no second try after a failure.

What makes the target as a whole unusable is remembered, and every later call fails at once with the same words. How the connection is made
is the business of the subclass.
"""

from __future__ import annotations

import threading
from typing import Generic, NoReturn, Protocol, TypeVar

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import TARGET_FAILURES, CommandRan
from tshoot.transports.base import CommandTimeout
from tshoot.transports.bounded import acquire
from tshoot.transports.login.credentials import Account
from tshoot.transports.settings import SshSettings

_PATIENCE = 1.0  # seconds for a lasting command that is just ending
GONE = "connect again when the host answers; what was found so far is kept"


def closed_here(host: str) -> TargetError:
    """By us, while something was under way."""
    return TargetError("closed", f"{host}: the connection was closed here", "connect again")


def without_frames(error: TargetError) -> TargetError:
    """The same, to be kept: the frames of a login hold what was given for it."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


class Closeable(Protocol):
    def close(self) -> None: ...


class Connected(Closeable, Protocol):
    @property
    def account(self) -> Account:
        """Of the login at the target: the very object by which the credentials know it."""
        ...


Made = TypeVar("Made", bound=Connected)


class OneLogin(Generic[Made]):
    """`_made` is the connection that stands, `_attempt` the one that was begun, which `close` cuts short."""

    def __init__(self, host: str, settings: SshSettings) -> None:
        self.host, self.settings = host, settings
        self._attempt: Made | None = None
        self._made: Made | None = None
        self._failure: TargetError | None = None
        self._closed = False
        self._nobody = Account("", host)
        self._connecting = threading.Lock()
        self._places = {lasting: threading.Semaphore(settings.max_channels) for lasting in (False, True)}

    def connect(self, cancel: CancelToken) -> None:
        cancel.check()
        acquire(self._connecting, cancel)
        try:
            if self._failure is not None:
                raise self._failure
            if self._made is None:
                self._made = self._establish(cancel)
                if self._closed:  # while there was nothing to cut short yet
                    self._made.close()
                    raise closed_here(self.host)
        except TargetError as error:
            self._failure = without_frames(error)
            raise self._failure from None
        finally:
            self._connecting.release()

    def _establish(self, cancel: CancelToken) -> Made:
        """Make it, and note it in `_attempt` before."""
        raise NotImplementedError

    def close(self) -> None:
        """Also cuts short a login that is under way. The link is not used again."""
        self._closed = True
        self._failure = self._failure or closed_here(self.host)
        if self._attempt is not None:
            self._attempt.close()

    def fail(self, kind: str, message: str, hint: str) -> NoReturn:
        """Raise; what concerns the whole target is remembered for later calls."""
        if kind in TARGET_FAILURES:
            self._failure = self._failure or TargetError(kind, message, hint)
        raise TargetError(kind, message, hint)

    def break_off(self, kind: str, message: str, partial: CommandRan) -> NoReturn:
        """A command's end that is the target's: remembered, and raised with what was printed so far."""
        self._failure = self._failure or TargetError(kind, message, GONE)
        raise CommandTimeout(kind, message, GONE, partial)

    @property
    def account(self) -> Account:
        """Who is logged in, the very object by which the credentials know this login; what was typed where nobody is yet."""
        return self._made.account if self._made is not None else self._nobody

    # --- places for channels ---

    def take(self, cancel: CancelToken, lasting: bool = False) -> None:
        """A place for one channel. What lasts, such as a capture, has places of its own: the commands that end it never wait for it.

        TargetError "declined" where all of those are held.
        """
        if not lasting:
            acquire(self._places[False], cancel)
        elif not self._places[True].acquire(timeout=_PATIENCE):
            most = self.settings.max_channels
            raise TargetError("declined", f"{self.host}: {most} captures or other lasting commands run there, and no more at once", "end one first")

    def release(self, lasting: bool = False) -> None:
        """Give the place back."""
        self._places[lasting].release()
