"""What enters a session: an event whose texts and outputs hold no secret. The one place where raw outputs are masked.

The engine is given the same event as the log, so that what it cites is what is stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import overload

from tshoot.model.events import CommandRan, EffectAnswered, Event, Failed, NoteAdded, Ok, OperatorAnswered, Outcome
from tshoot.session.secrets import without_secrets


@overload
def masked(event: EffectAnswered) -> EffectAnswered: ...
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
