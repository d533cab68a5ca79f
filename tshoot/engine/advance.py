"""The fold: `begin` and `advance` take a state and an event to the next state and the effects it asks for.

A step's effects are requested; when all are answered its node decides; a decision enters the next node
or ends in a verdict. Steps of `together` are requested at once, a sampled one asks again until its series is
complete. A capture is a chain within one node: start, the steps during it, stop, decode; if
the start fails the rest is skipped, if a step during it fails the capture is stopped and read all the same.
A target that cannot be used at all ends the run, unless the node's own conditions ask for `.failed`. What the operator
does by hand comes as events, too (engine/steered.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from tshoot.engine import sampling
from tshoot.engine.assumed import assume
from tshoot.engine.decide import decide
from tshoot.engine.explain import target_failed, too_often
from tshoot.engine.results import capture_result, failed_result, simple_result
from tshoot.engine.state import Assumed, Capturing, Knowledge, Result, State
from tshoot.engine.steered import applies, ended, entered, left_answered, steer, told
from tshoot.model.effects import EFFECTS, AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import ANSWERS, TARGET_FAILURES, CaptureTaken, Decoded, EffectAnswered, Event, Failed, Ok, OperatorSteered, TargetSpec
from tshoot.model.facts import Unknown
from tshoot.model.losses import missed_by
from tshoot.model.verdicts import Decision, Verdict
from tshoot.playbook.command_text import command_text
from tshoot.playbook.evaluation import render
from tshoot.playbook.expressions import Template
from tshoot.playbook.tree import AskStep, CaptureStep, Node, Playbook, RunStep, Step, TogetherStep, WaitStep

Advanced = tuple[State, tuple[Effect, ...]]
_ANSWER_TO = dict(zip(EFFECTS, ANSWERS, strict=True))


def begin(
    playbook: Playbook,
    targets: Mapping[str, TargetSpec],
    inputs: Mapping[str, str | int],
    knowledge: Knowledge,
    *,
    standing: Mapping[tuple[str, int], Decision] = MappingProxyType({}),
    assumed: Assumed = MappingProxyType({}),
) -> Advanced:
    """The first state, and what it asks of the world; `standing` and `assumed` as `State` has them."""
    state = State(playbook, knowledge, dict(targets), dict(inputs), playbook.start, standing=standing, assumed=assumed)
    return _settled(*_enter(state, playbook.start))


def advance(state: State, event: Event) -> Advanced:
    """One event further. Events that answer nothing the state waits for change nothing."""
    if state.verdict is not None or not isinstance(event, EffectAnswered | OperatorSteered):
        return state, ()
    if isinstance(event, OperatorSteered):
        return _steered(state, event)
    if event.key in state.left:
        return left_answered(state, state.left[event.key], isinstance(event.outcome, Ok))
    if event.key not in state.waiting:
        return state, ()
    effect = state.waiting[event.key]
    if isinstance(event.outcome, Ok) and not isinstance(event.outcome.answer, _ANSWER_TO[type(effect)]):
        event = replace(event, outcome=Failed("internal", f"{type(event.outcome.answer).__name__} is no answer to `{event.key}`"))
    state = replace(state, waiting={key: waiting for key, waiting in state.waiting.items() if key != event.key})
    return _settled(*_answered(state, state.playbook.nodes[state.node], effect, event))


def _steered(state: State, event: OperatorSteered) -> Advanced:
    if not applies(state, event):
        return state, ()
    state, node, stops = steer(state, event)
    if not node:
        return state, ()
    state, effects = _settled(*_enter(state, node))
    return state, (*stops, *effects)


def _answered(state: State, node: Node, effect: Effect, event: EffectAnswered) -> Advanced:
    """One step of the node further; where it is complete, the next one of a capture."""
    if isinstance(node.step, CaptureStep) and isinstance(effect, (StartCapture, StopCapture, Decode)):
        return _capture_answered(state, node, node.step, effect, event)
    step_id = step_of(effect)
    step = dict(node.steps())[step_id]
    if isinstance(step, RunStep) and step.sampling is not None:
        state, effects = _sampled(state, node, step_id, step, effect, event)
        if effects:
            return state, effects
    else:
        state = _remember(state, _result(state, step_id, effect, event))
    if not isinstance(node.step, CaptureStep):
        return state, ()
    return _capture_next(replace(state, capturing=replace(state.capturing, until=event.at)), node, node.step)


def step_of(effect: Effect) -> str:
    """The step that asked for the effect: `route` of `route:sample-3/1@router`."""
    return effect.key.partition("/")[0].partition(":")[0]


def _settled(state: State, effects: tuple[Effect, ...] = ()) -> Advanced:
    """Decide for as long as nothing is waited for."""
    while state.verdict is None and not state.waiting:
        state, effects = _decide(state)
    return told(state), effects


def _enter(state: State, node_id: str) -> Advanced:
    """Ask for the node's step; nothing is waited for where it has none, or where the step cannot be asked for."""
    attempt = state.visits.get(node_id, 0) + 1
    node = state.playbook.nodes[node_id]
    if entered(state, node_id) > node.attempts:
        return replace(state, verdict=too_often(state, node)), ()
    state = replace(state, node=node_id, attempt=attempt, stage=0, visits={**state.visits, node_id: attempt})
    wanted = node.step.steps if isinstance(node.step, TogetherStep) else () if node.step is None else ((node.id, node.step),)
    effects: tuple[Effect, ...] = ()
    for step_id, step in wanted:
        state, asked = _request(state, node, step_id, step)
        effects += asked
    return state, effects


