"""What happened: past tense, timestamped, frozen. A session is the log of these and nothing else.

`at` is seconds since the epoch, UTC. In memory an answer carries its raw bytes; on disk they are kept
by their sha256 in `evidence/`. `Progress` is for the eye only and is never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tshoot.model.effects import Effect
from tshoot.model.evidence import EvidenceRef
from tshoot.model.findings import Finding
from tshoot.model.verdicts import Decision, Verdict
from tshoot.model.verification import Verification

FailureKind = Literal[
    # the target cannot be used at all
    "name-unknown",
    "unreachable",
    "refused",
    "auth-rejected",
    "host-key-unknown",
    "host-key-changed",
    "no-common-algorithm",
    "unresponsive",
    "closed",
    # this request failed, others may not
    "timeout",
    "permission-denied",
    "not-found",
    "no-space",
    "unreadable",
    "declined",
    "cancelled",
    "interrupted",
    "missing-program",
    "internal",
]
TARGET_FAILURES: frozenset[str] = frozenset(
    {
        "name-unknown",
        "unreachable",
        "refused",
        "auth-rejected",
        "host-key-unknown",
        "host-key-changed",
        "no-common-algorithm",
        "unresponsive",
        "closed",
    }
)


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A role of the playbook and the device that plays it. `host` is what the operator typed: alias, name, user@host:port."""

    role: str
    host: str
    platform: str


# --- answers: one per effect ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommandRan:
    """RunCommand: streams apart, raw. `exit_status` is None where the device has none (a CLI)."""

    exit_status: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class CaptureSample:
    """What the interface brought in the `seconds` before the capture began: packets that matched, the bytes that they take in the file
    (0 where they were not seen), packets dropped. `told` is what that means for the bounds, `full_after` the seconds after which one is
    reached (0: none is, within its time)."""

    seconds: float
    packets: int
    bytes: int
    dropped: int = 0
    full_after: float = 0.0
    told: str = ""


@dataclass(frozen=True, slots=True)
class CaptureStarted:
    """StartCapture: where the file grows on the target, and the process that writes it. `sample` is later than format 1."""

    remote_path: str
    pid: int
    program: str
    sample: CaptureSample | None = field(default=None, metadata={"omit_empty": True})


@dataclass(frozen=True, slots=True)
class CaptureTaken:
    """StopCapture: the pulled file. Counts are None where the capture program did not print them. `low-space`: others took the room that must
    stay free on the target."""

    capture: EvidenceRef
    stopped_by: Literal["operator", "seconds", "packets", "megabytes", "closed", "low-space"]
    seconds: float
    received: int | None = None
    dropped: int | None = None
    removed: bool = True


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decode: what the detectors found; `seen` counts what they looked at (`nfs.mount-call: 1`)."""

    packets: int
    findings: tuple[Finding, ...]
    seen: Mapping[str, int]
    partial: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class OperatorAnswered:
    answer: str


@dataclass(frozen=True, slots=True)
class Waited:
    seconds: float


Answer = CommandRan | CaptureStarted | CaptureTaken | Decoded | OperatorAnswered | Waited
ANSWERS: tuple[type[Answer], ...] = (CommandRan, CaptureStarted, CaptureTaken, Decoded, OperatorAnswered, Waited)


@dataclass(frozen=True, slots=True)
class Ok:
    answer: Answer


@dataclass(frozen=True, slots=True)
class Failed:
    """Failure is data. `partial` holds what was seen before it failed, where anything was."""

    kind: FailureKind
    detail: str
    hint: str = ""
    partial: CommandRan | None = None


Outcome = Ok | Failed


# --- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunStarted:
    at: float
    playbook: str
    targets: tuple[TargetSpec, ...]
    inputs: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class EffectRequested:
    at: float
    effect: Effect


@dataclass(frozen=True, slots=True)
class EffectAnswered:
    at: float
    key: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DecisionTaken:
    at: float
    decision: Decision


@dataclass(frozen=True, slots=True)
class NoteAdded:
    """`attached` is a file that the note speaks of, such as the recording that a session was made from. It is later than format 1."""

    at: float
    text: str
    author: str
    attached: EvidenceRef | None = field(default=None, metadata={"omit_empty": True})


SteeringAction = Literal["paused", "went-on", "edited", "skipped", "by-hand", "retried", "branched", "ended-wait"]


@dataclass(frozen=True, slots=True)
class OperatorSteered:
    """The operator took the run in hand; `by` is who. What the fields hold, by action:

    edited: `key` of the command, `to` the command that is run, `was` the playbook's. skipped, by-hand: `key` of what was not performed; its
    answer follows. retried: `key` is the visit (`node/attempt`) of `node` that counts no more. branched: `key` is the visit that is decided by
    hand, `to` the node that it leads to. ended-wait: `key` of the wait, or of a part of the sampled series.
    """

    at: float
    action: SteeringAction
    by: str
    node: str = ""
    key: str = ""
    to: str = ""
    why: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class VerdictReached:
    at: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RunEnded:
    at: float
    reason: Literal["finished", "cancelled", "failed"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class VerificationBegan:
    """From here on the deciding checks of the fault `cause` are asked again, of these targets. The run and its verdict stand before it."""

    at: float
    cause: str
    targets: tuple[TargetSpec, ...]
    by: str
    tshoot: str


@dataclass(frozen=True, slots=True)
class FixVerified:
    """What came of a verification; one that was stopped has none."""

    at: float
    verification: Verification


MemberState = Literal["finished", "interrupted", "failed", "not-run"]


@dataclass(frozen=True, slots=True)
class MemberEnded:
    """In the session of a fleet: the run on one of its targets is over. `session` is that run's own id, "" where none was begun.

    `state` is finished (to its verdict), interrupted, failed (tshoot could not go on: `reason` says why) or not-run. `kind`, `cause` and `title`
    are of its verdict, `failure` the kind of failure where the target could not be used.
    """

    at: float
    host: str
    platform: str
    session: str
    state: MemberState
    seconds: float
    kind: str = ""
    cause: str = ""
    title: str = ""
    reason: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event kind that this version does not know: kept and shown."""

    at: float
    name: str
    body: Mapping[str, object] = field(default_factory=dict)


Event = (
    RunStarted
    | EffectRequested
    | EffectAnswered
    | DecisionTaken
    | NoteAdded
    | OperatorSteered
    | VerdictReached
    | RunEnded
    | VerificationBegan
    | FixVerified
    | MemberEnded
    | UnknownEvent
)
EVENTS: tuple[type[Event], ...] = (
    RunStarted,
    EffectRequested,
    EffectAnswered,
    DecisionTaken,
    NoteAdded,
    OperatorSteered,
    VerdictReached,
    RunEnded,
    VerificationBegan,
    FixVerified,
    MemberEnded,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an effect is, for the eye only. `output` is a piece of what the device is printing right now."""

    key: str
    text: str = ""
    done: float | None = None
    total: float | None = None
    output: bytes = b""
