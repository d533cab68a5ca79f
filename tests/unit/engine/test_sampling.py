"""Commands that repeat, run side by side, or differ by platform; roles that were left out; commands that a device refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.engine.walking import KNOWLEDGE
from tshoot.engine.advance import advance, begin, step_of
from tshoot.engine.state import State
from tshoot.model.effects import RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import CaptureStarted, CommandRan, EffectAnswered, Failed, Ok, Outcome, TargetSpec, Waited
from tshoot.model.evidence import LineCitation
from tshoot.model.facts import CommandText, Parsed, Span, Unknown
from tshoot.playbook.loader import playbook_from_text

HEAD = """\
id: small
title: A small playbook
targets:
  router: {platform: [cisco_ios, linux], help: a router}
  other: {platform: linux, optional: true}
inputs:
  seconds: {type: integer, default: 20}
start: first
nodes:
"""
SAMPLED = """\
  first:
    run: show way
    on: router
    sample: {every: 5, for: "{{ seconds }}", watch: {way: first.way}%s}
    decide:
"""
REST = "      - otherwise: {inconclusive: nothing}\n"


class Words:
    """Every output is one word, the fact `way`; `?` cannot be read, `%` is a refusal."""

    def parse(self, platform: str, command: str, parser: str | None, output: CommandRan) -> Parsed:
        text = CommandText(command, output.stdout.decode())
        if text.stdout.startswith("%"):
            return Parsed("words", {}, {"refused": Span("stdout", 1, 1)}, refused=text.stdout)
        facts = {"way": Unknown("not read") if text.stdout == "?" else text.stdout, "platform": platform}
        return Parsed("words", facts, {"way": Span("stdout", 1, 1)})

    def cause(self, cause_id: str) -> Any:
        return KNOWLEDGE.cause(cause_id)


def start(nodes: str, platform: str = "cisco_ios", targets: tuple[str, ...] = ("router", "other")) -> tuple[State, Any]:
    playbook = playbook_from_text(HEAD + nodes, "small.yaml")
    named = {role: TargetSpec(role, f"{role}.example.net", platform if role == "router" else "linux") for role in targets}
    return begin(playbook, named, {"seconds": 20}, Words())


def said(word: str, seconds: float = 0.5) -> Outcome:
    return Ok(CommandRan(None, word.encode(), b"", seconds))


def play(nodes: str, answer: Callable[[float], Outcome], **given: Any) -> tuple[State, list[Any]]:
    """Answer everything in the order of time: a command after its seconds, a wait after its own."""
    state, effects = start(nodes, **given)
    pending = [(0.0, number, effect) for number, effect in enumerate(effects)]
    asked, count = list(effects), len(effects)
    while state.verdict is None:
        begun, _, effect = min(pending, key=lambda entry: (end_of(entry, answer), entry[1]))
        outcome = Ok(Waited(effect.seconds)) if isinstance(effect, Wait) else answer(begun)
        at = end_of((begun, 0, effect), answer)
        pending = [entry for entry in pending if entry[2] is not effect]
        state, effects = advance(state, EffectAnswered(at, effect.key, outcome))
        for more in effects:
            pending.append((at, count := count + 1, more))
        asked += effects
    return state, asked


def end_of(entry: tuple[float, int, Any], answer: Callable[[float], Outcome]) -> float:
    begun, _, effect = entry
    if isinstance(effect, Wait):
        return begun + effect.seconds
    outcome = answer(begun)
    return begun + (outcome.answer.seconds if isinstance(outcome, Ok) and isinstance(outcome.answer, CommandRan) else 0.0)


def turns(at: float) -> Outcome:
    """bgp for 12 s, eigrp for 8 s, over and over."""
    return said("bgp" if at % 20 < 12 else "eigrp")


def test_a_command_is_repeated_at_its_interval_for_its_time() -> None:
    state, asked = play(SAMPLED % "" + REST, turns)
    assert [effect.key for effect in asked[:3]] == ["first:sample-1/1@router", "first:wait-1/1", "first:sample-2/1@router"]
    assert [effect.seconds for effect in asked if isinstance(effect, Wait)] == [4.5, 4.5, 4.5, 4.5]
    assert state.results["first"].facts["samples"] == 5
    assert state.results["first"].facts["span_seconds"] == 20.0
    assert state.results["first"].facts["way"] == "bgp", "the facts are those of the last sample"
    assert all(step_of(effect) == "first" for effect in asked)


def test_the_series_tells_values_changes_and_period() -> None:
    long = (
        (SAMPLED % "").replace('"{{ seconds }}"', "100")
        + "      - when: first.series.way.period_seconds > 15\n        healthy: '{{ first.series.way.period_seconds | round }} s'\n"
        + REST
    )
    state, _ = play(long, turns)
    series = state.results["first"].facts["series"]["way"]
    assert series["distinct"] == ["bgp", "eigrp"]
    assert series["changes"] == 10
    assert series["period_seconds"] == pytest.approx(20, rel=0.1)
    assert series["steady"] is False
    assert state.verdict is not None
    assert (state.verdict.kind, state.verdict.reason) == ("healthy", "20 s")
    lines = [one for one in state.verdict.evidence if isinstance(one, LineCitation)]
    assert [line.text for line in lines[:4]] == ["bgp", "eigrp", "bgp", "eigrp"], "the samples at which it changed are the proof"
    assert [line.fact for line in lines[:2]] == ["way, sample 1 at +0 s", "way, sample 4 at +15 s"]
    assert len(lines) <= 8


def test_a_watched_expression_is_cited_where_its_value_stands() -> None:
    """Not where it looked first: `platform` has no line of its own, `way` has."""
    nodes = (SAMPLED % "").replace("way: first.way", "way: \"first.way if first.platform == 'cisco_ios' else 'none'\"")
    state, _ = play(nodes + "      - when: first.series.way.changes >= 1\n        healthy: x\n" + REST, turns)
    assert state.verdict is not None
    lines = [one for one in state.verdict.evidence if isinstance(one, LineCitation)]
    assert [(line.text, line.first) for line in lines[:2]] == [("bgp", 1), ("eigrp", 1)]


def test_a_series_without_a_full_cycle_has_no_period() -> None:
    state, _ = play(SAMPLED % "" + REST, turns)
    assert isinstance(state.results["first"].facts["series"]["way"]["period_seconds"], Unknown)


def test_until_ends_the_sampling_early() -> None:
    state, asked = play(SAMPLED % ", until: first.series.way.changes >= 1" + REST, turns)
    assert sum(isinstance(effect, RunCommand) for effect in asked) == 4
    assert state.results["first"].facts["series"]["way"]["values"] == ["bgp", "bgp", "bgp", "eigrp"]


def test_samples_that_fail_or_cannot_be_read_say_nothing_and_the_rest_stands() -> None:
    def some(at: float) -> Outcome:
        return Failed("timeout", "no answer") if 4 < at < 9 else said("?") if 9 < at < 14 else said("bgp")

    state, _ = play(SAMPLED % "" + REST, some)
    facts = state.results["first"].facts
    assert facts["failed"] is None
    assert facts["series"]["way"]["samples"] == 3
    assert facts["series"]["way"]["steady"] is True


def test_only_failures_make_a_failed_step() -> None:
    state, asked = play(SAMPLED % "" + REST, lambda at: Failed("timeout", "no answer"))
    assert state.results["first"].facts["failed"] == "timeout"
    assert isinstance(state.results["first"].facts.get("way"), Unknown)
    assert isinstance(state.results["first"].facts["series"]["way"], Unknown)
    assert sum(isinstance(effect, RunCommand) for effect in asked) > 1


@pytest.mark.parametrize("kind", ["closed", "declined", "cancelled"])
def test_a_lost_target_ends_the_sampling_at_once(kind: Any) -> None:
    state, asked = play(SAMPLED % "" + REST, lambda at: said("bgp") if at < 4 else Failed(kind, "gone"))
    assert sum(isinstance(effect, RunCommand) for effect in asked) == 2
    assert state.verdict is not None
    assert state.verdict.target_failed == ("closed" if kind == "closed" else "")


def test_a_refused_command_is_not_repeated_and_its_refusal_is_evidence() -> None:
    nodes = SAMPLED % "" + "      - when: first.refused is not none\n        inconclusive: 'refused: {{ first.refused }}'\n" + REST
    state, asked = play(nodes, lambda at: said("% Invalid input"))
    assert len(asked) == 1
    assert state.verdict is not None
    assert state.verdict.reason == "refused: % Invalid input"
    assert state.results["first"].facts.get("way") == Unknown("router refused the command: % Invalid input")
    assert any(isinstance(one, LineCitation) and one.text == "% Invalid input" and one.first == 1 for one in state.verdict.evidence)


def test_a_node_entered_again_samples_afresh() -> None:
    nodes = (
        SAMPLED % ""
        + "      - when: second.failed is none\n        healthy: twice\n      - otherwise: second\n  second:\n    wait: 1\n    decide:\n      - otherwise: first\n"
    )
    state, asked = play(nodes, turns)
    assert "first:sample-1/2@router" in [effect.key for effect in asked]
    assert state.results["first"].facts["samples"] == 5


def test_times_that_are_none_fail_the_step_without_touching_the_world() -> None:
    state, asked = play((SAMPLED % "").replace("every: 5", 'every: "{{ seconds }}x"') + REST, turns)
    assert asked == []
    assert state.results["first"].facts["failed"] == "not-found"


TOGETHER = """\
  first:
    together:
      - {id: left, run: show left, on: router}
      - {id: right, run: show right, on: other, sample: {every: 2, for: 4, watch: {way: right.way}}}
    decide:
      - when: left.way == 'a' and right.way == 'a'
        healthy: both
      - otherwise: {inconclusive: no}
