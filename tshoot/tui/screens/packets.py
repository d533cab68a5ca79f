"""A capture, looked at: the list of frames, the protocol tree and the bytes of the chosen one, what was found in it.

The list is there as fast as the file can be read; what only tshark knows comes behind, in threads. Everything ends with the screen:
no tshark and no temporary file outlives it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Input

from tshoot.packets.browse.browsing import Browsing
from tshoot.tui.screens.help import Help
from tshoot.tui.screens.running.fitted import FittedScreen
from tshoot.tui.widgets.packets.bar import FilterBar
from tshoot.tui.widgets.packets.findings import FindingList
from tshoot.tui.widgets.packets.hex import HexView
from tshoot.tui.widgets.packets.list import FrameList
from tshoot.tui.widgets.packets.outside import copy_summary, open_outside
from tshoot.tui.widgets.packets.panes import Panes
from tshoot.tui.widgets.packets.reading import Reading
from tshoot.tui.widgets.packets.sifting import Sifting
from tshoot.tui.widgets.packets.tasks import Tasks, TaskTold
from tshoot.tui.widgets.packets.telling import field_of, summary_of
from tshoot.tui.widgets.packets.tree import PacketTree
from tshoot.tui.widgets.static import Static
from tshoot.tui.widgets.status.header import Header

if TYPE_CHECKING:
    from tshoot.packets.analysis import Analysis
    from tshoot.packets.browse.stream import Stream
    from tshoot.tui.app import TshootApp


_PANES = {"frames": "Frames", "tree": "Protocol tree", "hex": "Bytes", "findings": "Findings"}  # as the palette names them


class PacketsScreen(FittedScreen):
    """`frames` come marked, `display_filter` is applied once the file has been read; an `analysis` that there is need not be made again."""

    app: TshootApp

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own HELP is Markdown
        "Packets": {
            "1 2 3 4, tab": "frames, protocol tree, bytes, findings",
            "/": "display filter; it is checked while you type",
            "m": "mark the frame, or take the mark away",
            "n N": "the next frame that is marked or cited, the one before",
            "p": "proof only: the marked frames and those that findings cite",
            "f": "follow the stream of this frame",
            "a": "judge this capture",
            "t": "another kind of time",
            "y": "copy the frame as one line",
            "w": "open in Wireshark, or in termshark",
            "escape": "stop a filter that still runs, else leave",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, and the focus set at once: over a slow line the keys that follow come in the same breath, and belong to the field.
        Binding("slash", "filter", "Filter", key_display="/", priority=True),
        *(Binding(str(number), f"pane('{pane}')", word, show=False) for number, (pane, word) in enumerate(_PANES.items(), 1)),
        Binding("m", "mark", "Mark"),
        Binding("n", "next_mark(1)", "Next"),
        Binding("N", "next_mark(-1)", "Previous", show=False),
        Binding("p", "proof", "Proof"),
        Binding("f", "follow", "Follow"),
        Binding("w", "outside", "Open"),
        Binding("colon", "go_to", "Go to", key_display=":", show=False, priority=True),
        Binding("t", "clock", "Time", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("a", "judge", "Judge", show=False),
        Binding("tab", "next_pane(1)", "Next pane", show=False),
        Binding("shift+tab", "next_pane(-1)", "Previous pane", show=False),
        Binding("f1,question_mark", "help", "Help", key_display="F1"),
        Binding("q", "leave", "Leave"),
        Binding("escape", "escape", "Leave", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (190, "-broad")]  # noqa: RUF012  (Textual's own form)

    def __init__(self, path: Path, title: str, frames: Iterable[int] = (), display_filter: str = "", analysis: Analysis | None = None) -> None:
        super().__init__()
        self.browsing = Browsing(path)
        self.tasks = Tasks(self)
        self._place = title
        self.panes = Panes(self)
        self.reading = Reading(self, sorted(set(frames)), analysis)
        self.sifting = Sifting(self, display_filter)

    def compose(self) -> ComposeResult:
        yield Header(self._place)
        yield FilterBar()
        yield FrameList(self.browsing.rows, id="frames")
        yield Static("", id="chosen", markup=False)
        yield Static("", id="packet-tabs", markup=False)
        with Horizontal(id="packet-panes"):
            yield PacketTree(id="tree")
            yield HexView(id="hex")
            yield FindingList(id="findings")
        yield Static("", id="packet-field", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_focus(self.frames)
        self.panes.show("tree")
        self.reading.begin()

    def on_unmount(self) -> None:
        self.browsing.close()
        self.tasks.close()

    def on_task_told(self, message: TaskTold) -> None:
        if self.is_mounted:
            message.show()

    @property
    def frames(self) -> FrameList:
        return self.query_one(FrameList)

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    def show_state(self) -> None:
        """How many frames there are, and which of them are shown."""
        text, style = self.sifting.state()
        self.query_one(Header).show_state(text, style)

    # --- the chosen frame ---

    def on_frame_list_moved(self, message: FrameList.Moved) -> None:
        self.show_chosen(message.number)
        self.reading.look_at(message.number)

    def show_chosen(self, number: int) -> None:
        rows = self.browsing.rows([number]) if number else []
        text = summary_of(rows[0], self.reading.first_time) if rows else "no frame is shown"
        self.query_one("#chosen", Static).update(Content(text))

    def on_packet_tree_moved(self, message: PacketTree.Moved) -> None:
        tree, text, place = self.query_one(PacketTree).tree_shown, "", None
        if tree and message.index >= 0:
            place = tree.place(message.index, self.browsing.packet(tree.number))
            text = field_of(tree, message.index, place)
        self.query_one(HexView).mark(place)
        self.query_one("#packet-field", Static).update(Content(text))

    def on_finding_list_frame(self, message: FindingList.Frame) -> None:
        self.sifting.go_to(message.number)

    def next_actions(self) -> tuple[str, ...]:
        return ("filter",)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed the footer tells no keys that would be typed, too."""
        return not isinstance(self.focused, Input) or action == "help"

    # --- panes ---

    def action_pane(self, pane: str) -> None:
        self.panes.show(pane)
        self.set_focus(self.query_one(f"#{pane}"))

    def action_next_pane(self, step: int) -> None:
        self.action_pane(self.panes.next(self.focused.id if self.focused else None, step))

    # --- filter, marks, proof ---

    def action_filter(self) -> None:
        self.bar.type_filter()

    def action_go_to(self) -> None:
        self.bar.type_number()

    def on_filter_bar_left(self) -> None:
        self.set_focus(self.frames)

    def on_filter_bar_typed(self, message: FilterBar.Typed) -> None:
        self.sifting.check(message.expression)

    def on_filter_bar_entered(self, message: FilterBar.Entered) -> None:
        self.sifting.apply(message.expression)

    def on_filter_bar_frame(self, message: FilterBar.Frame) -> None:
        self.sifting.go_to(message.number)

    def action_mark(self) -> None:
        self.sifting.mark()

    def action_next_mark(self, step: int) -> None:
        self.sifting.next_mark(step)

    def action_proof(self) -> None:
        self.sifting.proof()

    def action_clock(self) -> None:
        self.frames.next_clock()

    def action_leave(self) -> None:
        self.app.action_leave_screen()

    def action_escape(self) -> None:
        if not self.sifting.stop():
            self.app.action_leave_screen()

    # --- more of the chosen frame ---

    def action_judge(self) -> None:
        self.reading.judge()

    def action_follow(self) -> None:
        number = self.frames.chosen
        if number:
            self.say(f"following the stream of frame {number} …")
            self.tasks.start("follow", lambda token, tell: self.browsing.follow(number, token), self._followed, self.reading.told_failed)

    def _followed(self, stream: Stream) -> None:
        from tshoot.tui.screens.stream import StreamScreen

        self.say("")
        self.app.push_screen(StreamScreen(stream))

    def action_outside(self) -> None:
        open_outside(self, self.frames.chosen, self.bar.applied)

    def action_copy(self) -> None:
        if self.frames.chosen:
            copy_summary(self, summary_of(self.browsing.rows([self.frames.chosen])[0], self.reading.first_time))

    def say(self, text: str, style: str = "") -> None:
        """One line where the eye is: below the filter."""
        self.bar.say(text, style)

    def action_help(self) -> None:
        self.app.push_screen(Help())
