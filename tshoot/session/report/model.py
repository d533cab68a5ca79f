"""What a report says, before any format: frozen records of clean, bounded text.

Every text in here has passed `report.text`, so a format needs to escape only what its own syntax gives a meaning.
`at`, `started` and `ended` are seconds since the epoch; `seconds` are durations. Order is the order of showing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """Five lines for an incident channel, each on its own."""

    what: str
    verdict: str
    proof: str
    owner: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Target:
    role: str
    host: str
    platform: str


@dataclass(frozen=True, slots=True)
class Input:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class VerdictTold:
    """`missing` and `next_steps` are of an inconclusive one; `cause`, `owner`, `fix`, `verify` of a fault."""

    at: float
    kind: str
    cause: str
    title: str
    reason: str
    owner: str
    fix: str
    verify: str
    missing: tuple[str, ...]
    next_steps: str


@dataclass(frozen=True, slots=True)
class Moment:
    """`who` did `what` at that time. `kind`: start, command, capture, question, wait, decision, steering, note, verdict, verification, member, end,
    other."""

    at: float
    kind: str
    who: str
    what: str
    outcome: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Alternative:
    """A condition of a node, in the order in which they were tried; `outcome` is true, false or unknown."""

    condition: str
    outcome: str
    leads_to: str
    reason: str
    values: str


@dataclass(frozen=True, slots=True)
class Step:
    """One node of the path. `branch` is the condition that applied, `otherwise`, or empty where none did."""

    node: str
    attempt: int
    why: str
    branch: str
    leads_to: str
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """`cited`: the proof stands here; the others are there to be able to read it."""

    number: int
    text: str
    cited: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """One citation. `kind`: line (an excerpt of an output), frame (a packet field), answer, failure.

    `source` is the command, or the question; `fact` the fact, or the field as Wireshark names it. `at` is a frame's time, None where it
    could not be read. `problem` says why an excerpt could not be read from the evidence; its lines are then those of the log, without numbers (0).
    """

    kind: str
    node: str
    target: str
    source: str
    fact: str
    value: str
    words: str = ""
    stream: str = ""
    frame: int = 0
    at: float | None = None
    lines: tuple[ExcerptLine, ...] = ()
    lines_left: int = 0
    sha256: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A cause that was ruled out, or that stayed undecided, and why."""

    cause: str
    title: str
    because: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandRun:
    """One command. `exit_status` is None where the device has none, or it did not end; `failure` is empty where it ran."""

    at: float
    target: str
    command: str
    exit_status: int | None
    seconds: float
    bytes: int
    sha256: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same command on the same target, last before the verdict and last after it. `changes` are lines with `-`, `+` or two spaces in front."""

    before: CommandRun
    after: CommandRun
    changes: tuple[str, ...]
    changes_left: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """One line of a verification's table. `kind`: condition, fact or frame."""

    kind: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The deciding checks asked again, by whom. `outcome`: fixed, still-there, another-fault, not-decided; empty where it was stopped."""

    at: float
    by: str
    outcome: str
    reason: str
    rows: tuple[BeforeAfter, ...] = ()
    asked: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    next_steps: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """How to verify, and what was seen after the verdict, where the session goes on so far. `verdict` is the later one, None where there is none.

    `checks` are the times that the deciding checks were asked again, in their order.
    """

    how: str
    verdict: VerdictTold | None
    comparisons: tuple[Comparison, ...]
    checks: tuple[Checked, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    at: float
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    sha256: str
    size: int
    kind: str
    origin: str


@dataclass(frozen=True, slots=True)
class Report:
    """`state` is how the run ended, in words. `problems` is what `verify` found (empty: nothing was altered). `*_left` count what was left out."""

    session: str
    playbook: str
    playbook_sha256: str
    tshoot: str
    started: float
    ended: float
    seconds: float
    state: str
    summary: Summary
    targets: tuple[Target, ...]
    inputs: tuple[Input, ...]
    verdict: VerdictTold | None
    timeline: tuple[Moment, ...]
    timeline_left: int
    path: tuple[Step, ...]
    proof: tuple[Proof, ...]
    proof_left: int
    ruled_out: tuple[Judged, ...]
    undecided: tuple[Judged, ...]
    verification: Verification
    notes: tuple[Note, ...]
    commands: tuple[CommandRun, ...]
    commands_left: int
    evidence: tuple[EvidenceFile, ...]
    evidence_left: int
    problems: tuple[str, ...]
