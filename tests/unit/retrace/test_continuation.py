"""A log that was cut anywhere goes on to the verdict that the whole run reached; nothing that was answered is asked again, but what must be seen in one piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.retrace.retraced import SCENARIOS, VERSIONS, answering, events_of, gone_on, keep_capture, playbook_text, write
from tshoot.errors import SessionError, UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import AskOperator, Effect, RunCommand, StartCapture
from tshoot.model.events import (
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    NoteAdded,
    Ok,
    OperatorAnswered,
    Outcome,
    Progress,
    RunEnded,
    RunStarted,
    TargetSpec,
    VerdictReached,
)
from tshoot.model.facts import Parsed
from tshoot.rehearsal import STARTED, MemoryLog
from tshoot.retrace.continuation import Continuation, continuation
from tshoot.retrace.recording import record_of
from tshoot.runner import Runner
from tshoot.session.codec_v1 import Header
from tshoot.session.log import SessionLog
from tshoot.session.store import list_sessions, open_session
from tshoot.session.verify import verify

STORY = "nfs-mount/export-policy"
WHOLE = (
    STORY,
    "nfs-mount/capture-not-allowed",
    "nfs-mount/connection-dies-capturing",
    "nfs-mount/ssh-off",
    "ndp-source-mac/wired",
    "ndp-source-mac/connection-dies-capturing",
)
SAMPLED = ("bgp-walker-flap/lab-bird-flaps", "bgp-walker-flap/period-by-table", "bgp-walker-flap/reset-on-the-wire")


def header(text: str = "", scenario_id: str = STORY) -> Header:
    scenario = SCENARIOS[scenario_id]
    return Header("0", "s", scenario.playbook, text or playbook_text(scenario), "", VERSIONS, STARTED)


def verdict_of(events: tuple[Event, ...]) -> VerdictReached:
    return next(event for event in events if isinstance(event, VerdictReached))


def keys(events: object) -> list[str]:
    return [event.effect.key for event in events if isinstance(event, EffectRequested)]  # type: ignore[attr-defined]


def cuts(events: tuple[Event, ...], most: int) -> list[int]:
    """After how many events: after each, or after `most` of them spread over the log, and each of the last three."""
    step = max(1, len(events) // most)
    return sorted({*range(1, len(events), step), *range(max(1, len(events) - 3), len(events))})


@pytest.mark.parametrize(("scenario_id", "most"), [*((one, 200) for one in WHOLE), *((one, 5) for one in SAMPLED)])
def test_a_log_cut_after_any_event_goes_on_to_the_same_verdict(scenario_id: str, most: int) -> None:
    events = events_of(scenario_id)
    whole = verdict_of(events).verdict
    for end in cuts(events, most):
        going, verdict, _ = gone_on(scenario_id, events[:end])
        assert going.parting is None, end
        assert (verdict.kind, verdict.cause, verdict.target_failed) == (whole.kind, whole.cause, whole.target_failed), end
        assert [(one.node, one.attempt, one.leads_to) for one in verdict.path] == [(one.node, one.attempt, one.leads_to) for one in whole.path], end


def test_it_can_be_cut_again_and_again(tmp_path: Path) -> None:
    """Three crashes in one session, each in the middle of a series or a capture; then it is judged as one run."""
    for scenario_id in (STORY, SAMPLED[0]):
        events = events_of(scenario_id)
        log = tuple(events[: len(events) * 2 // 3])
        for _ in range(3):
            _, verdict, rest = gone_on(scenario_id, log)
            whole = (*log, NoteAdded(log[-1].at, "gone on with", "test"), *rest)
            log = whole[: len(log) + 1 + max(3, len(rest) // 2)]
        assert (verdict.kind, verdict.cause) == (verdict_of(events).verdict.kind, verdict_of(events).verdict.cause)
        recording = record_of(whole)
        assert recording.verdict == verdict and recording.ended is not None
        assert [one.node for one in recording.decisions] == [one.node for one in verdict.path]


def test_what_was_answered_is_not_asked_again() -> None:
    events = events_of(STORY)
    end = next(number for number, event in enumerate(events) if isinstance(event, EffectRequested) and event.effect.node == "trace")
    before, (going, _, rest) = keys(events[:end]), gone_on(STORY, events[:end])
    assert len(before) > 5
    assert not set(before) & set(keys(rest))
    assert [decision.node for decision in going.begun[0].path] == [event.decision.node for event in events[:end] if isinstance(event, DecisionTaken)]


def test_a_capture_that_was_not_fetched_begins_again_and_one_that_was_does_not() -> None:
    events = events_of(STORY)
    stop = next(n for n, event in enumerate(events) if isinstance(event, EffectAnswered) and event.key == "trace:stop/1@host")
    going, _, rest = gone_on(STORY, events[:stop])
    assert isinstance(going.begun[1][0], StartCapture)
    assert keys(rest)[:2] == ["trace/1@host", "retry/1"]
    _, _, rest = gone_on(STORY, events[: stop + 1])
    assert keys(rest)[0] == "trace:decode/1@host"


def test_a_series_that_was_not_complete_begins_again() -> None:
    events = events_of(SAMPLED[0])
    asked = [n for n, event in enumerate(events) if isinstance(event, EffectAnswered) and ":sample-" in event.key]
    going, _, rest = gone_on(SAMPLED[0], events[: asked[len(asked) // 2] + 1])
    assert [effect.key for effect in going.begun[1] if ":sample-" in effect.key and ":sample-1/" not in effect.key] == []
    assert ":sample-1/" in keys(rest)[0]


# --- what may have been done -----------------------------------------------------------------------------

CHANGE = """\
id: nfs-mount
title: One change
targets:
  host: {platform: linux}
