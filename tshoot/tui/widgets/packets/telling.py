"""What the packets screen says in words: the chosen frame in one line, where it stands, what was found."""

from __future__ import annotations

from collections.abc import Iterable

from tshoot.packets.analysis import Analysis
from tshoot.packets.browse.clock import by_the_clock, elapsed
from tshoot.packets.browse.summary import Row
from tshoot.packets.browse.tree import Tree


def summary_of(row: Row, first: int) -> str:
    """A frame as one line, to read and to copy; `first` is the time of the capture's first frame."""
    cut = f" ({row.captured} captured)" if 0 <= row.captured < row.length else ""
    ends = f"{row.source} → {row.destination}  " if row.source or row.destination else ""
    when = f"{elapsed(row.time - first)} s, {by_the_clock(row.time, date=True)} UTC"
    return f"frame {row.number}  {when}  {ends}{row.protocol}  {row.length} bytes{cut}  {row.info}"


def field_of(tree: Tree, index: int, place: tuple[int, int] | None) -> str:
    """What the chosen field is called in a display filter, and which bytes it is."""
    node = tree.nodes[index]
    if place:
        where = f"byte {place[0]}" if place[1] - place[0] == 1 else f"bytes {place[0]} to {place[1] - 1}"
    elif node.size:
        where = "not in this frame's own bytes: reassembled or decoded from several"
    else:
        where = "computed, no bytes of its own"
    named = f"{node.name} == {node.show}" if node.name and node.show and node.depth else node.name
    return "  ".join(part for part in (named, where) if part)


def cited_frames(analysis: Analysis) -> set[int]:
    """All frames that the findings cite."""
    return {frame for finding in analysis.findings for frame in (*finding.frames, *(value.frame for value in finding.evidence))}


def verdict_line(analysis: Analysis) -> str:
    """The verdict on the capture as a whole."""
    verdict = analysis.verdict
    remark = f"; {analysis.remark}" if analysis.remark else ""
    return f"{verdict.kind}{': ' + verdict.cause if verdict.cause else ''}{remark}"


def proof_of(analysis: Analysis | None, given: Iterable[int]) -> set[int]:
    """What "proof only" shows: the frames that were given, and those that findings cite."""
    return {*given, *(cited_frames(analysis) if analysis else ())}
