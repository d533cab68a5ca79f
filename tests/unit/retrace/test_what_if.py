"""What is typed after --what-if: its value has the type that it looks like, its fact is one that the step can tell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.retrace.retraced import SCENARIOS, playbook_text
from tshoot.engine.assumed import assume
from tshoot.engine.state import Result
from tshoot.errors import UsageError
from tshoot.model.events import Failed
from tshoot.model.facts import Unknown, Value
from tshoot.playbook.loader import playbook_from_text
from tshoot.retrace.what_came import _refuse_missing
from tshoot.retrace.what_if import assumptions, typed

PLAYBOOK = playbook_from_text(playbook_text(SCENARIOS["nfs-mount/export-policy"]), "nfs-mount.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("false", False), ("none", None), ("0", 0), ("-12", -12), ("1.5", 1.5), ("bgp", "bgp"), ("", ""), ("'12'", "12"), ('"true"', "true"),
     ("192.0.2.1", "192.0.2.1"), ("1e5", "1e5"), ("0x10", "0x10"), ("9" * 16, "9" * 16), ("True", "True"), ("'", "'")],
)  # fmt: skip
def test_a_value_has_the_type_that_it_looks_like(text: str, value: Value) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_unknown_is_unknown() -> None:
    assert isinstance(typed("unknown"), Unknown)


def test_what_a_step_can_tell_is_taken_and_failed_comes_first() -> None:
    words = [
        "ping_full.received=0",
        "ping_full.failed=timeout",
        "interfaces.by_name.vmk0.mtu=9000",
        "trace.found('nfs.mount-denied')=true",
        "retry.answer=no",
    ]
    assert {step: list(facts.items()) for step, facts in assumptions(words, PLAYBOOK).items()} == {
        "ping_full": [("failed", "timeout"), ("received", 0)],
        "interfaces": [("by_name.vmk0.mtu", 9000)],
        "trace": [("found('nfs.mount-denied')", True)],
        "retry": [("answer", "no")],
    }


@pytest.mark.parametrize(
    ("word", "hint"),
    [("ping_full.recieved=1", "received"), ("ping_ful.received=1", "ping_full"), ("ping_full=1", "for example"), ("ping_full.received", "for example"),
     ("trace.found('')=true", ""), ("ping_full.found('x')=true", ""),
     ("trace.found('nfs.mount-denid')=true", "found('nfs.mount-denied')"), ("trace.warned(nfs.mount-denid)=true", "warned('nfs.mount-denied')"),
     ("trace.found('no.such-cause')=true", "found('"), ("trace.found=true", "did you mean"), ("ping_full.failed=banana", "timeout"),
     ("ping_full.failed=unknown", "timeout"), ("ping_full.failed=", "none, name-unknown")],
)  # fmt: skip
def test_what_no_step_tells_is_refused_with_what_is_meant(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        assumptions([word], PLAYBOOK)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    "question", ["found(nfs.mount-denied)", 'found("nfs.mount-denied")', "found('nfs.mount-denied')", "found( 'nfs.mount-denied' )"]
)
def test_a_question_is_the_same_in_any_quotes(question: str) -> None:
    assert assumptions([f"trace.{question}=true"], PLAYBOOK) == {"trace": {"found('nfs.mount-denied')": True}}


@pytest.mark.parametrize(
    ("facts", "path", "value", "after"),
    [
        ({"a": 1}, "a", 2, {"a": 2}),
        ({"by": {"vmk0": {"mtu": 1, "up": True}}}, "by.vmk0.mtu", 9, {"by": {"vmk0": {"mtu": 9, "up": True}}}),
        ({"by": {"192.0.2.1": {"x": 1}, "192": {}}}, "by.192.0.2.1.x", 2, {"by": {"192.0.2.1": {"x": 2}, "192": {}}}),
        ({"rows": [{"x": 1}, {"x": 2}]}, "rows.1.x", 5, {"rows": [{"x": 1}, {"x": 5}]}),
        ({"rows": []}, "rows.7.x", 5, {"rows": []}),
        ({}, "a.b", None, {"a": {"b": None}}),
        ({"a": 1}, "a.b", 2, {"a": {"b": 2}}),
    ],
)
def test_a_fact_is_put_in_its_place_and_the_rest_stays(facts: dict[str, Value], path: str, value: Value, after: dict[str, Value]) -> None:
    before = repr(facts)
    got = assume(Result("step", facts), {path: value})
    assert dict(got.facts) == after
    assert repr(facts) == before, "what was read is not altered"


def test_counts_beside_an_assumed_one_stay_none() -> None:
    from tshoot.engine.results import _Counts

    seen: Any = assume(Result("trace", {"seen": _Counts({})}), {"seen.mount_calls": 2}).facts["seen"]
    assert (seen.get("mount_calls"), seen.get("others")) == (2, 0)


def test_a_failure_that_is_taken_away_leaves_the_rest_unknown() -> None:
    from tshoot.engine.results import failed_result

    failed = failed_result("step", None, Failed("timeout", "no answer within 30 s"))
    got: Any = assume(failed, {"failed": None, "received": 3})
    assert (got.failed, got.facts.get("failed"), got.facts.get("received")) == (None, None, 3)
    assert isinstance(got.facts.get("sent"), Unknown)


PARSED = [("by_neighbor",), ("by_neighbor", "*"), ("by_neighbor", "*", "update_source"), ("by_neighbor", "*", "state"), ("by_mac", "*", "*")]
TOLD: dict[str, Value] = {"by_neighbor": {"192.0.2.1": {"state": "up"}}, "by_mac": {"00:11": ["192.0.2.9"]}}


@pytest.mark.parametrize(
    "path", ["by_neighbor.192.0.2.1.state", "by_neighbor.192.0.2.1.update_source", "by_neighbor.192.0.2.1", "by_mac.00:11.0", "never_told.x"]
)
def test_what_a_parser_lists_of_an_entry_that_is_there_has_a_place(path: str) -> None:
    _refuse_missing("step", path, TOLD, PARSED)


@pytest.mark.parametrize(
    "path", ["by_neighbor.192.0.2.2.state", "by_neighbor.192.0.2", "by_neighbor.192.0.2.1.updat", "by_mac.00:11.1", "by_mac.00:12.0"]
)
def test_an_entry_that_is_not_there_has_none(path: str) -> None:
    with pytest.raises(UsageError, match="in this session"):
        _refuse_missing("step", path, TOLD, PARSED)
