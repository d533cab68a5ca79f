"""An interrupted session gone on with: on the same log, with real targets, from where it stopped.

One process at a time: the log is locked before it is read. Who went on with it, when and with which version stands in the log as a note.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tshoot import __version__
from tshoot.cancel import CancelToken
from tshoot.errors import UsageError
from tshoot.model.effects import AskOperator
from tshoot.model.events import NoteAdded
from tshoot.performers.operator import Operator
from tshoot.retrace.continuation import Continuation, continuation
from tshoot.retrace.parting import Parting
from tshoot.retrace.words import what
from tshoot.runner import View
from tshoot.session.log import SessionLog
from tshoot.session.store import Session
from tshoot.transports.base import Prompter
from tshoot.wiring import Settings, Started, assemble


def resume(
    session: Session,
    settings: Settings,
    *,
    operator: Operator,
    careful: Operator,
    prompter: Prompter,
    views: Sequence[View] = (),
    cancel: CancelToken | None = None,
    keep_path: bool = False,
) -> Started:
    """Lock the log, fold it, note it and build the run. `careful` is asked about changes that may have been done already.

    UsageError where there is nothing to go on with, or where today a decision that was taken would be another (unless `keep_path`: the
    recorded path stands); SessionError where another process has the session.
    """
    log = SessionLog.reopen(session.folder)
    try:
        going = continuation(log.header, tuple(session.events()))
        if going.parting is not None and not keep_path:
            raise _would_differ(log.header.session, going.parting)
        _check_directories(settings, going)
        note = NoteAdded(time.time(), _note(going, log.header.tshoot), _who())
        log.append(note)
    except BaseException:
        log.release()
        raise
    state, _ = going.begun
    asked = _Careful(operator, careful, going.doubtful)
    told = replace(going.told, events=(*going.told.events, note))
    return assemble(log, lambda: going.begun, state.targets, settings, operator=asked, prompter=prompter, views=views, cancel=cancel, told=told)


def _check_directories(settings: Settings, going: Continuation) -> None:
    targets = going.begun[0].targets
    for role, directory in settings.capture_directories.items():
        if role not in targets or not directory.startswith("/"):
            hint = f"its targets are: {', '.join(targets)}; for example --capture-dir {next(iter(targets), 'host')}=/tmp"
            raise UsageError(f"--capture-dir {role}={directory}: expected a target of the session and an absolute folder on it", hint)


class _Careful:
    """The operator, but for changes that may have been done already: whoever is asked then is told so."""

    def __init__(self, operator: Operator, careful: Operator, doubtful: dict[str, float]) -> None:
        self._operator, self._careful, self._doubtful = operator, careful, doubtful

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        at = self._doubtful.get(question.key)
        if at is None:
            return self._operator.ask(question, cancel)
        when = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return self._careful.ask(replace(question, question=f"{question.question} (It was asked for at {when} and may have been done then.)"), cancel)


def _would_differ(session: str, parting: Parting) -> UsageError:
    then = f"`{parting.recorded.leads_to}`" if parting.recorded else "nowhere"
    now = f"would lead to `{parting.today.leads_to}` today" if parting.today else "would not be reached with today's commands"
    because = f" ({parting.difference.fact or parting.difference.condition}: {parting.difference.why})" if parting.difference else ""
    return UsageError(
        f"{session}: the decision at `{parting.node}` led to {then} and {now}{because}",
        f"`tshoot sessions rejudge {session}` judges what was recorded; `--keep-path` goes on along the recorded path",
    )


def _note(going: Continuation, recorded_by: str) -> str:
    parts = [f"the session is gone on with by tshoot {__version__}" + (f" (it was recorded by {recorded_by})" if recorded_by != __version__ else "")]
    if going.parting is not None:
        parts.append(f"the recorded path stands, though today the decision at `{going.parting.node}` would be another")
    if going.anew:
        parts.append(f"asked once more: {', '.join(map(what, going.anew))}")
    return "; ".join(parts)


def _who() -> str:
    """`anna@jump1`: as the system knows them."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
