"""What is under way on the targets right now, in one line: since when, how far, and its bound."""

from __future__ import annotations

from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.performers.capture_watch import OVER
from tshoot.tui.lines import Line, Span, line, span
from tshoot.tui.story import UnderWay

_BAR = 20


def now_line(under_way: tuple[UnderWay, ...], clock: float) -> Line:
    """The newest effect first; captures that run meanwhile come after it."""
    spans: list[Span] = []
    for item in reversed(under_way):
        spans += [("  +  ", "dim")] if spans else []
        spans += _item(item, max(0.0, clock - item.since))
    return line(*spans)


def waits_for(under_way: tuple[UnderWay, ...]) -> str:
    """In words, for whoever wants to stop."""
    return ", ".join("an answer" if item.unsent else _doing(item.effect) for item in under_way) or "the targets to be cleaned up"


def _item(item: UnderWay, seconds: float) -> list[Span]:
    if isinstance(item.effect, AskOperator):
        return [("▶ ", "accent"), ("waiting for your answer", "strong")]
    if item.unsent:
        what = item.effect.command if isinstance(item.effect, RunCommand) else _doing(item.effect)
        return [("▶ ", "accent"), ("not run yet: waits for your answer", "strong"), ("  ", ""), span(what, "dim", 60)]
    bound = _bound(item.effect, seconds) if isinstance(item.effect, StartCapture | Wait) or not item.text else ""
    spans = [("▶ ", "accent"), span(_words(item), "strong", 160)]
    if item.total:
        share = min(1.0, max(0.0, (item.done or 0.0) / item.total))
        full = round(share * _BAR)
        spans += [("  ", ""), ("█" * full, "accent"), ("░" * (_BAR - full), "dim"), (f" {share:.0%}", "")]
    tells_time = isinstance(item.effect, StartCapture) and item.text.endswith(" s")  # a capture that grows says of how many seconds
    return spans if tells_time else [*spans, (f"  {seconds:.0f} s{bound}", "dim")]


def _words(item: UnderWay) -> str:
    """What is done; of a capture and a wait also how far it is."""
    if not item.text or item.text == "capturing":
        return _doing(item.effect)
    return f"{_doing(item.effect)}: {item.text}" if isinstance(item.effect, StartCapture) and not item.text.startswith(OVER) else item.text


def _doing(effect: Effect) -> str:
    match effect:
        case RunCommand():
            return f"running {effect.command}"
        case StartCapture():
            return f"capturing on {effect.interface}"
        case StopCapture():
            return "stopping and fetching the capture"
        case Decode():
            return "reading the capture"
        case AskOperator():
            return "an answer"
        case Wait():
            return effect.why or "waiting"


def _bound(effect: Effect, seconds: float) -> str:
    """How long it may take, or still takes."""
    match effect:
        case StartCapture():
            return f" of at most {effect.seconds:g} s"
        case RunCommand():
            return f" of at most {effect.timeout:g} s"
        case Wait():
            return f", {max(0.0, effect.seconds - seconds):.0f} s left, w ends it"
    return ""
