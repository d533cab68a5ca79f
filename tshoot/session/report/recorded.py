"""The events of a session for a report, cheaply: raw bytes stay on the disk, and where they would be stands their name.

An output of 100 MB costs nothing then. `Piece.of` tells a name from bytes; `Outputs` fetches what is really shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tshoot.errors import SessionError
from tshoot.model.events import Event
from tshoot.model.text import decode
from tshoot.session.evidence import Evidence
from tshoot.session.read import EVIDENCE, read_lines

MOST_BYTES = 32 << 20  # of an output of which lines are shown
_KEPT = 4  # outputs in memory at a time


@dataclass(frozen=True, slots=True)
class Piece:
    """The name of raw bytes in the session's evidence; without a hash where there were none."""

    sha256: str = ""
    size: int = 0

    @classmethod
    def of(cls, stream: bytes) -> Piece:
        """What `events` put in the place of raw bytes."""
        sha256, _, size = stream.decode("ascii", "replace").rpartition(" ")
        return cls(sha256, int(size)) if sha256 else cls()


def events(folder: Path) -> Iterator[Event]:
    """As `read_events`, but each raw stream is its `Piece`. SessionError where the log is broken."""
    for _, line in read_lines(folder, lambda sha256, size: f"{sha256} {size}".encode("ascii", "replace")):
        if line.event is not None:
            yield line.event


class Outputs:
    """What devices printed, line by line, as the parsers saw it; the latest few are kept."""

    def __init__(self, folder: Path) -> None:
        self._evidence = Evidence(folder / EVIDENCE)
        self._sizes: dict[str, int] = {}
        self._lines: dict[str, list[str]] = {}

    def note(self, piece: Piece) -> None:
        """Remember the size of that piece: a citation has the hash alone."""
        if piece.sha256:
            self._sizes[piece.sha256] = piece.size

    def lines(self, sha256: str) -> list[str]:
        """All lines, clean, the first at index 0. SessionError where the bytes are missing, were changed or are too many."""
        if sha256 not in self._lines:
            size = self._sizes.get(sha256, -1)
            if size < 0:
                raise SessionError("the log names no output with that hash", "`tshoot sessions verify` says what was altered")
            if size > MOST_BYTES:
                raise SessionError(
                    f"the output has {size:,} bytes: too many to show a part of it with its numbers", "it is in the session's evidence"
                )
            while len(self._lines) >= _KEPT:
                del self._lines[next(iter(self._lines))]
            self._lines[sha256] = decode(self._evidence.read(sha256, size)).split("\n")
        return self._lines[sha256]
