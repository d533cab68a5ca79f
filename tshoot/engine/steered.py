"""What the operator's hand changes in the fold: a command edited, an output given, a node retried, a branch taken by hand, a series ended early.

A visit is one entering of a node, `node/attempt`. What is retried or decided by hand counts no more from that visit on: the way there
stands, the log keeps the rest. A verdict that rests on the operator's hand says so; where it took a way that no condition led to, or a series
shorter than the playbook wants, nothing is called healthy and nothing is concluded because all else is excluded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tshoot.engine.state import Hand, State
from tshoot.model.effects import Decode, Effect, RunCommand, StartCapture, StopCapture, sample_key
from tshoot.model.events import OperatorSteered
from tshoot.model.verdicts import Decision
from tshoot.playbook.tree import CaptureStep

BY_HAND = "by hand: "
ACTIONS = frozenset({"paused", "went-on", "edited", "skipped", "by-hand", "retried", "branched", "ended-wait"})


def visit(state: State, node: str) -> str:
    """The latest visit of `node` that counts."""
    if node == state.node:
        return f"{node}/{state.attempt}"
    return next((visit_of(decision) for decision in reversed(state.path) if decision.node == node), f"{node}/{state.visits.get(node, 0)}")


def visit_of(decision: Decision) -> str:
    return f"{decision.node}/{decision.attempt}"


def standing_before(path: Iterable[Decision], key: str) -> tuple[Decision, ...]:
    """The decisions that stand where the visit `key` counts no more."""
    stands: list[Decision] = []
    for decision in path:
        if visit_of(decision) == key:
            break
        stands.append(decision)
    return tuple(stands)


def told_already(before: State, after: State) -> int:
    """How many decisions at the beginning of the later path are those of the earlier."""
    pairs = enumerate(zip(before.path, after.path, strict=False))
    return next((place for place, (one, other) in pairs if one is not other), min(len(before.path), len(after.path)))


def applies(state: State, event: OperatorSteered) -> bool:
    """Whether there is anything here that the event can change."""
    if state.verdict is not None:
        return False
    match event.action:
        case "edited" | "by-hand":
            return isinstance(state.waiting.get(event.key), RunCommand)
        case "ended-wait":
            return event.key in state.waiting
        case "retried":
            return _is_visit(state, event)
        case "branched":
            return _is_visit(state, event) and event.to in state.playbook.nodes
    return True


def _is_visit(state: State, event: OperatorSteered) -> bool:
    node, _, attempt = event.key.rpartition("/")
    return node == event.node in state.visits and attempt.isascii() and attempt.isdecimal() and 0 < int(attempt[:9]) <= state.visits[node]


def steer(state: State, event: OperatorSteered) -> tuple[State, str, tuple[Effect, ...]]:
    """The state after an event that applies, the node to enter ("" where the run stays where it is), and what ends a capture that was left."""
    match event.action:
        case "edited":
            state = replace(state, waiting={key: _edited(effect, event) for key, effect in state.waiting.items()})
            return _with_hand(state, f"the command of `{_step(event.key)}` was changed by {event.by}"), "", ()
        case "skipped":
            return _with_hand(state, f"`{_step(event.key)}` was skipped by {event.by}"), "", ()
        case "by-hand":
            return _with_hand(state, f"what `{_step(event.key)}` answered was given by hand by {event.by}"), "", ()
        case "ended-wait":
            return _ended(state, event), "", ()
        case "retried":
            left, stops = _left(state)
            return _retried(left, event), event.node, stops
        case "branched":
            left, stops = _left(state)
            return _branched(left, event), event.to, stops
    return state, "", ()


def ended(state: State, effect: Effect) -> bool:
    """Whether the series that the effect is part of was ended by hand."""
    sample = sample_key(effect.key)
    return sample is not None and sample.series in state.ended


def entered(state: State, node: str) -> int:
    """How often the playbook's own decisions led to `node`, with this time; what the operator did begins the count anew."""
    count = 1
    for decision in reversed(state.path):
        if decision.branch.startswith(BY_HAND):
            break
        count += decision.node == node
    return count


def doubts_of(decision: Decision) -> tuple[str, ...]:
    """What an `otherwise` passed over because it was not known."""
    unknown = (value for value in decision.conditions if value.outcome == "unknown")
    return tuple(f"{decision.node}: {value.condition}: {value.reason}" for value in unknown) if decision.branch == "otherwise" else ()


