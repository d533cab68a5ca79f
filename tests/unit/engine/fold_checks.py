"""What holds of the engine as a fold: the same events give the same state, effects and verdict; nothing else moves it."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from tests.unit.engine.walking import Recorded, fold
from tshoot.engine.advance import advance, step_of
from tshoot.engine.state import State
from tshoot.model.effects import StartCapture, StopCapture
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Failed, NoteAdded, Ok, RunEnded, RunStarted, UnknownEvent, Waited


def same(one: State, other: State) -> bool:
    """All that was seen, decided and asked is the same; functions among the facts are compared by what was read through them: the path."""
    parts: list[str] = [item.name for item in fields(State) if item.name not in ("playbook", "knowledge", "results")]
    return all(getattr(one, name) == getattr(other, name) for name in parts) and plain(one) == plain(other)


def plain(state: State) -> Any:
    return [
        replace(result, facts={name: fact for name, fact in result.facts.items() if name not in ("found", "warned")})
        for result in state.results.values()
    ]


def the_log_replayed_gives_the_same_effects_decisions_and_verdict(run: Recorded) -> None:
    state, effects = run.begin()
    end, asked = fold(state, run.events)
    assert [*effects, *asked] == run.requested()
    assert end.verdict == run.verdict
    assert end.path == tuple(event.decision for event in run.decisions())
    assert not end.waiting


def folding_is_deterministic_and_changes_no_earlier_state(run: Recorded) -> None:
    first, _ = run.begin()
    states = [first]
    for event in run.answered():
        states.append(advance(states[-1], event)[0])
    again, _ = run.begin()
    for state, event in zip(states, [*run.answered(), None], strict=True):
        assert same(state, again)
        if event is not None:
            again, _ = advance(again, event)


def what_answers_nothing_changes_nothing(run: Recorded) -> None:
    state, _ = run.begin()
    asked = run.requested()[0]
    noise = [
        UnknownEvent(1.0, "QuotaExceeded", {"key": asked.key}),
        NoteAdded(1.0, "a note", "someone"),
        RunEnded(1.0, "finished"),
        EffectAnswered(1.0, "never/1@asked", Ok(CommandRan(0, b"", b"", 0.0))),
        EffectAnswered(1.0, "", Failed("closed", "gone")),
        RunStarted(1.0, "other", (), {}),
        EffectRequested(1.0, asked),
    ]
    for event in run.answered():
        for odd in noise:
            assert advance(state, odd) == (state, ())
        state, _ = advance(state, event)
        assert advance(state, event) == (state, ()), "an answer counts once"
    assert state.verdict == run.verdict


def nothing_moves_after_the_verdict(run: Recorded) -> None:
    state, _ = fold(run.begin()[0], run.events)
    for event in run.events:
        assert advance(state, event) == (state, ())


def an_effects_key_is_its_content(run: Recorded) -> None:
    keys = [effect.key for effect in run.requested()]
    assert len(set(keys)) == len(keys)
    for effect in run.requested():
        target = getattr(effect, "target", None)
        assert re.fullmatch(r"[a-z0-9_]+(:stop|:decode|:(sample|wait)-[0-9]+)?/[0-9]+" + (f"@{target}" if target else ""), effect.key)
        if isinstance(effect, StopCapture):
            assert effect.capture in keys


def what_is_asked_at_a_time_belongs_to_one_node_and_is_asked_once(run: Recorded) -> None:
    """Steps of one node may run side by side, each of them with one effect at a time; the next node waits for all."""
    waiting: dict[str, str] = {}
    for event in run.events:
        if isinstance(event, EffectRequested):
            assert {event.effect.node} >= set(waiting.values())
            assert step_of(event.effect) not in {key.partition("/")[0].partition(":")[0] for key in waiting}
            waiting[event.effect.key] = event.effect.node
        if isinstance(event, EffectAnswered):
            del waiting[event.key]
    assert not waiting


def a_started_capture_is_always_stopped(run: Recorded) -> None:
    answers = {event.key: event.outcome for event in run.answered()}
    started = {effect.key for effect in run.requested() if isinstance(effect, StartCapture) and isinstance(answers[effect.key], Ok)}
    assert {effect.capture for effect in run.requested() if isinstance(effect, StopCapture)} == started


def a_run_goes_on_from_any_point_of_its_log(run: Recorded) -> None:
    """What a resume does: fold what there is, then answer what is still waited for."""
    for cut in (0, 1, 2, 5, 8):
        goes_on_from(run, run.answered(), cut)


def goes_on_from(run: Recorded, answered: list[EffectAnswered], cut: int) -> None:
    state, effects = run.begin()
    waiting = list(effects)
    for event in answered[:cut]:
        state, waiting_more = advance(state, event)
        waiting = [*waiting, *waiting_more]
    open_keys = [effect.key for effect in waiting if effect.key in state.waiting]
    assert set(open_keys) == set(state.waiting)
    end, _ = fold(state, answered[cut:])
    assert end.verdict == run.verdict


def an_answer_of_another_kind_is_survived(run: Recorded) -> None:
    """A session that was edited, or written by another version, must not stop the reader."""
    state = run.begin()[0]
    for event in run.answered():
        for answer in (Ok(Waited(1.0)), Ok(CommandRan(None, b"\xff\x1b[2J", b"", 0.0)), Failed("internal", "")):
            other, _ = advance(state, replace(event, outcome=answer))
            assert other.verdict is not None or other.waiting
        state, _ = advance(state, event)


CHECKS = (
    the_log_replayed_gives_the_same_effects_decisions_and_verdict,
    folding_is_deterministic_and_changes_no_earlier_state,
    what_answers_nothing_changes_nothing,
    nothing_moves_after_the_verdict,
    an_effects_key_is_its_content,
    what_is_asked_at_a_time_belongs_to_one_node_and_is_asked_once,
    a_started_capture_is_always_stopped,
    a_run_goes_on_from_any_point_of_its_log,
    an_answer_of_another_kind_is_survived,
)
