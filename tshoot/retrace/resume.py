"""An interrupted session gone on with: on the same log, with real targets, from where it stopped.

One process at a time: the log is locked before it is read. Who went on with it, when and with which version stands in the log as a note.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from tshoot import __version__
from tshoot.cancel import CancelToken
from tshoot.errors import UsageError
from tshoot.model.effects import AskOperator, Effect
from tshoot.model.events import NoteAdded
from tshoot.performers.operator import Approver, Operator
from tshoot.retrace.continuation import Continuation, continuation
from tshoot.retrace.parting import Parting
from tshoot.retrace.renamed import check_directories, renamed, who
from tshoot.retrace.words import what
from tshoot.runner import View
from tshoot.session.log import SessionLog
from tshoot.session.store import Session
from tshoot.steering import Approval, Skip, Steering
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
    steering: Steering | None = None,
    hosts: Mapping[str, str] = MappingProxyType({}),
) -> Started:
    """Lock the log, fold it, note it and build the run. `careful` is asked about changes that may have been done already.
    `hosts` are the names by which this machine knows targets that the session names otherwise.

    UsageError where there is nothing to go on with, or where today a decision that was taken would be another (unless `keep_path`: the
    recorded path stands); SessionError where another process has the session.
    """
    log = SessionLog.reopen(session.folder)
    try:
        going = continuation(log.header, tuple(session.events()))
        if going.parting is not None and not keep_path:
            raise _would_differ(log.header.session, going.parting)
        state, effects = going.begun
        targets = renamed(state.targets.values(), hosts)
        check_directories(settings.capture_directories, targets)
        note = NoteAdded(time.time(), _note(going, log.header.tshoot, hosts), who())
        log.append(note)
    except BaseException:
        log.release()
        raise
    asked = _Careful(operator, careful, going.doubtful)
    told = replace(going.told, events=(*going.told.events, note))
    return assemble(
        log,
        lambda: (replace(state, targets=targets), effects),
        targets,
        settings,
        operator=asked,
        prompter=prompter,
        views=views,
        cancel=cancel,
        told=told,
        steering=steering,
    )


class _Careful:
    """The operator, but for changes that may have been done already: whoever is asked then is told so."""

    def __init__(self, operator: Operator, careful: Operator, doubtful: dict[str, float]) -> None:
        self._operator, self._careful, self._doubtful = operator, careful, doubtful

    def approve(self, effect: Effect, cancel: CancelToken) -> Approval:
        return self._operator.approve(effect, cancel) if isinstance(self._operator, Approver) else Skip("nobody can be asked")

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


def _note(going: Continuation, recorded_by: str, hosts: Mapping[str, str]) -> str:
    parts = [f"the session is gone on with by tshoot {__version__}" + (f" (it was recorded by {recorded_by})" if recorded_by != __version__ else "")]
    if going.parting is not None:
        parts.append(f"the recorded path stands, though today the decision at `{going.parting.node}` would be another")
    parts += [f"{role} is called {host} here" for role, host in hosts.items()]
    if going.anew:
        parts.append(f"asked once more: {', '.join(map(what, going.anew))}")
    return "; ".join(parts)
