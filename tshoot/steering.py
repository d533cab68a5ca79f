"""The operator's hand on a run: pause, step by step, retry, another branch, a note, a command of his own, a wait ended early.

A front end makes one `Steering`, gives it to `wiring.start` and calls it from any thread. Each call returns at once; the run's own thread records
what was done (`OperatorSteered`, with who did it) and the engine folds it like any other event. What cannot be done raises UsageError at the call.
"""

from __future__ import annotations

import getpass
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tshoot.cancel import CancelToken
from tshoot.engine.state import State
from tshoot.engine.steered import visit
from tshoot.errors import UsageError
from tshoot.model.approvals import Approval, ByHand, Edit, Run, Skip, approvals_for
from tshoot.model.effects import Effect, RunCommand, StartCapture, StopCapture, Wait, own_number, sample_key
from tshoot.model.events import CommandRan, EffectRequested, Event, Failed, NoteAdded, Ok, OperatorSteered, Outcome, SteeringAction

__all__ = ["Approval", "ByHand", "Edit", "Run", "Skip", "Steering", "approvals_for", "can_end_early"]

LONGEST_NOTE, LONGEST_COMMAND, LONGEST_WHY = 20_000, 4000, 1000  # characters
MOST_PASTED = 8 << 20  # bytes

Approve = Callable[[Effect, CancelToken], Approval]
ReadsOnly = Callable[[str, str], bool]  # role, command: whether the gate would let it pass unasked


def nobody(effect: Effect, cancel: CancelToken) -> Approval:
    """Where nobody can be asked nothing is performed."""
    return Skip("nobody can be asked")


# --- what the run's thread is told ------------------------------------------------------------------

Order = OperatorSteered | NoteAdded | RunCommand


@dataclass(frozen=True)
class Reins:
    """What a run lends to a Steering while it lasts: `put` hands an order to its thread, `state` is where it stands."""

    put: Callable[[Order], None]
    state: Callable[[], State]