start: act
nodes:
  act:
    run: touch made
    on: host
    changes: true
    decide:
      - when: act.exit_status == 0
        healthy: it was run
      - otherwise: {inconclusive: it failed}
"""
CHANGING = RunCommand("act/1@host", "act", "host", "touch made", changes=True)
BEGUN = RunStarted(STARTED, "nfs-mount", (TargetSpec("host", "h", "linux"),), {})


def test_a_change_without_an_answer_may_have_been_done() -> None:
    cut = continuation(header(CHANGE), (BEGUN, EffectRequested(STARTED + 5, CHANGING)))
    assert cut.doubtful == {"act/1@host": STARTED + 5}
    cancelled = EffectAnswered(STARTED + 6, "act/1@host", Failed("cancelled", "stopped"))
    ended = (BEGUN, EffectRequested(STARTED + 5, CHANGING), cancelled, RunEnded(STARTED + 7, "cancelled"))
    assert continuation(header(CHANGE), ended).doubtful == {"act/1@host": STARTED + 5}
    assert continuation(header(CHANGE), (BEGUN,)).doubtful == {}


class Operator:
    def __init__(self, answer: str | None) -> None:
        self.answer, self.asked = answer, list[str]()

    def ask(self, question: AskOperator, cancel: object) -> str | None:
        self.asked.append(question.question)
        return self.answer


def test_a_change_that_may_have_been_done_is_asked_of_a_person_not_of_yes() -> None:
    from tshoot.cancel import CancelToken
    from tshoot.retrace.resume import _Careful

    yes, person = Operator("yes"), Operator(None)
    asked = _Careful(yes, person, {"act/1@host": STARTED})
    assert asked.ask(AskOperator("act/1@host", "act", "Run it?"), CancelToken()) is None
    assert asked.ask(AskOperator("other/1@host", "other", "Run it?"), CancelToken()) == "yes"
    assert person.asked == ["Run it? (It was asked for at 2026-01-01 00:00:00 UTC and may have been done then.)"]


# --- refused ---------------------------------------------------------------------------------------------


def test_a_run_with_its_verdict_has_nothing_to_go_on_with() -> None:
    with pytest.raises(UsageError, match="ended with its verdict") as error:
        continuation(header(), events_of(STORY))
    assert "rejudge" in error.value.hint


def test_a_run_that_never_began_has_nothing_either() -> None:
    with pytest.raises(SessionError, match="never began"):
        continuation(header(), ())


def less_received(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ShippedKnowledge.parse

    def parse(self: ShippedKnowledge, platform: str, command: str, parser: str | None, output: CommandRan) -> Parsed:
        parsed = whole(self, platform, command, parser, output)
        return Parsed(parsed.parser, {**parsed.facts, "received": 0}, parsed.lines) if command.startswith("vmkping") else parsed

    monkeypatch.setattr(ShippedKnowledge, "parse", parse)


def until_node(node: str) -> tuple[Event, ...]:
    events = events_of(STORY)
    return events[: next(n for n, event in enumerate(events) if isinstance(event, EffectRequested) and event.effect.node == node) + 1]


def test_a_decision_that_would_be_another_today_is_said_and_the_recorded_path_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    less_received(monkeypatch)
    going, verdict, rest = gone_on(STORY, until_node("volumes"))
    assert going.parting is not None and going.parting.node == "ping_full"
    assert going.parting.recorded is not None and going.parting.today is not None
    assert (going.parting.recorded.leads_to, going.parting.today.leads_to) == ("nfsd_port", "ping_small")
    assert "ping_small/1@host" not in keys(rest), "the recorded path"
    assert (verdict.kind, verdict.cause) == ("fault", "nfs.mount-denied")
    read = [reading.value for one in verdict.path if one.node == "ping_full" for reading in one.conditions[-1].readings]
    assert read == ["3"], "as it was read then"


def test_resume_refuses_where_today_would_differ_and_leaves_the_log_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tshoot.retrace.resume import resume
    from tshoot.wiring import Settings

    session = write(tmp_path, STORY, until_node("volumes"))
    before = (session.folder / "session.jsonl").read_bytes()
    less_received(monkeypatch)
    nobody = Operator(None)
    with pytest.raises(UsageError, match="the decision at `ping_full` led to `nfsd_port` and would lead to `ping_small` today") as error:
        resume(session, Settings(state=tmp_path), operator=nobody, careful=nobody, prompter=nobody)  # type: ignore[arg-type]
    assert "rejudge" in error.value.hint and "--keep-path" in error.value.hint
    assert (session.folder / "session.jsonl").read_bytes() == before
    assert [file.name for file in session.folder.iterdir() if file.name == "writer.json"] == []


def test_resume_keeps_the_path_where_told_to_and_notes_who_when_and_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tshoot.cancel import CancelToken
    from tshoot.retrace.resume import resume
    from tshoot.wiring import Settings

    session, nobody, token = write(tmp_path, STORY, until_node("volumes")), Operator(None), CancelToken()
    less_received(monkeypatch)
    settings = Settings(state=tmp_path)
    started = resume(session, settings, operator=nobody, careful=nobody, prompter=nobody, cancel=token, keep_path=True)  # type: ignore[arg-type]
    with pytest.raises(SessionError, match="another tshoot is writing this session: process"):
        resume(session, settings, operator=nobody, careful=nobody, prompter=nobody, keep_path=True)  # type: ignore[arg-type]
    token.cancel()
    assert started.run() is None
    note, ended = list(session.events())[-2:]
    assert isinstance(note, NoteAdded) and isinstance(ended, RunEnded) and ended.reason == "cancelled"
    assert "@" in note.author and "the recorded path stands, though today the decision at `ping_full` would be another" in note.text
    assert "asked once more: `esxcli storage nfs list` on host" in note.text
    assert verify(session.folder) == []
    assert [decision.node for decision in record_of(session.events()).decisions][-1] == "nfsd_udp_port", "nothing is decided by going on"


def test_resume_refuses_a_folder_for_a_role_that_is_none_of_its_targets(tmp_path: Path) -> None:
    from tshoot.retrace.resume import resume
    from tshoot.wiring import Settings

    session, nobody = write(tmp_path, STORY, until_node("volumes")), Operator(None)
    before = (session.folder / "session.jsonl").read_bytes()
    for directories in ({"nobody": "/tmp"}, {"host": "tmp"}):
        with pytest.raises(UsageError, match="expected a target of the session and an absolute folder"):
            resume(session, Settings(state=tmp_path, capture_directories=directories), operator=nobody, careful=nobody, prompter=nobody)  # type: ignore[arg-type]
    assert (session.folder / "session.jsonl").read_bytes() == before


# --- the runner on the same log --------------------------------------------------------------------------


def performing(scenario_id: str) -> Callable[[Effect, Callable[[Progress], None]], Outcome]:
    answer = answering(SCENARIOS[scenario_id])
    return lambda effect, show: answer(effect, 0.0)


class Keeping:
    """A log that gets the captures which the scenario's answers speak of, too."""

    def __init__(self, log: SessionLog) -> None:
        self.log = log

    def append(self, event: Event) -> None:
        keep_capture(self.log, SCENARIOS[STORY], event)
        self.log.append(event)