def _request(state: State, node: Node, step_id: str, step: Step) -> Advanced:
    """Ask for the effect of a plain step; where its text needs an unknown value the step fails without touching the world."""
    state = replace(state, samples={name: taken for name, taken in state.samples.items() if name != step_id})
    effect = _effect(state, node, step_id, step)
    if isinstance(effect, Unknown):
        failed = Failed("not-found", f"not run: {effect.reason}")
        state = _remember(state, failed_result(step_id, None, failed))
        return _capture_next(state, node, node.step) if isinstance(node.step, CaptureStep) and step is not node.step else (state, ())
    return _waiting(state, effect)


def _waiting(state: State, effect: Effect) -> Advanced:
    return replace(state, waiting={**state.waiting, effect.key: effect}), (effect,)


def _effect(state: State, node: Node, step_id: str, step: Step) -> Effect | Unknown:
    key = f"{step_id}/{state.attempt}"
    match step:
        case RunStep(sampling=None):
            return _command(state, node, step, f"{key}@{step.target}")
        case RunStep():
            return _sample(state, node, step_id, step)
        case AskStep():
            question = _text(state, step.question)
            return question if isinstance(question, Unknown) else AskOperator(key, node.id, question, step.form, step.choices, node.why)
        case WaitStep():
            return Wait(key, node.id, step.seconds, node.why)
        case TogetherStep():
            raise TypeError("its steps are asked for one by one")
        case CaptureStep():
            if step.target not in state.targets:
                return _nobody(step.target)
            interface, filter_ = _text(state, step.interface), _text(state, step.filter)
            if isinstance(interface, Unknown) or isinstance(filter_, Unknown):
                return interface if isinstance(interface, Unknown) else filter_  # type: ignore[return-value]
            bounds = (step.snaplen, step.seconds, step.packets, step.megabytes)
            return StartCapture(f"{key}@{step.target}", node.id, step.target, interface, filter_, *bounds, node.why)


def _command(state: State, node: Node, step: RunStep, key: str) -> RunCommand | Unknown:
    if step.target not in state.targets:
        return _nobody(step.target)
    platform = state.targets[step.target].platform
    template = step.command_on(platform)
    if template is None or not template.source:
        return Unknown(f"the playbook has no command for {platform} here")
    command = command_text(template, state.scope)
    if isinstance(command, Unknown):
        return command
    return RunCommand(key, node.id, step.target, command, node.why, step.timeout, step.parser_on(platform), step.changes)


def _nobody(role: str) -> Unknown:
    return Unknown(f"no device was named for `{role}`")


def _text(state: State, template: Template) -> str | Unknown:
    return render(template, state.scope)[0]


def _result(state: State, step_id: str, effect: Effect, event: EffectAnswered) -> Result:
    match event.outcome:
        case Failed() as failed:
            return failed_result(step_id, effect, failed)
        case Ok(answer):
            target = state.targets.get(getattr(effect, "target", ""))
            return simple_result(step_id, effect, target.platform if target else "", answer, state.knowledge)


