"""Several targets at once, over real SSH: they run side by side, and their outputs stay apart and in order in the log."""

from __future__ import annotations

from pathlib import Path

from tshoot.cli.demo import opening_for
from tshoot.model.effects import AskOperator
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Event, Ok, Progress
from tshoot.session.read import read_events
from tshoot.simulator.scenario import load_scenario
from tshoot.simulator.serving import serve
from tshoot.transports import base
from tshoot.wiring import prepare, start

PLAYBOOK = """\
id: side-by-side
title: Two hosts at once
targets:
  left: {platform: linux}
  right: {platform: linux}
start: both
nodes:
  both:
    together:
      - {id: one, run: uptime, on: left}
      - {id: two, run: uptime, on: right}
      - {id: many, run: date, on: right, sample: {every: 0.5, for: 2, watch: {said: many.text}}}
    decide:
      - when: "'of the left' in one.text and 'of the right' in two.text"
        healthy: both answered
      - otherwise: {inconclusive: mixed up}
"""
SCENARIO = """\
playbook: side-by-side
title: two hosts
story: The left one takes its time.
devices:
  left:
    platform: linux
    name: left
    commands: [{run: uptime, stdout: "%s", seconds: 2}]
  right:
    platform: linux
    name: right
    commands:
      - {run: uptime, stdout: "%s"}
      - {run: date, stdout: "today\\n"}
expect: {verdict: healthy}
"""


class Nobody(base.Nobody):
    def ask(self, question: AskOperator, cancel: object) -> None:
        return None


def test_two_targets_run_side_by_side_and_nothing_is_mixed(tmp_path: Path) -> None:
    (tmp_path / "scenario").mkdir()
    long = ["".join(f"line {number} of the {side}\\n" for number in range(400)) for side in ("left", "right")]
    (tmp_path / "scenario" / "scenario.yaml").write_text(SCENARIO % tuple(long))
    (tmp_path / "side-by-side.yaml").write_text(PLAYBOOK)
    pieces: dict[str, bytes] = {}

    def view(event: Event | Progress) -> None:
        if isinstance(event, Progress) and event.output:
            pieces[event.key] = pieces.get(event.key, b"") + event.output

    with serve(load_scenario(tmp_path / "scenario")) as served:
        opening = opening_for(load_scenario(tmp_path / "scenario"), served, tmp_path / "sessions")
        prepared = prepare(str(tmp_path / "side-by-side.yaml"), opening.targets, {})
        started = start(prepared, opening.settings, operator=Nobody(), prompter=Nobody(), views=[view])
        verdict = started.run()
    assert verdict is not None
    assert (verdict.kind, verdict.reason) == ("healthy", "both answered")
    events = [event for _, event in read_events(started.folder)]
    order = [
        (type(event).__name__, event.effect.key if isinstance(event, EffectRequested) else event.key)
        for event in events
        if isinstance(event, (EffectRequested, EffectAnswered))
    ]
    assert order[:3] == [("EffectRequested", key) for key in ("one/1@left", "two/1@right", "many:sample-1/1@right")], (
        "all are asked before any answers"
    )
    assert order.index(("EffectAnswered", "two/1@right")) < order.index(("EffectAnswered", "one/1@left")), (
        "the quick one does not wait for the slow one"
    )
    answers = {event.key: event.outcome.answer for event in events if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok)}
    for key, side in (("one/1@left", b"left"), ("two/1@right", b"right")):
        answer = answers[key]
        assert isinstance(answer, CommandRan)
        lines = answer.stdout.splitlines()
        assert len(lines) == 400
        assert all(line.endswith(side) for line in lines)
        assert pieces[key] == answer.stdout, "what was shown while it arrived is what was kept"
    assert [event.at for event in events] == sorted(event.at for event in events)
