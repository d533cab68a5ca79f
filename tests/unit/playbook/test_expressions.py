"""The language of conditions and templates: three-valued, telling what it read, and closed to everything else."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tshoot.model.facts import Unknown
from tshoot.playbook.evaluation import Evaluation, FactFunction, evaluate, render, told
from tshoot.playbook.expressions import MAX_DEPTH, MAX_LENGTH, ExpressionError, parse_condition, parse_template
from tshoot.playbook.functions import FILTERS, TESTS

UNKNOWN = Unknown("not measured")
TRUTHS: dict[str, Any] = {"yes": True, "no": False, "open": UNKNOWN}
ROUTES = [
    {"network": "0.0.0.0", "prefix_length": 0, "gateway": "203.0.113.1", "interface": "vmk0"},
    {"network": "192.0.2.0", "prefix_length": 24, "gateway": None, "interface": "vmk1"},
]
SCOPE: dict[str, Any] = {
    **TRUTHS,
    "vmk": "vmk1",
    "server": "192.0.2.50",
    "count": 3,
    "nothing": None,
    "empty": [],
    "numbers": [3, 1, 2],
    "reach": {"loss": 100, "text": "Lost", "failed": None},
    "interfaces": {"names": ["vmk0", "vmk1"], "by_name": {"vmk1": {"mtu": 9000}, "vmk0": {"mtu": UNKNOWN}}},
    "routes": {"entries": ROUTES},
    "log": {"failures": [{"kind": "denied", "share": "/a"}, {"kind": "timeout", "share": "/b"}]},
    "trace": {"found": FactFunction("found", lambda cause: cause in {"nfs.mount-denied"})},
}


def value(text: str, scope: dict[str, Any] | None = None) -> Any:
    return evaluate(parse_condition(text), SCOPE if scope is None else scope).value


def of(text: str) -> Evaluation:
    return evaluate(parse_condition(text), SCOPE)


# --- Kleene's logic --------------------------------------------------------------------------------------


def kleene(operation: str, left: bool | None, right: bool | None) -> bool | None:
    """The published tables, with None for unknown."""
    deciding = operation == "or"
    if deciding in (left, right):
        return deciding
    return None if None in (left, right) else not deciding


@pytest.mark.parametrize(("left", "operation", "right"), itertools.product(TRUTHS, ("and", "or"), TRUTHS))
def test_and_and_or_follow_kleenes_tables(left: str, operation: str, right: str) -> None:
    plain = {name: None if isinstance(truth, Unknown) else truth for name, truth in TRUTHS.items()}
    expected = kleene(operation, plain[left], plain[right])
    got = value(f"{left} {operation} {right}")
    assert got is expected or (expected is None and got == UNKNOWN)


@pytest.mark.parametrize(("text", "expected"), [("not yes", False), ("not no", True), ("not open", UNKNOWN), ("not not open", UNKNOWN)])
def test_not_follows_kleenes_table(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "open == 1", "1 < open", "open in numbers", "1 in [open, 1]", "open + 1", "-open", "open ~ 'x'", "open.part.of_it", "open[0]",
        "numbers[open]", "open | length", "numbers | join(open)", "'a' if open else 'b'", "open is none", "open is ipv4", "[open, 1] | max",
        "trace.found(open)", "interfaces.by_name.vmk0.mtu - 28",
    ],
)  # fmt: skip
def test_whatever_else_meets_an_unknown_is_unknown_with_its_reason(text: str) -> None:
    assert value(text) == UNKNOWN


def test_an_unknown_has_no_truth_in_python() -> None:
    with pytest.raises(TypeError, match="not measured"):
        bool(UNKNOWN)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nobody", "was not asked or run on this path"),
        ("reach.gain", "`reach` has no `gain`"),
        ("numbers[7]", "`numbers` has no `7`"),
        ("count.part", "`count` has no `part`"),
        ("reach[[1]]", "has no"),
        ("1 // 0", "zero"),
        ("'a' < 1", "cannot be compared"),
        ("1 in 2", "cannot be compared"),
        ("vmk * 9", "no number to calculate with"),
        ("numbers + numbers", "no number to calculate with"),
        ("'x' | int", "invalid literal"),
        ("vmk is ipv4", "does not appear to be"),
        ("empty | first", "no first"),
        ("empty | last", "no last"),
        ("'a' if no", "without `else`"),
        ("trace.found", "is asked about something"),
        ("trace.found('a', 'b')", "cannot be called like this"),
        ("trace.found([1])", "unhashable"),
        ("reach.loss('x')", "cannot be called like this"),
    ],
)
def test_what_cannot_be_known_is_unknown_and_says_why(text: str, reason: str) -> None:
    got = value(text)
    assert isinstance(got, Unknown)
    assert reason in got.reason


def test_a_reason_stays_short_however_much_a_device_printed() -> None:
    got = value("flood * 2 ", {"flood": "x" * 10_000_000})
    assert isinstance(got, Unknown)
    assert len(got.reason) < 500
    assert len(value("flood | int", {"flood": "x" * 10_000_000}).reason) < 500


# --- values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reach.loss == 100", True), ("reach['loss'] != 100", False), ("1 < 2 < 3", True), ("1 < 3 < 2", False), ("vmk in interfaces.names", True),
        ("vmk not in interfaces.names", False), ("interfaces.by_name[vmk].mtu - 28", 8972), ("1 + 2 * 3", 7), ("7 // 2", 3), ("7 % 4", 3), ("7 / 2", 3.5),
        ("-count", -3), ("+count", 3), ("vmk ~ ':' ~ count", "vmk1:3"), ("'a' if yes else 'b'", "a"), ("[1, count]", [1, 3]), ("(1, 2)", [1, 2]),
        ("numbers[0]", 3), ("numbers[-1]", 2), ("trace.found('nfs.mount-denied')", True), ("trace.found('nfs.stale-handle')", False),
    ],
)  # fmt: skip
def test_values(text: str, expected: Any) -> None:
    assert value(text) == expected


FILTERED = {
    "at_least": [("interfaces.by_name | at_least('mtu', 9000) | length", 1), ("interfaces.by_name | at_least('nothing', 1) | length", 0)],
    "at_most": [("interfaces.by_name | at_most('mtu', 9000) | length", 1), ("interfaces.by_name | at_most('mtu', 100) | length", 0)],
    "default": [("open | default(5)", 5), ("nothing | default('x')", "x"), ("count | default(5)", 3), ("nobody.part | default(open)", UNKNOWN)],
    "first": [("numbers | first", 3)],
    "int": [("'12' | int", 12), ("2.9 | int", 2)],
    "float": [("'1.5' | float", 1.5)],
    "join": [("interfaces.names | join(', ')", "vmk0, vmk1"), ("numbers | join", "312")],
    "last": [("numbers | last", 2)],
    "length": [("numbers | length", 3), ("vmk | length", 4)],
    "lower": [("'VmK' | lower", "vmk")],
    "max": [("numbers | max", 3)],
    "min": [("numbers | min", 1)],
    "recursion": [
        ("'2001:db8:100::/64' | recursion('2001:db8:100::1')", "2001:db8:100::/64 -> next hop 2001:db8:100::1 -> 2001:db8:100::/64 -> …"),
        ("'2001:db8:1::/64' | recursion('2001:db8:100::1', '2001:db8:100::/64') | length", 118),
    ],
    "round": [("2.94 | round(1)", 2.9), ("2.94 | round", 3)],
    "route_to": [
        ("(routes.entries | route_to(server)).interface", "vmk1"),
        ("(routes.entries | route_to('198.51.100.1')).interface", "vmk0"),
        ("(empty | route_to(server)) is unknown", True),
        ("(routes.entries | route_to('2001:db8::1')) is unknown", True),
        ("(routes.entries | route_to('no address')) is unknown", True),
        ("([routes.entries[1]] | route_to('198.51.100.1')) is none", True),
    ],
    "string": [("count | string", "3")],
    "where": [
        ("log.failures | where('kind', 'denied') | length", 1),
        ("log.failures | where('kind', 'denied') | where('share', '/b') | length", 0),
        ("interfaces.by_name | where('mtu', 9000) | length", 1),
        ("(numbers | where('kind', 1)) is unknown", True),
    ],
}
TESTED = {
    "known": [("count is known", True), ("open is known", False), ("reach.gain is known", False)],
    "unknown": [("open is unknown", True), ("nothing is unknown", False)],
    "none": [("nothing is none", True), ("count is none", False), ("reach.failed is not none", False)],
    "ipv4": [("server is ipv4", True), ("'2001:db8::1' is ipv4", False)],
    "ipv6": [("'2001:db8::1' is ipv6", True), ("server is ipv6", False)],
    "in_own_prefix": [
        ("'2001:db8:100::1' is in_own_prefix('2001:db8:100::/64')", True),
        ("'2001:db8:100::1' is in_own_prefix('::/0')", False),
        ("'fe80::1' is in_own_prefix('fe80::/10')", False),
    ],
    "within": [("'192.0.2.9' is within('192.0.2.0/24')", True), ("server is within('198.51.100.0/24')", False)],
    "in": [("3 is in(numbers)", True), ("4 is in numbers", False)],
}


def test_every_filter_and_every_test_is_tried_below() -> None:
    assert set(FILTERED) == set(FILTERS)
    assert set(TESTED) == set(TESTS)
    assert all(function.help for function in (*FILTERS.values(), *TESTS.values()))


@pytest.mark.parametrize(("text", "expected"), [case for cases in (FILTERED | TESTED).values() for case in cases])
def test_filters_and_tests(text: str, expected: Any) -> None:
    got = value(text)
    assert (got, type(got)) == (expected, type(expected))


# --- what was read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("reach.loss == 100", ["reach.loss"]),
        ("reach.loss == 100 and reach.loss > 1", ["reach.loss"]),
        ("interfaces.by_name[vmk].mtu", ["vmk", "interfaces.by_name.vmk1.mtu"]),
        ("interfaces.by_name[vmk].mtu > interfaces.by_name.vmk0.mtu", ["vmk", "interfaces.by_name.vmk1.mtu", "interfaces.by_name.vmk0.mtu"]),
        ("(routes.entries | route_to(server)).interface", ["server", "routes.entries.1.interface"]),
        ("(routes.entries | route_to(server)) is none", ["server", "routes.entries.1"]),
        ("log.failures | where('kind', 'denied') | length", ["log.failures.0.kind"]),
        ("log.failures | where('kind', 'never said') | length", ["log.failures"]),
        ("(log.failures | where('kind', 'denied') | first).kind", ["log.failures.0.kind"]),
        ("log.failures | default([]) | length", ["log.failures"]),
        ("(log.failures | first).kind", ["log.failures.0.kind"]),
        ("trace.found('nfs.stale-handle')", ["trace.found('nfs.stale-handle')"]),
        ("yes or reach.loss", ["yes"]),
        ("no and reach.loss", ["no"]),
        ("open and reach.loss", ["open", "reach.loss"]),
        ("reach.loss if yes else vmk", ["yes", "reach.loss"]),
        ("reach.gain.of.it", ["reach.gain"]),
    ],
)
def test_readings_name_what_decided_with_keys_filled_in(text: str, paths: list[str]) -> None:
    assert [path for path, _ in of(text).readings] == paths


def test_filters_in_a_row_have_read_only_what_the_last_one_left() -> None:
    peers = {"192.0.2.1": {"up": False, "code": 2}, "192.0.2.2": {"up": False, "code": 4}, "192.0.2.3": {"up": True, "code": 2}}
    read = evaluate(parse_condition("(n.peers | where('up', false) | at_least('code', 3) | length) > 0"), {"n": {"peers": peers}}).readings
    assert read == [("n.peers.192.0.2.2.up", False), ("n.peers.192.0.2.2.code", 4)]
    none = evaluate(parse_condition("(n.peers | where('up', false) | at_least('code', 7) | length) > 0"), {"n": {"peers": peers}})
    assert none.value is False
    assert none.readings == [("n.peers.192.0.2.1.up", False), ("n.peers.192.0.2.2.up", False)], "which were left, so that none of them is such a one"


def test_a_sentence_says_what_is_unknown_instead_of_showing_its_template() -> None:
    template = parse_template("{{ n.a }} of {{ n.b }}, {{ n.c | round(1) }} s; {{ n.peers }}")
    assert told(template, {"n": {"a": 3.0, "c": 1.25, "peers": []}}) == "3 of unknown, 1.2 s; unknown"


def test_readings_carry_the_values() -> None:
    assert of("interfaces.by_name[vmk].mtu > 1500").readings == [("vmk", "vmk1"), ("interfaces.by_name.vmk1.mtu", 9000)]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("a.b[c].d", [("a", "b", "*", "d"), ("c",)]),
        ("a[b][c]", [("a", "*", "*"), ("c",), ("b",)]),
        ("a[b].c.d", [("a", "*", "c", "d"), ("b",)]),
        ("a[b.c[d]].e.f", [("a", "*", "e", "f"), ("b", "c", "*"), ("d",)]),
        ("a.found('x') and (b | where('k', c)).d", [("a", "found"), ("b",), ("c",)]),
        ("x['y'].z", [("x", "y", "z")]),
    ],
)
def test_reads_name_everything_that_may_be_read(text: str, reads: list[tuple[str, ...]]) -> None:
    assert list(parse_condition(text).reads) == reads


def test_calls_name_their_constant_argument() -> None:
    assert parse_condition("a.found('x.y') or not b.warned('z')").calls == ((("a", "found"), "x.y"), (("b", "warned"), "z"))


# --- templates -------------------------------------------------------------------------------------------


def test_a_template_is_rendered_with_its_values_and_what_was_read() -> None:
    template = parse_template("vmkping -I {{ vmk }} -s {{ interfaces.by_name[vmk].mtu - 28 }} {{ host }}")
    text, readings = render(template, {**SCOPE, "host": "192.0.2.1"})
    assert text == "vmkping -I vmk1 -s 8972 192.0.2.1"
    assert [path for path, _ in readings] == ["vmk", "vmk", "interfaces.by_name.vmk1.mtu", "host"]


@pytest.mark.parametrize("text", ["x {{ open }}", "x {{ interfaces.names }}", "x {{ reach }}", "x {{ nothing }}", "x {{ trace.found }}"])
def test_a_template_that_needs_what_is_no_single_value_is_unknown(text: str) -> None:
    assert isinstance(render(parse_template(text), SCOPE)[0], Unknown)


def test_whole_floats_are_written_without_a_point() -> None:
    assert render(parse_template("{{ 9000 / 2 }} {{ 1 / 2 }}"), SCOPE)[0] == "4500 0.5"


def test_the_source_of_each_insertion_is_its_own_text() -> None:
    parts = parse_template("""{# {{ no }} #}a {{  vmk  }} b {{ '}}' ~ "{{" }}{{- count -}}""").parts
    assert [part if isinstance(part, str) else part.source for part in parts] == ["a ", "vmk", " b ", """'}}' ~ "{{\"""", "count"]


# --- refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "reach.loss ==", "== 1", "a b", "a }} {{ b", "a }}{{ b", "x }} text", "range(3)", "f()", "'{}'.format(1)()", "a | map('b')", "a | safe", "a | attr('b')",
        "a | tojson", "a | default(*b)", "a | default(**b)", "a | default(instead=1)", "a.found(x=1)", "a.found(*b)", "a is divisibleby 3", "a is defined", "2 ** 64",
        "{'a': 1}", "a[1:2]", "a[:]", "lambda: 1", "x for x in y", "[x for x in y]", "a := 1", "a = 1", "import os", "await a", "a if", "1 if 2 else",
    ],
)  # fmt: skip
def test_everything_outside_the_closed_set_is_refused_when_the_playbook_is_loaded(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_condition(text)


@pytest.mark.parametrize(
    "text",
    [
        "{% if a %}x{% endif %}",
        "{% set a = 1 %}",
        "{% for a in b %}{% endfor %}",
        "{% include 'a' %}",
        "{% import 'os' as os %}",
        "{{",
        "{{ a",
        "{{ }}",
        "{% raw %}x",
    ],
)
def test_a_template_holds_no_statements(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_template(text)


@pytest.mark.parametrize(
    "text", ["''.__class__", "reach.__class__", "reach['__class__']", "numbers.append", "vmk.upper", "trace.found.call", "reach.items"]
)
def test_attributes_of_python_objects_cannot_be_reached(text: str) -> None:
    assert isinstance(value(text), Unknown)
    with contextlib.suppress(ExpressionError):
        assert isinstance(value(f"{text}('x')"), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["1"] * 900), "a" + ".a" * 900, "a" + "[0]" * 600, "not " * 400 + "a", "- " * 900 + "1", "(" * 900 + "a" + ")" * 900, "[" * 900 + "]" * 900,
        " and ".join(["a"] * 300), "a" + "|int" * 400, "a if b else " * 100 + "c", "a[" * 400 + "0" + "]" * 400,
    ],
)  # fmt: skip
def test_deep_nesting_is_refused_not_survived(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"deep|recursion"):
        parse_condition(text)


