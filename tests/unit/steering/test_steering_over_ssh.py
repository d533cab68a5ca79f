"""Step mode, an edited command, a skipped one, commands of the operator's own, and a capture that is watched: on a device behind real SSH."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.shipped_scenarios import STORY
from tshoot.cancel import CancelToken
from tshoot.cli.demo import opening_for
from tshoot.model.effects import AskOperator, Effect, RunCommand, StartCapture
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Event, Failed, Ok, OperatorSteered, Progress
from tshoot.retrace.rejudge import recorded_playbook, rejudge
from tshoot.session.report.build import build_report
from tshoot.session.store import open_session
from tshoot.simulator.scenario import Scenario
from tshoot.simulator.serving import serve
from tshoot.steering import Approval, Edit, Run, Skip, Steering
from tshoot.transports.base import Nobody
from tshoot.wiring import prepare, start

SECONDS = 60.0
SMALL_PING = "vmkping -I vmk1 -d -s 56 -c 3 192.0.2.50"


class Careful(Nobody):
    """An operator in step mode, who also runs commands of his own before the first of the playbook; and what a view sees.

    No login asks anything: the served device's keys are known.
    """

    def __init__(self, scenario: Scenario, steering: Steering) -> None:
        self.scenario, self.steering = scenario, steering
        self.events: list[Event] = []
        self.progress: list[Progress] = []
        self.named: list[str] = []
        self._answered: set[str] = set()
        self._news = threading.Condition()

    def __call__(self, event: Event | Progress) -> None:
        with self._news:
            if isinstance(event, Progress):
                self.progress.append(event)
            else:
                self.events.append(event)
            self._news.notify_all()

    def approve(self, effect: Effect, cancel: CancelToken) -> Approval:
        if isinstance(effect, RunCommand) and effect.node == "interfaces":
            for number, command in enumerate(("esxcfg-route -l", "echo typed in vain", "echo typed by name"), start=1):
                self.steering.run("host", command)
                self._await(
                    lambda number=number: any(isinstance(one, EffectAnswered) and one.key.startswith(f"own-{number}/") for one in self.events)
                )
        if isinstance(effect, RunCommand) and effect.node == "ping_full":
            return Edit(SMALL_PING)
        if isinstance(effect, RunCommand) and effect.node == "routes":
            return Skip("the route is known")
        return Run()

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        if question.key.startswith("own-"):
            self.named.append(question.question)
            return "esx02" if "in vain" in question.question else "127.0.0.1"
        self._await(lambda: any(" of 20 MB, " in one.text for one in self.progress))
        return self.scenario.answer_to(question.question)

    def _await(self, condition: object) -> None:
        with self._news:
            assert self._news.wait_for(condition, SECONDS)  # type: ignore[arg-type]

    def outcome(self, key: str) -> Ok | Failed:
        return next(event.outcome for event in self.events if isinstance(event, EffectAnswered) and event.key == key)


def test_a_run_in_the_operator_s_hands_on_a_device_behind_ssh(tmp_path: Path) -> None:
    scenario = STORY
    steering = Steering("anna", stepping=True)
    operator = Careful(scenario, steering)
    with serve(scenario, capture_delay=0.5) as served:
        opening = opening_for(scenario, served, tmp_path)
        prepared = prepare(opening.playbook, opening.targets, opening.inputs, opening.platforms)
        run = start(prepared, opening.settings, operator=operator, prompter=operator, views=[operator], steering=steering)
        verdict = run.run()
        assert not list(Path(served.devices["host"].capture_directory).glob("tshoot-*"))
    assert verdict is not None
    assert (verdict.kind, verdict.cause) == ("fault", "nfs.mount-denied")
    assert "the command of `ping_full` was changed by anna" in verdict.reason

    requested = {event.effect.key: event.effect for event in operator.events if isinstance(event, EffectRequested)}
    pinged = requested["ping_full/1@host"]
    assert isinstance(pinged, RunCommand)
    assert (pinged.command, pinged.typed, pinged.changes) == (SMALL_PING, True, False)
    routes = operator.outcome("routes/1@host")
    assert isinstance(routes, Failed)
    assert routes.kind == "declined"

    read, in_vain, by_name = (operator.outcome(f"own-{number}/1@host") for number in (1, 2, 3))
    assert isinstance(read, Ok)
    assert isinstance(in_vain, Failed)
    assert in_vain.kind == "declined"
    assert isinstance(by_name, Ok)
    assert isinstance(by_name.answer, CommandRan)
    assert by_name.answer.stdout == b"typed by name\n"
    assert [getattr(requested[f"own-{number}/1@host"], "changes", None) for number in (1, 2, 3)] == [False, True, True]
    assert len(operator.named) == 2, "what only reads asks for no name"

    capture = next(effect for effect in requested.values() if isinstance(effect, StartCapture))
    seen = [one for one in operator.progress if one.key == capture.key and one.total is not None]
    assert seen
    assert all(one.total == 20 << 20 and one.done is not None for one in seen)

    session = open_session(tmp_path, str(run.folder))
    assert rejudge(session, recorded_playbook(session), {}, CancelToken()).result == "same"
    report = build_report(run.folder)
    who = [(moment.who, moment.what) for moment in report.timeline if moment.kind == "steering"]
    assert [by for by, _ in who] == ["anna", "anna"]
    assert any("echo typed by name (the operator's own command)" in moment.what for moment in report.timeline)
    assert [event.action for event in operator.events if isinstance(event, OperatorSteered)] == ["skipped", "edited"]
