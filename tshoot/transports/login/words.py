"""The words for a login that failed, the same whichever client tried it."""

from __future__ import annotations

from collections.abc import Sequence

from tshoot.errors import TargetError
from tshoot.model.text import clean_line

_LOCKED = "wait until it opens by itself, or ask who keeps the accounts; tshoot does not try again"
MANY_KEYS = "too many keys were offered: name the right one with IdentityFile and IdentitiesOnly yes in ssh_config"
NO_ANSWER = "run tshoot in a terminal, or let a key or the agent log in"


def by_hand(user: str, host: str) -> str:
    """What to do about it."""
    return f"check user, key and password by hand with `ssh {user}@{host}`; tshoot does not try again, so that no account is locked"


def rejected(name: str, hint: str, allowed: str, tried: Sequence[str], unopened: Sequence[str] = (), locked: str = "") -> TargetError:
    """`allowed`: the methods that the server takes; `unopened`: the prompts for passphrases that nobody knew; `locked`: where it said so."""
    files = dict.fromkeys(clean_line(prompt).removeprefix("Passphrase for ").rstrip(" :") for prompt in unopened)
    left_out = "".join(f"; for want of its passphrase not tried: {file}" for file in files)
    words = ", ".join(tried) or "nothing, having no key or password for it"
    message = f"{name}: the login was rejected; the server allows {allowed or 'nothing more'}; tried: {words}{left_out}"
    if locked:
        return TargetError("auth-rejected", f"{message}; it said: {locked[:200]}", _LOCKED)
    return TargetError("auth-rejected", message, hint)


def not_answered(prompt: str) -> str:
    """That nobody answered a question of the server; without its colon, for what follows one may be taken for a secret."""
    return f"`{clean_line(prompt).rstrip(' :')[:80]}` was not answered"
