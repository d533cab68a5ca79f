"""Two sessions side by side: each node with its sign, what was asked and read otherwise, where the ways part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from tshoot.errors import TshootError
from tshoot.model.verdicts import Decision
from tshoot.retrace.compare import Asked, Compared, Comparison, Differing, Side, compare
from tshoot.retrace.compare_text import SIGNS, conclusion
from tshoot.session.read import read_header
from tshoot.session.store import Session
from tshoot.tui.lines import BLANK, Line, line, output_line, span
from tshoot.tui.screens.help import Help
from tshoot.tui.ways_out import ways_out
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.sessions.rows import when
from tshoot.tui.widgets.status.header import Header

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp

_STYLES = {"=": "dim", "~": "", "!": "bad", "<": "warn", ">": "warn"}
_DIFF = {"-": "warn", "+": "accent", "…": "dim"}
_MOST_LINES = 200  # of one answer's difference


class CompareScreen(Screen[None]):
    app: TshootApp

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Two sessions": {
            "a b": "show the first, the second session",
            "d": "show or hide the nodes that are the same",
            "p": "where the ways part",
            "= ~ ! < >": "the same; the same decision on something else; another decision; in one of them only",
            "- +": "a line of the first, of the second session",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "part", "Parting"),
        Binding("d", "all", "Same ones"),
        Binding("a", "open(0)", "First"),
        Binding("b", "open(1)", "Second"),
        *ways_out("app.leave_screen"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)

    def __init__(self, first: Path, second: Path) -> None:
        super().__init__()
        self._folders = (first, second)
        self._comparison: Comparison | None = None

    def compose(self) -> ComposeResult:
        yield Header(f"{self._folders[0].name} and {self._folders[1].name}")
        yield LinesView(id="compared")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._view.put("compared", [line(("reading both sessions …", "dim"))])
        self._view.show_details(True)
        self._view.focus()
        self._read()

    @property
    def _view(self) -> LinesView:
        return self.query_one(LinesView)

    @work(thread=True, exit_on_error=False)
    def _read(self) -> None:
        try:
            comparison = compare(*(Session(folder, read_header(folder)) for folder in self._folders))
        except TshootError as error:
            self.app.call_from_thread(self._refused, error)
            return
        self.app.call_from_thread(self._have, comparison)

    def _refused(self, error: TshootError) -> None:
        if self.is_mounted:
            self._view.put("compared", [line(("! ", "bad"), span(error.message), hang=2), line(span(error.hint))])

    def _have(self, comparison: Comparison) -> None:
        if not self.is_mounted:
            return
        self._comparison = comparison
        self.query_one(Header).show_state("= the same" if comparison.same else "! different", "good" if comparison.same else "bad")
        self._view.apply((section, rows, False) for section, rows in sections(comparison))
        self._view.scroll_home(animate=False)

    # --- keys ---

    def action_all(self) -> None:
        self._view.show_details(not self._view.details)

    def action_part(self) -> None:
        """Bring the node where the ways part to the top."""
        if self._comparison is None or self._comparison.parting is None:
            self.notify("both took the same way", timeout=2)
            return
        at = self._comparison.parting
        rows = self._view.text.split("\n")
        names = (f"! {at.node}", f"< {at.node}", f"> {at.node}")
        row = next((number for number, text in enumerate(rows) if text.startswith(names)), 0)
        self._view.scroll_to(y=row, animate=False)

    def action_open(self, which: int) -> None:
        self.app.show_session(self._folders[which], self._folders[which].name)

    def action_help(self) -> None:
        self.app.push_screen(Help())


def sections(comparison: Comparison) -> Iterator[tuple[str, list[Line]]]:
    """(name, lines) of every part of the screen; nodes that are the same are details."""
    given = [*_differing("target", comparison.targets), *_differing("input", comparison.inputs)]
    sides = [_side("first ", comparison.first), _side("second", comparison.second)]
    yield "compared", [*sides, *given, BLANK, *_conclusion(comparison), BLANK]
    for number, node in enumerate(comparison.nodes):
        rows = list(_node(node))
        yield f"node {number}", [Line(row.spans, row.hang, True, row.whole) for row in rows] if node.sign == "=" else [*rows, BLANK]


def _side(which: str, side: Side) -> Line:
    verdict = f"{side.verdict.kind} {side.verdict.cause}".strip() if side.verdict else "no verdict"
    return line((f"{which}  ", "heading"), span(side.session, "strong"), ("  ", ""), (when(side.started), "dim"), ("  ", ""), span(verdict), hang=8)


def _conclusion(comparison: Comparison) -> Iterator[Line]:
    """Where the ways part, why, and whether the verdict is the same."""
    apart = comparison.parting
    if apart is not None:
        leads = _both(_led(apart.recorded), _led(apart.today))
        yield line(("the ways part at ", "strong"), span(apart.node, "strong"), ("  ", ""), *leads, hang=4)
        found = apart.difference
        if found is not None:
            came_to = [("  ", ""), *_both(found.recorded or None, found.today or None)] if found.recorded or found.today else []
            yield line(("  condition  ", "dim"), span(found.condition), *came_to, hang=4)
            if found.fact:
                values = _both(found.recorded_value or None, found.today_value or None)
                yield line(("  value      ", "dim"), span(found.fact), ("  ", ""), *values, hang=4)
    if comparison.first.playbook != comparison.second.playbook:
        yield line(("they are of different playbooks", "strong"))
    yield line(span(conclusion(comparison)[-1], "strong"), hang=2)


def _differing(kind: str, differing: tuple[Differing, ...]) -> Iterator[Line]:
    for one in differing:
        yield line((f"{kind} ", "dim"), span(one.name), ("  ", ""), *_both(one.first, one.second), hang=4)


def _both(first: str | None, second: str | None) -> list[tuple[str, str]]:
    return [span("-" if first is None else first, "warn", 200), (" | ", "dim"), span("-" if second is None else second, "accent", 200)]


def _node(node: Compared) -> Iterator[Line]:
    visit = [(f" (visit {node.attempt})", "dim")] if node.attempt != "1" else []
    first, second = _led(node.first), _led(node.second)
    leads = [span(first if first == second or node.sign == "<" else second if node.sign == ">" else f"{first} | {second}")]
    said = [("  " + SIGNS[node.sign], "dim")] if node.sign != "~" else []
    yield line((f"{node.sign} ", _STYLES[node.sign]), span(node.node, "strong"), *visit, ("  ", ""), *leads, *said, hang=4)
    for fact in node.facts if node.sign in "~!" else ():
        yield line(("    ", ""), span(fact.name, "dim"), ("  ", ""), *_both(fact.first, fact.second), hang=6)
    for asked in node.asked:
        if not asked.same:
            yield from _asked(asked, node.sign in "~!")


def _led(decision: Decision | None) -> str:
    return "not decided" if decision is None else f"→ {decision.leads_to or 'no branch applied'}"


def _asked(asked: Asked, compared: bool) -> Iterator[Line]:
    if not compared or asked.first == asked.second:
        yield line(("    $ ", "dim"), span(asked.first or asked.second or ""), hang=6)
    else:
        yield line(("    $ ", "dim"), *_both(asked.first, asked.second), hang=6)
    if not compared:
        return
    if any(asked.samples):
        yield line((f"      samples: {asked.samples[0]} | {asked.samples[1]}; the first of each:", "dim"))
    for text in asked.lines[:_MOST_LINES]:
        yield Line((("      ", ""), *output_line(text, _DIFF.get(text[:1], "dim")).spans), whole=True)
    if len(asked.lines) > _MOST_LINES:
        yield line((f"      … {len(asked.lines) - _MOST_LINES} more lines", "dim"))
