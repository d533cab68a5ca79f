"""A run told for the screen: events in, changes of regions out. Live runs and replays are told by the same code.

Output that arrives while a command runs is shown at once and put anew, complete, when the command has ended:
so a replay, which has only the complete output, ends in the same picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tshoot.errors import TshootError
from tshoot.model.effects import Effect, StartCapture, StopCapture
from tshoot.model.events import EffectAnswered, EffectRequested, Event, Failed, Progress, RunEnded, VerdictReached
from tshoot.model.verdicts import Verdict
from tshoot.playbook.tree import Playbook
from tshoot.tui.lines import Line

Region = Literal["path", "output", "evidence", "verdict"]
REGIONS: tuple[Region, ...] = ("path", "output", "evidence", "verdict")


@dataclass(frozen=True, slots=True)
class Change:
    """`lines` are the whole of `section` in `region`, or come after what it has."""

    region: Region
    section: str
    lines: Sequence[Line]
    append: bool = False


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An effect that was requested and not answered, or a capture that runs on the target. `since` is of the story's clock.

    `unsent`: a command that nobody has agreed to yet; its time begins when somebody has.
    """

    effect: Effect
    since: float
    text: str = ""
    done: float | None = None
    total: float | None = None
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class Unsent:
    """Whether the command `key` waits for the operator's answer."""

    key: str
    waits: bool


@lru_cache(maxsize=8)
def recorded_playbook(folder: Path) -> Playbook | None:
    """The playbook that a session was run by, as it was then; None where it cannot be read (any more)."""
    from tshoot.playbook.loader import playbook_from_text
    from tshoot.session.read import read_header

    try:
        return playbook_from_text(read_header(folder).playbook_text, "playbook")
    except (TshootError, OSError, ValueError):
        return None


class Story:
    """Feed it every event and progress in order; safe from one thread at a time. `playbook` is the run's, where it is known."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, playbook: Playbook | None = None) -> None:
        from tshoot.tui.widgets.evidence.telling import EvidenceTelling
        from tshoot.tui.widgets.output.telling import OutputTelling
        from tshoot.tui.widgets.path.telling import PathTelling
        from tshoot.tui.widgets.verdict.telling import VerdictTelling

        self._clock = clock
        self._regions = (PathTelling(playbook), OutputTelling(), EvidenceTelling(), VerdictTelling())
        self._output = self._regions[1]
        self._under_way: dict[str, UnderWay] = {}
        self.verdict: Verdict | None = None

    def opened(self, folder: Path) -> None:
        """The session is in `folder`: its playbook shows what is ahead, too."""
        self._regions[0].playbook = recorded_playbook(folder)

    @property
    def under_way(self) -> tuple[UnderWay, ...]:
        return tuple(self._under_way.values())

    def after(self, event: Event | Progress | Unsent) -> Iterator[Change]:
        """What the event changes on the screen."""
        if isinstance(event, Unsent):
            if known := self._under_way.get(event.key):
                self._under_way[event.key] = replace(known, unsent=event.waits, since=self._clock())
            return
        if isinstance(event, Progress):
            self._progress(event)
            if event.output:
                yield from self._output.arrived(event.key, event.text, event.output)
            return
        self._note(event)
        for region in self._regions:
            yield from region.after(event)

    def _progress(self, progress: Progress) -> None:
        for key, known in self._under_way.items():
            if not progress.output and progress.key in {key, getattr(known.effect, "target", "")}:
                self._under_way[key] = replace(known, text=progress.text, done=progress.done, total=progress.total)

    def _note(self, event: Event) -> None:
        match event:
            case EffectRequested(effect=effect):
                if isinstance(effect, StopCapture):
                    self._under_way.pop(effect.capture, None)
                self._under_way[effect.key] = UnderWay(effect, self._clock())
            case EffectAnswered(key=key, outcome=outcome):
                asked = self._under_way.pop(key, None)
                if asked and isinstance(asked.effect, StartCapture) and not isinstance(outcome, Failed):
                    self._under_way[key] = UnderWay(asked.effect, self._clock(), "capturing")
            case VerdictReached(verdict=verdict):
                self.verdict = verdict
            case RunEnded():
                self._under_way.clear()
