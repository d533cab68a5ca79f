"""One command of a recording: who was asked what and when, and every line of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.transcripts.text import TextLine


@dataclass(frozen=True, slots=True)
class Typed:
    """`command` is "" for text that no prompt stands before; `line` is that of the prompt, 0 without one. `lines` are the answer.

    `at` and `until` are when it was typed and when the answer was complete, seconds since the epoch, None where nothing tells. `zoned`: the clock
    that told `at` named its zone; otherwise the time of that clock is given as if it were UTC.
    """

    host: str
    kind: str
    command: str
    line: int
    lines: tuple[TextLine, ...]
    at: float | None = None
    until: float | None = None
    zoned: bool = False

    @property
    def text(self) -> str:
        return "".join(f"{line.text}\n" for line in self.lines)
