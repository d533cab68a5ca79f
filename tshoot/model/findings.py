"""What a detector saw in a capture, or a judge in pasted text: a cause id with its proof.

`explanation` is one or two sentences for a person, with the addresses in them; `facts` holds the same
as data (`client`, `server`, `path`, `port`, …) so that a playbook and a fix text can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["fault", "warning", "note"]
Confidence = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("fault", "warning", "note")
CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One decoded field: `frame` counts from 1 in the file the user gave; `field` is Wireshark's name."""

    frame: int
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class LineValue:
    """One line of a pasted text that counts: `line` counts from 1 in the file, `text` is the line, `fact` what was read there."""

    line: int
    text: str
    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`frames` and `evidence` are of a capture, `lines` and `line_evidence` of a text: one pair is empty.

    The latter two are later than format 1 of a session: it holds them only where they are not empty.
    """

    cause: str
    title: str
    severity: Severity
    confidence: Confidence
    frames: tuple[int, ...]
    evidence: tuple[FieldValue, ...]
    explanation: str
    display_filter: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    lines: tuple[int, ...] = field(default=(), metadata={"omit_empty": True})
    line_evidence: tuple[LineValue, ...] = field(default=(), metadata={"omit_empty": True})


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What becomes of a whole capture or text; `cause` is empty unless a fault was found."""

    kind: Literal["fault", "healthy", "inconclusive"]
    cause: str
    reason: str
