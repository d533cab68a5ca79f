"""What if? One fact of a step's result replaced by what somebody assumes; all else stays as it was read.

A path is written as a condition reads it: `received`, `by_name.vmk0.mtu` (keys may hold dots, lists take an index), `failed`,
`found('nfs.mount-denied')`. An assumed fact stands in no output: it cites the whole of it, no line.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from copy import copy
from dataclasses import replace

from tshoot.engine.results import failed_result, with_facts
from tshoot.engine.state import Result
from tshoot.model.events import Failed
from tshoot.model.facts import Span, Value
from tshoot.playbook.evaluation import FactFunction

FUNCTION = re.compile(r"(found|warned)\('([^']{1,200})'\)")


def assume(result: Result, assumed: Mapping[str, Value]) -> Result:
    """The result with every assumed fact in its place."""
    for path, value in assumed.items():
        result = _failed(result, value) if path == "failed" else _with_fact(result, path, value)
    return result


def _failed(result: Result, value: Value) -> Result:
    """`failed` none: it did not fail (what it would have said stays unknown); else it failed in this way, and nothing of it is known."""
    if value is None:
        return replace(with_facts(result, {"failed": None}), failed=None)
    return failed_result(result.step, result.effect, Failed(str(value), "assumed to have failed"))  # type: ignore[arg-type]  # what was typed


def _with_fact(result: Result, path: str, value: Value) -> Result:
    function = FUNCTION.fullmatch(path)
    if function:
        return with_facts(result, {function[1]: _finding(result.facts.get(function[1]), function[2], value)})
    first, *rest = path.split(".")
    fact = _placed(result.facts.get(first), rest, value)
    return replace(with_facts(result, {first: fact}), spans={**result.spans, path: Span("stdout", 0, 0)})


def _finding(before: Value, cause: str, value: Value) -> FactFunction:
    return FactFunction("found", lambda asked: value if asked == cause or not isinstance(before, FactFunction) else before.call(asked))


def _placed(whole: Value, path: list[str], value: Value) -> Value:
    """`whole` with `value` at `path`. A name is made, a list entry is not."""
    if not path:
        return value
    if isinstance(whole, list):
        index = int(path[0]) if path[0].isdecimal() else len(whole)
        return [_placed(entry, path[1:], value) if at == index else entry for at, entry in enumerate(whole)]
    inner = copy(whole) if isinstance(whole, dict) else {}  # a copy, no new dict: counts that were not seen stay 0
    key = key_in(inner, path)
    inner[key] = _placed(inner.get(key), path[key.count(".") + 1 :], value)
    return inner


def key_in(known: Container[str], path: Sequence[str]) -> str:
    """The key that `path` begins with: the longest of those that are known (an address holds dots), else its first part."""
    keys = (".".join(path[:length]) for length in range(len(path), 0, -1))
    return next((key for key in keys if key in known), path[0])
