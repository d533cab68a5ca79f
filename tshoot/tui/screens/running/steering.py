"""The operator's keys on a live run: pause, step by step, retry, another branch, a note, an own command, a wait ended early.

What is refused is said on the screen and changes nothing. A recorded run has no such keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from tshoot.errors import UsageError
from tshoot.model.effects import RunCommand
from tshoot.model.events import TargetSpec
from tshoot.steering import ByHand, Edit, Run, Skip, Steering, approvals_for, can_end_early
from tshoot.tui.messages import Question
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.running.goals import RunGoals
from tshoot.tui.screens.typed import Typed
from tshoot.tui.widgets.output.telling import target_of
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.status.header import Header
from tshoot.tui.widgets.steering.branching import Branching
from tshoot.tui.widgets.steering.own import OwnCommand, verdict_on
from tshoot.tui.widgets.steering.pasted import Pasted

_STEERING = {"pause", "step", "retry", "branch", "note", "own_command"}


class RunSteering(RunGoals):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('yes')", "Yes"),
        Binding("n", "answer('no')", "No"),
        Binding("y", "approve('run')", "Run it"),
        Binding("n", "approve('skip')", "Skip"),
        Binding("e", "approve('edit')", "Edit"),
        Binding("h", "approve('by-hand')", "By hand"),
        Binding("p", "pause", "Pause"),
        Binding("s", "step", "Step"),
        Binding("w", "end_wait", "End wait"),
        Binding("r", "retry", "Retry"),
        Binding("b", "branch", "Branch"),
        Binding("a", "note", "Note"),
        Binding("exclamation_mark,e", "own_command", "Command", key_display="!"),
    ]

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
        if action in _STEERING:
            return steering is not None
        if action == "end_wait":
            return steering is not None and any(can_end_early(item.effect) for item in self._under_way)
        return True

    def next_actions(self) -> tuple[str, ...]:
        waits = tuple(f"{name}('{what}')" for name, what in (("answer", "yes"), ("answer", "no")))
        asks = tuple(f"approve('{what}')" for what in ("run", "skip", "edit", "by-hand"))
        return (*waits, *asks, "end_wait", *super().next_actions(), "show('path')", "search", "pause", "step", "choose")

    # --- what is asked ---

    def action_answer(self, answer: str) -> None:
        self.query_one(QuestionBar).give(answer)

    def action_approve(self, what: str) -> None:
        bar, question = self.query_one(QuestionBar), self._question
        effect = question.effect if question else None
        if question is None or effect is None:
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
                raise UsageError("nothing runs that could be steered", "the run is over, or has not begun")
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
        self._steer(lambda steering: steering.go_on() if steering.paused else steering.pause())

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

    def action_note(self) -> None:
        detail = "It stands in the session with the time and your name."
        self.app.push_screen(Typed("A note", detail), lambda text: self._steer(lambda steering: steering.note(text)) if text else None)

    def action_own_command(self) -> None:
        state = self._steering.state if self._steering else None
        if state is None:
            return
        output = self._view("output")
        here = self._target or (target_of(output.cursor.section) if output.cursor else "")
        targets = sorted(state.targets.values(), key=lambda target: target.role != here)
        self.app.push_screen(OwnCommand(targets), lambda own: self._steer(lambda steering: steering.run(*own)) if own else None)


def _kind(parameters: tuple[object, ...]) -> type[object]:
    return {"run": Run, "skip": Skip, "edit": Edit, "by-hand": ByHand}[str(parameters[0])]
