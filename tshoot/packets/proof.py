"""What every family's findings have in common: the order of evidence, how frames are named in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity

MOST = 30  # occurrences that one finding cites: the first ones


def finding(
    cause: str,
    title: str,
    explanation: str,
    decisive: Iterable[FieldValue],
    context: Iterable[FieldValue] = (),
    *,
    show: str,
    facts: Mapping[str, str | int | None],
    severity: Severity = "fault",
    confidence: Confidence = "high",
) -> Finding:
    """`decisive` fields come first in the evidence, `context` after them; `show` is the display filter; facts that are empty are left out."""
    evidence = tuple(dict.fromkeys((*decisive, *context)))
    frames = tuple(sorted({item.frame for item in evidence}))
    kept = {name: value for name, value in facts.items() if value is not None and value != ""}
    return Finding(cause, title, severity, confidence, frames, evidence, explanation, show, kept)


def frame_list(frames: Iterable[int]) -> str:
    """`frame 7`, `frames 7, 9 and 11`, `frames 7, 9, 11 and 4 more`."""
    numbers = list(frames)
    if len(numbers) == 1:
        return f"frame {numbers[0]}"
    if len(numbers) > 4:
        return f"frames {', '.join(map(str, numbers[:3]))} and {len(numbers) - 3} more"
    return f"frames {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def times(count: int) -> str:
    """`once`, `twice`, `7 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def between(one: str, other: str, rest: str) -> str:
    """A display filter: packets between the two that also match `rest`."""
    field = "ipv6.addr" if ":" in one else "ip.addr"
    return f"{field} == {one} && {field} == {other} && {rest}"
