"""A session as an asciicast v2 recording (https://docs.asciinema.org/manual/asciicast/v2/): the plain transcript in its own time.

A header line, then one JSON array an event: output ("o") or marker ("m"): the players' chapters, one a node, decision, note and verdict.
What is shown is the transcript, which is clean: of control characters there are only our own line ends. An idle time is cut to `idle` seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tshoot.model.events import DecisionTaken, EffectRequested, Event, FixVerified, NoteAdded, RunStarted, VerdictReached
from tshoot.session.report.text import line, output_line
from tshoot.session.transcript import Transcript

WIDTH, HEIGHT = 110, 32
IDLE = 2.0  # seconds
MOST_LINES = 40  # of one output


def cast_lines(title: str, started: float, events: Iterable[Event], idle: float = IDLE) -> Iterator[str]:
    """Each line of the file, without its newline. `idle` is the longest pause in seconds, 0 for none at all."""
    header = {
        "version": 2,
        "width": WIDTH,
        "height": HEIGHT,
        "timestamp": int(max(started, 0)),
        "title": line(title),
        "env": {"TERM": "xterm-256color"},
    }
    yield json.dumps(header)
    transcript, chapters = Transcript(MOST_LINES), _Chapters()
    at, before = 0.0, None
    for event in events:
        at += min(max(event.at - before, 0.0), idle) if before is not None else 0.0
        before = event.at if before is None else max(event.at, before)
        for chapter in chapters.of(event):
            yield _event(at, "m", chapter)
        shown = "".join(f"{output_line(text)}\r\n" for text in transcript.lines(event))
        if shown:
            yield _event(at, "o", shown)


class _Chapters:
    def __init__(self) -> None:
        self._node = ""

    def of(self, event: Event) -> Iterator[str]:
        """At most one: a node where it begins, what was decided, what was noted, the verdict."""
        match event:
            case RunStarted():
                yield f"start: {line(event.playbook)}"
            case EffectRequested(effect=effect) if effect.node != self._node:
                self._node = effect.node
                yield line(effect.node, 80)
            case DecisionTaken(decision=decision):
                yield line(f"{decision.node} -> {decision.leads_to or 'no branch applied'}", 80)
            case NoteAdded():
                yield line(f"note by {event.author}: {event.text}", 80)
            case VerdictReached(verdict=verdict):
                yield line(" ".join(filter(None, ("verdict:", verdict.kind, verdict.cause))), 80)
            case FixVerified(verification=verification):
                yield line(f"verification: {verification.outcome}", 80)


def _event(at: float, code: str, data: str) -> str:
    return json.dumps([round(at, 6), code, data])
