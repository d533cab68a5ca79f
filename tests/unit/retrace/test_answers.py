"""Whose answer an answer is: a request that never had one does not take that of another which asked the same."""

from __future__ import annotations

from tshoot.model.effects import RunCommand
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Ok, RunStarted, TargetSpec
from tshoot.retrace.answers import RecordedAnswers
from tshoot.retrace.recording import record_of

FIRST, SECOND = (RunCommand(f"look/{attempt}@host", "look", "host", "uptime") for attempt in (1, 2))
LOG = (
    RunStarted(1.0, "small", (TargetSpec("host", "esx01", "linux"),), {}),
    EffectRequested(2.0, FIRST),
    EffectRequested(3.0, SECOND),
    EffectAnswered(4.0, SECOND.key, Ok(CommandRan(0, b"up 1 day", b"", 0.1))),
)


def test_a_request_that_was_left_stays_without_an_answer() -> None:
    answers = RecordedAnswers(record_of(LOG))
    assert answers.find(FIRST) is None
    found = answers.find(SECOND)
    assert found is not None and found[1].key == SECOND.key


def test_under_another_name_it_is_answered_by_what_was_asked() -> None:
    renamed = RunCommand("see/1@host", "see", "host", "uptime")
    found = RecordedAnswers(record_of(LOG)).find(renamed)
    assert found is not None and found[1].key == renamed.key
