"""Which question of a server is a plain one for the password, which several targets may share; every other answer is for this one time.

In doubt it is not: asking once too often costs a moment, sending a one-time code or a new password to the next target costs an account.
"""

from __future__ import annotations

import re

from tshoot.model.text import clean_line

_LONGEST = 200
_PASSWORD = re.compile(r"passw(?:or[dt]|ord)\b", re.IGNORECASE)  # also German `Passwort`
_ONCE = re.compile(
    r"\b(?:otp|totp|hotp|mfa|2fa|tan|pin|sms|duo|yubi\w*|securid|fido2?|push|second factor|two[- ]?factor|multi[- ]?factor|factors?)\b"
    r"|one[- ]?time|code|token|pass\s?phrase|authenticat(?:or|ion app)|verif|challenge|response|dynamic|next "
    r"|\b(?:new|old|current|again|retype|re-?enter|repeat|confirm|changed?|expired|reset|enable|sudo|login:|user ?name)\b",
    re.IGNORECASE,
)


def asks_for_password(prompt: str) -> bool:
    """Whether `prompt`, with the title and instructions of its round before it, asks for the password and for nothing that is used once."""
    text = clean_line(prompt).strip()
    return len(text) <= _LONGEST and _PASSWORD.search(text) is not None and _ONCE.search(text) is None
