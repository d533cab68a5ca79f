"""Where a run stands: everything the fold carries from event to event, frozen.

`results` holds what each step gave, by the step's id; `samples` those of the steps that repeat; `path` the decisions taken. `waiting` are the keys
of effects that were requested and not yet answered; the run moves on when it is empty.

What may be given beforehand: `standing` are decisions that were taken already, by node and attempt: they are not taken again (a session
is gone on with). `assumed` are facts that count instead of what is read, by step and path (what if?).

`hand` is what the operator did that the verdict rests on, `ended` the series that he ended, `left` what is still to be answered of captures in nodes
that he left (engine/steered.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tshoot.model.effects import Effect
from tshoot.model.events import CommandRan, Failed, TargetSpec
from tshoot.model.facts import Parsed, Span, Value
from tshoot.model.findings import Finding
from tshoot.model.verdicts import Decision, Verdict
from tshoot.playbook.causes import Cause
from tshoot.playbook.tree import Playbook


class Knowledge(Protocol):
    """What the engine must be handed: text to facts, and what a cause is."""

    def parse(self, platform: str, command: str, parser: str | None, output: CommandRan) -> Parsed: ...

    def cause(self, cause_id: str) -> Cause: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What one step gave. `facts` is what conditions read; `spans` says where in the output each fact stands.

    `doubt`: why what is not in the `capture` may have happened all the same.
    """

    step: str
    facts: Mapping[str, Value]
    effect: Effect | None = None
    ran: CommandRan | None = None
    spans: Mapping[str, Span] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    capture: str = ""
    failed: Failed | None = None
    refused: str = ""
    samples: tuple[Sample, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One of a series: when its answer came, what it gave, the values that the series follow and the facts each was read from."""

    at: float
    result: Result
    watched: Mapping[str, Value]
    read: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Hand:
    """What the operator did at a visit (`node/attempt`), in words. `doubt`: nothing may be excluded on it."""

    visit: str
    text: str
    doubt: bool


Assumed = Mapping[str, Mapping[str, Value]]  # step -> fact -> value


@dataclass(frozen=True, slots=True)
class Capturing:
    """The capture of this visit: when it began, until when it was needed, and why it may have missed something."""

    since: float
    until: float
    missed: str = ""


@dataclass(frozen=True, slots=True)
class State:
    playbook: Playbook
    knowledge: Knowledge
    targets: Mapping[str, TargetSpec]
    inputs: Mapping[str, str | int]
    node: str
    attempt: int = 1
    stage: int = 0
    visits: Mapping[str, int] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    waiting: Mapping[str, Effect] = field(default_factory=dict)
    path: tuple[Decision, ...] = ()
    doubts: tuple[str, ...] = ()
    verdict: Verdict | None = None
    standing: Mapping[tuple[str, int], Decision] = field(default_factory=dict)
    assumed: Assumed = field(default_factory=dict)
    hand: tuple[Hand, ...] = ()
    ended: frozenset[str] = frozenset()
    left: Mapping[str, Effect] = field(default_factory=dict)
    capturing: Capturing = Capturing(0.0, 0.0)

    @property
    def scope(self) -> dict[str, Value]:
        """What names stand for in conditions and templates: inputs, roles' hosts, and the facts of every step so far."""
        return {**self.inputs, **{step: result.facts for step, result in self.results.items()}}
