"""References to raw bytes, and the places in them that a verdict points at.

Raw bytes are kept in the session's `evidence/` by their sha256 and never altered; a citation names the
bytes by that hash and says which lines or which frame decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """Raw bytes in the session's evidence: `origin` says where they came from (target and command or interface)."""

    sha256: str
    size: int
    kind: Literal["stdout", "stderr", "capture", "file"]
    origin: str


@dataclass(frozen=True, slots=True)
class LineCitation:
    """Lines `first` to `last` of what `command` printed on `target`, and the fact that was read there."""

    node: str
    target: str
    command: str
    stream: str
    first: int
    last: int
    text: str
    fact: str
    value: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FrameCitation:
    """One field of one frame of a capture. `frame` counts from 1, as in Wireshark. `target` is empty offline."""

    node: str
    target: str
    frame: int
    field: str
    value: str
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AnswerCitation:
    """What the operator answered."""

    node: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class FailureCitation:
    """A request that failed: the failure is evidence too."""

    node: str
    target: str
    command: str
    failure: str
    detail: str


Citation = LineCitation | FrameCitation | AnswerCitation | FailureCitation
CITATIONS: tuple[type[Citation], ...] = (LineCitation, FrameCitation, AnswerCitation, FailureCitation)
