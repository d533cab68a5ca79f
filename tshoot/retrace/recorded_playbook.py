"""The playbook as a session holds it. Many sessions hold the same text: each is read once."""

from __future__ import annotations

from functools import lru_cache

from tshoot.playbook.loader import playbook_from_text
from tshoot.playbook.tree import Playbook


@lru_cache(maxsize=32)
def playbook_of(text: str) -> Playbook:
    """PlaybookError, with the lines of the recorded text, where this version cannot read it."""
    return playbook_from_text(text, "the session's playbook")
