"""The words by which a device says that it takes nobody now: before a login for being busy, at a login for an account that is locked.

OpenSSH closes without a word or with `Exceeded MaxStartups` (MaxStartups), `Not allowed at this time` (PerSourcePenalties, 9.8);
Cisco IOS and NX-OS print a line with `%` where all VTY lines are taken; others send SSH_MSG_DISCONNECT with reason 12,
TOO_MANY_CONNECTIONS (RFC 4253, 11.1).
"""

from __future__ import annotations

import re

from tshoot.model.text import clean_line

_LONGEST = 400
_BUSY = re.compile(
    r"exceeded (?:max)?\s?startups"
    r"|not allowed at this time"
    r"|too many (?:open |active |concurrent |ssh |vty |users?\b|logins?\b|(?:un)?authenticated ){0,3}(?:sessions?|connections?|users|logins|clients)"
    r"|(?:no|all) (?:more |free |available |of the )?(?:vty|lines?|terminals?|sessions?)(?: lines?)? (?:are )?(?:available|in use|busy|left|free)"
    r"|no (?:more|free|available) (?:vty|lines|sessions)"
    r"|max(?:imum|\.)? (?:number of )?(?:concurrent )?(?:ssh )?(?:sessions|connections|users|logins)(?: is| has been)? (?:reached|exceeded)"
    r"|(?:session|connection|line) limit (?:is |has been )?(?:reached|exceeded)"
    r"|^% ?connection refused"
    r"|server (?:is )?(?:too )?busy|try again later",
    re.IGNORECASE,
)


_LOCKED = re.compile(
    r"account (?:'[^']{1,64}' )?(?:is |has been |was )?(?:temporarily |currently )?(?:locked|disabled|suspended)"
    r"|(?:locked|disabled) (?:account|user)|user (?:is |has been |was )?(?:locked|blocked)"
    r"|(?:locked|blocked) (?:out )?(?:due to|because of) (?:\d+ |too many |excessive )?(?:failed|failures|unsuccessful)",
    re.IGNORECASE,
)


def says_busy(said: str) -> str:
    """The line, cleaned, by which a greeting or the reason of a disconnect says so; "" where none does. The first 400 characters are read."""
    lines = (clean_line(line).strip() for line in said[:_LONGEST].splitlines())
    return next((line for line in lines if _BUSY.search(line)), "")


def says_locked(said: str) -> str:
    """The line, cleaned, that tells of a locked account (pam_faillock, pam_tally2, ESXi, directory servers); "" where none does."""
    lines = (clean_line(line).strip() for line in said[:_LONGEST].splitlines())
    return next((line for line in lines if _LOCKED.search(line)), "")
