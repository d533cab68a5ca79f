"""The bytes of the chosen frame, sixteen a row (eight where it is narrow), those of the chosen field turned dark on light."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.events import Resize

from tshoot.tui.lines import Span
from tshoot.tui.widgets.rows.cursor_rows import CursorRows

_WIDE = 74


class HexView(CursorRows):
    """Shows bytes as they were captured."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own HELP is Markdown
        "Bytes": {"j k, ↓ ↑": "move", "reversed": "the bytes of the field that is chosen in the tree", "·": "a byte that is no printable ASCII"}
    }

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._bytes = b""
        self._field = (0, 0)
        self._a_row = 16

    def show(self, data: bytes) -> None:
        self._bytes, self._field = data, (0, 0)
        self._lay_out()

    def mark(self, field: tuple[int, int] | None) -> None:
        """Mark the bytes from the first to the one before the second, and bring them into sight."""
        self._field = field or (0, 0)
        if field:
            self.choose(field[0] // self._a_row)
        self.refresh()

    @property
    def marked(self) -> bytes:
        """The bytes of the field."""
        return self._bytes[slice(*self._field)]

    @property
    def text(self) -> str:
        return "\n".join("".join(text for text, _ in self.spans(row)) for row in range(self._count))

    def on_resize(self, event: Resize) -> None:
        self._lay_out()
        super().on_resize(event)

    def _lay_out(self) -> None:
        self._a_row = 16 if self.size.width >= _WIDE or not self.size.width else 8
        self.show_rows(-(-len(self._bytes) // self._a_row), self._field[0] // self._a_row)

    def spans(self, row: int) -> Iterable[Span]:
        start = row * self._a_row
        piece = self._bytes[start : start + self._a_row]
        cells: list[Span] = [(f"{start:04x}  ", "dim")]
        for index in range(self._a_row):
            inside = self._field[0] <= start + index < self._field[1]
            cells.append((f"{piece[index]:02x}" if index < len(piece) else "  ", "field" if inside else ""))
            joined = inside and start + index + 1 < self._field[1] and index % 8 != 7
            cells.append((" " if index % 8 != 7 else "  ", "field" if joined else ""))
        for index, byte in enumerate(piece):
            cells.append((chr(byte) if 32 <= byte < 127 else "·", "field" if self._field[0] <= start + index < self._field[1] else ""))
        return cells
