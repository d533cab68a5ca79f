"""What the targets print: one block a request, with the command before it, exit status and time after it.

A command that is repeated keeps one block, which shows its latest output.
"""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait, sample_key
from tshoot.model.events import (
    Answer,
    CaptureStarted,
    CaptureTaken,
    CommandRan,
    Decoded,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    NoteAdded,
    OperatorAnswered,
    Outcome,
    RunEnded,
    RunStarted,
    UnknownEvent,
    Waited,
)
from tshoot.model.text import clean, decode
from tshoot.tui.lines import BLANK, Line, Span, line, output_line, span
from tshoot.tui.story import Change
from tshoot.tui.widgets.output.arriving import Arriving

_MOST_LINES = 100_000


class OutputTelling:
    """A section a request, by its key; notes have sections of their own."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[str, Effect]] = {}  # key -> section, effect
        self._arriving: dict[tuple[str, str], Arriving] = {}
        self._series: dict[str, str] = {}  # a series of samples -> its section
        self._hosts: dict[str, str] = {}
        self._sections = 0

    def after(self, event: Event) -> Iterator[Change]:
        match event:
            case RunStarted(targets=targets):
                self._hosts = {target.role: target.host for target in targets}
                rows = [
                    line(span(target.role, "strong"), (" is ", "dim"), span(target.host), ("  ", ""), span(target.platform, "dim"))
                    for target in targets
                ]
                yield Change("output", self._section(), [*rows, BLANK])
            case EffectRequested(effect=effect):
                sample = sample_key(effect.key)
                if sample and sample.waits:
                    return
                again = sample is not None and sample.series in self._series
                section = self._series[sample.series] if sample and again else self._section()
                if sample:
                    self._series[sample.series] = section
                self._asked[effect.key] = (section, effect)
                if not again:
                    yield Change("output", section, [self._head(effect)])
            case EffectAnswered(key=key, outcome=outcome) if key in self._asked:
                section, effect = self._asked.pop(key)
                self._arriving = {place: arriving for place, arriving in self._arriving.items() if place[0] != key}
                yield Change("output", section, [self._head(effect), *_outcome(outcome), BLANK])
            case NoteAdded():
                yield Change("output", self._section(), [line(("note ", "accent"), span(f"{event.author}: {event.text}")), BLANK])
            case UnknownEvent():
                yield Change("output", self._section(), [line(("event ", "dim"), span(f"{event.name} (not known to this version)")), BLANK])
            case RunEnded(reason=reason):
                yield Change("output", self._section(), [line(span(f"run {reason}", "dim"))])

    def arrived(self, key: str, stream: str, piece: bytes) -> Iterator[Change]:
        """A piece of what is being printed: its whole lines."""
        sample = sample_key(key)
        if key not in self._asked or (sample and sample.number > 1):
            return
        arriving = self._arriving.setdefault((key, stream), Arriving())
        rows = [_body(text, stream) for text in arriving.lines(piece)]
        if rows:
            yield Change("output", self._asked[key][0], rows, append=True)

    def _section(self) -> str:
        self._sections += 1
        return str(self._sections)

    def _head(self, effect: Effect) -> Line:
        match effect:
            case RunCommand():
                sample = sample_key(effect.key)
                number = [(f"  sample {sample.number}", "dim")] if sample else []
                return line(self._host(effect.target), (" $ ", "accent"), span(effect.command, "strong"), *number)
            case StartCapture():
                text = f"capture on {effect.interface}: {effect.filter}"
                return line(self._host(effect.target), (" ● ", "accent"), span(text, "strong"))
            case StopCapture():
                return line(self._host(effect.target), (" ■ ", "accent"), ("stop and fetch the capture", "strong"))
            case Decode():
                return line(("here ", "heading"), ("· ", "accent"), ("read the capture", "strong"))
            case AskOperator():
                return line(("you ", "heading"), ("? ", "accent"), span(effect.question, "strong"))
            case Wait():
                return line(("here ", "heading"), ("· ", "accent"), (f"wait {effect.seconds:g} s", "strong"))

    def _host(self, role: str) -> Span:
        return span(self._hosts.get(role, role), "heading", 40)


def _body(text: str, stream: str) -> Line:
    return Line((("! ", "warn"), *output_line(text).spans)) if stream == "stderr" else Line((("  ", ""), *output_line(text).spans))


def _outcome(outcome: Outcome) -> Iterator[Line]:
    if isinstance(outcome, Failed):
        if outcome.partial:
            yield from _printed(outcome.partial)
        for text in clean(outcome.detail).splitlines()[:20]:
            yield line((f"  failed ({outcome.kind}): ", "warn"), span(text, "warn"))
        if outcome.hint:
            yield line(("  hint: ", "dim"), span(outcome.hint))
        return
    yield from _answer(outcome.answer)


def _answer(answer: Answer) -> Iterator[Line]:
    match answer:
        case CommandRan():
            yield from _printed(answer)
            status = "no exit status" if answer.exit_status is None else f"exit {answer.exit_status}"
            cut = ", the output was cut off" if answer.truncated else ""
            yield line((f"  {status}", "dim" if not answer.exit_status else "warn"), (f"  {answer.seconds:.1f} s{cut}", "dim"))
        case CaptureStarted():
            yield line(("  ", ""), span(f"{answer.program} captures into {answer.remote_path}", "dim"))
        case CaptureTaken():
            packets = "" if answer.received is None else f"{answer.received:,} packets, "
            yield line(("  ", ""), span(f"{packets}{answer.capture.size:,} bytes, stopped by {answer.stopped_by}", "dim"))
        case Decoded():
            count = len(answer.findings)
            yield line((f"  {answer.packets:,} packets read, {count} finding{'' if count == 1 else 's'}", "dim"))
        case OperatorAnswered():
            yield line(("  ", ""), span(answer.answer, "code"))
        case Waited():
            yield line(("  done", "dim"))


def _printed(ran: CommandRan) -> Iterator[Line]:
    for stream, raw in (("stdout", ran.stdout), ("stderr", ran.stderr)):
        rows = raw.removesuffix(b"\n").split(b"\n") if raw else []
        if len(rows) > _MOST_LINES:
            yield line((f"  … {len(rows) - _MOST_LINES:,} earlier lines are in the session's evidence", "dim"))
        yield from (_body(decode(row), stream) for row in rows[-_MOST_LINES:])  # one by one: cleaning megabytes at once would hold up the screen
