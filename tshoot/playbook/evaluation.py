"""The values of expressions: three-valued, and telling what was read.

A closed set of Jinja's syntax nodes is evaluated here. A value that is not known stays `Unknown` with its
reason: `and`, `or` and `not` follow Kleene's logic, everything else that meets an unknown becomes unknown.
Each evaluation also tells what it read (`reach.loss` = 100), so that a verdict can cite the lines.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from reprlib import repr as brief
from typing import Any

from jinja2 import nodes

from tshoot.model.facts import Unknown, Value
from tshoot.playbook.expressions import Expression, Template
from tshoot.playbook.functions import FILTERS, TESTS, Function

_OPERATIONS: Mapping[type[nodes.BinExpr], Callable[[Any, Any], Any]] = {
    nodes.Add: operator.add,
    nodes.Sub: operator.sub,
    nodes.Mul: operator.mul,
    nodes.Div: operator.truediv,
    nodes.FloorDiv: operator.floordiv,
    nodes.Mod: operator.mod,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}


@dataclass(frozen=True, slots=True)
class FactFunction:
    """A fact that takes an argument, such as `found` of a capture."""

    name: str
    call: Callable[[Any], Value]


@dataclass(slots=True)
class Evaluation:
    """A value, and what was read to get it (path as written with keys filled in, value)."""

    value: Value
    readings: list[tuple[str, Value]] = field(default_factory=list)

    @property
    def truth(self) -> bool | Unknown:
        return self.value if isinstance(self.value, Unknown) else bool(self.value)


def evaluate(expression: Expression, scope: Mapping[str, Value]) -> Evaluation:
    """The value of `expression` where names stand for `scope`. Never raises: what cannot be known is Unknown."""
    evaluation = Evaluation(None)
    try:
        evaluation.value = _Evaluator(scope, evaluation.readings).use(expression.node)
    except RecursionError:
        evaluation.value = Unknown(f"`{expression.source}` is nested too deeply")
    return evaluation


def render(template: Template, scope: Mapping[str, Value]) -> tuple[str | Unknown, list[tuple[str, Value]]]:
    """The text with its values; Unknown with the reason where a value is not known."""
    pieces: list[str] = []
    readings: list[tuple[str, Value]] = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        evaluation = evaluate(part, scope)
        readings += evaluation.readings
        if isinstance(evaluation.value, Unknown):
            return evaluation.value, readings
        if isinstance(evaluation.value, (dict, list, FactFunction)) or evaluation.value is None:
            return Unknown(f"`{template.source}` needs one value, but an expression in it gives {type(evaluation.value).__name__}"), readings
        value = evaluation.value
        pieces.append(_written(value))
    return "".join(pieces), readings


def told(template: Template, scope: Mapping[str, Value]) -> str:
    """The text as a sentence for people: what is not known stands in it as `unknown`."""
    pieces = [part if isinstance(part, str) else _said(evaluate(part, scope).value) for part in template.parts]
    return "".join(pieces)


def _said(value: Value) -> str:
    if isinstance(value, (Unknown, dict, list, FactFunction)) or value is None:
        return "unknown"
    return _written(value)


def _written(value: Value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class _Evaluator:
    """Walks one expression. `use` also records what was read; `_step` follows a path without recording its beginnings."""

    def __init__(self, scope: Mapping[str, Value], readings: list[tuple[str, Value]]) -> None:
        self.scope = scope
        self.readings = readings
        self.origins: dict[int, str] = {}  # an item's identity -> its path
        self.picked: dict[str, str] = {}  # a reading of an item that a filter picked -> the item's path

    def use(self, node: nodes.Node) -> Value:
        value, path = self._step(node)
        if isinstance(value, FactFunction):
            return Unknown(f"`{path}` is asked about something: `{path}('…')`")
        self._note(path, value)
        return value

    def _note(self, path: str, value: Value) -> None:
        if path and (path, value) not in self.readings:
            self.readings.append((path, value))

    def _step(self, node: nodes.Node) -> tuple[Value, str]:
        match node:
            case nodes.Name():
                return self.scope.get(node.name, Unknown(f"`{node.name}` was not asked or run on this path")), node.name
            case nodes.Getattr():
                return self._member(*self._step(node.node), node.attr)
            case nodes.Getitem():
                key = self.use(node.arg)
                return (key, "") if isinstance(key, Unknown) else self._member(*self._step(node.node), key)
            case nodes.Call():
                return self._call(node)
            case nodes.Filter():
                return self._filter(node)
            case _:
                return self._compute(node), ""

    def _member(self, holder: Value, path: str, key: Any) -> tuple[Value, str]:
        here = f"{path}.{key}" if path else ""
        if isinstance(holder, Unknown):
            return holder, path
        absent = Unknown(f"`{path or 'this value'}` has no `{key}`")
        if isinstance(key, (list, dict)):
            return absent, ""
        if isinstance(holder, Mapping):
            return holder.get(key, absent), here
        if isinstance(holder, (list, tuple)) and isinstance(key, int):
            return (holder[key] if -len(holder) <= key < len(holder) else absent), here
        return absent, here

    def _call(self, node: nodes.Call) -> tuple[Value, str]:
        function, path = self._step(node.node)
        arguments = [self.use(argument) for argument in node.args]
        if isinstance(function, Unknown):
            return function, path
        if not isinstance(function, FactFunction) or len(arguments) != 1:
            return Unknown(f"`{path}` cannot be called like this"), path
        if isinstance(arguments[0], Unknown):
            return arguments[0], path
        return _try(function.call, arguments[0]), f"{path}({arguments[0]!r})"

    def _compute(self, node: nodes.Node) -> Value:
        match node:
            case nodes.Const():
                return node.value
            case nodes.And() | nodes.Or():
                return self._junction(node)
            case nodes.Not():
                value = self.use(node.node)
                return value if isinstance(value, Unknown) else not value
            case nodes.Compare():
                return self._compare(node)
            case nodes.CondExpr():
                condition = self.use(node.test)
                if isinstance(condition, Unknown):
                    return condition
                chosen = node.expr1 if condition else node.expr2
                return self.use(chosen) if chosen is not None else Unknown("an `if` without `else` that was false")
            case nodes.List() | nodes.Tuple():
                items = [self.use(item) for item in node.items]
                return next((item for item in items if isinstance(item, Unknown)), items)
            case nodes.Test():
                return self._apply(TESTS[node.name], self.use(node.node), node.args)
            case _:
                return self._arithmetic(node)

    def _junction(self, node: nodes.And | nodes.Or) -> Value:
        settles = isinstance(node, nodes.Or)  # the truth value that decides alone
        unknown: Unknown | None = None
        for side in (node.left, node.right):
            value = self.use(side)
            if isinstance(value, Unknown):
                unknown = value if unknown is None else unknown
            elif bool(value) is settles:
                return settles
        return unknown if unknown is not None else not settles

    def _compare(self, node: nodes.Compare) -> Value:
        left = self.use(node.expr)
        for operand in node.ops:
            right = self.use(operand.expr)
            for side in (left, right):
                if isinstance(side, Unknown):
                    return side
            try:
                if not _COMPARISONS[operand.op](left, right):
                    return False
            except TypeError:
                return Unknown(f"{brief(left)} and {brief(right)} cannot be compared")
            left = right
        return True

    def _arithmetic(self, node: nodes.Node) -> Value:
        if isinstance(node, (nodes.Neg, nodes.Pos)):
            value = self.use(node.node)
            return value if isinstance(value, Unknown) or isinstance(node, nodes.Pos) else _numeric(operator.neg, value)
        if isinstance(node, nodes.Concat):
            values = [self.use(part) for part in node.nodes]
            unknown = next((value for value in values if isinstance(value, Unknown)), None)
            return "".join(map(str, values)) if unknown is None else unknown
        assert isinstance(node, nodes.BinExpr)  # noqa: S101  _check let nothing else through
        left, right = self.use(node.left), self.use(node.right)
        for side in (left, right):
            if isinstance(side, Unknown):
                return side
        return _numeric(_OPERATIONS[type(node)], left, right)

    def _filter(self, node: nodes.Filter) -> tuple[Value, str]:
        """A filter that picks items of what it is given has read those items, and of them what it asks for, not the whole."""
        if node.node is None:
            return Unknown("nothing to filter"), ""
        given, path = self._step(node.node)
        value = self._apply(FILTERS[node.name], given, node.args)
        if value is given and isinstance(value, (dict, list)):
            return value, path
        items = given.items() if isinstance(given, Mapping) else enumerate(given) if isinstance(given, (list, tuple)) else ()
        for key, item in items if path else ():
            if isinstance(item, (dict, list)):
                self.origins[id(item)] = f"{path}.{key}"
        if isinstance(value, (dict, list)) and id(value) in self.origins:
            self._narrow([value], None)
            return value, self.origins[id(value)]
        if isinstance(value, list) and value and all(id(item) in self.origins for item in value):
            self._narrow(value, node.args[0].value if node.args and isinstance(node.args[0], nodes.Const) else None)
            return value, ""
        self._note(path, given)
        return value, ""

    def _narrow(self, picked: list[Any], key: Any) -> None:
        """Of the items that a filter before this one had read only `picked` are left; of them `key` was read."""
        left = {self.origins[id(item)] for item in picked}
        self.readings[:] = [reading for reading in self.readings if self.picked.get(reading[0], "") in {"", *left}]
        for item in picked:
            if isinstance(item, Mapping) and key in item:
                path = f"{self.origins[id(item)]}.{key}"
                self.picked[path] = self.origins[id(item)]
                self._note(path, item[key])

    def _apply(self, function: Function, value: Value, arguments: list[nodes.Expr]) -> Value:
        operands = (value, *(self.use(argument) for argument in arguments))
        if not function.takes_unknown:
            for operand in operands:
                if isinstance(operand, Unknown):
                    return operand
        return _try(function.call, *operands)


def _numeric(function: Callable[..., Value], *values: Value) -> Value:
    """Arithmetic on numbers of a sane size only: a playbook must not be able to ask for a gigabyte."""
    for value in values:
        if not isinstance(value, (int, float)) or abs(value) > 2**64:
            return Unknown(f"{brief(value)} is no number to calculate with")
    return _try(function, *values)


def _try(function: Callable[..., Value], *values: Value) -> Value:
    try:
        return function(*values)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        return Unknown(f"{', '.join(map(brief, values))}: {str(error)[:200]}")
