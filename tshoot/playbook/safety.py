"""Which command of a playbook is known to only read, and by which pattern: what the lint asks, and what `tshoot playbooks safety` prints.

A template is tried with examples: every choice of a choice, both families of an address, and for what a device says some values of each kind. What
passes here can run; what does not pass is not forgotten: the gate compares each command again when its values are known, and runs none
that fits no pattern. So a command is proven where a pattern was found for it, and a step that says `changes: true` never is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice, product
from typing import Protocol

from jinja2 import nodes

from tshoot.model.facts import Unknown
from tshoot.playbook.command_text import CommandLine
from tshoot.playbook.evaluation import render
from tshoot.playbook.expressions import Expression, Template
from tshoot.playbook.inputs import example
from tshoot.playbook.tree import InputSpec, Place, Playbook, RunStep

_COMPUTED = (
    "1472",
    "192.0.2.1",
    "2001:db8::1",
    "192.0.2.0/24",
    "2001:db8::/64",
    "eth0",
    "Ethernet1/1",
    "0050.5600.5315",
)  # what a device may have said
_FAMILIES = {"ip": ("192.0.2.10", "2001:db8::10"), "prefix": ("192.0.2.0/24", "2001:db8::/64")}
_MOST_SAMPLES = 200


class Rule(Protocol):
    """A pattern of a platform."""

    @property
    def pattern(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def parser(self) -> str | None:
        """Which parser reads the output of such a command."""
        ...

    def filled(self, command: str) -> tuple[tuple[str, str], ...] | None:
        """The places of the pattern, each with its type and value; None where the command does not fit it."""
        ...


class Gate(Protocol):
    def rule(self, platform: str, command: str) -> Rule | None:
        """The pattern by which the platform knows the command to only read; None where it does not know it."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    """A value of a template: its expression, where it comes from (input or fact names), and the types of the places that it fills.

    `types` is empty where it is one of the pattern's own words, as an expression such as `'ipv6' if … else 'ip'` is.
    """

    expression: str
    inputs: tuple[str, ...]
    facts: tuple[str, ...]
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """Of one command on one platform. `rules` are (pattern, where it stands) that it fits with some of its values; `refused` are commands
    of values of the inputs with which it fits none: they are not run.
    """

    step: str
    role: str
    platform: str
    command: str
    place: Place
    changes: bool
    rules: tuple[tuple[str, str], ...]
    values: tuple[Filled, ...]
    refused: tuple[str, ...]

    @property
    def only_reads(self) -> bool:
        """Whether it is proven: with `changes: true` also what fits no pattern runs, after a yes."""
        return bool(self.rules) and not self.changes


def proofs(playbook: Playbook, gate: Gate) -> tuple[Proof, ...]:
    """One for each command and platform, in the order of the playbook."""
    found = []
    for step_id, step in playbook.asked_steps():
        if isinstance(step, RunStep) and step.target in playbook.roles:
            for platform in playbook.roles[step.target].platforms:
                command = step.command_on(platform)
                if command is not None and command.source:
                    found.append(_proof(playbook, step_id, step, platform, command, gate))
    return tuple(found)


def first_rule(playbook: Playbook, template: Template, platform: str, gate: Gate) -> Rule | None:
    """The pattern by which the platform knows this command to only read, with the first of its values that fit one; None where none does."""
    return next((rule for command, _ in samples(playbook, template) if (rule := gate.rule(platform, command)) is not None), None)


def _proof(playbook: Playbook, step_id: str, step: RunStep, platform: str, template: Template, gate: Gate) -> Proof:
    rules: dict[tuple[str, str], None] = {}
    types: dict[str, dict[str, None]] = {}
    families: dict[tuple[str, ...], str] = {}  # values of the inputs -> a command of theirs, until one of theirs passes
    for command, values in samples(playbook, template):
        rule = gate.rule(platform, command)
        known = tuple(text for source, text in values if _is_known(playbook, template, source))
        families.setdefault(known, command)
        if rule is None:
            continue
        families[known] = ""
        rules[rule.pattern, rule.place] = None
        for type_, value in rule.filled(command) or ():
            for source, text in values:
                if text and text in value:
                    types.setdefault(source, {})[type_] = None
    filled = [_filled(playbook, part, tuple(types.get(part.source, ()))) for part in template.parts if isinstance(part, Expression)]
    refused = tuple(command for command in families.values() if command and rules)
    return Proof(step_id, step.target, platform, template.source, step.place, step.changes, tuple(rules), tuple(dict.fromkeys(filled)), refused)


def _is_known(playbook: Playbook, template: Template, source: str) -> bool:
    """Whether inputs alone give the value."""
    part = next(part for part in template.parts if isinstance(part, Expression) and part.source == source)
    return all(path[0] in playbook.inputs for path in part.reads)


def _filled(playbook: Playbook, part: Expression, types: tuple[str, ...]) -> Filled:
    names = tuple(dict.fromkeys(".".join(path) if path[0] not in playbook.inputs else path[0] for path in part.reads))
    inputs = tuple(name for name in names if name in playbook.inputs)
    return Filled(part.source, inputs, tuple(name for name in names if name not in inputs), types)


def samples(playbook: Playbook, template: Template) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """The command as it may look, and (expression, value) of what was filled in; at most 200."""
    parts = [part for part in template.parts if isinstance(part, Expression)]
    read = sorted({path[0] for part in parts for path in part.reads if path[0] in playbook.inputs})
    rest = {name: example(spec) for name, spec in playbook.inputs.items()}
    ways = (dict(zip(read, values, strict=True)) for values in product(*(_examples(playbook.inputs[name]) for name in read)))
    yield from islice(chain.from_iterable(_written(template, parts, {**rest, **way}) for way in ways), _MOST_SAMPLES)


def _examples(spec: InputSpec) -> tuple[str, ...]:
    if spec.type == "choice":
        return spec.choices
    return _FAMILIES.get(spec.type) or (example(spec),)


def _written(template: Template, parts: list[Expression], inputs: Mapping[str, str]) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    texts = {part.source: render(Template(part.source, (part,)), inputs)[0] for part in parts}
    unknown = [source for source, text in texts.items() if isinstance(text, Unknown)]
    words = dict.fromkeys(word for part in parts if part.source in unknown for word in _words_in(part.node))
    for computed in (*_COMPUTED, *words) if unknown else ("",):
        values = {source: computed if isinstance(text, Unknown) else text for source, text in texts.items()}
        line = CommandLine()
        if all(_add(line, part, values) is None for part in template.parts):
            yield line.text, tuple(values.items())


def _add(line: CommandLine, part: str | Expression, values: Mapping[str, str]) -> Unknown | None:
    if isinstance(part, str):
        line.literal(part)
        return None
    return line.value(values[part.source], part.source)


def _words_in(node: nodes.Node) -> Iterator[str]:
    """The texts that an expression names itself, such as 'ipv6' if … else 'ip'."""
    for const in [node, *node.find_all(nodes.Const)]:
        if isinstance(const, nodes.Const) and isinstance(const.value, str):
            yield const.value