def ran_on(going: Continuation, log: MemoryLog | Keeping, seen: list[Event | Progress]) -> None:
    Runner(lambda: going.begun, performing(STORY), log, views=[seen.append], told=going.told, clock=lambda: STARTED + 900).run()


@pytest.mark.parametrize("left", range(1, 12))
def test_the_runner_adds_what_is_missing_and_repeats_nothing(left: int) -> None:
    events = events_of(STORY)
    cut = events[:-left]
    going = continuation(header(), cut)
    log, seen = MemoryLog(), list[Event | Progress]()
    ran_on(going, log, seen)
    whole = (*cut, *log.events)
    assert [type(event) for event in seen if not isinstance(event, Progress)] == [type(event) for event in whole]
    for kind in (RunStarted, VerdictReached, RunEnded):
        assert sum(isinstance(event, kind) for event in whole) == 1, kind
    decided = [event.decision.node for event in whole if isinstance(event, DecisionTaken)]
    assert decided == [event.decision.node for event in events if isinstance(event, DecisionTaken)]
    assert isinstance(whole[-1], RunEnded) and whole[-1].reason == "finished"


def test_the_log_stays_one_chain_and_is_listed_as_finished(tmp_path: Path) -> None:
    session = write(tmp_path, STORY, events_of(STORY)[:-9])
    assert list_sessions(tmp_path)[0].state == "interrupted"
    with (session.folder / "session.jsonl").open("ab") as file:
        file.write(b'{"n": 1000, "at"')
    (session.folder / "pulled-x.pcap").write_bytes(b"half a capture")
    with SessionLog.reopen(session.folder) as log:
        going = continuation(log.header, tuple(session.events()))
        ran_on(going, Keeping(log), [])
    assert verify(session.folder) == []
    entry = list_sessions(tmp_path)[0]
    assert (entry.state, entry.verdict, entry.cause) == ("finished", "fault", "nfs.mount-denied")
    assert not (session.folder / "pulled-x.pcap").exists()
    assert open_session(tmp_path, "last").folder == session.folder


def test_an_answer_cancelled_is_no_answer_and_decides_nothing() -> None:
    log = MemoryLog()
    going = continuation(header(), events_of(STORY)[:1])
    assert Runner(lambda: going.begun, lambda effect, show: Failed("cancelled", "stopped"), log, told=going.told).run() is None
    assert [type(event) for event in log.events] == [EffectRequested, EffectAnswered, RunEnded]
    again = continuation(header(), (*events_of(STORY)[:1], *log.events))
    assert again.begun[1] == going.begun[1] and again.told.decisions == 0


def test_a_question_is_asked_again_and_its_later_answer_counts() -> None:
    events = events_of(STORY)
    place = next(n for n, event in enumerate(events) if isinstance(event, EffectAnswered) and event.key == "retry/1")
    _, _, rest = gone_on(STORY, events[:place])
    assert "retry/1" in keys(rest)
    answer = replace(events[place], outcome=Ok(OperatorAnswered("no")))  # type: ignore[type-var]
    recording = record_of((*events[: place + 1], *rest))
    assert recording.answers["retry/1"][1].outcome == Ok(OperatorAnswered("yes")) != answer.outcome  # type: ignore[attr-defined]
