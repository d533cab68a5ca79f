"""What the operator did by hand, in words: the same in the transcript, the report and the index."""

from __future__ import annotations

from tshoot.model.events import OperatorSteered


def steered_words(event: OperatorSteered) -> str:
    """One sentence, not clean. An action of a newer version is named as it is."""
    action: str = event.action
    match action:
        case "paused":
            said = "paused the run: nothing new is started on a target"
        case "went-on":
            said = "let the run go on"
        case "edited":
            said = f"changed the command of `{_step(event)}` to `{event.to}` (the playbook has `{event.was}`)"
        case "skipped":
            said = f"skipped `{_step(event)}`"
        case "by-hand":
            said = f"did `{_step(event)}` elsewhere; what it printed was pasted and comes from no target"
        case "retried":
            said = f"retried `{event.node}`; what was decided from its visit {event.key.rpartition('/')[2]} on counts no more"
        case "branched":
            said = f"took the branch from `{event.node}` to `{event.to}`; no condition led there"
        case "ended-wait":
            said = f"ended the wait of `{_step(event)}` early"
        case other:
            said = " ".join(filter(None, (f"{other} (not known to this version)", event.node, event.key, event.to)))
    return f"{said}: {event.why}" if event.why else said


def _step(event: OperatorSteered) -> str:
    return event.key.partition("/")[0].partition(":")[0]
