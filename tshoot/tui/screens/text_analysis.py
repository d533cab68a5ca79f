"""A transcript or a log, judged as `tshoot analyze` does: the verdict, the lines that prove it, and the text itself below.

Judging is done in a thread that nobody waits for; leaving cancels it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.tui.lines import BLANK, Line, line, output_line, span
from tshoot.tui.screens.help import Help
from tshoot.tui.ways_out import ways_out
from tshoot.tui.widgets.home.symptom import in_thread
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.status.header import Header

if TYPE_CHECKING:
    from tshoot.model.findings import Finding
    from tshoot.transcripts.analysis import TranscriptAnalysis

_SIGNS = {"fault": ("✗ FAULT", "bad"), "healthy": ("✓ HEALTHY", "good"), "inconclusive": ("? NOT DECIDED", "warn")}
_MOST_SHOWN = 100_000  # lines of the text itself
_QUOTED = 12  # proving lines that are quoted


class TextAnalysisScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        *ways_out("app.leave_screen"),
    ]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "A transcript": {"/ n N": "search in the verdict and in the text below it", "»": "before a line of the text: it proves the verdict"}
    }

    class Judged(Message):
        """What was found, with the lines of the text; or the `error` that ended it."""

        def __init__(self, found: TranscriptAnalysis | None, lines: list[str], error: TshootError | None = None) -> None:
            super().__init__()
            self.found, self.lines, self.error = found, lines, error

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._cancel = CancelToken()

    def compose(self) -> ComposeResult:
        yield Header(str(self._path))
        yield LinesView(id="about")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        view = self.query_one(LinesView)
        view.border_title = "Transcript"
        view.put("verdict", [line(("reading and judging …", "dim"))])
        view.focus()
        self.query_one(Header).show_state("judging", "accent")
        in_thread(self._judge)

    def on_unmount(self) -> None:
        self._cancel.cancel()

    def _judge(self) -> None:
        try:
            self.post_message(self.Judged(*_judged(self._path, self._cancel)))
        except Cancelled:
            pass
        except OSError as error:
            self.post_message(self.Judged(None, [], TshootError(f"{self._path}: cannot be read: {error.strerror}", "check that it is still there")))
        except TshootError as error:
            self.post_message(self.Judged(None, [], error))
        except Exception as error:  # a defect of ours: said where it can be reported
            self.post_message(self.Judged(None, [], TshootError(f"{type(error).__name__}: {error}", "this is a defect of tshoot: please report it")))

    def on_text_analysis_screen_judged(self, event: Judged) -> None:
        view, header = self.query_one(LinesView), self.query_one(Header)
        if event.found is None:
            said = event.error or TshootError("nothing was found")
            header.show_state("! cannot be judged", "bad")
            view.put("verdict", [line(("! ", "bad"), span(said.message), hang=2), line(span(said.hint))])
            return
        header.show_state(*_SIGNS[event.found.verdict.kind])
        view.put("verdict", list(_told(event.found, event.lines)))
        proof = {number for finding in event.found.findings if finding.cause == event.found.verdict.cause for number in finding.lines}
        view.put("text", list(_text(event.lines, proof)))

    def action_help(self) -> None:
        self.app.push_screen(Help())


def _judged(path: Path, cancel: CancelToken) -> tuple[TranscriptAnalysis, list[str]]:
    """Raises CaptureFileError, Cancelled."""
    from tshoot.packets.inflate import compression_of, inflated
    from tshoot.transcripts.analysis import judged_text
    from tshoot.transcripts.text import read_text

    with path.open("rb") as file:
        compression = compression_of(file.read(64))
    if compression:
        with inflated(path, compression, cancel) as (plain, _):
            text = read_text(plain)
    else:
        text = read_text(path)
    return judged_text(text, cancel=cancel), [row.text for row in text.lines]


def _told(found: TranscriptAnalysis, lines: list[str]) -> Iterator[Line]:
    from tshoot.playbook.causes import all_causes, filled

    verdict = found.verdict
    sign, style = _SIGNS[verdict.kind]
    decided = next((finding for finding in found.findings if finding.cause == verdict.cause), None)
    yield line((sign, style), ("  ", ""), span(verdict.cause, "strong"))
    if decided:
        yield line(span(f"{decided.title} (confidence {decided.confidence})"))
    yield from (line(("taken for: ", "dim"), span(host), hang=11) for host in found.hosts)
    yield from _section("Why", [verdict.reason])
    if decided:
        yield from _proof(decided, lines)
        cause = all_causes().get(verdict.cause)
        if cause:
            facts: Mapping[str, str | int] = decided.facts
            yield from _section("Who owns the fix", [cause.owner])
            yield from _section("Fix", filled(cause.fix, facts).splitlines())
            yield from _section("Verify", filled(cause.verify, facts).splitlines())
    others = [f"{finding.severity}: {finding.cause}: {finding.explanation}" for finding in found.findings if finding is not decided]
    yield from _section("Seen beside it", others)
    yield from _section("Not everything could be judged", [found.remark] if found.remark not in verdict.reason else [])


def _proof(decided: Finding, lines: list[str]) -> Iterator[Line]:
    numbers = [number for number in decided.lines if 0 < number <= len(lines)]
    if numbers:
        yield from (BLANK, line(("Proof", "heading")))
        for number in numbers[:_QUOTED]:
            yield line((f"{number:7}  ", "dim"), *output_line(lines[number - 1], "code").spans, hang=9)
    if len(numbers) > _QUOTED:
        yield line((f"         and {len(numbers) - _QUOTED} more lines, marked » below", "dim"))


def _text(lines: list[str], proof: set[int]) -> Iterator[Line]:
    yield from (BLANK, line(("The text", "heading")))
    for number, text in enumerate(lines[:_MOST_SHOWN], 1):
        mark = ("» ", "accent") if number in proof else ("  ", "")
        yield Line((mark, (f"{number:5}  ", "dim"), *output_line(text, "code" if number in proof else "").spans), 9)
    if len(lines) > _MOST_SHOWN:
        yield line((f"… {len(lines) - _MOST_SHOWN:,} more lines", "dim"))


def _section(title: str, rows: Iterable[str]) -> list[Line]:
    told = [line(span(row, "", 4000)) for row in rows if row.strip()]
    return [BLANK, line((title, "heading")), *told] if told else []
