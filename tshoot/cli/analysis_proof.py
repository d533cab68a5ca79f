"""The proof of a finding for a person: frames of a capture with their times and fields, or lines of a text, each once.

`after` counts from the first packet of the file, as Wireshark does; the date stands above, times of day are UTC.
"""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cli.analysis_one import is_capture
from tshoot.cli.field_words import as_filter, in_words
from tshoot.cli.output import fitted, painted, say
from tshoot.model.findings import Finding, LineValue

if TYPE_CHECKING:
    from tshoot.cli.analysis_one import Analysis
    from tshoot.packets.analysis import Analysis as CaptureAnalysis

FRAMES_SHOWN, FIELDS_SHOWN, LINES_SHOWN = 8, 3, 24


def tell_proof(analysis: Analysis, finding: Finding) -> None:
    if finding.line_evidence:
        _lines(finding)
    elif finding.frames and is_capture(analysis):
        _frames(analysis, finding)


def _frames(analysis: CaptureAnalysis, finding: Finding) -> None:
    fields: dict[int, list[str]] = {}
    for value in finding.evidence:
        said = f"{in_words(value.field, value.value)}\n   [{as_filter(value.field, value.value)}]"
        fields.setdefault(value.frame, []).append(said)
    shown = list(fields)[:FRAMES_SHOWN] or list(finding.frames[:FRAMES_SHOWN])
    start = analysis.timeline.first_ns if analysis.timeline else None
    rows = []
    for frame in shown:
        at = analysis.times.get(frame)
        first, *more = fields.get(frame, [])[:FIELDS_SHOWN] or [""]
        rows += [[str(frame), after(at, start), clock(at), first], *(["", "", "", said] for said in more)]
    painted("bold", f"Proof{_day([analysis.times[frame] for frame in shown if frame in analysis.times])}")
    fitted([["frame", "after", "at", "what it says\n   [in Wireshark]"], *rows])
    others = [str(frame) for frame in finding.frames if frame not in shown]
    if others:
        say(f"  and frame{'s' if len(others) > 1 else ''} {', '.join(others[:12])}" + (f" and {len(others) - 12} more" if len(others) > 12 else ""))
    say("")


def after(at: int | None, start: int | None) -> str:
    return f"{(at - start) / 1e9:.6f} s" if at is not None and start is not None else "-"


def clock(at: int | None) -> str:
    moment = _moment(at)
    return moment.strftime("%H:%M:%S.%f") if moment else "-"


def instant(at: int) -> str:
    """ISO 8601, UTC, microseconds; "" for a time that no calendar has."""
    moment = _moment(at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else ""


def _moment(at: int | None) -> datetime | None:
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at // 1_000_000_000, UTC).replace(microsecond=at // 1000 % 1_000_000)
    except (ValueError, OverflowError, OSError):
        return None


def _day(times: list[int]) -> str:
    days = sorted({moment.strftime("%Y-%m-%d") for moment in map(_moment, times) if moment})
    return f"  ({days[0]}{f' to {days[-1]}' if len(days) > 1 else ''}, UTC)" if days else ""


def _lines(finding: Finding) -> None:
    """What was read in each line, and the line."""
    read: dict[int, list[str]] = {}
    texts = {value.line: value.text for value in finding.line_evidence}
    for value in finding.line_evidence:
        read.setdefault(value.line, []).append(_fact(value))
    painted("bold", "Proof")
    rows = [[str(line), ", ".join(dict.fromkeys(read[line])), text] for line, text in texts.items()]
    fitted([["line", "read there", "the line"], *rows[:LINES_SHOWN]])
    if len(rows) > LINES_SHOWN:
        say(f"  and {len(rows) - LINES_SHOWN} more lines (--json has them)")
    say("")


def _fact(value: LineValue) -> str:
    """`next_hop 2001:db8::1`; the value alone where the fact is a place in a list."""
    steps = value.fact.split(".")
    name = value.fact if all(step.isidentifier() for step in steps) else steps[-1]
    return f"{name} {value.value}" if name.replace(".", "_").isidentifier() else value.value


def tell_wireshark(path: Path, finding: Finding) -> None:
    """The display filter that shows the proof, and the command that opens it there: each on a line of its own, to be copied whole."""
    if finding.display_filter:
        painted("bold", "In Wireshark")
        say(f"  {finding.display_filter}")
        if str(path) != "-":
            name = os.fspath(path)
            safe = name if not name.startswith("-") else f"./{name}"
            say(f"  wireshark -r {shlex.quote(safe)} -Y {shlex.quote(finding.display_filter)}")
        say("")
