"""Effects performed on simulated devices over real SSH: one login a target, every failure an answer, nothing left behind."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.shipped_scenarios import SCENARIOS as SHIPPED
from tests.sshd import Operator as Prompter
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.model.effects import AskOperator, Decode, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import CaptureTaken, CommandRan, Decoded, Failed, Ok, OperatorAnswered, Progress, TargetSpec, Waited
from tshoot.performers.world import World
from tshoot.session.log import SessionLog
from tshoot.simulator.scenario import Scenario
from tshoot.simulator.serving import Served, serve
from tshoot.transports.settings import SshSettings

SCENARIOS = {scenario.folder.name: scenario for scenario in SHIPPED.values() if scenario.playbook == "nfs-mount"}
STORY = SCENARIOS["export-policy"]


class Nobody:
    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        return None


class Yes:
    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        return "yes"


@dataclass
class Place:
    """A world of one served device, and what it said."""

    served: Served
    folder: Path
    operator: Any = field(default_factory=Nobody)
    cancel: CancelToken = field(default_factory=CancelToken)
    notes: list[str] = field(default_factory=list)
    shown: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        device = self.served.devices["host"]
        ssh = SshSettings(
            config_file=None,
            known_hosts=(self.served.known_hosts,),
            global_known_hosts=(),
            identity_files=(self.served.key_file,),
            default_keys=(),
            use_agent=False,
            liveness_timeout=1.0,
        )
        self.log = SessionLog.create(self.folder / "sessions", "test", "", {})
        targets = {"host": TargetSpec("host", device.address, device.platform)}
        self.world = World(targets, self.log, self.operator, Prompter(), self.cancel, ssh, {"host": device.capture_directory}, self.folder / "state")
        self.world.on_note = self.notes.append

    def perform(self, effect: Any) -> Any:
        return self.world.perform(effect, self.shown.append)

    def left(self) -> list[Path]:
        return list(Path(self.served.devices["host"].capture_directory).glob("tshoot-*"))

    @property
    def logins(self) -> int:
        return len(self.served.devices["host"].server._transports)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """Makes worlds; all are closed at the end."""
    with ExitStack() as stack:
        served: dict[str, Served] = {}

        def make(scenario: Scenario = STORY, name: str = "a", delay: float = 0.1, **options: Any) -> Place:
            if scenario.id not in served:
                served[scenario.id] = stack.enter_context(serve(scenario, delay))
            made = Place(served[scenario.id], tmp_path / name, **options)
            stack.callback(made.log.close)
            stack.callback(made.world.close)
            return made

        yield make


def command(text: str = "esxcfg-vmknic -l", key: str = "see/1@host", **options: Any) -> RunCommand:
    return RunCommand(key, "see", "host", text, **options)


CAPTURE = StartCapture("trace/1@host", "trace", "host", "vmk1", "port 2049 or port 111 or port 635", 9014, 30, 100, 5)
STOP = StopCapture("trace:stop/1@host", "trace", "host", CAPTURE.key)


def kind(outcome: Any) -> str:
    assert isinstance(outcome, Failed), outcome
    assert outcome.detail
    return outcome.kind


def test_each_effect_has_its_answer(place: Any) -> None:
    at = place(operator=Yes())
    ran = at.perform(command())
    assert isinstance(ran, Ok)
    assert isinstance(ran.answer, CommandRan)
    assert b"vmk1" in ran.answer.stdout
    assert at.perform(Wait("w/1", "w", 0.01)).answer.seconds >= 0.01
    assert at.perform(AskOperator("q/1", "q", "Well?")) == Ok(OperatorAnswered("yes"))
    started = at.perform(CAPTURE)
    assert isinstance(started, Ok), started
    taken = at.perform(STOP).answer
    assert isinstance(taken, CaptureTaken)
    assert taken.removed
    assert at.left() == []
    decoded = at.perform(Decode("d/1@host", "trace", "host", taken.capture.sha256, ("nfs",))).answer
    assert isinstance(decoded, Decoded)
    assert "nfs.mount-denied" in {finding.cause for finding in decoded.findings}
    assert at.log.evidence_path(taken.capture.sha256).stat().st_mode & 0o777 == 0o600
    assert {Path(file).name for file in at.log.folder.glob("pulled-*")} == set()


def test_one_login_serves_all_effects_of_a_target_also_from_several_threads(place: Any) -> None:
    at = place()
    outcomes: list[Any] = []
    threads = [threading.Thread(target=lambda n=n: outcomes.append(at.perform(command(key=f"see/{n}@host")))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == 6
    assert all(isinstance(outcome, Ok) for outcome in outcomes), outcomes
    assert at.logins == 1


def test_a_login_that_failed_is_not_tried_again(place: Any) -> None:
    at = place(SCENARIOS["login-refused"])
    assert kind(at.perform(command())) == "auth-rejected"
    before = at.served.devices["host"].server.failed_logins
    assert kind(at.perform(command())) == "auth-rejected"
    assert at.served.devices["host"].server.failed_logins == before
    assert at.logins == 1


@pytest.mark.parametrize(("scenario", "expected"), [("ssh-off", "refused"), ("connection-dies", "closed"), ("host-hangs", "unresponsive")])
def test_a_target_that_cannot_be_used_is_an_answer(place: Any, scenario: str, expected: str) -> None:
    began = time.monotonic()
    assert kind(place(SCENARIOS[scenario]).perform(command())) == expected
    assert time.monotonic() - began < 20


def test_what_may_change_something_is_not_even_connected_for(place: Any) -> None:
    at = place(operator=Yes())
    assert kind(at.perform(command("touch made"))) == "declined"
    assert at.logins == 0
    nobody = place(name="b")
    assert kind(nobody.perform(command("touch made", changes=True))) == "declined"
    assert nobody.logins == 0
    assert isinstance(at.perform(command("touch made", changes=True)), Ok)
    assert (at.served.devices["host"].device.root / "made").exists()


def test_a_command_without_end_is_ended_with_what_it_said(place: Any) -> None:
    at = place(operator=Yes())
    failed = at.perform(command("echo begun; sleep 30", changes=True, timeout=1))
    assert kind(failed) == "timeout"
    assert failed.partial.stdout == b"begun\n"


def test_an_answer_that_nobody_gives_is_declined(place: Any) -> None:
    assert kind(place().perform(AskOperator("q/1", "q", "Well?"))) == "declined"


def test_stopping_what_was_never_started_and_decoding_what_is_not_there_are_answers(place: Any) -> None:
    at = place()
    at.perform(CAPTURE)
    assert kind(at.perform(StopCapture("x:stop/1@host", "x", "host", "x/1@host"))) == "not-found"
    assert kind(at.perform(Decode("d/1@host", "trace", "host", "ab" * 32))) == "unreadable"


def test_a_session_folder_that_is_gone_is_an_answer(place: Any) -> None:
    at = place()
    assert isinstance(at.perform(CAPTURE), Ok)
    for file in sorted(at.log.folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    at.log.folder.rmdir()
    assert kind(at.perform(STOP)) in ("unreadable", "internal")
    at.world.close()
    assert at.left() == []


@pytest.mark.parametrize(
    "effect", [Wait("w/1", "w", 60), command("echo begun; sleep 60", changes=True, timeout=60), CAPTURE], ids=lambda effect: type(effect).__name__
)
def test_a_cancel_wakes_what_waits(place: Any, effect: Any) -> None:
    at = place(operator=Yes())
    at.perform(command())
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(at.perform(effect)))
    thread.start()
    wait_until(lambda: at.shown or isinstance(effect, RunCommand), what="its start")
    if isinstance(effect, RunCommand):
        wait_until(lambda: any(piece.output for piece in at.shown), what="its output")
    at.cancel.cancel()
    thread.join(60)
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], Ok) or kind(outcomes[0]) == "cancelled"
    assert kind(at.perform(command())) == "cancelled"
    at.world.close()
    assert at.left() == []


def test_closing_ends_and_removes_what_still_captures(place: Any) -> None:
    at = place(delay=30)
    assert isinstance(at.perform(CAPTURE), Ok)
    assert len(at.left()) == 1
    at.world.close()
    assert at.left() == []
    wait_until(lambda: not at.served.devices["host"].device.processes(), what="the end of the capture")
    assert list((at.folder / "state" / "journal").glob("*")) == []
    at.world.close()


def test_what_an_earlier_run_left_is_cleared_at_the_first_connect_and_said(place: Any) -> None:
    first = place(name="a", delay=30)
    assert isinstance(first.perform(CAPTURE), Ok)
    left = first.left()
    assert len(left) == 1
    journal = next((first.folder / "state" / "journal").glob("*.jsonl"))
    second = place(name="b")
    (second.folder / "state" / "journal").mkdir(parents=True)
    (second.folder / "state" / "journal" / "dead.jsonl").write_bytes(journal.read_bytes())  # a copy has no living owner
    assert isinstance(second.perform(command()), Ok)
    assert left[0].name in " ".join(second.notes)
    assert "was removed" in " ".join(second.notes)
    assert second.left() == []
    assert list((second.folder / "state" / "journal").glob("*")) == []


def test_what_cannot_be_cleared_is_said_and_stops_nothing(place: Any) -> None:
    at = place()
    journal = at.folder / "state" / "journal"
    journal.mkdir(parents=True)
    record = {"host": at.served.devices["host"].address, "path": "/proc/tshoot-abc-0.pcap", "state": "running", "pid": None}
    (journal / "dead.jsonl").write_text(json.dumps(record) + "\nnot json\n")
    (at.served.devices["host"].device.root / "tmp").mkdir(exist_ok=True)
    outcome = at.perform(command())
    assert isinstance(outcome, Ok)
    assert at.notes


def test_waiting_tells_how_long(place: Any) -> None:
    at = place()
    assert isinstance(at.perform(Wait("w/1", "w", 0.05)).answer, Waited)
    assert at.shown[0].total == 0.05
