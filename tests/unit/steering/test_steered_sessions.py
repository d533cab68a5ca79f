"""Steered sessions of other versions, other playbooks and other people: folded as far as they apply, never with a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.walking import HEAD
from tests.unit.steering.steered import LADDER, Steered
from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Effect
from tshoot.model.events import EffectRequested, Event, OperatorSteered
from tshoot.playbook.loader import playbook_from_text
from tshoot.retrace.continuation import continuation
from tshoot.retrace.rejudge import Judgement, rejudge
from tshoot.session.log import SessionLog
from tshoot.session.store import Session, open_session
from tshoot.steering import Approval, Edit, Run


@pytest.fixture(scope="module")
def steered(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """`first` with an edited command, then decided by hand: to `third`, and retried from there; twice through `third`."""

    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "second/1@host":
            run.steering.branch("first", "third", "I do not trust it")
            run.await_event(EffectRequested, lambda event: event.effect.key == "third/1@other")
        elif effect.key == "third/1@other":
            run.steering.retry("third")
            run.await_event(EffectRequested, lambda event: event.effect.key == "third/2@other")

    def approve(effect: Effect, cancel: CancelToken) -> Approval:
        return Edit("uptime --pretty") if effect.key.startswith("first") else Run()

    run = Steered(tmp_path_factory.mktemp("steered"), say={"third": "root", "second": "ill"}, do=act)
    run.steering.stepping = True
    run.approve = approve
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.reason.startswith("it is ill (by the operator's hand: ")
    return run.session


def judged(session: Session, nodes: str) -> Judgement:
    return rejudge(
        session,
        playbook_from_text(HEAD.replace("start: first", f"start: {nodes.partition(':')[0].strip()}") + nodes, "other.yaml"),
        {},
        CancelToken(),
    )


def test_nodes_may_have_other_names_by_now(steered: Session) -> None:
    judgement = judged(steered, LADDER.replace("first", "load").replace("second", "kernel"))
    assert (judgement.result, judgement.unanswered) == ("same", ())
    assert judgement.today is not None
    assert [step.node for step in judgement.today.path] == ["load", "third", "kernel"]
    assert "the branch from `load` to `third`" in judgement.today.reason
    assert not any("not done again" in remark for remark in judgement.remarks)


def test_a_branch_to_a_node_that_has_another_name_is_not_taken_and_that_is_said(steered: Session) -> None:
    """Nothing tells which node it is: no answer was met on it when the branch was taken."""
    judgement = judged(steered, LADDER.replace("third", "who"))
    assert judgement.today is not None
    assert [step.node for step in judgement.today.path] == ["first", "second"]
    said = [remark for remark in judgement.remarks if "not done again" in remark]
    assert any("took the branch from `first` to `third`" in remark for remark in said)


def test_an_edited_command_answers_only_the_one_that_it_took_the_place_of(steered: Session) -> None:
    judgement = judged(steered, LADDER.replace("run: uptime", "run: uptime -s"))
    assert judgement.result == "open"
    assert [effect.command for effect in judgement.unanswered] == ["uptime -s"]  # type: ignore[union-attr]


def test_a_playbook_that_asks_the_edited_command_itself_is_not_answered_by_it(steered: Session) -> None:
    """The record says what stood in its place; a playbook that has it now is judged by a run of its own."""
    assert judged(steered, LADDER.replace("run: uptime", "run: uptime --pretty")).result == "open"


def test_a_node_that_is_no_more_is_not_gone_to(steered: Session) -> None:
    without = LADDER.replace("go: third", "go: second").split("  third:")[0]
    judgement = judged(steered, without)
    assert judgement.today is not None
    assert [step.node for step in judgement.today.path] == ["first", "second"]
    assert "by the operator's hand" in judgement.today.reason, "the command was still edited"


HOSTILE: list[dict[str, Any]] = [
    {"action": "branched", "node": "first", "key": "first/x", "to": "second"},
    {"action": "branched", "node": "first", "key": "first/", "to": "second"},
    {"action": "branched", "node": "first", "key": "", "to": "second"},
    {"action": "branched", "node": "first", "key": f"first/{'9' * 5000}", "to": "second"},
    {"action": "branched", "node": "first", "key": "first/²", "to": "second"},
    {"action": "branched", "node": "first", "key": "second/1", "to": "second"},
    {"action": "branched", "node": "first", "key": "first/1", "to": "nowhere"},
    {"action": "branched", "node": "nowhere", "key": "nowhere/1", "to": "second"},
    {"action": "retried", "node": "first", "key": "first/-1"},
    {"action": "retried", "node": "first", "key": "first/0"},
    {"action": "retried", "node": "nowhere", "key": "nowhere/1"},
    {"action": "edited", "node": "first", "key": "first/1@host", "to": "\x00" * 3, "was": "x"},
    {"action": "by-hand", "node": "first", "key": "second/1@host"},
    {"action": "ended-wait", "key": "first:wait-1/1"},
    {"action": "skipped", "key": ""},
]


@pytest.mark.parametrize("fields", HOSTILE, ids=lambda fields: f"{fields['action']} {fields.get('key', '')[:12]}")
@pytest.mark.parametrize("place", [1, 3, 5])
def test_what_makes_no_sense_changes_nothing_and_breaks_nothing(steered: Session, tmp_path: Path, fields: dict[str, Any], place: int) -> None:
    events = list(steered.events())
    odd = OperatorSteered(events[place].at, by="mallory", **fields)
    session = rewritten(tmp_path, [*events[:place], odd, *events[place:]])
    judgement = rejudge(session, playbook_from_text(HEAD + LADDER, "small.yaml"), {}, CancelToken())
    assert judgement.result in ("same", "different", "open")
    continuation(session.header, tuple(session.events())[: place + 2])


def test_an_action_of_a_newer_version_is_not_gone_on_past(steered: Session, tmp_path: Path) -> None:
    events = list(steered.events())
    newer = replace(next(event for event in events if isinstance(event, OperatorSteered)), action="rewound")  # type: ignore[arg-type]
    session = rewritten(tmp_path, [*events[:3], newer, *events[3:-1]])
    for judge in (
        lambda: rejudge(session, playbook_from_text(HEAD + LADDER, "small.yaml"), {}, CancelToken()),
        lambda: continuation(session.header, tuple(session.events())),
    ):
        with pytest.raises(SessionError, match="rewound"):
            judge()


def rewritten(root: Path, events: list[Event]) -> Session:
    with SessionLog.create(root, "small", HEAD + LADDER, ShippedKnowledge().versions()) as log:
        for event in events:
            log.append(event)
    return open_session(root, str(log.folder))
