"""From a fact to its proof: where a line of one region leads when it is chosen.

A goal names evidence, never a place on the screen: the same goal is found in a live run, in a replay and in a
session opened a year later. Lines carry goals (`Line.goal`), regions say which was chosen (`LinesView.Chosen`),
the screen goes there: to the lines of an output, to frames of a capture, to what was done at a node.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.model.evidence import Citation, FrameCitation, LineCitation


@dataclass(frozen=True, slots=True)
class OutputGoal:
    """Lines `first` to `last` (from 1; 0: the output as a whole) of one stream. `key` is "" where only the bytes are known."""

    key: str
    sha256: str
    stream: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FramesGoal:
    """Frames, counted from 1, of the capture `sha256` in the session's evidence; none: the capture as a whole."""

    sha256: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeGoal:
    """What was done at a node, or at one of its steps; `key` is the effect where one is meant."""

    node: str
    key: str = ""


Goal = OutputGoal | FramesGoal | NodeGoal


def goal_of(citation: Citation) -> Goal:
    """Where a citation stands: its lines, its frame, or the node where an answer was given or something failed."""
    match citation:
        case LineCitation():
            return OutputGoal("", citation.sha256, citation.stream, citation.first, citation.last)
        case FrameCitation():
            return FramesGoal(citation.sha256, (citation.frame,))
    return NodeGoal(citation.node)
