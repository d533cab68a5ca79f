"""What enters a session: an event whose texts and outputs hold no secret. The one place where raw outputs are masked.

The engine is given the same event as the log, so that what it cites is what is stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import overload

from tshoot.model.effects import RunCommand
from tshoot.model.events import (
    CommandRan,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    NoteAdded,
    Ok,
    OperatorAnswered,
    OperatorSteered,
    Outcome,
    RunEnded,
    RunStarted,
)
from tshoot.session.secrets import without_secrets


@overload
def masked(event: EffectAnswered) -> EffectAnswered: ...
@overload
def masked(event: OperatorSteered) -> OperatorSteered: ...
@overload
def masked(event: Event) -> Event: ...
def masked(event: Event) -> Event:
    """`event` without secrets; the same object where there are none."""
    if isinstance(event, EffectAnswered):
        outcome = _outcome(event.outcome)
        return event if outcome is event.outcome else replace(event, outcome=outcome)
    if isinstance(event, NoteAdded):
        text = _text(event.text)
        return event if text == event.text else replace(event, text=text)
    if isinstance(event, RunStarted):
        inputs = {name: _text(value) if isinstance(value, str) else value for name, value in event.inputs.items()}
        return event if inputs == dict(event.inputs) else replace(event, inputs=inputs)
    if isinstance(event, RunEnded):
        detail = _text(event.detail)
        return event if detail == event.detail else replace(event, detail=detail)
    if isinstance(event, OperatorSteered):
        cleaned = replace(event, to=_text(event.to), why=_text(event.why), was=_text(event.was))
        return event if cleaned == event else cleaned
    if isinstance(event, EffectRequested) and isinstance(event.effect, RunCommand) and event.effect.typed:
        return replace(event, effect=replace(event.effect, command=_text(event.effect.command)))
    return event


def _outcome(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Failed):
        partial = _ran(outcome.partial) if outcome.partial else None
        cleaned = replace(outcome, detail=_text(outcome.detail), hint=_text(outcome.hint), partial=partial)
        return outcome if cleaned == outcome else cleaned
    answer = outcome.answer
    if isinstance(answer, CommandRan):
        ran = _ran(answer)
        return outcome if ran is answer else Ok(ran)
    if isinstance(answer, OperatorAnswered):
        text = _text(answer.answer)
        return outcome if text == answer.answer else Ok(OperatorAnswered(text))
    return outcome


def _ran(ran: CommandRan) -> CommandRan:
    stdout, stderr = without_secrets(ran.stdout), without_secrets(ran.stderr)
    return ran if stdout is ran.stdout and stderr is ran.stderr else replace(ran, stdout=stdout, stderr=stderr)


def _text(text: str) -> str:
    try:
        return without_secrets(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # a secret of half a character: all of it goes
        return "*" * len(text)
