"""The syntax of conditions and templates: Jinja's, cut down to a closed set.

Jinja2 reads the text; only the syntax nodes listed here pass, so nothing else can be reached from a playbook:
no calls but of facts such as `found(…)`, no statements, no assignments. `evaluation` gives them their values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

from tshoot.playbook.functions import FILTERS, TESTS

MAX_LENGTH = 2000
MAX_DEPTH = 60
MAX_NODES = 1_000
_ENVIRONMENT = Environment(autoescape=False)  # noqa: S701  only its parser is used; nothing is rendered by Jinja

ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod)


class ExpressionError(ValueError):
    """A condition or template that cannot be used; says what and, within the text, in which line."""


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


def with_names(expression: Expression, named: Mapping[str, Expression]) -> Expression:
    """The expression with each name of `named` standing for what it was given; it is shown as written."""
    if not named or not any(name.name in named for name in [expression.node, *expression.node.find_all(nodes.Name)] if isinstance(name, nodes.Name)):
        return expression
    node = _Naming(named).visit(deepcopy(expression.node))
    if sum(1 for _ in node.find_all(nodes.Node)) > MAX_NODES:
        raise ExpressionError(f"`{expression.source}`: its names stand for too much")
    _check(node, expression.source, MAX_DEPTH)
    return Expression(expression.source, node)


class _Naming(NodeTransformer):
    def __init__(self, named: Mapping[str, Expression]) -> None:
        self._named = named

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        return deepcopy(self._named[node.name].node) if node.name in self._named else node


def _parse(text: str, shown: str) -> list[str | Expression]:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    try:
        body = _ENVIRONMENT.parse(text).body
    except (TemplateSyntaxError, RecursionError) as error:
        raise ExpressionError(f"`{shown}`: {error}") from error
    parts: list[str | Expression] = []
    sources = _sources(text)
    for output in body:
        if not isinstance(output, nodes.Output):
            raise ExpressionError(f"`{shown}`: only {{{{ expressions }}}} are allowed, no {{% statements %}}")
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                parts.append(node.data)
            else:
                _check(node, shown, MAX_DEPTH)
                parts.append(Expression(next(sources, shown), node))
    return parts


def _sources(text: str) -> Iterator[str]:
    """Each inserted expression as written."""
    pieces: list[str] = []
    for _, kind, piece in _ENVIRONMENT.lex(text):
        if kind == "variable_begin":
            pieces = []
        elif kind == "variable_end":
            yield "".join(pieces).strip()
        else:
            pieces.append(piece)


def _check(node: nodes.Node, shown: str, depth: int) -> None:
    """Refuse syntax outside the closed set, and unknown filters and tests, when the playbook is loaded."""
    if depth == 0:
        raise ExpressionError(f"`{shown}`: nested more than {MAX_DEPTH} deep")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise ExpressionError(f"`{shown}`: no filter `{node.name}`; there are {', '.join(sorted(FILTERS))}")
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise ExpressionError(f"`{shown}`: no test `is {node.name}`; there are {', '.join(sorted(TESTS))}")
    if not isinstance(node, _ALLOWED):
        raise ExpressionError(f"`{shown}`: {type(node).__name__.lower()} is not part of the playbook language")
    if isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Getattr):
        raise ExpressionError(f"`{shown}`: only a fact such as `trace.found('…')` can be called")
    if getattr(node, "dyn_args", None) or getattr(node, "dyn_kwargs", None):
        raise ExpressionError(f"`{shown}`: `*` and `**` are not part of the playbook language")
    for child in node.iter_child_nodes():
        _check(child, shown, depth - 1)


_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Const, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand,
    nodes.CondExpr, nodes.List, nodes.Tuple, nodes.Filter, nodes.Test, nodes.Neg, nodes.Pos, nodes.Concat, *ARITHMETIC,
)  # fmt: skip


def _paths(node: nodes.Node) -> Iterator[tuple[str, ...]]:
    path = _path(node)
    if path is not None:
        yield path
    for child in node.iter_child_nodes() if path is None else _keys(node):
        yield from _paths(child)


def _keys(node: nodes.Node) -> Iterator[nodes.Node]:
    """What stands in the brackets of a path, which may read facts of its own."""
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        if isinstance(node, nodes.Getitem):
            yield node.arg
        node = node.node


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
