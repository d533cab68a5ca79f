"""A recorded run played again: the regions of a run, and under them a time line that goes on, back, and to any place.

What is shown is told by the same code as a live run, so the picture at the end is the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer

from tshoot.errors import UsageError
from tshoot.session.places import place_of
from tshoot.session.positions import CHAPTERS, LandmarkKind
from tshoot.tui.lines import line
from tshoot.tui.messages import RunClosed, RunOpened
from tshoot.tui.player import Indexed, Placed, Player, Rewound
from tshoot.tui.screens.run import Leave, RunScreen
from tshoot.tui.story import REGIONS
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.status.header import Header
from tshoot.tui.widgets.timeline.view import Timeline

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp

_OWN = ("play", "pause_play", "speed", "step_event", "mark", "type_place")
_NEXT = ("play", "pause_play", "speed(1)", "step_event(1)", "mark('decision', 1)", "type_place")
_REMARK = "a recorded session played again, nothing is connected"


class ReplayScreen(RunScreen):
    app: TshootApp

    HELP: ClassVar[dict[str, dict[str, str]]] = {
        **Timeline.HELP,
        "A run": RunScreen.HELP["A run"],
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "Play", priority=True),
        Binding("space", "pause_play", "Pause", priority=True),
        Binding("plus,equals_sign", "speed(1)", "Speed", key_display="+-"),
        Binding("minus", "speed(-1)", "Slower", show=False),
        Binding("full_stop", "step_event(1)", "Step", key_display=".,"),
        Binding("comma", "step_event(-1)", "Back", show=False),
        Binding("right_square_bracket", "mark('decision', 1)", "Decision", key_display="]["),
        Binding("left_square_bracket", "mark('decision', -1)", "Decision before", show=False),
        Binding("right_curly_bracket", "mark('node', 1)", "Next node", show=False),
        Binding("left_curly_bracket", "mark('node', -1)", "Node before", show=False),
        Binding("n", "mark('note', 1)", "Note", show=False),
        Binding("N,shift+n", "mark('note', -1)", "Note before", show=False),
        Binding("colon", "type_place", "Go to", key_display=":"),
    ]

    def __init__(self, player: Player, title: str, leave: Leave) -> None:
        super().__init__(player, title, f"{_REMARK}: {player.folder.name}", leave, player.recorded_time)
        self._player = player
        self._told_playing = player.playing

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            if isinstance(widget, Footer):
                yield Timeline(id="timeline")
            yield widget

    def on_mount(self) -> None:
        self._show_playing()
        self.set_interval(0.5, self._show_place)

    @property
    def _timeline(self) -> Timeline:
        return self.query_one(Timeline)

    # --- what the player tells ---

    def on_indexed(self, message: Indexed) -> None:
        if message.positions is None:
            self._timeline.reading(message.read)
        else:
            self._timeline.take(message.positions)
            self._show_place()

    def on_placed(self, message: Placed) -> None:
        self._show_place()
        self._show_playing()

    def on_rewound(self, message: Rewound) -> None:
        """Everything anew: what is shown belongs to a later moment."""
        for region in REGIONS:
            self.query_one(f"#{region}", LinesView).clear()
        self._end = self._verdict = None
        if self._shown == "verdict":
            self._show("output")
        self.query_one("#verdict", LinesView).put("verdict", [line(("No verdict yet at this place of the recording.", "dim"))])
        self.on_run_opened(RunOpened(self._player.folder.name, str(self._player.folder)))
        self.on_run_moved(message.moved)

    def on_run_closed(self, message: RunClosed) -> None:
        self._show_place()  # the rest is the run screen's, which is told, too

    def _show_place(self) -> None:
        if self.is_mounted:
            self._timeline.show(self._player.at, playing=self._player.playing, speed=self._player.speed)

    def _show_playing(self) -> None:
        if self._told_playing != self._player.playing:
            self._told_playing = self._player.playing
            self.refresh_bindings()
        if not self.has_ended:
            self.query_one(Header).show_state("▶ replay" if self._player.playing else "‖ replay", "accent")

    # --- keys ---

    def next_actions(self) -> tuple[str, ...]:
        return (*_NEXT, *super().next_actions())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _OWN and self.is_mounted and self._timeline.asks:
            return False
        if action in ("play", "pause_play"):
            return self._player.playing == (action == "pause_play")
        return super().check_action(action, parameters)

    def action_play(self) -> None:
        self._player.toggle()

    def action_pause_play(self) -> None:
        self._player.toggle()

    def action_speed(self, step: int) -> None:
        self._player.change_speed(step)

    def action_step_event(self, step: int) -> None:
        self._player.step(step)

    def action_mark(self, kind: LandmarkKind, way: int) -> None:
        """To the next landmark of that kind, or the one before; it is the last event that is told then."""
        positions = self._player.positions
        if positions is None:
            return
        told = self._player.wished - 1
        kinds = CHAPTERS if kind == "node" else (kind,)
        mark = positions.after(told, *kinds) if way > 0 else positions.before(told, *kinds)
        if mark is not None:
            self._player.seek(mark.event + 1)
        else:
            self.notify(f"no {kind} {'after' if way > 0 else 'before'} this place", timeout=2, markup=False)

    def action_type_place(self) -> None:
        self._timeline.ask()

    def on_timeline_typed(self, message: Timeline.Typed) -> None:
        positions = self._player.positions
        if positions is None:
            return
        try:
            place = place_of(positions, message.text)
        except UsageError as error:
            self._timeline.refuse(f"{error.message}: {error.hint}")
            return
        self._timeline.close()
        self._player.seek(place + 1)

    def on_timeline_picked(self, message: Timeline.Picked) -> None:
        self._player.seek(message.event + 1)

    def on_timeline_left(self) -> None:
        self.query_one(f"#{self._shown}", LinesView).focus()


def replay_screen(folder: Path, title: str, leave: Leave) -> tuple[Player, ReplayScreen]:
    player = Player(folder)
    return player, ReplayScreen(player, title, leave)
