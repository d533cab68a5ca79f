"""Names for expressions within a node: they stand for what they were given, facts and citations included."""

from __future__ import annotations

import pytest

from tests.unit.engine.walking import HEAD, walk
from tshoot.errors import PlaybookError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.events import CommandRan
from tshoot.model.evidence import LineCitation
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import playbook_from_text

DF = CommandRan(0, b"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100000 90000 10000 90% /var\n", b"", 0.1)
NODES = """\
  first:
    run: df -kP
    on: host
    let:
      room: first.mounts['/var']
      left: room.available_mb
    decide:
      - when: left < 100
        healthy: "{{ left | round }} MB left"
      - otherwise: {inconclusive: plenty}
"""


def test_a_name_stands_for_its_expression_and_the_proof_is_that_of_the_facts() -> None:
    verdict = walk(NODES, lambda effect: DF).verdict
    assert (verdict.kind, verdict.reason) == ("healthy", "10 MB left")
    (condition,) = verdict.path[0].conditions
    assert condition.condition == "left < 100", "shown as written"
    assert [reading.fact for reading in condition.readings] == ["first.mounts./var.available_mb"]
    assert any(isinstance(one, LineCitation) and "/dev/sda1" in one.text for one in verdict.evidence)


@pytest.mark.parametrize(
    ("let", "message"),
    [
        ("interface: first.text", "`let: interface` of `first` names an input already"),
        ("first: first.text", "`let: first` of `first` names a step already"),
        ("room: first.nonsense", "`first.nonsense`: `first` gives no such fact"),
    ],
)
def test_names_that_are_taken_and_facts_that_are_none_are_told(let: str, message: str) -> None:
    nodes = f"  first:\n    run: df -kP\n    on: host\n    let: {{{let}}}\n    decide:\n      - when: {let.partition(':')[0]} == 1\n        healthy: x\n      - otherwise: {{inconclusive: y}}\n"
    assert any(message in problem for problem in check_playbook(playbook_from_text(HEAD + nodes, "small.yaml"), ShippedKnowledge()))


def test_a_name_holds_only_in_its_node_and_after_it_was_given() -> None:
    later = NODES.replace("left: room.available_mb", "left: later").replace("room:", "later: left\n      room:", 1)
    problems = check_playbook(playbook_from_text(HEAD + later, "small.yaml"), ShippedKnowledge())
    assert any("`left` is no input and no step" in problem for problem in problems)


def test_names_of_the_whole_playbook_hold_in_every_node_and_in_commands() -> None:
    shared = HEAD.replace("start:", "let:\n  where: \"'/var'\"\nstart:", 1)
    nodes = NODES.replace("first.mounts['/var']", "first.mounts[where]").replace("run: df -kP", "run: df -kP {{ where }}")
    problems = check_playbook(playbook_from_text(shared + nodes, "small.yaml"), ShippedKnowledge())
    assert all("nothing runs on the target `other`" in problem for problem in problems)
    asked = []
    verdict = walk(nodes, lambda effect: asked.append(effect.command) or DF, head=shared).verdict
    assert (verdict.reason, asked) == ("10 MB left", ["df -kP /var"])


def test_a_node_cannot_give_a_name_of_the_playbook_again() -> None:
    shared = HEAD.replace("start:", "let:\n  room: \"'/var'\"\nstart:", 1)
    problems = check_playbook(playbook_from_text(shared + NODES, "small.yaml"), ShippedKnowledge())
    assert any("`let: room` of `first` names an expression already" in problem for problem in problems)


@pytest.mark.parametrize(("more", "said"), [("-(n{0} + 1)", "deep"), ("n{0} + n{0}", "too much")])
def test_names_that_grow_without_end_are_refused(more: str, said: str) -> None:
    lines = "\n".join(f"      n{index}: {more.format(index - 1)}" if index else "      n0: first.exit_status" for index in range(60))
    nodes = f"  first:\n    run: df -kP\n    on: host\n    let:\n{lines}\n    decide:\n      - when: n59 == 1\n        healthy: x\n      - otherwise: {{inconclusive: y}}\n"
    with pytest.raises(PlaybookError) as refused:
        playbook_from_text(HEAD + nodes, "small.yaml")
    assert any(said in problem for problem in refused.value.problems)
