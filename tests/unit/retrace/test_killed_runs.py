"""Runs, thoroughly a hundred, killed in the middle of a call to the disk, some of them on a disk that was full, others that only met a full disk.

Whatever was acknowledged is there, what is there verifies, and the session is gone on with to the verdict of the unbroken run.
`make killed` (bench/killed.py) does the same with more of them.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.recorded_sessions import SCENARIOS, Recorded, keep_capture
from tests.thorough import THOROUGH
from tshoot.errors import SessionError
from tshoot.model.effects import Decode, Effect
from tshoot.model.events import EffectAnswered, EffectRequested, Event, NoteAdded, Outcome, VerdictReached
from tshoot.model.verdicts import Verdict
from tshoot.rehearsal import STARTED, play
from tshoot.retrace.continuation import continuation
from tshoot.retrace.recording import record_of
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events
from tshoot.session.store import open_session, verdict_of
from tshoot.session.verify import verify

KILLED, FULL = (100, 30) if THOROUGH else (40, 15)
ROOT = Path(__file__).parents[3]


def cases(count: int, how: tuple[str, ...], seed: int, recorded: Recorded, root: Path) -> list[dict[str, Any]]:
    """Spread over all scenarios, each at a random call for a random event."""
    chance, names = (
        random.Random(seed),
        sorted(name for name, one in SCENARIOS.items() if int(one.inputs.get("seconds", 180)) <= 40 or one.playbook != "bgp-walker-flap"),
    )
    chosen = [names[number * len(names) // count % len(names)] if count < len(names) else names[number % len(names)] for number in range(count)]
    made = []
    for number, name in enumerate(chosen):
        folder = recorded(name)
        events = sum(1 for _ in (folder / "session.jsonl").open("rb")) - 2  # without header and seal
        made.append({
            "root": str(root / f"{seed}-{number}"), "recorded": str(folder), "scenario": name, "event": chance.randrange(events),
            "call": chance.randrange(14), "share": chance.random(), "how": how[number % len(how)],
        })  # fmt: skip
    return made


def ran(made: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each case and what came of it."""
    told = "".join(json.dumps(case) + "\n" for case in made)
    words = [sys.executable, "-m", "tests.unit.retrace.killed_run"]
    ended = subprocess.run(words, input=told, capture_output=True, text=True, timeout=170, cwd=ROOT)
    assert (ended.returncode, ended.stderr) == (0, "")
    yield from zip(made, map(json.loads, ended.stdout.splitlines()), strict=True)


@pytest.fixture(scope="module", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def told(verdict: Verdict | None) -> tuple[str, ...] | None:
    return verdict and (verdict.kind, verdict.cause, verdict.target_failed)


class GoneOn:
    """What `play` tells of a run that is gone on with: what the log has already is left out, the clock goes on."""

    def __init__(self, log: SessionLog, scenario: str, passed: int, verdict: bool, since: float) -> None:
        self.log, self.scenario, self.passed, self.verdict, self.since = log, SCENARIOS[scenario], passed, verdict, since

    def append(self, event: Event) -> None:
        self.passed -= 1
        if self.passed < 0 and not (self.verdict and isinstance(event, VerdictReached)):
            keep_capture(self.log, self.scenario, event)
            self.log.append(replace(event, at=event.at + self.since))


def gone_on(folder: Path, case: dict[str, Any]) -> None:
    """As `resume` does, with the scenario in place of the devices."""
    scenario = SCENARIOS[case["scenario"]]
    whole = record_of(event for _, event in read_events(Path(case["recorded"])))
    outcomes = {key: answered.outcome for key, (_, answered) in whole.answers.items()}
    with SessionLog.reopen(folder) as log:
        events = tuple(event for _, event in read_events(folder))
        going = continuation(log.header, events)
        assert going.parting is None
        log.append(NoteAdded(events[-1].at, "gone on with", "test"))
        asked = {event.effect.key: event.at for event in events if isinstance(event, EffectRequested)}
        since = min((asked.get(effect.key, events[-1].at) for effect in going.begun[1]), default=events[-1].at) - STARTED

        def answer(effect: Effect, at: float) -> Outcome:
            return outcomes[effect.key] if isinstance(effect, Decode) else scenario.outcome(effect, since + at)

        play(lambda: going.begun, answer, GoneOn(log, case["scenario"], 1 + going.told.decisions, going.told.verdict, since))


def check(case: dict[str, Any], came: dict[str, Any]) -> str:
    """Nothing is lost, nothing is broken, and it goes on to the same verdict; gives how the run had ended."""
    assert came["status"] in (0, -9), case
    (folder,) = (path for path in Path(case["root"]).iterdir() if path.is_dir())
    assert [problem for problem in verify(folder) if not problem.remark] == [], case
    expected = [event for _, event in read_events(Path(case["recorded"]))]
    found = [event for _, event in read_events(folder)]
    assert came["acknowledged"] <= len(found) <= came["acknowledged"] + (came["status"] != 0), case
    assert found == expected[: len(found)], case
    recorded = verdict_of(Path(case["recorded"]))
    if not found:
        with pytest.raises(SessionError, match="never began"):
            gone_on(folder, case)
        return "never began"
    if len(found) < len(expected):
        gone_on(folder, case)
        assert verify(folder) == [], case
        kept = {path.name for path in folder.iterdir()}
        assert kept == {"session.jsonl", "evidence"} and not list((folder / "evidence").glob(".*")), (case, kept)
    assert told(verdict_of(folder)) == told(recorded), case
    again = record_of(open_session(folder.parent, str(folder)).events())
    assert [one.node for one in again.decisions] == [event.node for event in (again.verdict.path if again.verdict else ())], case
    assert set(again.answers) == {event.key for event in expected if isinstance(event, EffectAnswered)}, case
    return "killed" if came["killed"] else "failed"


@pytest.mark.timeout(300)
def test_killed_runs_lose_nothing_and_reach_their_verdict(recorded: Recorded, tmp_path: Path) -> None:
    made = cases(KILLED, ("killed", "killed", "full-killed"), 6, recorded, tmp_path)
    for case in made:
        Path(case["root"]).mkdir(mode=0o700)
    ends = [check(case, came) for case, came in ran(made)]
    assert len(ends) == KILLED and ends.count("killed") >= KILLED * 0.75
    assert {case["scenario"].split("/")[0] for case in made} == {"bgp-walker-flap", "ndp-source-mac", "nfs-mount"}


@pytest.mark.timeout(300)
def test_runs_that_meet_a_full_disk_lose_nothing_and_reach_their_verdict(recorded: Recorded, tmp_path: Path) -> None:
    made = cases(FULL, ("full",), 7, recorded, tmp_path)
    for case in made:
        Path(case["root"]).mkdir(mode=0o700)
    ends = [check(case, came) for case, came in ran(made)]
    assert len(ends) == FULL and ends.count("failed") >= FULL * 0.8
