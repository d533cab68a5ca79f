"""Captures of several runs on one simulated device over real SSH: measured first, and never two on an interface that nobody knows of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.performers.test_world import CAPTURE, STOP, Yes, kind
from tests.unit.performers.test_world import place as place  # noqa: PLC0414 - a fixture
from tshoot.model.effects import AskOperator
from tshoot.model.events import CaptureStarted, Ok


class Asked(Yes):
    def __init__(self) -> None:
        self.questions: list[AskOperator] = []

    def ask(self, question: AskOperator, cancel: Any) -> str | None:
        self.questions.append(question)
        return "yes"


def started(outcome: Any) -> CaptureStarted:
    assert isinstance(outcome, Ok), outcome
    assert isinstance(outcome.answer, CaptureStarted)
    return outcome.answer


@pytest.mark.timeout(120)
def test_a_second_run_is_declined_without_a_yes_and_goes_on_with_one(place: Any) -> None:
    first = place(name="a")
    sample = started(first.perform(CAPTURE)).sample
    assert sample is not None
    assert sample.packets > 0
    assert any("measuring" in progress.text for progress in first.shown)
    second = place(name="b")
    outcome = second.perform(CAPTURE)
    assert kind(outcome) == "declined"
    name = first.log.header.session.rpartition("-")[2]
    assert f"session {name}" in outcome.detail and "vmk1" in outcome.detail
    asked = Asked()
    third = place(name="c", operator=asked)
    started(third.perform(CAPTURE))
    (question,) = asked.questions
    assert (question.form, question.node) == ("confirm", CAPTURE.node)
    assert f"session {name}" in question.question
    assert any("the operator agreed" in note for note in third.notes)
    for run in (third, first):
        assert isinstance(run.perform(STOP), Ok)
    assert isinstance(second.perform(CAPTURE), Ok), "nothing of the others is left that blocks"
    second.world.close()
    assert second.left() == []
    assert list(Path(second.folder / "state" / "journal").iterdir()) == []
