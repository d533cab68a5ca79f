"""The operator's keys on a live run: pause, step by step, retry, another branch, a note, an own command, a wait ended early.

What is refused is said on the screen and changes nothing; what was typed for it stays in its field. A note can be made after the end, too: it goes
into the session then. A recorded run has no such keys.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tshoot.cancel import CancelToken
from tshoot.errors import TshootError, UsageError
from tshoot.model.effects import RunCommand
from tshoot.model.events import Event, NoteAdded, TargetSpec
from tshoot.session.notes import add_note
from tshoot.steering import ByHand, Edit, Run, Skip, Steering, approvals_for, can_end_early
from tshoot.tui.messages import Question
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.running.goals import RunGoals
from tshoot.tui.screens.typed import Later, Typed
from tshoot.tui.widgets.output.telling import target_of
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.status.header import Header
from tshoot.tui.widgets.steering.branching import Branching
from tshoot.tui.widgets.steering.own import OwnCommand, verdict_on
from tshoot.tui.widgets.steering.pasted import Pasted

_STEERING = {"step", "retry", "branch", "own_command"}
_OVER = ("nothing runs that could be steered", "the run is over, or has not begun")
_PATIENCE = 0.1  # seconds between two looks whether the run is over


class RunSteering(RunGoals):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('yes')", "Yes"),
        Binding("n", "answer('no')", "No"),
        Binding("y", "approve('run')", "Run it"),
        Binding("n", "approve('skip')", "Skip"),
        Binding("e", "approve('edit')", "Edit"),
        Binding("h", "approve('by-hand')", "By hand"),
        Binding("p", "pause", "Pause"),
        Binding("p", "go_on", "Go on"),
        Binding("s", "step", "Step"),
        Binding("w", "end_wait", "End wait"),
        Binding("r", "retry", "Retry"),
        Binding("b", "branch", "Branch"),
        Binding("a", "note", "Note"),
        Binding("exclamation_mark,e", "own_command", "Command", key_display="!"),
    ]

    class Noted(Message):
        """A note that was made after the end stands in the session."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    @property
    def _steering(self) -> Steering | None:
        """None where nothing can be steered (any more)."""
        steering = self._bridge.steering
        return steering if steering and steering.can_steer and not self._end and not self._stopping else None

    @property
    def _question(self) -> Question | None:
        return self.query_one(QuestionBar).current if self.is_mounted else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        question, steering = self._question, self._steering
        if action == "answer":
            return question is not None and question.form == "confirm"
        if action == "approve":
            return question is not None and question.effect is not None and _kind(parameters) in approvals_for(question.effect)
        if action in ("pause", "go_on"):
            return steering is not None and steering.paused == (action == "go_on")
        if action in _STEERING:
            return steering is not None
        if action == "note":
            return steering is not None or self._noted_into is not None
        if action == "end_wait":
            return steering is not None and any(can_end_early(item.effect) for item in self._under_way)
        return True

    def next_actions(self) -> tuple[str, ...]:
        waits = tuple(f"{name}('{what}')" for name, what in (("answer", "yes"), ("answer", "no")))
        asks = tuple(f"approve('{what}')" for what in ("run", "skip", "edit", "by-hand"))
        return (*waits, *asks, "end_wait", *super().next_actions(), "show('path')", "search", "pause", "go_on", "step", "choose")

    # --- what is asked ---

    def action_answer(self, answer: str) -> None:
        self.query_one(QuestionBar).give(answer)

    def action_approve(self, what: str) -> None:
        bar, question = self.query_one(QuestionBar), self._question
        effect = question.effect if question else None
        if question is None or effect is None or not bar.hears():
            return
        command = effect.command if isinstance(effect, RunCommand) else effect.key
        target = self._target_of(getattr(effect, "target", ""))
        match what:
            case "run":
                bar.give(Run(), question)
            case "skip":
                ask = Typed("Skip this?", f"{command}: what it would show stays unknown. Why? (may be empty)", empty=True)
                self.app.push_screen(ask, lambda why: None if why is None else bar.give(Skip(why), question))
            case "edit":
                says: Callable[[str], str] = (lambda text: verdict_on(target, text)) if target else (lambda text: "")
                ask = Typed("Run another command in its place", "It is recorded that it was edited.", command, says=says)
                self.app.push_screen(ask, lambda text: bar.give(Edit(text), question) if text else None)
            case "by-hand":
                self.app.push_screen(Pasted(command), lambda text: bar.give(ByHand(text), question) if text else None)

    def _target_of(self, role: str) -> TargetSpec | None:
        state = self._steering.state if self._steering else None
        return state.targets.get(role) if state else None

    # --- steering ---

    def _steer(self, do: Callable[[Steering], object]) -> None:
        steering = self._steering
        try:
            if steering is None:
                raise UsageError(*_OVER)
            do(steering)
        except UsageError as error:
            self._say(f"{error.message}: {error.hint}")
        self._show_state()

    def _show_state(self) -> None:
        steering = self._steering
        if steering:
            text = "‖ paused" if steering.paused else "▶ step by step" if steering.stepping else "▶ running"
            self.query_one(Header).show_state(text, "warn" if steering.paused else "accent")
        self.refresh_bindings()

    def action_pause(self) -> None:
        self._steer(Steering.pause)

    def action_go_on(self) -> None:
        self._steer(Steering.go_on)

    def action_step(self) -> None:
        def toggle(steering: Steering) -> None:
            steering.stepping = not steering.stepping

        self._steer(toggle)

    def action_end_wait(self) -> None:
        self._steer(lambda steering: steering.end_wait(""))

    def action_retry(self) -> None:
        node = self.chosen_node
        question = f"Go back to {node or 'the current node'} and do it again? What was decided from there on counts no more; it stays in the session."
        self.app.push_screen(Confirm(question), lambda sure: self._steer(lambda steering: steering.retry(node)) if sure else None)

    def action_branch(self) -> None:
        state = self._steering.state if self._steering else None
        if state is None:
            return
        node = self.chosen_node if self.chosen_node in state.playbook.nodes else state.node
        take: Callable[[tuple[str, str]], None] = lambda choice: self._steer(lambda steering: steering.branch(node, *choice))  # noqa: E731
        self.app.push_screen(Branching(state.playbook, node), lambda choice: take(choice) if choice else None)

    def action_own_command(self) -> None:
        state = self._steering.state if self._steering else None
        if state is None:
            return
        output = self._view("output")
        here = self._target or (target_of(output.cursor.section) if output.cursor else "")
        targets = sorted(state.targets.values(), key=lambda target: target.role != here)
        self.app.push_screen(OwnCommand(targets, self._run_own))

    def _run_own(self, role: str, command: str) -> None:
        """UsageError where it cannot be run (any more)."""
        if self._steering is None:
            raise UsageError(*_OVER)
        self._steering.run(role, command)

    # --- notes ---

    @property
    def _noted_into(self) -> Path | None:
        """The session that a note goes into once there is a verdict, or the run has ended otherwise."""
        ended = self._end is not None or self._verdict is not None
        return self._folder if ended and self._bridge.on_targets and not self._stopping else None

    def action_note(self) -> None:
        self.app.push_screen(Typed("A note", "It stands in the session with the time and your name.", keep=self._keep_note))

    def _keep_note(self, text: str) -> str | Later:
        """By the run while it lasts, else into its session: why not, where not."""
        steering, folder = self._bridge.steering, self._noted_into
        if steering is None:
            return ": ".join(_OVER)
        try:
            if self._steering is None:
                note = steering.noted(text)
                return ": ".join(_OVER) if folder is None else lambda over: self._add_note(folder, note, over)
            steering.note(text)
        except UsageError as error:
            return f"{error.message}: {error.hint}"
        return ""

    def _add_note(self, folder: Path, note: NoteAdded, over: CancelToken) -> str:
        """Once the run has let go of its session. In a thread: a log is read to its end before it is gone on with."""
        while not self._bridge.wait(_PATIENCE):
            if over.cancelled:
                return ""
        try:
            event = add_note(folder, note)
        except TshootError as error:
            return f"{error.message}: {error.hint}"
        with suppress(RuntimeError):  # the interface was left meanwhile
            self.post_message(self.Noted(event))
        return ""

    def on_run_steering_noted(self, message: Noted) -> None:
        if self._end is None:  # what was told before it is still on its way
            self.set_timer(_PATIENCE, lambda: self.on_run_steering_noted(message))
            return
        self.on_run_moved(self._bridge.afterwards(message.event))
        self.notify("the note stands in the session", markup=False)


def _kind(parameters: tuple[object, ...]) -> type[object]:
    return {"run": Run, "skip": Skip, "edit": Edit, "by-hand": ByHand}[str(parameters[0])]
