"""From a line that was chosen to its proof: the lines of an output, marked; the frames of a capture; what was done at a node."""

from __future__ import annotations

from collections.abc import Callable

from tshoot.errors import TshootError
from tshoot.model.text import clean_line
from tshoot.session.evidence import Evidence
from tshoot.session.read import EVIDENCE
from tshoot.tui.goals import FramesGoal, Goal, NodeGoal, OutputGoal
from tshoot.tui.screens.running.told import RunTold
from tshoot.tui.widgets.lines.sections import Place
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.output.places import place_of


class RunGoals(RunTold):
    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        message.stop()
        self.go_to(message.goal, message.view.id or "")

    def go_to(self, goal: Goal, come_from: str = "") -> None:
        """Show where `goal` stands; says so where it does not stand anywhere (any more)."""
        if isinstance(goal, FramesGoal):
            self._show_frames(goal)
        elif isinstance(goal, NodeGoal) and come_from == "output":
            self._show_node(goal)
        else:
            self._show_output(goal)

    def _show_output(self, goal: OutputGoal | NodeGoal) -> None:
        output = self._view("output")
        place = place_of(goal, output.sections)
        if place is not None and self._target and output.sections.rows_of(Place(place.section, place.first)) is None:
            self._target = ""
            output.hide(lambda section: False)
        if place is not None and output.go_to(*place):
            self._show("output")
        else:
            self._say(_missing(goal))

    def _show_node(self, goal: NodeGoal) -> None:
        path = self._view("path")
        for name, section in reversed(path.sections.everything):
            for number, one in section.goals:
                if one == NodeGoal(goal.node) and path.sections.rows_of(Place(name, number)) and path.go_to(name, number):
                    self._show("path")
                    return

    def _show_frames(self, goal: FramesGoal) -> None:
        show: Callable[..., None] | None = getattr(self.app, "show_packets", None)
        if self._folder is None or show is None:
            self._say("this capture is in no session: it cannot be opened")
            return
        try:
            path = Evidence(self._folder / EVIDENCE).path(goal.sha256)
        except TshootError as error:
            self._say(error.message)
            return
        if path.exists():
            show(path, self._place, frames=goal.frames)
        else:
            self._say(f"{path} is not there (any more)")

    def _say(self, text: str) -> None:
        self.notify(clean_line(text), severity="warning", markup=False)

    @property
    def chosen_node(self) -> str:
        """The node that the cursor in the path is on; the last one where none is chosen."""
        return next((row.goal.node for row in self._view("path").above() if isinstance(row.goal, NodeGoal)), "")


def _missing(goal: OutputGoal | NodeGoal) -> str:
    if isinstance(goal, NodeGoal):
        return f"nothing was done at {goal.node} so far"
    lines = f"lines {goal.first} to {goal.last}" if goal.first else "this output"
    return f"{lines} are not on the screen any more; they are in the session: evidence/{goal.sha256[:16]}…"
