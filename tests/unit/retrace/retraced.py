"""Sessions of shipped scenarios, written by the real log without a network, and a scenario that answers what a cut session asks once more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from tests.shipped_scenarios import SCENARIOS
from tshoot.cancel import CancelToken
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Decode, Effect
from tshoot.model.events import CaptureTaken, EffectAnswered, EffectRequested, Event, Failed, Ok, Outcome
from tshoot.model.verdicts import Verdict
from tshoot.performers.decode import decode_capture
from tshoot.playbook.loader import find_playbook
from tshoot.rehearsal import STARTED, MemoryLog, play, rehearse
from tshoot.retrace.continuation import Continuation, continuation
from tshoot.retrace.recorded_playbook import playbook_of
from tshoot.session.codec_v1 import Header
from tshoot.session.log import SessionLog
from tshoot.session.store import Session, open_session
from tshoot.simulator.scenario import Scenario

VERSIONS = ShippedKnowledge().versions()


def one_of_each_kind() -> list[str]:
    """Of each playbook a scenario for every verdict and cause that it can end in, what the laboratory recorded first."""
    found: dict[tuple[str, ...], str] = {}
    for scenario in sorted(SCENARIOS.values(), key=lambda one: not one.folder.name.startswith("lab-")):
        found.setdefault((scenario.playbook, scenario.expect.verdict, scenario.expect.cause), scenario.id)
    return sorted(found.values())


@cache
def events_of(scenario_id: str) -> tuple[Event, ...]:
    return rehearse(SCENARIOS[scenario_id], playbook_of(playbook_text(SCENARIOS[scenario_id]))).events


def playbook_text(scenario: Scenario) -> str:
    return find_playbook(scenario.playbook).read_text(encoding="utf-8")


def write(root: Path, scenario_id: str, events: Iterable[Event] | None = None, *, text: str = "", versions: dict[str, str] | None = None) -> Session:
    """The session of a scenario's rehearsal, or of other `events`, below `root`; `text` in place of its playbook."""
    scenario = SCENARIOS[scenario_id]
    log = SessionLog.create(root, scenario.playbook, text or playbook_text(scenario), versions or VERSIONS, started=STARTED)
    with log:
        for event in events_of(scenario_id) if events is None else events:
            keep_capture(log, scenario, event)
            log.append(event)
    return open_session(root, str(log.folder))


def keep_capture(log: SessionLog, scenario: Scenario, event: Event) -> None:
    if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok) and isinstance(event.outcome.answer, CaptureTaken):
        for role in scenario.devices:
            source = scenario.capture_path(role)
            if source is not None:
                copy = log.folder / "copy.pcap"
                shutil.copy(source, copy)
                log.add_capture(copy)


@cache
def decoded(effect: Decode, path: Path) -> Outcome:
    return Ok(decode_capture(effect, path, CancelToken(), lambda progress: None))


def answering(scenario: Scenario, since: float = 0.0) -> Callable[[Effect, float], Outcome]:
    """What the devices of the scenario say, `since` seconds after its beginning and later."""

    def answer(effect: Effect, at: float) -> Outcome:
        if not isinstance(effect, Decode):
            return scenario.outcome(effect, since + at)
        path = scenario.capture_path(effect.target)
        return Failed("unreadable", "there is no capture") if path is None else decoded(effect, path)

    return answer


def gone_on(scenario_id: str, events: tuple[Event, ...]) -> tuple[Continuation, Verdict, list[Event]]:
    """Where a log of `events` goes on, the verdict that it reaches, and the events that follow."""
    scenario = SCENARIOS[scenario_id]
    header = Header("0", "s", scenario.playbook, playbook_text(scenario), "", VERSIONS, STARTED)
    going = continuation(header, events)
    log = MemoryLog()
    asked = {event.effect.key: event.at for event in events if isinstance(event, EffectRequested)}
    since = min((asked.get(effect.key, events[-1].at) for effect in going.begun[1]), default=events[-1].at)  # a series that begins again
    verdict = play(lambda: going.begun, answering(scenario, since - STARTED), log)
    return going, verdict, log.events[1 + going.told.decisions :]