def _remember(state: State, result: Result) -> State:
    result = assume(result, state.assumed.get(result.step, {}))
    return replace(state, results={**state.results, result.step: result})


# --- samples -----------------------------------------------------------------------------------------


def _sample(state: State, node: Node, step_id: str, step: RunStep) -> RunCommand | Unknown:
    """The next sample; Unknown where the playbook's times are none."""
    assert step.sampling is not None  # noqa: S101  for the type checker
    for template in (step.sampling.every, step.sampling.seconds):
        seconds = sampling.seconds_of(template, state)
        if isinstance(seconds, Unknown):
            return seconds
    number = len(state.samples.get(step_id, ())) + 1
    return _command(state, node, step, f"{step_id}:sample-{number}/{state.attempt}@{step.target}")


def _sampled(state: State, node: Node, step_id: str, step: RunStep, effect: Effect, event: EffectAnswered) -> Advanced:
    """After a sample the pause, after the pause the next sample; no effect where the series is complete."""
    assert step.sampling is not None  # noqa: S101  for the type checker
    if isinstance(effect, Wait):
        sample = _sample(state, node, step_id, step)
        over = isinstance(sample, Unknown) or isinstance(event.outcome, Failed) or ended(state, effect)
        return (state, ()) if over else _waiting(state, sample)  # type: ignore[arg-type]
    state = sampling.add_sample(state, step_id, step.sampling, _result(state, step_id, effect, event), event.at)
    if ended(state, effect) or sampling.enough(state, step_id, step.sampling):
        return state, ()
    number = len(state.samples[step_id])
    why = sampling.told(state, step_id, step.sampling)
    return _waiting(state, Wait(f"{step_id}:wait-{number}/{state.attempt}", node.id, sampling.pause(state, step_id, step.sampling), why))


# --- captures: stage 0 starts, 1 to n are the steps during it, then stop, then decode ------------------


def _capture_answered(state: State, node: Node, step: CaptureStep, effect: Effect, event: EffectAnswered) -> Advanced:
    """The capture itself: after its start the steps during it, after its stop the decoding."""
    if isinstance(event.outcome, Failed):
        return _remember(state, failed_result(node.id, effect, event.outcome)), ()
    match effect:
        case StopCapture() if isinstance(event.outcome.answer, CaptureTaken):
            taken, was = event.outcome.answer, state.capturing
            state = replace(state, capturing=replace(was, missed=missed_by(taken, was.until - was.since)))
            key = f"{node.id}:decode/{state.attempt}@{step.target}"
            return _waiting(state, Decode(key, node.id, step.target, taken.capture.sha256, step.families, node.why))
        case Decode() if isinstance(event.outcome.answer, Decoded):
            return _remember(state, capture_result(node.id, effect, event.outcome.answer, state.capturing.missed)), ()
        case StartCapture():
            return _capture_next(replace(state, capturing=Capturing(event.at, event.at)), node, step)
    return state, ()


def _capture_next(state: State, node: Node, step: CaptureStep) -> Advanced:
    """The next step during the capture, or its stop."""
    if state.stage < len(step.during):
        step_id, during = step.during[state.stage]
        return _request(replace(state, stage=state.stage + 1), node, step_id, during)
    key = f"{node.id}:stop/{state.attempt}@{step.target}"
    stop = StopCapture(key, node.id, step.target, f"{node.id}/{state.attempt}@{step.target}", node.why)
    return _waiting(state, stop)


# --- decisions ---------------------------------------------------------------------------------------


def _decide(state: State) -> Advanced:
    node = state.playbook.nodes[state.node]
    lost = _lost_target(state, node)
    if lost is not None:
        return replace(state, verdict=lost), ()
    state, next_node = decide(state, node)
    return (state, ()) if next_node is None else _enter(state, next_node)


def _lost_target(state: State, node: Node) -> Verdict | None:
    """A target that cannot be used ends the run, unless this node's conditions look at the failure themselves."""
    for step_id, _ in node.steps():
        result = state.results.get(step_id)
        if result is None or result.failed is None or result.failed.kind not in TARGET_FAILURES:
            continue
        asked = any(read == (step_id, "failed") for branch in node.decide if branch.condition for read in branch.condition.reads)
        if not asked:
            return target_failed(state, result)
    return None
