"""What `analyze` found in this capture; Enter goes to the frames that prove it, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tshoot.model.findings import Finding
from tshoot.model.text import clean_line

_SIGNS = {"fault": "✗ fault", "warning": "! warning", "note": "· note"}
_MOST = 200


class FindingList(OptionList):
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own HELP is Markdown
        "Findings": {"j k, ↓ ↑": "the next finding, the one before", "enter": "to its first frame, again: to its next one", "a": "judge this capture"}
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "To its frames"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]

    class Frame(Message):
        """A frame that a finding cites."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._findings: tuple[Finding, ...] = ()
        self._visited: dict[int, int] = {}

    def say(self, text: str) -> None:
        """There is nothing to choose: why."""
        self._findings = ()
        self.clear_options()
        self.add_option(Option(Content(clean_line(text)), disabled=True))

    def show(self, verdict: str, findings: Sequence[Finding]) -> None:
        """`verdict` is one line about the capture as a whole."""
        self._findings, self._visited = tuple(findings[:_MOST]), {}
        self.clear_options()
        self.add_options([_option(finding) for finding in self._findings])
        more = f"; {len(findings) - _MOST} more findings" if len(findings) > _MOST else ""
        self.add_option(Option(Content.assemble((clean_line(verdict) + more, "dim")), disabled=True))
        self.highlighted = 0 if self._findings else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._findings) and (frames := self._findings[event.option_index].frames):
            at = self._visited.get(event.option_index, -1) + 1
            self._visited[event.option_index] = at % len(frames)
            self.post_message(self.Frame(frames[at % len(frames)]))


def _option(finding: Finding) -> Option:
    frames = ", ".join(map(str, finding.frames[:8])) + (f" and {len(finding.frames) - 8} more" if len(finding.frames) > 8 else "")
    return Option(
        Content.assemble(
            (_SIGNS[finding.severity], "bold"),
            "  ",
            (clean_line(finding.cause), "bold"),
            f"\n{clean_line(finding.explanation)[:300]}\n",
            (f"frames {frames}" if frames else "no frame shows it alone", "dim"),
        )
    )
