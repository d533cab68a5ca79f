"""Every command of a session with what it ended in, and what a command said before and after the verdict, side by side."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace

from tshoot.errors import SessionError
from tshoot.model.effects import RunCommand
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Event, Failed, Ok, OperatorSteered
from tshoot.session.report.model import CommandRun, Comparison
from tshoot.session.report.recorded import Outputs, Piece
from tshoot.session.report.text import line, output_line

MOST_COMPARED = 400  # lines of an output; a comparison takes time that grows with their square
MOST_CHANGES = 40
_CLOCK = re.compile(r"[0-9]{1,4}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?|\b[0-9]+(?:\.[0-9]+)? ?ms\b")


def commands(events: Iterable[Event]) -> list[CommandRun]:
    """In the order in which they were asked for; one that got no answer says so."""
    asked: dict[str, tuple[int, RunCommand]] = {}
    runs: list[CommandRun] = []
    for event in events:
        if isinstance(event, EffectRequested) and isinstance(event.effect, RunCommand):
            asked[event.effect.key] = (len(runs), event.effect)
            runs.append(CommandRun(event.at, line(event.effect.target), line(event.effect.command, 600), None, 0.0, 0, "", "no answer"))
        elif isinstance(event, OperatorSteered) and event.action == "by-hand" and event.key in asked:
            place, _ = asked[event.key]
            runs[place] = replace(runs[place], command=f"{runs[place].command} (done by hand, its output pasted)")
        elif isinstance(event, EffectAnswered) and event.key in asked:
            place, _ = asked.pop(event.key)
            runs[place] = _answered(runs[place], event)
    return runs


def _answered(run: CommandRun, event: EffectAnswered) -> CommandRun:
    outcome = event.outcome
    ran = outcome.partial if isinstance(outcome, Failed) else outcome.answer if isinstance(outcome, Ok) else None
    failure = f"{line(outcome.kind)}: {line(outcome.detail)}" if isinstance(outcome, Failed) else ""
    if not isinstance(ran, CommandRan):
        return CommandRun(run.at, run.target, run.command, None, max(event.at - run.at, 0.0), 0, "", failure)
    stdout, stderr = Piece.of(ran.stdout), Piece.of(ran.stderr)
    return CommandRun(
        run.at, run.target, run.command, ran.exit_status, ran.seconds, stdout.size + stderr.size, line(stdout.sha256 or stderr.sha256), failure
    )


def comparisons(runs: Iterable[CommandRun], verdict_at: float, outputs: Outputs) -> list[Comparison]:
    """The commands that ran on both sides of the verdict: the last before it, and the last of all."""
    before: dict[tuple[str, str], CommandRun] = {}
    after: dict[tuple[str, str], CommandRun] = {}
    for run in runs:
        (before if run.at <= verdict_at else after)[run.target, run.command] = run
    return [_compared(before[which], run, outputs) for which, run in after.items() if which in before]


def _compared(before: CommandRun, after: CommandRun, outputs: Outputs) -> Comparison:
    try:
        old, new = (_lines(run, outputs) for run in (before, after))
    except SessionError as error:
        return Comparison(before, after, (), problem=line(error.message))
    changes = [text for text in difflib.ndiff(old, new) if text[:2] in ("- ", "+ ")]
    kept = [text for text in changes if not _only_clock(text, changes)]
    return Comparison(before, after, tuple(kept[:MOST_CHANGES]), max(len(kept) - MOST_CHANGES, 0))


def _lines(run: CommandRun, outputs: Outputs) -> list[str]:
    return [output_line(text) for text in outputs.lines(run.sha256)[:MOST_COMPARED]] if run.sha256 else []


def _only_clock(text: str, changes: list[str]) -> bool:
    """Whether a line differs from its counterpart in nothing but a time: no news."""
    other = "+ " if text.startswith("- ") else "- "
    told = _CLOCK.sub("", text[2:])
    return any(change.startswith(other) and _CLOCK.sub("", change[2:]) == told for change in changes) if told != text[2:] else False
