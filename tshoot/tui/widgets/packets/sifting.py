"""Which frames the packets screen shows: all, those that match a display filter, those that prove something; and the way between marks."""

from __future__ import annotations

import time
from array import array
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.errors import TshootError, UsageError
from tshoot.packets.browse.shown import Shown
from tshoot.tui.widgets.packets.tasks import Tell
from tshoot.tui.widgets.packets.telling import proof_of

if TYPE_CHECKING:
    from tshoot.tui.screens.packets import PacketsScreen

_TOLD_EVERY = 0.3  # seconds between two pieces of a filter's result


class Sifting:
    """`display_filter` is applied by `begin`."""

    def __init__(self, screen: PacketsScreen, display_filter: str) -> None:
        self._screen, self._browsing, self._tasks = screen, screen.browsing, screen.tasks
        self._wanted = display_filter
        self._matched: array[int] | None = None  # None: no filter
        self._proof_only = False
        self._stopped = False

    def begin(self) -> None:
        """The file has been read."""
        if self._wanted:
            self._screen.bar.put(self._wanted)
            self.apply(self._wanted)

    # --- what is shown ---

    def show(self, keep: int) -> None:
        """Show what is to be shown, the cursor on frame `keep` or the next one."""
        columns = self._browsing.columns
        shown = Shown(columns.count, self._matched)
        if self._proof_only:
            shown = shown.within(self._proof())
        times = (int(columns.times[0]), int(columns.times[columns.count - 1])) if columns.count else (0, 0)
        self._screen.frames.show(shown, *times, columns.has_ipv6, keep)
        self._screen.show_state()

    def state(self) -> tuple[str, str]:
        """What the top line says, and its style."""
        reading, shown = self._screen.reading, self._screen.frames.shown
        if not reading.opened:
            return (f"reading, {shown.count:,} frames so far", "warn") if self._tasks.running("open") else ("✗ not readable", "bad")
        parts = [f"{shown.count:,} frames" if shown.everything else f"{len(shown):,} of {shown.count:,} frames"]
        if self._tasks.running("filter"):
            share = self._browsing.share()
            parts.append("filter runs" + (f" {share:.0%}" if share is not None else "") + ", escape stops it")
        parts += ["filter stopped"] * self._stopped + ["proof only"] * self._proof_only
        return ", ".join(parts), "warn" if self._stopped or self._tasks.running("filter") else "accent" if len(parts) > 1 else ""

    def _proof(self) -> set[int]:
        return proof_of(self._screen.reading.analysis, self._screen.frames.marks)

    def proof_changed(self) -> None:
        if self._proof_only:
            self.show(self._screen.frames.chosen)

    # --- display filter ---

    def check(self, expression: str) -> None:
        """Say whether tshark understands what was typed so far."""
        if not expression:
            return
        self._screen.say("… checking")
        self._tasks.start("check", lambda token, tell: self._browsing.problem(expression, token), self._checked, self._screen.reading.told_failed)

    def _checked(self, problem: str) -> None:
        self._screen.say(f"✗ {problem}" if problem else "✓ tshark understands it; enter applies it", "bad" if problem else "good")

    def apply(self, expression: str) -> None:
        """Show the frames that match; "": all."""
        self._tasks.cancel("check")
        self._tasks.cancel("filter")
        if not expression:
            self._valid("")
            self._matched = None
            self.show(self._screen.frames.chosen)
        elif not self._screen.reading.opened:
            self._screen.say("! the file is still being read; apply it when all frames are listed", "warn")
        else:
            self._screen.say("… checking")
            chosen = self._screen.frames.chosen
            self._tasks.start("filter", lambda token, tell: self._filtered(expression, chosen, token, tell), self._done, self._refused)

    def _filtered(self, expression: str, chosen: int, token: CancelToken, tell: Tell) -> tuple[array[int], int]:
        """Runs in a thread."""
        if problem := self._browsing.problem(expression, token):
            raise UsageError(problem)
        tell(lambda: self._valid(expression))
        found, last = array("i"), time.monotonic()
        for piece in self._browsing.matching(expression, token):
            found.extend(piece)
            if time.monotonic() - last > _TOLD_EVERY:
                last = time.monotonic()
                so_far = found[:]
                tell(lambda so_far=so_far: self._put(so_far, chosen))  # type: ignore[misc]
        return found, chosen

    def _valid(self, expression: str) -> None:
        self._stopped = False
        self._screen.bar.put(expression)
        self._screen.say("")
        self._screen.set_focus(self._screen.frames)
        self._screen.show_state()

    def _put(self, found: array[int], chosen: int) -> None:
        self._matched = found
        self.show(self._screen.frames.chosen or chosen)

    def _done(self, result: tuple[array[int], int]) -> None:
        self._put(*result)
        if not len(self._screen.frames.shown):
            self._screen.say("no frame matches; / and enter on an empty filter shows all", "warn")

    def _refused(self, error: TshootError) -> None:
        self._screen.say(f"✗ {error.message}" + (f": {error.hint}" if error.hint else ""), "bad")
        self._screen.show_state()

    def stop(self) -> bool:
        """Stop a filter that still runs; False where none does."""
        if not self._tasks.running("filter"):
            return False
        self._tasks.cancel("filter")
        self._stopped = self._matched is not None
        self._screen.say("the filter was stopped: what it found until then is shown" if self._stopped else "the filter was stopped", "warn")
        self._screen.show_state()
        return True

    # --- marks ---

    def mark(self) -> None:
        frames = self._screen.frames
        if frames.chosen:
            frames.marks ^= {frames.chosen}
            frames.refresh()
            frames.action_move(1)

    def next_mark(self, step: int) -> None:
        frames = self._screen.frames
        if number := frames.shown.next(frames.chosen, self._proof(), step):
            frames.go_to(number)
        else:
            self._screen.say("no frame is marked (m marks one) and none is cited by a finding, among those shown", "warn")

    def proof(self) -> None:
        if not self._proof_only and not self._proof():
            self._screen.say("nothing proves anything here: no finding cites a frame, none is marked (m marks one)", "warn")
            return
        self._proof_only = not self._proof_only
        self.show(self._screen.frames.chosen)

    def go_to(self, number: int) -> None:
        """To frame `number`; where it is hidden, all frames are shown again."""
        frames = self._screen.frames
        if not 1 <= number <= frames.shown.count:
            self._screen.say(f"there is no frame {number:,}: the last one is {frames.shown.count:,}", "warn")
            return
        if not frames.shown.has(number):
            self._screen.say(f"frame {number} was hidden: all frames are shown again", "warn")
            self._proof_only, self._matched, self._stopped = False, None, False
            self._tasks.cancel("filter")
            self._screen.bar.put("")
            self.show(number)
        frames.go_to(number)
