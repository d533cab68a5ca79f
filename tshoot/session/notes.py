"""A note into a session whose run is over: the fix is made after the verdict, and what was done belongs beside it.

It stands in the log behind what was there, which stays what it was; the log is sealed anew.
"""

from __future__ import annotations

from pathlib import Path

from tshoot.model.events import Event, NoteAdded
from tshoot.session.log import SessionLog
from tshoot.session.masking import masked


def add_note(folder: Path, note: NoteAdded) -> Event:
    """The note as it stands in the log, without secrets. SessionError where another writes the session, or where it cannot be written."""
    event = masked(note)
    with SessionLog.reopen(folder) as log:
        log.append(event)
    return event
