"""A stream, followed: what both ends said, as text or as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from tshoot.packets.browse.stream import Stream
from tshoot.tui.lines import BLANK, Line, line, output_line, span
from tshoot.tui.ways_out import leaving
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.status.header import Header

_MOST_LINES = 20_000
_SIGNS = (("→ ", "accent"), ("← ", "good"))


class StreamScreen(Screen[None]):
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own HELP is Markdown
        "Stream": {"x": "as text, or as bytes", "→ ←": "who said it, by the two ends above", "q, escape": "back to the packets"}
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "bytes", "Text or bytes"),
        *leaving("dismiss", "Back"),
    ]

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream, self._bytes = stream, False

    def compose(self) -> ComposeResult:
        yield Header(f"{self._stream.kind} stream: {self._stream.ends[0]} → {self._stream.ends[1]}")
        yield LinesView(id="stream")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show()
        self.query_one(LinesView).focus()

    def action_bytes(self) -> None:
        self._bytes = not self._bytes
        self._show()

    def _show(self) -> None:
        self.query_one(Header).show_state("as bytes" if self._bytes else "as text")
        view = self.query_one(LinesView)
        view.put("stream", stream_lines(self._stream, self._bytes))
        view.scroll_home(animate=False)


def stream_lines(stream: Stream, as_bytes: bool) -> list[Line]:
    """The stream as at most `_MOST_LINES` lines; whatever is no printable text is shown as a dot."""
    lines = [
        line(("→ ", "accent"), span(stream.ends[0], "strong"), (" said;  ", "dim"), ("← ", "good"), span(stream.ends[1], "strong"), (" said", "dim"))
    ]
    lines += [line(("! ", "warn"), span(stream.remark, "warn"), hang=2)] if stream.remark else []
    lines += [line(span(f"Display filter: {stream.display_filter}", "dim"))] if stream.display_filter else []
    lines.append(BLANK)
    if not stream.said:
        lines.append(line(("neither end said anything", "dim")))
    for made in _said(stream, as_bytes):
        if len(lines) >= _MOST_LINES:
            lines.append(line((f"! only the first {_MOST_LINES:,} lines are shown", "warn")))
            break
        lines.append(made)
    return lines


def _said(stream: Stream, as_bytes: bool) -> Iterator[Line]:
    offsets = [0, 0]
    for piece in stream.said:
        sign = _SIGNS[piece.by]
        if not as_bytes:
            for text in piece.data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
                yield Line((sign, *output_line(_printable(text)).spans), hang=2)
            continue
        for start in range(0, len(piece.data), 16):
            row = piece.data[start : start + 16]
            shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row)
            yield Line((sign, (f"{offsets[piece.by] + start:08x}  ", "dim"), (f"{row.hex(' '):<49}", ""), (shown, "")), whole=True)
        offsets[piece.by] += len(piece.data)


def _printable(text: str) -> str:
    return "".join(one if (one.isprintable() and one != "\ufffd") or one == "\t" else "·" for one in text)