def test_what_is_allowed_is_far_from_the_limits() -> None:
    assert value(" or ".join(["no"] * (MAX_DEPTH - 2) + ["yes"])) is True
    with pytest.raises(ExpressionError, match=str(MAX_LENGTH)):
        parse_condition("'" + "x" * MAX_LENGTH + "'")


@pytest.mark.parametrize(
    "text", ["9" * 1900, "0x" + "f" * 1900, "1e999", "1e999 - 1e999", "9" * 1900 + " * " + "9", "'x' * 1000000", "'x' ~ " + "9" * 1900]
)
def test_huge_numbers_and_texts_cost_nothing(text: str) -> None:
    began = time.process_time()
    evaluate(parse_condition(text), SCOPE)
    assert time.process_time() - began < 0.5


# --- anything at all -------------------------------------------------------------------------------------

ATOMS = [
    "yes",
    "no",
    "open",
    "vmk",
    "count",
    "nothing",
    "numbers",
    "reach",
    "interfaces",
    "routes.entries",
    "trace.found",
    "1",
    "0",
    "'x'",
    "2.5",
    "true",
    "none",
    "nobody",
]
GLUE = [" + ", " - ", " * ", " / ", " // ", " % ", " ~ ", " and ", " or ", " == ", " < ", " in ", " not in ", " if yes else ", ", "]
TAILS = [".loss", ".names", "[0]", "[vmk]", "[[1]]", "[open]", "('x')", "([1])", "(open)", " is none", " is ipv4", " is known", " is in(numbers)"]
FILTER_TAILS = [f" | {name}" for name in FILTERS] + [f" | {name}({argument})" for name in FILTERS for argument in ("1", "'k', 1", "open", "numbers")]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0:
        return draw(st.sampled_from(ATOMS))
    inner = expressions(depth=depth - 1)
    shape = draw(st.integers(0, 5))
    if shape == 0:
        return draw(st.sampled_from(ATOMS))
    if shape == 1:
        return f"({draw(inner)}{draw(st.sampled_from(GLUE))}{draw(inner)})"
    if shape == 2:
        return f"{draw(st.sampled_from(['not ', '-', '+']))}({draw(inner)})"
    if shape == 3:
        return f"({draw(inner)}{draw(st.sampled_from(FILTER_TAILS))})"
    return f"({draw(inner)}){draw(st.sampled_from(TAILS))}"


def judged(text: str) -> None:
    """It is refused with an ExpressionError, or its value comes quickly and whatever it reads has a reading."""
    began = time.process_time()
    try:
        expression = parse_condition(text)
    except ExpressionError:
        return
    evaluation = evaluate(expression, SCOPE)
    assert isinstance(evaluation.truth, (bool, Unknown))
    assert expression.reads is not None
    assert expression.calls is not None
    assert render(parse_template("{{ " + text + " }}"), SCOPE)[0] is not None
    assert time.process_time() - began < 1


@settings(max_examples=400, deadline=None)
@given(expressions())
def test_evaluation_never_raises(text: str) -> None:
    judged(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abx01.[](){}|'\" ,+-*/%~<>=!#_\n\\", max_size=60))
@example("a" + " " * 1990)
@example("{# {{" + " " * 1900 + "#}")
def test_any_text_is_refused_or_evaluated(text: str) -> None:
    judged(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
@example("\ud800")
@example("{# {{" + " " * 1900 + "#}")
@example("{{" * 900)
def test_any_template_is_refused_or_rendered(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(ExpressionError):
        render(parse_template(text), SCOPE)
    assert time.process_time() - began < 1
