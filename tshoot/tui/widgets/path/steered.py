"""What the operator did to a run, in one line."""

from __future__ import annotations

from tshoot.model.events import OperatorSteered
from tshoot.tui.goals import NodeGoal
from tshoot.tui.lines import Line, line, span

_WORDS = {
    "paused": "paused the run",
    "went-on": "let the run go on",
    "retried": "goes back to {node}",
    "branched": "decided {node} by hand: on to {to}",
    "edited": "changed the command: {to}",
    "skipped": "skipped {key}",
    "by-hand": "did {key} by hand",
    "ended-wait": "ended the wait {key} early",
}


def steered_line(event: OperatorSteered) -> Line:
    """`✎ ada skipped reach/1@host: not on this box`."""
    words = _WORDS.get(event.action, "{node}").format(node=event.node, to=event.to, key=event.key)
    was = f" instead of {event.was}" if event.was else ""
    why = f": {event.why}" if event.why else ""
    goal = NodeGoal(event.node) if event.node else None
    return line(("✎ ", "warn"), span(event.by, "strong", 60), (" ", ""), span(f"{words}{was}{why}", "", 2000), hang=2, goal=goal)
