"""What a judge is given and what it must say of itself.

A judge is one file in `transcripts/judge/`, found by scanning the folder, pure: what was read in, findings out. It defines one
public object, `JUDGE`, which satisfies `Judge`. It says what it looked at (`seen`), and of what it looked at and could
not decide, what is missing: a text is called healthy only where something was looked at and nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tshoot.model.findings import Confidence, Finding, LineValue, Severity
from tshoot.playbook.causes import all_causes
from tshoot.transcripts.reading import Read, Reads
from tshoot.transcripts.text import TextLine

MOST_LINES_CITED = 24
_LONGEST_CITED = 200


@dataclass(frozen=True, slots=True)
class Judgement:
    """`missing`: sentences that say what would decide what this text leaves open."""

    findings: tuple[Finding, ...] = ()
    seen: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


class Judge(Protocol):
    family: str  # "bgp"
    causes: Mapping[str, str]  # cause id -> what in a text proves it, and which healthy look-alike is excluded
    seen: Mapping[str, str]  # what `Judgement.seen` can count -> what it means

    def judge(self, reads: Reads) -> Judgement: ...


def proof(read: Read, path: str, value: object = None) -> tuple[LineValue, ...]:
    """The lines that the fact under `path` was read from, with `value` or the fact's own as text."""
    shown = str(_at(read.facts, path) if value is None else value)
    return tuple(cited(line, path, shown) for line in read.lines(path)[:3])


def cited(line: TextLine, fact: str, value: object) -> LineValue:
    return LineValue(line.number, line.text.strip()[:_LONGEST_CITED], fact, str(value)[:_LONGEST_CITED])


def finding(
    cause: str,
    explanation: str,
    evidence: Iterable[LineValue],
    facts: Mapping[str, str | int],
    *,
    severity: Severity = "fault",
    confidence: Confidence = "high",
) -> Finding:
    """A finding of a text. Of many lines the first and the last are cited; all evidence is in the order of the file."""
    lines = sorted(dict.fromkeys(evidence), key=lambda value: value.line)
    if len(lines) > MOST_LINES_CITED:
        lines = [*lines[: MOST_LINES_CITED // 2], *lines[-MOST_LINES_CITED // 2 :]]
    numbers = tuple(dict.fromkeys(value.line for value in lines))
    title = all_causes()[cause].title if cause in all_causes() else cause
    return Finding(cause, title, severity, confidence, (), (), explanation, "", dict(facts), numbers, tuple(lines))


def whole(seconds: float) -> int:
    return round(seconds)


def _at(facts: Mapping[str, object], path: str) -> object:
    value: object = facts
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ""
    return value
