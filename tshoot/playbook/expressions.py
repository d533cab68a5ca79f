"""Conditions and templates: Jinja's syntax, three-valued evaluation of our own.

Jinja2 reads the text; a closed set of its syntax nodes is evaluated here, so nothing that is not in
this file can be reached from a playbook: no attributes of Python objects, no calls but `found(…)` and its
like, no statements. A value that is not known stays `Unknown` with its reason: `and`, `or` and `not`
follow Kleene's logic, everything else that meets an unknown becomes unknown.

Each evaluation also tells what it read (`reach.loss` = 100), so that a verdict can cite the lines.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

from tshoot.model.facts import Unknown, Value
from tshoot.playbook.functions import FILTERS, TESTS

MAX_LENGTH = 2000
_INSERTIONS = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_ENVIRONMENT = Environment(autoescape=False)  # noqa: S701  only its parser is used; nothing is rendered by Jinja

_ARITHMETIC: Mapping[type[nodes.BinExpr], Callable[[Any, Any], Any]] = {
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


class ExpressionError(ValueError):
    """A condition or template that cannot be used; says what and, within the text, in which line."""


@dataclass(frozen=True, slots=True)
class FactFunction:
    """A fact that takes an argument, such as `found` of a capture."""

    name: str
    call: Callable[[Any], Value]


@dataclass(frozen=True)
class Expression:
    """One parsed expression; `source` is its text as written."""

    source: str
    node: nodes.Expr

    @cached_property
    def reads(self) -> tuple[tuple[str, ...], ...]:
        """Every path it may read, as written: `(("reach", "loss"), ("vmk",))`; a computed or called step is `*`."""
        return tuple(_paths(self.node))

    @cached_property
    def calls(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Every call with a constant argument: `((("trace", "found"), "nfs.mount-denied"),)`."""
        found = []
        for call in [self.node, *self.node.find_all(nodes.Call)]:
            if isinstance(call, nodes.Call) and call.args and isinstance(call.args[0], nodes.Const):
                found.append((_path(call.node) or (), str(call.args[0].value)))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it."""

    source: str
    parts: tuple[str | Expression, ...]


@dataclass(slots=True)
class Evaluation:
    """A value, and what was read to get it (path as written with keys filled in, value)."""

    value: Value
    readings: list[tuple[str, Value]] = field(default_factory=list)

    @property
    def truth(self) -> bool | Unknown:
        return self.value if isinstance(self.value, Unknown) else bool(self.value)


def parse_condition(text: str) -> Expression:
    """`reach.loss == 100` to an Expression."""
    parts = _parse("{{ " + text + " }}", text)
    expressions = [part for part in parts if isinstance(part, Expression)]
    if len(expressions) != 1 or len(parts) != 1:
        raise ExpressionError(f"expected one condition, found `{text}`")
    return Expression(text, expressions[0].node)


def parse_template(text: str) -> Template:
    """`vmkping -I {{ vmk }}` to a Template."""
    return Template(text, tuple(_parse(text, text)))


def _parse(text: str, shown: str) -> list[str | Expression]:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    try:
        body = _ENVIRONMENT.parse(text).body
    except (TemplateSyntaxError, RecursionError) as error:
        raise ExpressionError(f"`{shown}`: {error}") from error
    parts: list[str | Expression] = []
    sources = iter(_INSERTIONS.findall(text))
    for output in body:
        if not isinstance(output, nodes.Output):
            raise ExpressionError(f"`{shown}`: only {{{{ expressions }}}} are allowed, no {{% statements %}}")
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                parts.append(node.data)
            else:
                _check(node, shown)
                parts.append(Expression(next(sources, shown), node))
    return parts


def _check(node: nodes.Node, shown: str) -> None:
    """Refuse syntax outside the closed set, and unknown filters and tests, when the playbook is loaded."""
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise ExpressionError(f"`{shown}`: no filter `{node.name}`; there are {', '.join(sorted(FILTERS))}")
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise ExpressionError(f"`{shown}`: no test `is {node.name}`; there are {', '.join(sorted(TESTS))}")
    if not isinstance(node, _ALLOWED):
        raise ExpressionError(f"`{shown}`: {type(node).__name__.lower()} is not part of the playbook language")
    if isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Getattr):
        raise ExpressionError(f"`{shown}`: only a fact such as `trace.found('…')` can be called")
    for child in node.iter_child_nodes():
        _check(child, shown)


def evaluate(expression: Expression, scope: Mapping[str, Value]) -> Evaluation:
    """The value of `expression` where names stand for `scope`. Never raises: what cannot be known is Unknown."""
    evaluation = Evaluation(None)
    try:
        evaluation.value = _Evaluator(scope, evaluation.readings).use(expression.node)
    except RecursionError:
        evaluation.value = Unknown(f"`{expression.source}` is nested too deeply")
    return evaluation


def render(template: Template, scope: Mapping[str, Value], quote: Callable[[str], str] = str) -> tuple[str | Unknown, list[tuple[str, Value]]]:
    """The text, each inserted value passed through `quote`; Unknown with the reason where a value is not known."""
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
        pieces.append(quote(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)))
    return "".join(pieces), readings


class _Evaluator:
    """Walks one expression. `use` also records what was read; `_step` follows a path without recording its beginnings."""

    def __init__(self, scope: Mapping[str, Value], readings: list[tuple[str, Value]]) -> None:
        self.scope = scope
        self.readings = readings

    def use(self, node: nodes.Node) -> Value:
        value, path = self._step(node)
        if path and not isinstance(value, FactFunction) and (path, value) not in self.readings:
            self.readings.append((path, value))
        return value

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
            case _:
                return self._compute(node), ""

    def _member(self, holder: Value, path: str, key: Any) -> tuple[Value, str]:
        here = f"{path}.{key}" if path else ""
        if isinstance(holder, Unknown):
            return holder, path
        absent = Unknown(f"`{path or 'this value'}` has no `{key}`")
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
        return function.call(arguments[0]), f"{path}({arguments[0]!r})"

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
                return [self.use(item) for item in node.items]
            case nodes.Filter() | nodes.Test():
                return self._apply(node)
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
                return Unknown(f"{left!r} and {right!r} cannot be compared")
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
        return _numeric(_ARITHMETIC[type(node)], left, right)

    def _apply(self, node: nodes.Filter | nodes.Test) -> Value:
        value = self.use(node.node) if node.node is not None else Unknown("nothing to filter")
        arguments = [self.use(argument) for argument in node.args]
        function = (FILTERS if isinstance(node, nodes.Filter) else TESTS)[node.name]
        if not function.takes_unknown:
            for operand in (value, *arguments):
                if isinstance(operand, Unknown):
                    return operand
        return _try(function.call, value, *arguments)


def _numeric(function: Callable[..., Value], *values: Value) -> Value:
    """Arithmetic on numbers of a sane size only: a playbook must not be able to ask for a gigabyte."""
    for value in values:
        if not isinstance(value, (int, float)) or abs(value) > 2**64:
            return Unknown(f"{value!r} is no number to calculate with")
    return _try(function, *values)


def _try(function: Callable[..., Value], *values: Value) -> Value:
    try:
        return function(*values)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        return Unknown(f"{', '.join(map(repr, values))}: {error}")


_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Const, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand,
    nodes.CondExpr, nodes.List, nodes.Tuple, nodes.Filter, nodes.Test, nodes.Neg, nodes.Pos, nodes.Concat, *_ARITHMETIC,
)  # fmt: skip


def _paths(node: nodes.Node) -> Iterator[tuple[str, ...]]:
    path = _path(node)
    if path is not None:
        yield path
    for child in node.iter_child_nodes():
        if path is None or not isinstance(child, (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Call)) or isinstance(node, nodes.Call):
            yield from _paths(child)
        elif isinstance(child, nodes.Getitem):
            yield from _paths(child.arg)
    if path is not None and isinstance(node, nodes.Getitem):
        yield from _paths(node.arg)


def _path(node: nodes.Node | None) -> tuple[str, ...] | None:
    match node:
        case nodes.Name():
            return (node.name,)
        case nodes.Getattr():
            base = _path(node.node)
            return None if base is None else (*base, node.attr)
        case nodes.Getitem():
            base = _path(node.node)
            key = str(node.arg.value) if isinstance(node.arg, nodes.Const) else "*"
            return None if base is None else (*base, key)
        case _:
            return None
