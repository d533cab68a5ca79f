"""Verify the fix: the deciding checks of a recorded fault asked again, of the same targets, and compared with the record.

Only what the fault rests on is asked, captures included, with the bounds that the playbook gives them; everything else is taken from the record, and
decisions that rest on it stand. It is written into the same session, after the run: `VerificationBegan`, the requests with their answers,
`FixVerified`. The run and its verdict before it stay what they were.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tshoot import __version__
from tshoot.cancel import CancelToken
from tshoot.engine.advance import Advanced, begin
from tshoot.engine.state import State
from tshoot.errors import Cancelled, TshootError, UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import AskOperator, Effect
from tshoot.model.events import Event, FixVerified, NoteAdded, Progress, TargetSpec, VerificationBegan
from tshoot.model.verification import Verification
from tshoot.performers.operator import Operator
from tshoot.playbook.tree import Playbook
from tshoot.retrace.answers import AnswersByKey
from tshoot.retrace.asking import Asker, Asking, walk
from tshoot.retrace.before_after import before_after
from tshoot.retrace.deciding import Deciding, deciding
from tshoot.retrace.fold import fold
from tshoot.retrace.recorded_playbook import playbook_of
from tshoot.retrace.recording import Recording, record_of
from tshoot.retrace.renamed import full_run, renamed, who
from tshoot.runner import View
from tshoot.session.log import SessionLog
from tshoot.session.store import Session
from tshoot.transports.base import Prompter
from tshoot.wiring import Settings


@dataclass(frozen=True)
class Checks:
    """What a verification would do: `deciding` of the fault, asked of `targets`."""

    session: str
    recording: Recording
    playbook: Playbook
    deciding: Deciding
    targets: Mapping[str, TargetSpec]


def checks_of(session: Session, hosts: Mapping[str, str]) -> Checks:
    """What would be asked again; connects nowhere. `hosts` are other names for roles. UsageError where there is nothing to verify."""
    return _checks(session, tuple(session.events()), hosts)


def _checks(session: Session, events: Sequence[Event], hosts: Mapping[str, str]) -> Checks:
    name = session.header.session
    recording, playbook = record_of(events), playbook_of(session.header.playbook_text)
    if recording.by_hand():
        full = full_run(playbook.id, renamed(recording.started.targets, hosts), recording.started.inputs)
        raise UsageError(f"{name}: its verdict was reached by the operator's hand: there is no way that could be walked again alone", f"run `{full}`")
    found = deciding(name, recording, playbook)
    checks = Checks(name, recording, playbook, found, renamed(recording.started.targets, hosts))
    reached = fold(_begun(checks), lambda effect: None if found.asks(effect) else AnswersByKey(recording).find(effect))
    if not any(found.asks(effect) for effect in reached.unanswered):
        raise UsageError(
            f"{name}: this version does not come to the check that decided", f"`tshoot sessions rejudge {name}` says where the ways part"
        )
    return checks


def verify_fix(
    session: Session,
    settings: Settings,
    hosts: Mapping[str, str],
    *,
    operator: Operator,
    prompter: Prompter,
    careful: Operator | None = None,
    views: Sequence[View] = (),
    cancel: CancelToken | None = None,
) -> Verification:
    """Ask again, compare, record it. `careful` (default: `operator`) is asked about commands that may change something.

    UsageError where there is nothing to verify, SessionError where the session cannot be written, Cancelled when the token is set.
    """
    from tshoot.performers.world import World
    from tshoot.session.store import default_root
    from tshoot.wiring import ssh_of_a_run

    cancel = cancel or CancelToken()
    log = SessionLog.reopen(session.folder)
    try:
        checks = _checks(session, tuple(session.events()), hosts)
    except BaseException:
        log.release()
        raise
    record = _Record(log, views)
    state = settings.state or default_root().parent
    asked = _Careful(operator, careful or operator, checks)
    ssh, forget = ssh_of_a_run(settings)
    world = World(checks.targets, log, asked, prompter, cancel, ssh, settings.capture_directories, state)
    world.on_note = lambda text: record(NoteAdded(time.time(), text, "tshoot"))
    with log:
        record(VerificationBegan(time.time(), checks.deciding.verdict.cause, tuple(checks.targets.values()), who(), __version__))
        try:
            try:
                verification = verified(checks, Asking(world.perform, record, record.show, cancel))
            finally:
                world.close()
                forget()
        except BaseException as error:
            with suppress(TshootError):
                record(NoteAdded(time.time(), _stopped(error), "tshoot"))
            raise
        record(FixVerified(time.time(), verification))
    return verification


def verified(checks: Checks, asker: Asker) -> Verification:
    """The walk with the deciding steps asked anew through `asker`, beside the recorded one."""
    asked: list[Effect] = []

    def anew(effect: Effect) -> bool:
        if checks.deciding.asks(effect):
            asked.append(effect)
            return True
        return False

    after = walk(_begun(checks), anew, AnswersByKey(checks.recording).find, asker)
    command = full_run(checks.playbook.id, checks.targets, checks.recording.started.inputs)
    return before_after(checks.deciding, _recorded(checks), after, tuple(asked), command)


def _begun(checks: Checks) -> Advanced:
    return begin(checks.playbook, checks.targets, checks.recording.started.inputs, ShippedKnowledge(), standing=checks.deciding.standing)


def _recorded(checks: Checks) -> State:
    """The recorded walk, every decision as it was taken."""
    taken = {(one.node, one.attempt): one for one in checks.deciding.verdict.path}
    targets = {target.role: target for target in checks.recording.started.targets}
    begun = begin(checks.playbook, targets, checks.recording.started.inputs, ShippedKnowledge(), standing=taken)
    return fold(begun, AnswersByKey(checks.recording).find).state


def _stopped(error: BaseException) -> str:
    return "the verification was stopped" if isinstance(error, Cancelled) else f"the verification failed: {error}"


class _Record:
    """Events into the log, then to the views; a view that fails is dropped. Safe from several threads, as the log is."""

    def __init__(self, log: SessionLog, views: Sequence[View]) -> None:
        self._log, self._views = log, list(views)

    def __call__(self, event: Event) -> None:
        self._log.append(event)
        self.show(event)

    def show(self, event: Event | Progress) -> None:
        for view in list(self._views):
            try:
                view(event)
            except Exception:
                self._views.remove(view)


class _Careful:
    """The operator, but for commands that may change something."""

    def __init__(self, operator: Operator, careful: Operator, checks: Checks) -> None:
        self._operator, self._careful = operator, careful
        self._changes = {key for key, effect in checks.recording.requests.items() if getattr(effect, "changes", False)}

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        if question.key in self._changes:
            return self._careful.ask(replace(question, question=f"{question.question} (to verify the fix; it ran once already)"), cancel)
        return self._operator.ask(question, cancel)
