"""What the targets print: one block a request, with the moment (UTC) and the command before it, exit status and time after it.

A command that is repeated keeps one block, which shows its latest output. A block is a section `N@target`, so that one target
alone can be shown; its first line leads to the node that asked, the first line of each stream knows which lines of the evidence follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

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
    MemberEnded,
    NoteAdded,
    OperatorAnswered,
    OperatorSteered,
    Outcome,
    RunEnded,
    RunStarted,
    UnknownEvent,
    VerificationBegan,
    Waited,
)
from tshoot.model.text import clean
from tshoot.session.fleet import member_line
from tshoot.tui.goals import FramesGoal, NodeGoal
from tshoot.tui.lines import BLANK, Line, Span, line, span
from tshoot.tui.rows import Kept, Rows, printed_rows
from tshoot.tui.story import Change
from tshoot.tui.widgets.output.arriving import Arriving
from tshoot.tui.widgets.output.printed import printed
from tshoot.tui.widgets.path.steered import steered_line


def target_of(section: str) -> str:
    """The role that a block belongs to, "" where it belongs to none."""
    return section.partition("@")[2]


class OutputTelling:
    """A section a request, by its key; notes have sections of their own."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[str, Effect, float]] = {}  # key -> section, effect, when
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
                yield from self._requested(effect, event.at)
            case EffectAnswered(key=key, outcome=outcome) if key in self._asked:
                section, effect, when = self._asked.pop(key)
                self._arriving = {place: arriving for place, arriving in self._arriving.items() if place[0] != key}
                yield Change("output", section, Rows([self._head(effect, when), *_outcome(key, outcome), BLANK]))
            case NoteAdded():
                said = line(_clock(event.at), ("note ", "accent"), span(f"{event.author}: {event.text}", "", 4000), hang=9)
                yield Change("output", self._section(), [said, BLANK])
            case MemberEnded():
                yield Change("output", self._section(), [line(_clock(event.at), span(member_line(event), "", 4000), hang=9), BLANK])
            case OperatorSteered():
                yield Change("output", self._section(), [line(_clock(event.at), *steered_line(event).spans, hang=9), BLANK])
            case VerificationBegan():
                self._series = {}  # a series that is asked again is another one
                self._hosts = {target.role: target.host for target in event.targets}
                what = span(f"the deciding checks of {event.cause} are asked again, by {event.by}")
                yield Change("output", self._section(), [line(_clock(event.at), ("verification ", "accent"), what, hang=9), BLANK])
            case UnknownEvent():
                yield Change("output", self._section(), [line(("event ", "dim"), span(f"{event.name} (not known to this version)")), BLANK])
            case RunEnded(reason=reason):
                yield Change("output", self._section(), [line(_clock(event.at), span(f"run {reason}", "dim"))])

    def _requested(self, effect: Effect, at: float) -> Iterator[Change]:
        sample = sample_key(effect.key)
        if sample and sample.waits:
            return
        again = sample is not None and sample.series in self._series
        section = self._series[sample.series] if sample and again else self._section(getattr(effect, "target", ""))
        if sample:
            self._series[sample.series] = section
        self._asked[effect.key] = (section, effect, at)
        if not again:
            yield Change("output", section, [self._head(effect, at)])

    def arrived(self, key: str, stream: str, piece: bytes) -> Iterator[Change]:
        """A piece of what is being printed: its whole lines."""
        sample = sample_key(key)
        if key not in self._asked or (sample and sample.number > 1):
            return
        arriving = self._arriving.setdefault((key, stream), Arriving())
        rows = printed_rows(stream, arriving.lines(piece))
        if rows:
            yield Change("output", self._asked[key][0], Rows(rows), append=True)

    def _section(self, target: str = "") -> str:
        self._sections += 1
        return f"{self._sections}@{target}" if target else str(self._sections)

    def _head(self, effect: Effect, at: float) -> Line:
        goal = NodeGoal(effect.node, effect.key) if effect.node else None
        return line(_clock(at), *self._doing(effect), hang=9, goal=goal)

    def _doing(self, effect: Effect) -> list[Span]:
        match effect:
            case RunCommand():
                sample = sample_key(effect.key)
                number = [(f"  sample {sample.number}", "dim")] if sample else []
                own = [("  typed by the operator", "warn")] if effect.typed else []
                return [self._host(effect.target), (" $ ", "accent"), span(effect.command, "strong"), *number, *own]
            case StartCapture():
                text = f"capture on {effect.interface}: {effect.filter}"
                return [self._host(effect.target), (" ● ", "accent"), span(text, "strong")]
            case StopCapture():
                return [self._host(effect.target), (" ■ ", "accent"), ("stop and fetch the capture", "strong")]
            case Decode():
                return [("here ", "heading"), ("· ", "accent"), ("read the capture", "strong")]
            case AskOperator():
                return [("you ", "heading"), ("? ", "accent"), span(effect.question, "strong")]
            case Wait():
                return [("here ", "heading"), ("· ", "accent"), (f"wait {effect.seconds:g} s", "strong")]

    def _host(self, role: str) -> Span:
        return span(self._hosts.get(role, role), "heading", 40)


def _clock(at: float) -> Span:
    return (f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} ", "dim") if 0 <= at < 253_402_300_800 else ("--:--:-- ", "dim")


def _outcome(key: str, outcome: Outcome) -> Iterator[Kept]:
    if isinstance(outcome, Failed):
        if outcome.partial:
            yield from printed(key, outcome.partial)
        for text in clean(outcome.detail).splitlines()[:20]:
            yield line((f"  failed ({outcome.kind}): ", "warn"), span(text, "warn"))
        if outcome.hint:
            yield line(("  hint: ", "dim"), span(outcome.hint))
        return
    yield from _answer(key, outcome.answer)


def _answer(key: str, answer: Answer) -> Iterator[Kept]:
    match answer:
        case CommandRan():
            yield from printed(key, answer)
            status = "no exit status" if answer.exit_status is None else f"exit {answer.exit_status}"
            cut = ", the output was cut off" if answer.truncated else ""
            yield line((f"  {status}", "dim" if not answer.exit_status else "warn"), (f"  {answer.seconds:.1f} s{cut}", "dim"))
        case CaptureStarted():
            yield line(("  ", ""), span(f"{answer.program} captures into {answer.remote_path}", "dim"))
            if answer.sample and answer.sample.told:
                yield line(("  ", ""), span(answer.sample.told, "warn" if answer.sample.full_after or answer.sample.dropped else "dim"))
        case CaptureTaken():
            packets = "" if answer.received is None else f"{answer.received:,} packets, "
            text = f"{packets}{answer.capture.size:,} bytes, stopped by {answer.stopped_by}"
            yield line(("  ", ""), span(text, "dim"), goal=FramesGoal(answer.capture.sha256))
        case Decoded():
            count = len(answer.findings)
            yield line((f"  {answer.packets:,} packets read, {count} finding{'' if count == 1 else 's'}", "dim"))
        case OperatorAnswered():
            yield line(("  ", ""), span(answer.answer, "code"))
        case Waited():
            yield line((f"  done  {answer.seconds:.1f} s", "dim"))
