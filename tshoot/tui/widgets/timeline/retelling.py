"""The picture of a recorded run after any number of its events, forwards and backwards, told by the same code as a live run.

Going back begins at a checkpoint: the story as it was there, and the lines of its regions (which are put anew, never changed). Of a log that is
longer than WINDOW the output begins that many events before the place; of what is earlier only path, evidence, notes and verdict are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tshoot.cancel import CancelToken
from tshoot.model.events import Event
from tshoot.model.verdicts import Verdict
from tshoot.session.positions import ANSWER, REQUEST, Positions
from tshoot.tui.lines import line
from tshoot.tui.rows import Rows, kept_of
from tshoot.tui.story import Change, Region, Story, UnderWay, recorded_playbook

WINDOW = 10_000  # events
_MOST_IN_SHORT = 5_000  # events before the window that are told
_APART = 4_000  # lines, about, from one checkpoint to the next
_EVENT = 20  # lines that an event counts for, so that many small ones make a checkpoint, too
_MOST_CHECKPOINTS = 64
_LEFT_OUT = "left-out"
T = TypeVar("T")
Lines = dict[tuple[Region, str], Rows]


@dataclass(frozen=True)
class _Checkpoint:
    at: int
    now: float
    story: Story
    lines: Lines


class Retelling:
    """`at` events are told; `now` is the recorded time of the last of them. For one thread."""

    def __init__(self, positions: Positions, cancel: CancelToken, window: int = WINDOW) -> None:
        self._positions, self._cancel, self._window = positions, cancel, window
        self.now = positions.times[0] if len(positions) else 0.0
        self.at = 0
        self._begin(0)

    @property
    def under_way(self) -> tuple[UnderWay, ...]:
        return self._story.under_way

    @property
    def verdict(self) -> Verdict | None:
        return self._story.verdict

    def go_to(self, place: int) -> tuple[bool, tuple[Change, ...]]:
        """Tell until `place` events are told. True and the whole picture, or False and what changes of it."""
        if self.at <= place <= min(self.at + self._window, self._first + 2 * self._window):
            return False, tuple(self._tell(place))
        if self._first <= place < self.at:
            self._return_to(max((point for point in self._checkpoints if point.at <= place), key=lambda point: point.at))
        else:
            self._begin(max(0, place - self._window))
        for _ in self._tell(place):
            pass
        return True, self.picture

    @property
    def picture(self) -> tuple[Change, ...]:
        """Everything that is shown now."""
        return tuple(Change(region, section, lines) for (region, section), lines in self._lines.items())

    # --- telling ---

    def _tell(self, place: int) -> Iterator[Change]:
        for number, event in self._positions.events(self.at, place):
            self._cancel.check()
            count = _EVENT
            for change in self._told(event):
                count += len(change.lines)
                self._put(change)
                yield change
            self.at = number + 1
            self._since += count
            if self._since >= _APART:
                self._remember()

    def _told(self, event: Event) -> Iterable[Change]:
        self.now = event.at
        return list(self._story.after(event))

    def _put(self, change: Change) -> None:
        place = (change.region, change.section)
        before = kept_of(self._lines.get(place, ())) if change.append else []
        self._lines[place] = Rows([*before, *kept_of(change.lines)])

    # --- where to begin ---

    def _begin(self, first: int) -> None:
        self._story = Story(lambda: self.now, recorded_playbook(self._positions.folder))
        self._lines: Lines = {}
        self._first = self.at = first
        self._checkpoints: list[_Checkpoint] = []
        if first:
            self._tell_in_short(first)
        self._remember()

    def _tell_in_short(self, first: int) -> None:
        """What more than the output tells of: decisions, failures, captures, notes, and the request with which a node begins."""
        kinds, enters = self._positions.kinds, {mark.event for mark in self._positions.of("node")}
        numbers = [number for number in range(first) if kinds[number] not in (REQUEST, ANSWER) or number in enters]
        left = f"… {first:,} earlier events: their output is shown where you go back to them"
        self._put(Change("output", _LEFT_OUT, [line((left, "dim"))]))
        for number in [*numbers[:1], *numbers[1:][-_MOST_IN_SHORT:]]:
            self._cancel.check()
            for _, event in self._positions.events(number, number + 1):
                for change in self._told(event):
                    if change.region != "output":
                        self._put(change)

    def _remember(self) -> None:
        self._since = 0
        self._checkpoints.append(_Checkpoint(self.at, self.now, self._twin(self._story), dict(self._lines)))
        if len(self._checkpoints) > _MOST_CHECKPOINTS:
            del self._checkpoints[1::2]

    def _return_to(self, point: _Checkpoint) -> None:
        self._story, self._lines = self._twin(point.story), dict(point.lines)
        self.at, self.now, self._since = point.at, point.now, 0
        self._checkpoints = [one for one in self._checkpoints if one.at <= point.at]

    def _twin(self, story: Story) -> Story:
        return _twin(story, {})


def _twin(value: T, known: dict[int, object]) -> T:
    """A copy that changes on its own: containers and telling objects anew, whatever is frozen as it is."""
    if id(value) in known:
        return known[id(value)]  # type: ignore[return-value]
    copy: object = value
    if isinstance(value, list):
        copy = known[id(value)] = list[object]()
        copy.extend(_twin(item, known) for item in value)
    elif isinstance(value, dict):
        copy = known[id(value)] = dict[object, object]()
        copy.update((key, _twin(item, known)) for key, item in value.items())
    elif isinstance(value, set):
        copy = set(value)
    elif isinstance(value, tuple) and type(value) is tuple:
        copy = tuple(_twin(item, known) for item in value)
    elif type(value).__module__.startswith("tshoot.tui.") and hasattr(value, "__dict__") and not _is_frozen(value) and not callable(value):
        copy = known[id(value)] = object.__new__(type(value))
        vars(copy).update((name, _twin(item, known)) for name, item in vars(value).items())
    return copy  # type: ignore[return-value]


def _is_frozen(value: object) -> bool:
    return bool(getattr(getattr(value, "__dataclass_params__", None), "frozen", False))
