"""A comparison of two sessions for a person, and as the plain values of `--json` (docs/json.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tshoot.model.stamp import utc
from tshoot.model.text import clean
from tshoot.model.verdicts import Decision
from tshoot.retrace.compare import Asked, Compared, Comparison, Differing, Side
from tshoot.retrace.judgement_text import parting_json
from tshoot.session.plain import decision_json, verdict_json
from tshoot.session.prose import LONGEST_VALUE, one_line, verbatim, wrapped

MOST_DIFFERENCES = 40  # lines of one answer's difference
SIGNS = {
    "=": "the same",
    "~": "the same decision, on something else",
    "!": "another decision",
    "<": "in the first session only",
    ">": "in the second session only",
}


def comparison_lines(comparison: Comparison) -> list[str]:
    """Plain lines: both sessions, what was given otherwise, each node, where the ways part, what it comes to."""
    lines = [*side_lines("first", comparison.first), *side_lines("second", comparison.second)]
    for kind, differing in (("target", comparison.targets), ("input", comparison.inputs)):
        lines += [f"  {kind} {one_line(one.name)}: {_both(one)}" for one in differing]
    lines += ["", *(line for node in comparison.nodes for line in node_lines(node))]
    return [*lines, "", *conclusion(comparison)]


def side_lines(which: str, side: Side) -> list[str]:
    verdict = f"{side.verdict.kind} {side.verdict.cause}".strip() if side.verdict else "no verdict"
    return wrapped(f"{one_line(side.session)}, {datetime.fromtimestamp(side.started, UTC):%Y-%m-%d %H:%M} UTC: {one_line(verdict)}", 8, f"{which:<8}")


def node_lines(node: Compared) -> Iterator[str]:
    visit = f", visit {one_line(node.attempt)}" if node.attempt != "1" else ""
    yield f"{node.sign} {one_line(node.node)}{visit}: {_decided(node)}"
    if node.sign in "<>":
        yield from (line for asked in node.asked for line in wrapped(asked.first or asked.second or "", 8, "    "))
        return
    for fact in node.facts:
        yield from wrapped(f"{fact.name}: {_both(fact)}", 8, "    ")
    for asked in node.asked:
        if not asked.same:
            yield from _asked_lines(asked)


def _decided(node: Compared) -> str:
    first, second = _led(node.first), _led(node.second)
    if node.sign in "<>":
        return f"{SIGNS[node.sign]}, {first if node.sign == '<' else second}"
    return first if first == second else f"{first} | {second}"


def _led(decision: Decision | None) -> str:
    return "not decided" if decision is None else f"-> {one_line(decision.leads_to) or 'no branch applied'}"


def _asked_lines(asked: Asked) -> Iterator[str]:
    if asked.first != asked.second:
        yield from wrapped(f"asked {asked.first or 'nothing'} | {asked.second or 'nothing'}", 8, "    ")
    else:
        yield from wrapped(asked.first or "", 8, "    ")
    if any(asked.samples):
        yield f"        samples: {asked.samples[0]} | {asked.samples[1]}, the first of each:"
    yield from (text for line in asked.lines[:MOST_DIFFERENCES] for text in verbatim(line, 8))
    if len(asked.lines) > MOST_DIFFERENCES:
        yield f"        … {len(asked.lines) - MOST_DIFFERENCES} more lines"


def _both(one: Differing) -> str:
    return " | ".join("-" if value is None else one_line(value, LONGEST_VALUE) for value in (one.first, one.second))


def conclusion(comparison: Comparison) -> list[str]:
    """Where the ways part, why, and whether the verdict is the same."""
    lines = []
    apart = comparison.parting
    if apart is not None:
        lines = wrapped(f"the ways part at `{apart.node}`: {_led(apart.recorded)} | {_led(apart.today)}", 4)
        lines[0] = lines[0].strip()
        found = apart.difference
        if found is not None:
            lines += wrapped(f"{found.condition}{f': {found.recorded} | {found.today}' if found.recorded or found.today else ''}", 4, "  condition ")
            if found.fact:
                values = f"{found.fact}: {one_line(found.recorded_value, LONGEST_VALUE) or '-'} | {one_line(found.today_value, LONGEST_VALUE) or '-'}"
                lines += wrapped(values, 4, "  value     ")
    other_playbook = [] if comparison.first.playbook == comparison.second.playbook else ["they are of different playbooks"]
    verdict = "another verdict" if not comparison.same_verdict else "the same verdict" if comparison.first.verdict else "no verdict in either"
    way = "another way" if apart is not None else "the same way" if comparison.nodes else "and no step of a playbook to compare the ways by"
    return [*lines, *other_playbook, f"{verdict}, {way}"]


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """{"result", "first", "second", "targets", "inputs", "nodes", "parting"}."""
    return {
        "result": "same" if comparison.same else "different",
        "first": _side_json(comparison.first),
        "second": _side_json(comparison.second),
        "targets": [_differing_json(one) for one in comparison.targets],
        "inputs": [_differing_json(one) for one in comparison.inputs],
        "nodes": [_node_json(node) for node in comparison.nodes],
        "parting": _parting_json(comparison),
    }


def _parting_json(comparison: Comparison) -> dict[str, Any] | None:
    """As that of `rejudge`, its sides named first and second."""
    if comparison.parting is None:
        return None
    told = parting_json(comparison.parting)
    difference = told["difference"]
    return {
        "node": told["node"],
        "attempt": told["attempt"],
        "first": told["recorded"],
        "second": told["today"],
        "difference": difference
        and {
            "condition": difference["condition"],
            "first": difference["recorded"],
            "second": difference["today"],
            "fact": difference["fact"],
            "first_value": difference["recorded_value"],
            "second_value": difference["today_value"],
            "why": difference["why"],
        },
    }


def _side_json(side: Side) -> dict[str, Any]:
    return {
        "session": clean(side.session),
        "playbook": clean(side.playbook),
        "started": utc(side.started),
        "verdict": verdict_json(side.verdict) if side.verdict else None,
    }


def _differing_json(one: Differing) -> dict[str, Any]:
    return {"name": clean(one.name), "first": _text(one.first), "second": _text(one.second)}


def _node_json(node: Compared) -> dict[str, Any]:
    return {
        "node": clean(node.node),
        "attempt": int(node.attempt) if node.attempt.isdecimal() else 0,
        "result": {"=": "same", "~": "similar", "!": "different", "<": "first_only", ">": "second_only"}[node.sign],
        "first": decision_json(node.first) if node.first else None,
        "second": decision_json(node.second) if node.second else None,
        "facts": [_differing_json(fact) for fact in node.facts],
        "asked": [
            {
                "first": _text(one.first),
                "second": _text(one.second),
                "same": one.same,
                "samples": list(one.samples),
                "difference": [clean(line) for line in one.lines],
            }
            for one in node.asked
        ],
    }


def _text(value: str | None) -> str | None:
    return None if value is None else clean(value)
