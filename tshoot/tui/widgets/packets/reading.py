"""What the packets screen learns in threads: the frames of the file, tshark's columns, the tree of the chosen frame, the findings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.timer import Timer

from tshoot.cancel import CancelToken
from tshoot.errors import MissingProgram, TshootError
from tshoot.model.text import clean_line
from tshoot.packets.analysis import Analysis, analyze_capture
from tshoot.packets.browse.tree import Tree
from tshoot.tui.widgets.packets.findings import FindingList
from tshoot.tui.widgets.packets.hex import HexView
from tshoot.tui.widgets.packets.tasks import Tell
from tshoot.tui.widgets.packets.telling import cited_frames, verdict_line
from tshoot.tui.widgets.packets.tree import PacketTree

if TYPE_CHECKING:
    from tshoot.tui.screens.packets import PacketsScreen

_GROWS = 0.25  # seconds between two looks at a list that still grows
_STILL = 0.08  # seconds that the cursor must stand before tshark is asked


class Reading:
    def __init__(self, screen: PacketsScreen, marked: list[int], analysis: Analysis | None) -> None:
        self._screen, self._browsing, self._tasks = screen, screen.browsing, screen.tasks
        self._marked, self.analysis = marked, analysis
        self._growing: Timer | None = None
        self._waiting: Timer | None = None
        self._shown = 0
        self.opened = False

    @property
    def first_time(self) -> int:
        return int(self._browsing.columns.times[0]) if self._browsing.columns.count else 0

    # --- the file ---

    def begin(self) -> None:
        self._screen.frames.marks |= set(self._marked)
        self._screen.show_state()
        self._growing = self._screen.set_interval(_GROWS, self._grown)
        self._tasks.start("open", lambda token, tell: self._browsing.open(), self._opened, self._unreadable)

    def _grown(self) -> None:
        if self._browsing.columns.count and self._screen.is_mounted:
            self._screen.sifting.show(keep=self._screen.frames.chosen)

    def _unreadable(self, error: TshootError) -> None:
        self._stop_growing()
        self._screen.show_state()
        self.told_failed(error)
        self._screen.query_one(FindingList).say("nothing was read")

    def _stop_growing(self) -> None:
        if self._growing:
            self._growing.stop()

    def _opened(self, _: None) -> None:
        self._stop_growing()
        self.opened = True
        screen = self._screen
        self._shown = 0
        screen.sifting.show(keep=self._marked[0] if self._marked else max(screen.frames.chosen, 1))
        if self._browsing.remark:
            screen.say(f"! {self._browsing.remark}", "warn")
        if not self._browsing.tsharks.program:
            screen.say("! tshark is not installed here: list and bytes alone, by what the headers say. apt-get install tshark", "warn")
        screen.sifting.begin()
        if self.analysis:
            self._judged(self.analysis)
        elif not self._browsing.small:
            screen.query_one(FindingList).say("a judges this capture, which reads it once more")
        if self._browsing.small and self._browsing.tsharks.program:
            self._tasks.start("tell", self._tell_all, lambda _: self._told_all(), self._not_told)
        elif self._browsing.small:
            self._judge_unasked()

    def _told_all(self) -> None:
        self._told()
        self._judge_unasked()

    def _not_told(self, error: TshootError) -> None:
        self.told_failed(error)
        self._judge_unasked()

    def _judge_unasked(self) -> None:
        """After the columns: both at once would only make the screen wait."""
        if not self.analysis:
            self.judge()

    # --- tshark's columns ---

    def _tell_all(self, token: CancelToken, tell: Tell) -> None:
        for _ in self._browsing.tell(None, token):
            tell(self._told)

    def _told(self) -> None:
        self._screen.frames.tell_anew()
        self._screen.show_chosen(self._screen.frames.chosen)

    # --- the chosen frame ---

    def look_at(self, number: int) -> None:
        """Show the bytes of frame `number` at once, its tree when the cursor stands still."""
        if number == self._shown:
            self._wait()
            return
        self._shown = number
        self._screen.query_one(HexView).show(self._browsing.packet(number) if number else b"")
        if not number or not self._browsing.decoded(number):
            self._screen.query_one(PacketTree).show(None, f"decoding frame {number} …" if number and self._browsing.tsharks.program else "")
        self._wait()

    def _wait(self) -> None:
        if self._waiting:
            self._waiting.stop()
        if self.opened:
            self._waiting = self._screen.set_timer(_STILL, self._stands)

    def _stands(self) -> None:
        number, tree = self._shown, self._screen.query_one(PacketTree).tree_shown
        if number and (tree is None or tree.number != number):
            self._tasks.start("tree", lambda token, tell: self._browsing.tree(number, token), self._have_tree, self._no_tree)
        if not self._browsing.small and self._browsing.tsharks.program and not self._tasks.running("tell"):
            numbers = list(self._screen.frames.in_sight())
            self._tasks.start(
                "tell", lambda token, tell: list(self._browsing.tell(numbers, token)), lambda _: self._told_some(numbers), self.told_failed
            )

    def _told_some(self, numbers: list[int]) -> None:
        self._told()
        if list(self._screen.frames.in_sight()) != numbers:  # it was scrolled meanwhile
            self._wait()

    def _have_tree(self, tree: Tree) -> None:
        if tree.number == self._shown:
            self._screen.query_one(PacketTree).show(tree, tree.remark)

    def _no_tree(self, error: TshootError) -> None:
        self._screen.query_one(PacketTree).show(None, clean_line(f"{error.message}; {error.hint}"))

    def told_failed(self, error: TshootError) -> None:
        self._screen.say(f"✗ {error.message}" + (f": {error.hint}" if error.hint else ""), "bad")

    # --- findings ---

    def judge(self) -> None:
        """Look for faults, as `tshoot analyze` does."""
        if self.opened and not self._tasks.running("judge"):
            self._screen.query_one(FindingList).say("the capture is being judged …")
            self._tasks.start("judge", self._analysis, self._judged, self._not_judged)

    def _analysis(self, token: CancelToken, tell: Tell) -> Analysis:
        last = 0.0

        def progress(what: str, share: float | None) -> None:
            nonlocal last
            if time.monotonic() - last > _GROWS:
                last = time.monotonic()
                done = f", {share:.0%}" if share is not None else ""
                tell(lambda: self._screen.query_one(FindingList).say(f"the capture is being judged: {what}{done}"))

        return analyze_capture(self._browsing.path, cancel=token, on_progress=progress)

    def _judged(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._screen.query_one(FindingList).show(verdict_line(analysis), analysis.findings)
        self._screen.panes.count_findings(len(analysis.findings))
        self._screen.frames.cited = cited_frames(analysis)
        self._screen.frames.refresh()
        self._screen.sifting.proof_changed()

    def _not_judged(self, error: TshootError) -> None:
        missing = " (tshark is missing)" if isinstance(error, MissingProgram) else ""
        self._screen.query_one(FindingList).say(f"the capture could not be judged{missing}: {error.message}. {error.hint}")
