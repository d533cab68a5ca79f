"""Two sessions compared: what makes them another and what does not, aligned by node, with where they part and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import retraced
from hypothesis import given
from hypothesis import strategies as st

from tshoot.errors import SessionError
from tshoot.model.events import CommandRan, EffectAnswered, Event, Ok, RunStarted, TargetSpec, VerdictReached
from tshoot.retrace.compare import Comparison, compare, merged
from tshoot.retrace.compare_text import comparison_json, comparison_lines

DENIED, JUMBO = "nfs-mount/export-policy", "nfs-mount/jumbo-switch-port"
HOSTILE = "\x1b[31m[/bold]\u202e"


def compared(root: Path, first: str, second: str, events: list[Event] | None = None) -> Comparison:
    one, other = retraced.write(root, first), retraced.write(root, second, events)
    return compare(one, other)


def changed(scenario: str, key: str, stdout: bytes) -> list[Event]:
    """The events of a scenario, the answer of one request another."""
    events = list(retraced.events_of(scenario))
    for number, event in enumerate(events):
        if isinstance(event, EffectAnswered) and event.key == key and isinstance(event.outcome, Ok) and isinstance(event.outcome.answer, CommandRan):
            events[number] = replace(event, outcome=Ok(replace(event.outcome.answer, stdout=stdout)))
            return events
    raise AssertionError(key)


def test_a_session_is_the_same_as_itself(tmp_path: Path) -> None:
    found = compared(tmp_path, DENIED, DENIED)
    assert found.same and found.parting is None and not found.inputs and not found.targets
    assert {node.sign for node in found.nodes} == {"="}
    assert comparison_lines(found)[-1] == "the same verdict, the same way"


def test_without_a_verdict_nothing_is_the_same(tmp_path: Path) -> None:
    events = [event for event in retraced.events_of(DENIED) if not isinstance(event, VerdictReached)]
    found = compare(retraced.write(tmp_path, DENIED, events), retraced.write(tmp_path, DENIED, events))
    assert not found.same and comparison_json(found)["result"] == "different"
    assert comparison_lines(found)[-1] == "no verdict in either, the same way"


def test_two_recordings_have_no_ways_to_compare(tmp_path: Path) -> None:
    """What was typed there is no step of a playbook; that both end without a finding makes them no twins."""
    verdict = next(event for event in retraced.events_of(DENIED) if isinstance(event, VerdictReached))
    sessions = []
    for host in ("r2", "esx01"):
        started = RunStarted(1.0, "free", (TargetSpec("host", host, "linux"),), {})
        sessions.append(retraced.write(tmp_path, DENIED, [started, replace(verdict, verdict=replace(verdict.verdict, path=()))]))
    found = compare(*sessions)
    assert not found.same
    assert comparison_lines(found)[-1] == "the same verdict, and no step of a playbook to compare the ways by"


def test_another_cause_is_told_with_the_decision_where_the_ways_part(tmp_path: Path) -> None:
    found = compared(tmp_path, DENIED, JUMBO)
    assert not found.same and not found.same_verdict
    assert found.parting is not None and found.parting.node == "ping_full"
    signs = {node.node: node.sign for node in found.nodes}
    assert (signs["interfaces"], signs["routes"], signs["ping_full"], signs["trace"], signs["ping_small"]) == ("~", "=", "!", "<", ">")
    node = next(node for node in found.nodes if node.node == "ping_full")
    assert [(fact.name, fact.first, fact.second) for fact in node.facts] == [("ping_full.received", "3", "0")]
    (asked,) = node.asked
    assert "-s 1472" in str(asked.first) and "-s 8972" in str(asked.second)
    assert "+3 packets transmitted, 0 packets received, 100% packet loss" in asked.lines
    text = "\n".join(comparison_lines(found))
    assert "the ways part at `ping_full`: -> nfsd_port | -> ping_small" in text and "ping_full.received: 3 | 0" in text


def test_what_only_reads_otherwise_is_told_and_makes_no_difference(tmp_path: Path) -> None:
    events = changed(DENIED, "ping_full/1@host", b"PING 192.0.2.50\nsomething else\n3 packets transmitted, 3 packets received, 0% packet loss\n")
    started = events[0]
    assert isinstance(started, RunStarted)
    events[0] = replace(
        started, targets=tuple(replace(target, host="esx99") for target in started.targets), inputs={**started.inputs, "server": "192.0.2.99"}
    )
    found = compared(tmp_path, DENIED, DENIED, events)
    assert found.same
    assert [(one.name, one.second) for one in found.inputs] == [("server", "192.0.2.99")]
    assert [one.name for one in found.targets] == ["host"] and "esx99" in str(found.targets[0].second)
    node = next(node for node in found.nodes if node.node == "ping_full")
    assert node.sign == "~" and not node.asked[0].same and "+something else" in node.asked[0].lines


def test_an_interrupted_session_has_nodes_in_the_other_only(tmp_path: Path) -> None:
    found = compared(tmp_path, DENIED, DENIED, list(retraced.events_of(DENIED))[:12])
    assert not found.same and found.second.verdict is None
    assert found.parting is not None and found.parting.today is None
    assert found.nodes[-1].sign == "<" and comparison_json(found)["second"]["verdict"] is None


def test_another_verdict_at_the_end_of_the_same_way(tmp_path: Path) -> None:
    events = list(retraced.events_of(DENIED))
    place, reached = next((number, event) for number, event in enumerate(events) if isinstance(event, VerdictReached))
    events[place] = replace(reached, verdict=replace(reached.verdict, kind="healthy", cause=""))
    found = compared(tmp_path, DENIED, DENIED, events)
    assert not found.same and found.parting is None
    assert comparison_lines(found)[-1] == "another verdict, the same way"


def test_samples_of_a_series_are_compared_as_one(tmp_path: Path) -> None:
    found = compared(tmp_path, "bgp-walker-flap/demo", "bgp-walker-flap/steady")
    series = [asked for node in found.nodes for asked in node.asked if any(asked.samples)]
    assert series and all(first > 1 or second > 1 for first, second in (asked.samples for asked in series))
    assert len({asked.key for asked in series}) == len(series)


def test_sessions_of_two_playbooks_are_never_the_same(tmp_path: Path) -> None:
    found = compared(tmp_path, DENIED, "bgp-walker-flap/steady")
    assert not found.same and "they are of different playbooks" in comparison_lines(found)


def test_what_a_device_says_is_shown_clean(tmp_path: Path) -> None:
    events = changed(DENIED, "ping_full/1@host", f"{HOSTILE}\n".encode() * 3 + b"x" * 100_000)
    started = events[0]
    assert isinstance(started, RunStarted)
    events[0] = replace(started, targets=(TargetSpec("host", HOSTILE, "vmware_esxi"),), inputs={**started.inputs, HOSTILE: HOSTILE})
    found = compared(tmp_path, DENIED, DENIED, events)
    lines = comparison_lines(found)
    assert all(line.isprintable() and len(line) < 3000 for line in lines)
    assert "\x1b" not in repr(comparison_json(found)).replace("\\x1b", "\x1b")


def test_a_session_that_never_began_cannot_be_compared(tmp_path: Path) -> None:
    one, empty = retraced.write(tmp_path, DENIED), retraced.write(tmp_path, DENIED, [])
    with pytest.raises(SessionError, match="never began"):
        compare(one, empty)


@given(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True))
def test_both_orders_are_kept_where_they_agree(first: list[int], second: list[int]) -> None:
    visits = [[(str(number), "1") for number in side] for side in (first, second)]
    found = merged(*visits)
    assert sorted(found) == sorted({*visits[0], *visits[1]}) and [one for one in found if one in visits[0]] == visits[0]
