"""A fleet as plain lines: one for each target that has ended, and on a terminal, below them, what the others are doing right now. Not a verb.

The lines of those that ended scroll away as any output; what is under way fits the terminal, and a name is never cut: where it does not fit
its line it takes several.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tshoot.cli import diagnostics
from tshoot.cli.output import say
from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import EffectRequested, Event, MemberEnded, Progress, RunStarted
from tshoot.model.text import clean_line
from tshoot.session.fleet import member_words
from tshoot.session.prose import duration

_OFTEN = 0.1  # seconds between two pictures
_LEAST = 20  # columns for what a target is doing


class FleetView:
    """What `run_fleet` tells (`watch`), shown. Safe from any thread."""

    def __init__(self, hosts: tuple[str, ...], show_lines: bool = True) -> None:
        self._count, self._show_lines = len(hosts), show_lines
        self._doing: dict[str, str] = {}
        self._ended, self._faults = 0, 0
        self._lock = threading.RLock()
        self._asking, self._waiting = False, list[str]()
        self._drawn_at = 0.0
        self._widest = max((len(clean_line(host)) for host in hosts), default=0)

    def watch(self, host: str, event: Event | Progress) -> None:
        with self._lock:
            if isinstance(event, MemberEnded):
                self._doing.pop(host, None)
                self._ended += 1
                self._faults += event.kind == "fault"
                self._say(event)
            elif said := doing(event):
                self._doing[host] = said
                self._draw()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While somebody is asked nothing is drawn; lines of targets that end meanwhile come after the answer."""
        with self._lock:
            diagnostics.clear_status()
            self._asking = True
        try:
            yield
        finally:
            with self._lock:
                self._asking = False
                if self._waiting:
                    say(*self._waiting)
                    self._waiting.clear()
                self._draw(at_once=True)

    def close(self) -> None:
        with self._lock:
            diagnostics.clear_status()

    def _say(self, event: MemberEnded) -> None:
        took = "" if event.state == "not-run" else f"  {duration(event.seconds)}"
        text = f"{clean_line(event.host):<{min(self._widest, 40)}}{took}  {member_words(event)}"
        if not self._show_lines:
            self._draw(at_once=True)
        elif self._asking:
            self._waiting.append(text)
        else:
            diagnostics.clear_status()
            say(text)
            self._draw(at_once=True)

    def _draw(self, at_once: bool = False) -> None:
        now = time.monotonic()
        if self._asking or not diagnostics.can_overwrite() or (not at_once and now - self._drawn_at < _OFTEN):
            return
        self._drawn_at = now
        if self._ended < self._count:
            diagnostics.status(*self.picture(*shutil.get_terminal_size((80, 24))))

    def picture(self, columns: int, rows: int) -> list[str]:
        """What is under way, as lines that fit a terminal of that size; the counts last."""
        faults = f", {self._faults} with a fault" if self._faults else ""
        counts = f"{self._ended} of {self._count} ended{faults}, {len(self._doing)} under way"
        room, lines = max(1, rows - 2), list[str]()
        for number, (host, said) in enumerate(self._doing.items()):
            one = _fitted(clean_line(host), said, min(self._widest, 40), columns - 1)
            if len(lines) + len(one) > room:
                return [*lines, f"{counts}, {len(self._doing) - number} of them not shown"[: columns - 1]]
            lines += one
        return [*lines, counts[: columns - 1]]


def _fitted(name: str, said: str, widest: int, columns: int) -> list[str]:
    """`name  what it does` in one line, what it does cut; in several where the name needs them."""
    if len(name) + 2 + _LEAST <= columns:
        return [f"{name:<{min(widest, columns - 2 - _LEAST)}}  {said}"[:columns]]
    columns = max(columns, 1)
    return [*(name[at : at + columns] for at in range(0, len(name), columns)), f"  {said}"[:columns]]


def doing(event: Event | Progress) -> str:
    """What a target is doing, from what its run tells; "" where that says nothing new."""
    if isinstance(event, Progress):
        return "" if event.output else clean_line(event.text)
    if isinstance(event, RunStarted):
        return "begins"
    return _asked(event.effect) if isinstance(event, EffectRequested) else ""


def _asked(effect: Effect) -> str:
    match effect:
        case RunCommand():
            return clean_line(f"{effect.target} $ {effect.command}")
        case StartCapture():
            return clean_line(f"{effect.target}: captures on {effect.interface}")
        case StopCapture():
            return clean_line(f"{effect.target}: fetches the capture")
        case Decode():
            return "decodes the capture"
        case AskOperator():
            return clean_line(f"asks: {effect.question}")
        case Wait():
            return f"waits {duration(effect.seconds)}"
