"""What is pasted is text: an escape sequence in it is dropped before Textual reads it.

Textual looks for keys also between the marks of a paste (`ESC [200~`, `ESC [201~`): of an escape sequence that it does not know it makes keys, and so
of all that follows, which may then leave the program. Some terminals take such sequences out of a paste, others (tmux 3.3) do not.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.message import Message

from tshoot.model.text import clean

_BEGINS, _ENDS = "\x1b[200~", "\x1b[201~"
_MOST = 1 << 20  # characters of one paste
_PATIENCE = 3.0  # seconds of silence after which a paste is taken for whole: else no key would be heard any more


class PastingParser(XTermParser):
    """The parser of a terminal's input. The text of a paste is given on clean, when its end has come."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: str | None = None  # since its beginning; None: outside
        self._heard = 0.0
        self._before = ""  # what was given on last: a mark may come in two pieces

    def feed(self, data: str) -> Iterable[Message]:
        if not data:  # the end
            return super().feed(data)
        self._heard = time.monotonic()
        given = self._given(data)
        return super().feed(given) if given else ()

    def tick(self) -> Iterable[Message]:
        if self._pasted is not None and time.monotonic() - self._heard > _PATIENCE:
            yield from super().feed(self._whole(self._pasted))
        yield from super().tick()

    def _whole(self, text: str) -> str:
        """A paste that has ended, with its mark; its lines end as they come from a terminal."""
        self._pasted = None
        return clean(text.replace("\r\n", "\n").replace("\r", "\n"))[:_MOST] + _ENDS

    def _given(self, data: str) -> str:
        given = []
        while data:
            if self._pasted is None:
                seen = self._before + data
                at = seen.find(_BEGINS)
                here, data = (seen[: at + len(_BEGINS)], seen[at + len(_BEGINS) :]) if at >= 0 else (seen, "")
                given.append(here[len(self._before) :])
                self._before = here[1 - len(_BEGINS) :] if at < 0 else ""
                self._pasted = "" if at >= 0 else None
            else:
                text, mark, data = (self._pasted + data).partition(_ENDS)
                if mark:
                    given.append(self._whole(text))
                else:
                    self._pasted = text if len(text) <= _MOST else text[:_MOST] + text[-len(_ENDS) :]  # whose end may be a part of the mark
        return "".join(given)


def guard_pastes() -> None:
    """For every driver that Textual has loaded, or loads later: they have no other place where their parser is named."""
    import textual._xterm_parser as parser

    parser.XTermParser = PastingParser  # type: ignore[misc]
    for name, module in list(sys.modules.items()):
        if name.startswith("textual.drivers.") and hasattr(module, "XTermParser"):
            module.XTermParser = PastingParser  # type: ignore[attr-defined]
