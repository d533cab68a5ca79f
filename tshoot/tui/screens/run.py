"""A run, live or recorded: the path of decisions, what the targets print, the evidence, and in the end the verdict.

This screen only shows what the bridge tells and hands back answers and wishes; it decides nothing. What it is made of lies in
`running/`: layout (the regions), told (what the bridge tells), goals (from a line to its proof), steering (the operator's keys);
here is how it ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType

from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.help import Help
from tshoot.tui.screens.running.layout import Leave
from tshoot.tui.screens.running.steering import RunSteering
from tshoot.tui.ways_out import ways_out
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.status.header import Header

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp

__all__ = ["Leave", "RunScreen"]

_STOP = "Stop this run and leave? A capture under way is stopped and removed from its target; the session is kept."


class RunScreen(RunSteering):
    """`leave` is called when the operator leaves, once nothing runs any more or without waiting for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "after_verdict('verify_fix')", "Verify the fix"),
        Binding("x", "after_verdict('export_report')", "Export"),
        Binding("c", "after_verdict('copy_ticket')", "Copy ticket"),
        *ways_out("leave"),
    ]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "A run": {
            "1 2 3 4 tab": "path, output, evidence, verdict",
            "enter": "on a fact, a frame, a node or a part of the verdict: its proof",
            "d": "show or hide branches not taken and nodes not reached",
            "t": "the output of all targets, or of one",
            "v": "the output raw, control characters visible, or cleaned",
            "l": "hold the region where it is, or follow its end again",
        },
        "While it runs": {
            "y n": "answer; in step mode run or skip the command, e edits it, h takes pasted output",
            "p": "pause: nothing new is started on a target; again: go on",
            "s": "step mode: every command is shown before it runs",
            "w": "end what is waited for, with what is there",
            "r": "the node chosen in the path again",
            "b": "decide the chosen node by hand",
            "a": "a note into the session",
            "! or e": "a command of your own on a target",
            "q": "stop, clean up, leave",
        },
        "After the verdict": {
            "f": "check whether the fix helped",
            "x": "export the report",
            "c": "copy a comment for the ticket",
            "a": "a note into the session: what was done, for the report",
        },
    }

    def next_actions(self) -> tuple[str, ...]:
        ended = tuple(f"after_verdict('{what}')" for what in ("verify_fix", "export_report", "copy_ticket"))
        return (*ended, "note", "choose", "show('path')", "search") if self._end else super().next_actions()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "after_verdict":
            wanted = self._end is not None and self._folder is not None and self._verdict is not None
            return wanted and (parameters != ("verify_fix",) or (self._verdict is not None and self._verdict.kind == "fault"))
        return super().check_action(action, parameters)

    def action_after_verdict(self, what: str) -> None:
        from tshoot.tui.verdict_actions import copy_ticket, export_report, verify_fix

        actions = {"verify_fix": verify_fix, "export_report": export_report, "copy_ticket": copy_ticket}
        if self._folder is not None and what in actions:
            actions[what](cast("TshootApp", self.app), self._folder)

    def action_help(self) -> None:
        self.app.push_screen(Help())

    # --- how it ends ---

    @property
    def has_ended(self) -> bool:
        return self._end is not None

    @property
    def is_active_run(self) -> bool:
        """Whether something may be under way on a target."""
        return self._end is None and self._bridge.on_targets

    def action_leave(self) -> None:
        self.stop_run(self._leave)

    def stop_run(self, leave: Leave) -> None:
        """Leave by `leave` once nothing runs any more; asks first, the second time it does not wait."""
        if self.is_active_run and not self._stopping:
            self.app.push_screen(Confirm(_STOP, leaving=True), lambda sure: self._stop(leave) if sure else None)
        else:
            self._bridge.cancel.cancel()
            leave()

    def _stop(self, leave: Leave) -> None:
        if self._end:
            leave()
            return
        self._stopping, self._leave = True, leave
        self.query_one(Header).show_state("■ stopping", "warn")
        self._bridge.cancel.cancel()
        self.query_one(QuestionBar).close()
        self._tick()