def by_hand(state: State) -> tuple[str, ...]:
    """What of the operator's hand nothing may be excluded on."""
    return tuple(hand.text for hand in state.hand if hand.doubt)


def told(state: State) -> State:
    """A verdict that rests on the operator's hand says so."""
    if state.verdict is None or not state.hand:
        return state
    said = "; ".join(dict.fromkeys(hand.text for hand in state.hand))
    return replace(state, verdict=replace(state.verdict, reason=f"{state.verdict.reason} (by the operator's hand: {said})"))


def left_answered(state: State, effect: Effect, worked: bool) -> tuple[State, tuple[Effect, ...]]:
    """The answer to what was under way in a node that was left by hand: a capture that began all the same is ended."""
    left = {key: one for key, one in state.left.items() if key != effect.key}
    stops = (_stop(state, effect.node, effect.key),) if isinstance(effect, StartCapture) and worked else ()
    return replace(state, left={**left, **{stop.key: stop for stop in stops}}), stops


def _edited(effect: Effect, event: OperatorSteered) -> Effect:
    return replace(effect, command=event.to, typed=True) if isinstance(effect, RunCommand) and effect.key == event.key else effect


def _step(key: str) -> str:
    return key.partition("/")[0].partition(":")[0]


def _with_hand(state: State, text: str, doubt: bool = False) -> State:
    return replace(state, hand=(*state.hand, Hand(f"{state.node}/{state.attempt}", text, doubt)))


def _ended(state: State, event: OperatorSteered) -> State:
    """A wait that is shorter is one; a series ends after what is under way of it."""
    sample = sample_key(event.key)
    if sample is None:
        return _with_hand(state, f"the wait of `{_step(event.key)}` was ended early by {event.by}")
    return _with_hand(
        replace(state, ended=state.ended | {sample.series}), f"the sampling of `{sample.step}` was ended early by {event.by}", doubt=True
    )


def _retried(state: State, event: OperatorSteered) -> State:
    """What was read on the way that counts no more is forgotten: the world may have changed since."""
    stands = standing_before(state.path, event.key)
    nodes = {decision.node for decision in state.path[len(stands) :]} | {state.node, event.node}
    steps = {step for node in nodes for step, _ in state.playbook.nodes[node].steps()}
    results = {step: result for step, result in state.results.items() if step not in steps}
    state = _standing(replace(state, results=results), stands)
    again = Hand(f"{event.node}/{state.visits[event.node] + 1}", f"`{event.node}` was retried by {event.by}", doubt=False)
    return replace(state, hand=(*state.hand, again))


def _branched(state: State, event: OperatorSteered) -> State:
    """What the conditions of the node came to stays with the decision, which is the operator's."""
    stands = standing_before(state.path, event.key)
    before = state.path[len(stands)] if len(stands) < len(state.path) else None
    attempt = int(event.key.rpartition("/")[2])
    why = state.playbook.nodes[event.node].why
    decision = Decision(event.node, attempt, f"{BY_HAND}{event.why}", event.to, before.conditions if before else (), why)
    state = _standing(state, (*stands, decision))
    because = f": {event.why}" if event.why else ""
    hand = Hand(event.key, f"the branch from `{event.node}` to `{event.to}` was taken by {event.by}{because}", doubt=True)
    return replace(state, hand=(*state.hand, hand))


def _standing(state: State, path: tuple[Decision, ...]) -> State:
    visits = {visit_of(decision) for decision in path}
    doubts = tuple(text for decision in path for text in doubts_of(decision))
    return replace(state, path=path, doubts=doubts, hand=tuple(hand for hand in state.hand if hand.visit in visits), waiting={})


def _left(state: State) -> tuple[State, tuple[Effect, ...]]:
    """Leaving a node in the middle of a capture: what begins it or ends it is still looked after; where it runs, it is ended."""
    step = state.playbook.nodes[state.node].step
    if not isinstance(step, CaptureStep) or not state.waiting:
        return state, ()
    own = {key: effect for key, effect in state.waiting.items() if isinstance(effect, StartCapture | StopCapture)}
    runs = not own and not any(isinstance(effect, Decode) for effect in state.waiting.values())
    stops = (_stop(state, state.node, f"{state.node}/{state.attempt}@{step.target}"),) if runs else ()
    return replace(state, left={**state.left, **own, **{stop.key: stop for stop in stops}}), stops


def _stop(state: State, node: str, capture: str) -> StopCapture:
    target = capture.partition("@")[2]
    return StopCapture(capture.replace("/", ":stop/", 1), node, target, capture, "the node was left by hand")