class Steering:
    """One run's. Safe from any thread. `by` is who steers: the user's name, unless given."""

    def __init__(self, by: str = "", *, stepping: bool = False, clock: Callable[[], float] = time.time) -> None:
        self.by = by or _user()
        self._clock = clock
        self._reins: Reins | None = None
        self._paused = False
        self._stepping = stepping
        self._own = 0
        self._approve: Approve = nobody
        self._reads_only: ReadsOnly = lambda role, command: False
        self._let_go: dict[str, CancelToken] = {}
        self._changed = threading.Condition()
        self._one_at_a_time = threading.Lock()

    # --- the front end's side ---

    @property
    def can_steer(self) -> bool:
        """Whether the run has begun and is not over."""
        return self._reins is not None

    @property
    def state(self) -> State | None:
        """Where the run stands; None where it has not begun, or is over."""
        reins = self._reins
        return reins.state() if reins else None

    @property
    def paused(self) -> bool:
        """Nothing new is started on a target; what runs, runs to its end."""
        return self._paused

    def pause(self) -> None:
        self._hold(True, "paused")

    def go_on(self) -> None:
        self._hold(False, "went-on")

    def _hold(self, paused: bool, action: SteeringAction) -> None:
        reins = self._lent()
        with self._changed:
            if self._paused == paused:
                return
            self._paused = paused
            self._changed.notify_all()
        reins.put(self._steered(action))

    @property
    def stepping(self) -> bool:
        """Whether each effect on a target is shown before it is performed: `operator.approve` is asked."""
        return self._stepping

    @stepping.setter
    def stepping(self, on: bool) -> None:
        self._stepping = on

    def note(self, text: str) -> None:
        note = self.noted(text)
        with self._changed:  # what is taken here is recorded: the run is not over in between
            self._lent().put(note)

    def noted(self, text: str) -> NoteAdded:
        """A note as it is recorded, by whoever steers. UsageError where it is none."""
        if not text.strip():
            raise UsageError("the note is empty", "write what should be remembered")
        if len(text) > LONGEST_NOTE:
            raise UsageError(f"the note has {len(text)} characters, {LONGEST_NOTE} are the most", "keep a file beside the session")
        return NoteAdded(self._clock(), text, self.by)

    def run(self, target: str, command: str) -> None:
        """A command of the operator's own on a target (a role). It is recorded and nothing is decided on it."""
        reins = self._lent()
        if target not in reins.state().targets:
            raise UsageError(f"`{target[:80]}` is no target of this run", f"there are: {', '.join(reins.state().targets)}")
        effect = self._typed(RunCommand("", "", target, "", "a command of the operator's own"), command)
        with self._changed:
            self._own += 1
            reins.put(replace(effect, key=f"own-{self._own}/1@{target}"))

    def retry(self, node: str = "") -> None:
        """The current node again, or one that was visited: the run goes on from there."""
        state = self._lent().state()
        node = node or state.node
        self._check_visited(state, node)
        self._lent().put(self._steered("retried", node, visit(state, node)))

    def branch(self, node: str, leads_to: str, why: str = "") -> None:
        """Decide `node` (the current one, or one that was visited) by hand: go to the node `leads_to`."""
        reins = self._lent()
        state = reins.state()
        self._check_visited(state, node)
        if leads_to not in state.playbook.nodes:
            raise UsageError(f"{state.playbook.id} has no node `{leads_to[:80]}`", f"there are: {', '.join(state.playbook.nodes)}")
        reins.put(self._steered("branched", node, visit(state, node), leads_to, _one_line(why)))

    def end_wait(self, key: str = "") -> None:
        """End a wait (its key, or that of any part of a sampled series; "": all that is waited for) early. A series ends with what it has."""
        reins = self._lent()
        waiting = reins.state().waiting
        ended = [one for one in waiting.values() if one.key == key or (not key and can_end_early(one))]
        if not ended or not all(map(can_end_early, ended)):
            raise UsageError("there is no wait to be ended", "a wait and a sampled series can be ended early, a command cannot")
        for effect in ended:
            reins.put(self._steered("ended-wait", effect.node, effect.key))

    @staticmethod
    def _check_visited(state: State, node: str) -> None:
        if node not in state.playbook.nodes:
            raise UsageError(f"{state.playbook.id} has no node `{node[:80]}`", f"there are: {', '.join(state.playbook.nodes)}")
        if node not in state.visits:
            raise UsageError(f"`{node}` was not visited yet", "take a branch to it by hand instead")

    def _lent(self) -> Reins:
        reins = self._reins
        if reins is None:
            raise UsageError("nothing runs that could be steered", "the run is over, or has not begun")
        return reins

    def _steered(self, action: SteeringAction, node: str = "", key: str = "", to: str = "", why: str = "", was: str = "") -> OperatorSteered:
        return OperatorSteered(self._clock(), action, self.by, node, key, to, why, was)

    def _typed(self, effect: RunCommand, command: str) -> RunCommand:
        """`effect` with the command that the operator wrote; what is not known to only read is a change, and recorded as such."""
        command = command.strip()
        if not command or len(command) > LONGEST_COMMAND or not command.isprintable():
            raise UsageError(f"a command is one line of printable characters, at most {LONGEST_COMMAND}", "paste one line at a time")
        return replace(effect, command=command, typed=True, changes=not self._reads_only(effect.target, command))

    # --- the run's side ---

    def meet(self, approve: Approve | None, reads_only: ReadsOnly) -> None:
        """Whom to ask in step mode, and what the gate lets pass."""
        self._approve, self._reads_only = approve or nobody, reads_only

    def lend(self, put: Callable[[Order], None], state: Callable[[], State], told: Sequence[Event]) -> None:
        """The run begins, with what its log tells already: from now on it can be steered."""
        self._own = max((own_number(event.effect.key) for event in told if isinstance(event, EffectRequested)), default=0)
        self._reins = Reins(put, state)

    def take_back(self) -> None:
        """The run is over; whoever still waits is let go."""
        with self._changed:
            self._reins = None
            self._changed.notify_all()

    def holds(self, effect: Effect) -> bool:
        """Whether `admitted` would wait."""
        return isinstance(effect, RunCommand | StartCapture | StopCapture) and (self._paused or (self._stepping and _is_asked(effect)))

    def approval(self, effect: Effect, cancel: CancelToken) -> Approval:
        """Wait until the run goes on, and in step mode until the operator has said what is to be done. Raises Cancelled."""
        with self.until_let_go(effect.key, cancel) as over, over.on_cancel(self._wake):
            self._wait_paused(over)
            if not self._stepping or not _is_asked(effect):
                return Run()
            with self._one_at_a_time:
                over.check()
                said = self._approve(effect, over) if self._stepping else Run()
                over.check()
            self._wait_paused(over)
            return said if isinstance(said, approvals_for(effect)) else Skip("this cannot be edited or done by hand")

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _wait_paused(self, over: CancelToken) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._paused or over.cancelled)
        over.check()

    def applied(self, effect: Effect, approval: Approval) -> tuple[Effect, OperatorSteered | None, Outcome | None]:
        """What is to be performed and how it was changed; or what stands for its answer, because it is not performed at all."""
        match approval:
            case Edit(command) if isinstance(effect, RunCommand) and command.strip() != effect.command:
                try:
                    edited = self._typed(effect, command)
                except UsageError as error:
                    return self.applied(effect, Skip(f"not run: {error.message}"))
                return edited, self._steered("edited", effect.node, effect.key, edited.command, was=effect.command), None
            case Skip(why):
                why = _one_line(why)
                skipped = Failed("declined", f"skipped by {self.by}{f': {why}' if why else ''}")
                return effect, self._steered("skipped", effect.node, effect.key, why=why), skipped
            case ByHand(output):
                pasted = output.encode("utf-8", "replace")
                ran = CommandRan(None, pasted[:MOST_PASTED], b"", 0.0, len(pasted) > MOST_PASTED)
                return effect, self._steered("by-hand", effect.node, effect.key), Ok(ran)
        return effect, None, None

    @contextmanager
    def until_let_go(self, key: str, cancel: CancelToken) -> Iterator[CancelToken]:
        """A token that is set when the run is cancelled, or when nothing waits for `key` any more."""
        token = self._token(key)
        with cancel.on_cancel(token.cancel):
            yield token

    def let_go(self, keys: Sequence[str]) -> None:
        """Nothing waits for these any more: end waits and withdraw questions."""
        for key in keys:
            self._token(key).cancel()

    def _token(self, key: str) -> CancelToken:
        with self._changed:
            return self._let_go.setdefault(key, CancelToken())


def can_end_early(effect: Effect) -> bool:
    """Whether `end_wait` can be asked for this effect: a wait, or a part of a sampled series."""
    return isinstance(effect, Wait) or sample_key(effect.key) is not None


def _one_line(why: str) -> str:
    return " ".join(why[:LONGEST_WHY].split())


def _is_asked(effect: Effect) -> bool:
    """A stop belongs to the capture that was agreed to; the operator's own command is agreed to already."""
    return isinstance(effect, RunCommand | StartCapture) and not own_number(effect.key)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