"""


def test_steps_of_together_are_asked_for_at_once_and_decide_when_all_are_there() -> None:
    state, effects = start(TOGETHER)
    assert [effect.key for effect in effects] == ["left/1@router", "right:sample-1/1@other"]
    state, asked = play(TOGETHER, lambda at: said("a"))
    assert state.verdict is not None
    assert (state.verdict.kind, state.verdict.reason) == ("healthy", "both")
    assert {one.target for one in state.verdict.evidence if isinstance(one, LineCitation)} == {"router", "other"}
    assert [effect.key for effect in asked].count("left/1@router") == 1


def test_a_role_that_was_left_out_makes_its_facts_unknown_with_the_reason() -> None:
    state, asked = play(TOGETHER, lambda at: said("a"), targets=("router",))
    assert [effect.key for effect in asked] == ["left/1@router"]
    assert state.verdict is not None
    assert state.verdict.kind == "inconclusive"
    assert state.results["right"].facts.get("way") == Unknown("not run: no device was named for `other`")


@pytest.mark.parametrize(("platform", "command"), [("cisco_ios", "show ip route"), ("linux", "ip route")])
def test_each_platform_has_its_command(platform: str, command: str) -> None:
    nodes = "  first:\n    run: {cisco_ios: show ip route, linux: ip route}\n    on: router\n    decide:\n" + REST
    _, effects = start(nodes, platform)
    assert [effect.command for effect in effects] == [command]


@pytest.mark.parametrize("commands", ["{linux: ip route}", "{linux: ip route, cisco_ios: ''}"])
def test_a_platform_without_a_command_fails_the_step(commands: str) -> None:
    state, effects = start(f"  first:\n    run: {commands}\n    on: router\n    decide:\n" + REST)
    assert effects == ()
    assert state.verdict is not None
    assert state.results["first"].facts.get("way") == Unknown("not run: the playbook has no command for cisco_ios here")


def test_a_capture_may_run_while_a_command_is_sampled() -> None:
    nodes = (
        """\
  first:
    capture:
      on: other
      interface: eth0
      filter: tcp port 179
      during:
        - {id: way, run: show way, on: router, sample: {every: 5, for: 10, watch: {way: way.way}}}
    decide:
