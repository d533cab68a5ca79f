"""A playbook as the engine walks it: frozen, checked in form, every part knowing its file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tshoot.playbook.expressions import Expression, Template


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


InputType = Literal["ip", "host", "interface", "path", "port", "prefix", "integer", "text", "choice"]


@dataclass(frozen=True, slots=True)
class InputSpec:
    name: str
    type: InputType
    help: str
    default: str | int | None
    choices: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Role:
    """A device that the playbook talks to. Of several platforms the first is the default; an optional role may be left out."""

    name: str
    platforms: tuple[str, ...]
    help: str
    optional: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Sampling:
    """Repeat a command every `every` seconds for `seconds`, or until `until` holds; `watch` names what the series follow."""

    every: Template
    seconds: Template
    watch: Mapping[str, Expression]
    until: Expression | None
    place: Place


ANY_PLATFORM = "any"


@dataclass(frozen=True, slots=True)
class RunStep:
    """`commands`: platform -> command, or one command under ANY_PLATFORM; `parsers` where it is not the platform's own, the same way."""

    target: str
    commands: Mapping[str, Template]
    timeout: float
    parsers: Mapping[str, str]
    changes: bool
    sampling: Sampling | None
    place: Place

    def parser_on(self, platform: str) -> str | None:
        return self.parsers.get(platform) or self.parsers.get(ANY_PLATFORM)

    def command_on(self, platform: str) -> Template | None:
        """None where the playbook names none; an empty one says that this platform has nothing to say here."""
        return self.commands.get(platform) or self.commands.get(ANY_PLATFORM)


@dataclass(frozen=True, slots=True)
class AskStep:
    question: Template
    form: Literal["confirm", "choice", "text"]
    choices: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class WaitStep:
    seconds: float
    place: Place


@dataclass(frozen=True, slots=True)
class CaptureStep:
    """Capture on `target` while the `during` steps (id, step) are done one after the other."""

    target: str
    interface: Template
    filter: Template
    snaplen: int
    seconds: float
    packets: int
    megabytes: float
    families: tuple[str, ...]
    during: tuple[tuple[str, RunStep | AskStep | WaitStep], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class TogetherStep:
    """Commands (id, step) that run side by side."""

    steps: tuple[tuple[str, RunStep], ...]
    place: Place


Step = RunStep | AskStep | WaitStep | CaptureStep | TogetherStep


BranchKind = Literal["go", "conclude", "healthy", "inconclusive"]
BRANCH_KINDS: tuple[BranchKind, ...] = ("go", "conclude", "healthy", "inconclusive")


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of a decision. `condition` is None for `otherwise`. `leads_to` is a node, a cause, or empty.

    `because` is a sentence for the verdict or the path, `rules_out` names causes that taking this branch excludes,
    `details` what the texts of the cause are filled with.
    """

    condition: Expression | None
    kind: BranchKind
    leads_to: str
    because: Template
    next_steps: Template
    rules_out: tuple[str, ...]
    details: Mapping[str, Template]
    place: Place

    @property
    def text(self) -> str:
        return self.condition.source if self.condition else "otherwise"

    @property
    def outcome(self) -> str:
        """`reach`, `conclude nfs.mount-denied`, `healthy`, `inconclusive`: for a person."""
        return self.leads_to if self.kind == "go" else f"{self.kind} {self.leads_to}".strip()


@dataclass(frozen=True, slots=True)
class Node:
    """`let` are the names that it gave to expressions; wherever they are used the expressions stand in their place already."""

    id: str
    step: Step | None
    why: str
    decide: tuple[Branch, ...]
    attempts: int
    let: tuple[str, ...]
    place: Place

    def steps(self) -> tuple[tuple[str, Step], ...]:
        """Every step of the node with the id under which its facts are read: its own, and those that it holds."""
        match self.step:
            case None:
                return ()
            case CaptureStep(during=inner):
                return ((self.id, self.step), *inner)
            case TogetherStep(steps=inner):
                return inner
            case _:
                return ((self.id, self.step),)


@dataclass(frozen=True, slots=True)
class Playbook:
    id: str
    title: str
    symptoms: tuple[str, ...]
    description: str
    roles: Mapping[str, Role]
    inputs: Mapping[str, InputSpec]
    start: str
    nodes: Mapping[str, Node]
    text: str
    file: str
    place: Place = field(default_factory=lambda: Place("", 1, 1))
    let: tuple[str, ...] = ()

    def asked_steps(self) -> tuple[tuple[str, Step], ...]:
        """Every step with the id under which its facts are read."""
        return tuple(step for node in self.nodes.values() for step in node.steps())
