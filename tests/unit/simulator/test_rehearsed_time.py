"""Rehearsals on their virtual clock: what passes, in which order, and that nobody waits for it."""

from __future__ import annotations

import time

from simulated import EXPECT, HEAD

from tshoot.model.effects import RunCommand, Wait
from tshoot.model.events import DecisionTaken, EffectAnswered, EffectRequested, RunEnded, RunStarted, VerdictReached
from tshoot.playbook.loader import playbook_from_text
from tshoot.rehearsal import STARTED, coverage, rehearse
from tshoot.simulator.scenario import load_scenario

TARGETS = """\
id: nfs-mount
title: a playbook of the tests
targets:
  host: {platform: linux, help: one}
  other: {platform: linux, optional: true, help: another}
start: first
nodes:
"""
PROBE = "nc -zv -w 5 192.0.2.80 443"
OPEN, SHUT = "Connection to 192.0.2.80 443 port [tcp/*] succeeded!\\n", "nc: connect to 192.0.2.80 port 443 (tcp) failed: Connection refused\\n"


def rehearsed(folder, nodes: str, devices: str, expect: str = EXPECT):
    """The rehearsal of one scenario with `devices` through a playbook with `nodes`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.yaml").write_text(f"{HEAD}devices:\n{devices}{expect}", encoding="utf-8")
    return rehearse(load_scenario(folder), playbook_from_text(TARGETS + nodes, "test.yaml"))


def times(events) -> list[tuple[str, float]]:
    """Key and virtual time of each answer."""
    return [(event.key, event.at - STARTED) for event in events if isinstance(event, EffectAnswered)]


DEVICE = """\
  {role}:
    platform: linux
    name: {role}
    commands:
      - {{run: {probe}, exit: 1, seconds: {seconds}, turns: [{{stdout: "{first}", seconds: {turn}}}, {{stdout: "{second}"}}]}}
"""


def device(role: str = "host", seconds: float = 0.0, turn: float = 12.0, first: str = SHUT, second: str = OPEN) -> str:
    return DEVICE.format(role=role, probe=PROBE, seconds=seconds, turn=turn, first=first, second=second)


POLL = f"""\
  first:
    run: {PROBE}
    on: host
    attempts: 9
    decide:
      - {{when: first.state == 'open', healthy: it is open}}
      - {{otherwise: pause}}
  pause:
    wait: 5
    attempts: 9
    decide: [{{otherwise: first}}]
"""


def test_waits_and_commands_move_the_clock_and_turns_follow_it(tmp_path):
    begun = time.monotonic()
    done = rehearsed(tmp_path, POLL, device(seconds=0.5))
    assert done.problems == ()
    assert times(done.events) == [
        ("first/1@host", 0.5),
        ("pause/1", 5.5),
        ("first/2@host", 6.0),
        ("pause/2", 11.0),
        ("first/3@host", 11.5),  # asked before the turn, answered with what was then
        ("pause/3", 16.5),
        ("first/4@host", 17.0),
    ]
    assert time.monotonic() - begun < 15


def test_the_events_are_those_of_a_live_run_in_its_order(tmp_path):
    done = rehearsed(tmp_path, POLL, device(turn=3.0))
    kinds = [type(event) for event in done.events]
    step = [EffectRequested, EffectAnswered, DecisionTaken]
    assert kinds == [RunStarted, *step, *step, *step, VerdictReached, RunEnded]
    assert [event.at for event in done.events] == sorted(event.at for event in done.events)
    assert done.events[0].at == STARTED
    assert done.events[-1] == RunEnded(STARTED + 5.0, "finished")


def test_a_command_without_end_takes_the_time_that_it_is_allowed(tmp_path):
    hangs = f"  host: {{platform: linux, name: a, commands: [{{run: {PROBE}, fails: timeout}}]}}\n"
    nodes = f"  first: {{run: {PROBE}, on: host, timeout: 42, decide: [{{otherwise: {{inconclusive: it hangs}}}}]}}\n"
    done = rehearsed(tmp_path, nodes, hangs, "expect: {verdict: inconclusive}\n")
    assert (done.problems, times(done.events)) == ((), [("first/1@host", 42.0)])


TOGETHER = f"""\
  first:
    together:
      - {{id: here, run: {PROBE}, on: host, sample: {{every: 5, for: 15, watch: {{state: here.state}}}}}}
      - {{id: there, run: {PROBE}, on: other, sample: {{every: 5, for: 15, watch: {{state: there.state}}}}}}
    decide:
      - {{when: here.series.state.changes == 1 and there.series.state.changes == 1, healthy: both turned}}
      - {{when: there.failed is not none, inconclusive: one is missing}}
"""


def test_what_runs_side_by_side_takes_the_time_of_one(tmp_path):
    done = rehearsed(tmp_path, TOGETHER, device() + device("other", turn=7.0))
    assert done.problems == ()
    answered = times(done.events)
    asked = [event.effect for event in done.events if isinstance(event, EffectRequested)]
    assert [at for key, at in answered if key.endswith("@host")] == [at for key, at in answered if key.endswith("@other")] == [0.0, 5.0, 10.0, 15.0]
    assert answered == sorted(answered, key=lambda answer: answer[1])
    assert sum(isinstance(effect, Wait) for effect in asked) == 6
    assert [effect.target for effect in asked if isinstance(effect, RunCommand)] == ["host", "other"] * 4


def test_each_device_stands_where_its_turns_stand_when_it_is_asked(tmp_path):
    """A slow device is answered later, and its answers are those of the moment when it was asked."""
    done = rehearsed(tmp_path, TOGETHER, device(turn=14.9) + device("other", seconds=2.0, turn=14.9))
    assert [at for key, at in times(done.events) if ":sample-" in key and key.endswith("@other")] == [2.0, 7.0, 12.0, 17.0]
    assert done.problems == ()


def test_a_rehearsal_is_the_same_each_time(tmp_path):
    first, second = (rehearsed(tmp_path / name, TOGETHER, device(seconds=1.0) + device("other", seconds=1.0)) for name in "ab")
    assert first.events == second.events


def test_a_device_may_be_left_out(tmp_path):
    done = rehearsed(tmp_path, TOGETHER, device(), "expect: {verdict: inconclusive}\n")
    assert done.problems == ()
    assert done.verdict is not None
    assert done.verdict.reason == "one is missing"
    assert {event.effect.target for event in done.events if isinstance(event, EffectRequested) and isinstance(event.effect, RunCommand)} == {"host"}


def test_coverage_tells_the_branches_that_no_rehearsal_took(tmp_path):
    playbook = playbook_from_text(TARGETS + TOGETHER, "test.yaml")
    done = rehearsed(tmp_path, TOGETHER, device() + device("other"))
    found = coverage(playbook, [done])
    assert (found.branches, [branch.outcome for _, branch in found.missing]) == (2, [playbook.nodes["first"].decide[1].outcome])