"""
        + REST
    )
    state, effects = start(nodes)
    assert [type(effect) for effect in effects] == [StartCapture]
    asked, at = [], 0.0
    while state.verdict is None and effects:
        (effect,) = effects
        asked.append(effect)
        outcome = (
            Ok(CaptureStarted("/tmp/x", 1, "tcpdump"))
            if isinstance(effect, StartCapture)
            else Ok(Waited(5))
            if isinstance(effect, Wait)
            else said("a", 0)
            if isinstance(effect, RunCommand)
            else Failed("timeout", "x")
        )
        at += effect.seconds if isinstance(effect, Wait) else 0
        state, effects = advance(state, EffectAnswered(at, effect.key, outcome))
    assert [type(effect) for effect in asked] == [StartCapture, RunCommand, Wait, RunCommand, Wait, RunCommand, StopCapture]
    assert state.results["way"].facts["samples"] == 3


def test_details_of_a_branch_fill_the_texts_of_its_cause() -> None:
    nodes = (
        SAMPLED % ""
        + "      - when: first.way == 'bgp'\n        conclude: nfs.export-not-found\n        details: {path: '{{ first.way }}/x', client: '{{ first.nothing }}'}\n"
        + REST
    )
    state, _ = play(nodes, turns)
    assert state.verdict is not None
    assert dict(state.verdict.details) == {"seconds": 20, "path": "bgp/x"}
