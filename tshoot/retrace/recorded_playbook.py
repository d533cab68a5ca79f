"""The playbook as a session holds it."""

from __future__ import annotations

from tshoot.playbook.loader import playbook_from_text
from tshoot.playbook.tree import Playbook


def playbook_of(text: str) -> Playbook:
    """PlaybookError, with the lines of the recorded text, where this version cannot read it."""
    return playbook_from_text(text, "the session's playbook")
