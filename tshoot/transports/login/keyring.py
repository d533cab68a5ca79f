"""The system's keyring (Secret Service, KWallet, macOS Keychain, Windows Credential Locker) through the library `keyring`, if it is installed.

Service "tshoot"; names are `user@host`, `user@host:port` or `user@@group`. tshoot only reads it, unless the operator says `tshoot credentials set`;
the names that were kept so stand in one more entry, for no keyring lists them. A keyring that asks, hangs or fails is waited for at most 20 s.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tshoot.cancel import CancelToken
from tshoot.errors import MissingProgram, UsageError
from tshoot.transports.bounded import Deadline, bounded

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "tshoot"
_NAMES = "names kept by tshoot"  # no user@host: it holds blanks
_PATIENCE = 20.0
_MOST_NAMES, _LONGEST = 10_000, 1024
_INSTALL = "install it beside tshoot: `pip install 'tshoot[keyring]'`"
T = TypeVar("T")


class SystemKeyring:
    """`get` finds nothing where there is no keyring; the rest raises UsageError or MissingProgram, which say why."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._failed = False

    def get(self, name: str) -> str | None:
        """The secret of that name, None where there is none, or no keyring, or it is locked. One that failed once is left alone from then on."""
        with self._one:
            if self._failed:
                return None
            try:
                found = _within(lambda: _backend().get_password(SERVICE, name))
            except Exception:  # whatever a backend raises: the prompt comes next, and a hundred targets do not wait for it again
                self._failed = True
                return None
        return found if found and len(found) <= _LONGEST else None

    def keep(self, name: str, secret: str) -> None:
        if len(secret) > _LONGEST:
            raise UsageError(f"a secret of {len(secret)} characters is not kept", f"at most {_LONGEST} are")
        _told("kept", lambda: _backend().set_password(SERVICE, name, secret))
        self._note({*self.names(), name})

    def forget(self, name: str) -> bool:
        """False where there was none."""
        was = _told("looked up", lambda: _backend().get_password(SERVICE, name)) is not None
        if was:
            _told("removed", lambda: _backend().delete_password(SERVICE, name))
        self._note({*self.names()} - {name})
        return was

    def names(self) -> tuple[str, ...]:
        """Those that tshoot was told to keep, sorted."""
        text = _told("read", lambda: _backend().get_password(SERVICE, _NAMES)) or "[]"
        try:
            listed = json.loads(text)
        except ValueError:
            listed = []
        return tuple(sorted(name for name in listed if isinstance(name, str))) if isinstance(listed, list) else ()

    def _note(self, names: set[str]) -> None:
        if len(names) > _MOST_NAMES:
            raise UsageError(f"{len(names)} names are too many for the keyring", "`tshoot credentials forget` what is no longer used")
        _told("kept", lambda: _backend().set_password(SERVICE, _NAMES, json.dumps(sorted(names))))


def _backend() -> KeyringBackend:
    """The one that the library chose; none that keeps secrets in plain files."""
    try:
        import keyring
    except ImportError as error:
        raise MissingProgram("the Python library `keyring` is not installed", _INSTALL) from error
    chosen = keyring.get_keyring()
    kind = f"{type(chosen).__module__}.{type(chosen).__qualname__}"
    if kind.startswith(("keyring.backends.fail.", "keyring.backends.null.")) or (kind.startswith("keyring.backends.chainer.") and not _links(chosen)):
        raise UsageError("no keyring runs here", "log in to a desktop whose keyring is unlocked, or let the agent or the prompt log in")
    if "plaintext" in kind.lower():
        raise UsageError(f"the keyring here ({kind}) keeps secrets in a plain file, which tshoot does not use", "choose another one for `keyring`")
    return chosen


def _links(chain: KeyringBackend) -> list[object]:
    return list(getattr(chain, "backends", []))


def _within(work: Callable[[], T]) -> T:
    return bounded(work, Deadline(_PATIENCE), CancelToken(), lambda: None)


def _told(doing: str, work: Callable[[], T]) -> T:
    """What `work` returns; a UsageError without the secret where the keyring fails."""
    try:
        return _within(work)
    except (UsageError, MissingProgram):
        raise
    except TimeoutError as error:
        raise UsageError(f"the keyring did not answer within {_PATIENCE:g} s: nothing was {doing}", "unlock it, then try again") from error
    except Exception as error:
        why = f"the keyring failed ({type(error).__name__}): nothing was {doing}"
        raise UsageError(why, "is it unlocked? `python -m keyring diagnose` tells what runs") from None
