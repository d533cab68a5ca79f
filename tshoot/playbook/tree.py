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


InputType = Literal["ip", "host", "interface", "path", "port", "integer", "text", "choice"]


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
    """A device that the playbook talks to."""

    name: str
    platform: str
    help: str
    place: Place


@dataclass(frozen=True, slots=True)
class RunStep:
    target: str
    command: Template
    timeout: float
    parser: str | None
    changes: bool
    place: Place


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


Step = RunStep | AskStep | WaitStep | CaptureStep


BranchKind = Literal["go", "conclude", "healthy", "inconclusive"]
BRANCH_KINDS: tuple[BranchKind, ...] = ("go", "conclude", "healthy", "inconclusive")


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of a decision. `condition` is None for `otherwise`. `leads_to` is a node, a cause, or empty.

    `because` is a sentence for the verdict or the path, `rules_out` names causes that taking this branch excludes.
    """

    condition: Expression | None
    kind: BranchKind
    leads_to: str
    because: Template
    next_steps: Template
    rules_out: tuple[str, ...]
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
    id: str
    step: Step | None
    why: str
    decide: tuple[Branch, ...]
    attempts: int
    place: Place


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

    def asked_steps(self) -> tuple[tuple[str, Step], ...]:
        """Every step with the id under which its facts are read: nodes, and the steps during a capture."""
        found: list[tuple[str, Step]] = []
        for node in self.nodes.values():
            if node.step is not None:
                found.append((node.id, node.step))
            if isinstance(node.step, CaptureStep):
                found += node.step.during
        return tuple(found)
