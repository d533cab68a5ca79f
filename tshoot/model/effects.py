"""The six requests that the engine may make of the world: a closed set.

A new need is met by a platform, a parser, a detector or a playbook, not by a seventh effect. An
effect's `key` is its content (`node/attempt@target`, with `node:step` for the parts of a capture and
`node:sample-3`, `node:wait-3` for those of a command that is repeated), never its position: the same
request in a replay has the same key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Run one command on a target. `changes` is true only where the playbook says so, or where the operator wrote it and it is not known to
    only read; `typed`, where he wrote it: in place of the playbook's, or as a command of his own (`own-N/1@target`, no node)."""

    key: str
    node: str
    target: str
    command: str
    why: str = ""
    timeout: float = 30.0
    parser: str | None = None
    changes: bool = False
    typed: bool = field(default=False, metadata={"omit_empty": True})


@dataclass(frozen=True, slots=True)
class StartCapture:
    """Start a bounded capture on a target. Bounds: seconds, packets and megabytes, whichever comes first."""

    key: str
    node: str
    target: str
    interface: str
    filter: str
    snaplen: int
    seconds: float
    packets: int
    megabytes: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class StopCapture:
    """Stop the capture that `capture` (the key of its StartCapture) started, pull it, remove it from the target."""

    key: str
    node: str
    target: str
    capture: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decode:
    """Decode a capture that was pulled (`sha256` in the session's evidence) and run the detectors of `families` (empty: all)."""

    key: str
    node: str
    target: str
    sha256: str
    families: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class AskOperator:
    """Ask the operator. The answer is a string: "yes"/"no" for confirm, one of `choices`, or free text."""

    key: str
    node: str
    question: str
    form: Literal["confirm", "choice", "text"] = "confirm"
    choices: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Let `seconds` pass."""

    key: str
    node: str
    seconds: float
    why: str = ""


class SampleKey(NamedTuple):
    """What the key of a sample, or of the wait after it, says. `series` is the same for all samples of one series."""

    step: str
    number: int
    waits: bool
    series: str


_SAMPLE = re.compile(r"([a-z0-9_]+):(sample|wait)-([0-9]+)(/[0-9]+)")


def sample_key(key: str) -> SampleKey | None:
    """None for the key of any other effect."""
    match = _SAMPLE.match(key)
    return SampleKey(match[1], int(match[3]), match[2] == "wait", match[1] + match[4]) if match else None


_OWN = re.compile(r"own-([0-9]{1,9})/")


def own_number(key: str) -> int:
    """`3` of `own-3/1@host`, a command of the operator's own; 0 for the key of any other effect. No step is named with a dash."""
    match = _OWN.match(key)
    return int(match[1]) if match else 0


Effect = RunCommand | StartCapture | StopCapture | Decode | AskOperator | Wait
EFFECTS: tuple[type[Effect], ...] = (RunCommand, StartCapture, StopCapture, Decode, AskOperator, Wait)
