"""What the tests of the interface share: waiting, a served scenario as an opening, and a small recorded run."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from textual.pilot import Pilot

from tshoot.engine.advance import begin
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture
from tshoot.model.events import CaptureStarted, CaptureTaken, CommandRan, Decoded, Event, Ok, OperatorAnswered, Outcome, TargetSpec, VerdictReached
from tshoot.model.evidence import EvidenceRef
from tshoot.model.findings import FieldValue, Finding
from tshoot.model.verdicts import Verdict
from tshoot.playbook.causes import Cause
from tshoot.playbook.loader import playbook_from_text
from tshoot.playbook.tree import Playbook
from tshoot.runner import Runner
from tshoot.shipped import shipped
from tshoot.simulator.scenario import load_scenario
from tshoot.simulator.serving import Served, serve
from tshoot.transports.settings import SshSettings
from tshoot.tui.bridge import Bridge, Work
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.wiring import Opening, Settings

SMALL = (Path(__file__).parent / "data" / "small.yaml").read_text(encoding="utf-8")


async def until(pilot: Pilot[int], condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Let the app live until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}; on the screen:\n{screen_text(pilot)}"
        await pilot.pause(0.02)


def screen_text(pilot: Pilot[int]) -> str:
    """What the operator sees, as plain lines."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def on_run(pilot: Pilot[int]) -> bool:
    return isinstance(pilot.app.screen, RunScreen)


def asked(pilot: Pilot[int]) -> str:
    """The text of the question that is open, "" where none is."""
    questions = [bar.current.text for bar in pilot.app.screen.query(QuestionBar) if bar.current]
    return questions[0] if questions else ""


def ended(pilot: Pilot[int]) -> bool:
    screen = pilot.app.screen
    return isinstance(screen, RunScreen) and screen.has_ended


def region(pilot: Pilot[int], name: str) -> str:
    return pilot.app.screen.query_one(f"#{name}", LinesView).text


# --- a device behind real SSH --------------------------------------------------------------------


@contextmanager
def served_case(case: str, record: Path, known: bool = True, delay: float = 0.2):
    """(Opening that logs in by key, Served) for a shipped case of nfs-mount; `known` False: no host key is known yet."""
    scenario = load_scenario(shipped("fixtures/scenarios") / "nfs-mount" / case)
    with serve(scenario, capture_delay=delay) as served:
        yield opening_of(served, record, known), served


def opening_of(served: Served, record: Path, known: bool) -> Opening:
    hosts = served.known_hosts if known else record / "known_hosts"
    ssh = SshSettings(
        config_file=None, known_hosts=(hosts,), global_known_hosts=(), identity_files=(served.key_file,), default_keys=(), use_agent=False
    )
    directories = {role: device.capture_directory for role, device in served.devices.items()}
    return Opening(
        served.scenario.playbook,
        {role: device.address for role, device in served.devices.items()},
        {name: str(value) for name, value in served.scenario.inputs.items()},
        Settings(record / "sessions", record / "state", ssh, directories),
        "a recorded fault, served over real SSH on 127.0.0.1",
    )


# --- a small run through the real engine, the same every time ---------------------------------------


class SmallKnowledge(ShippedKnowledge):
    """The shipped parsers; one cause whose words do not change."""

    def cause(self, cause_id: str) -> Cause:
        return Cause(
            cause_id,
            "The server refuses the mount",
            "",
            "storage team",
            "1. Add {client} to the export rule.\n2. Mount again.",
            "The mount succeeds.",
        )


def small_playbook() -> Playbook:
    return playbook_from_text(SMALL, "small.yaml")


def small_events(stdout: bytes = b"PING 192.0.2.50\n3 packets transmitted, 3 received, 0% packet loss\n", host: str = "esx01") -> list[Event]:
    """The events of a run of the small playbook: a command, a capture with a question in it, a finding, a fault."""
    times = itertools.count(1_700_000_000)
    events: list[Event] = []

    class Log:
        def append(self, event: Event) -> None:
            events.append(event)

    targets = {"host": TargetSpec("host", host, "linux")}
    runner = Runner(
        lambda: begin(small_playbook(), targets, {"server": "192.0.2.50"}, SmallKnowledge()),
        lambda effect, show: _outcome(effect, stdout),
        Log(),
        clock=lambda: float(next(times)),
    )
    assert runner.run() is not None
    return events


def _outcome(effect: Effect, stdout: bytes) -> Outcome:
    match effect:
        case RunCommand():
            return Ok(CommandRan(0, stdout, b"a word on stderr\n", 0.3))
        case StartCapture():
            return Ok(CaptureStarted("/tmp/trace.pcap", 77, "tcpdump"))
        case AskOperator():
            return Ok(OperatorAnswered("yes"))
        case StopCapture():
            return Ok(CaptureTaken(EvidenceRef("ab" * 32, 1924, "capture", "esx01: eth0"), "operator", 4.0, 20, 0))
        case Decode():
            return Ok(Decoded(20, (_finding(),), {"nfs.mount-call": 1}))
    raise AssertionError(effect)


def _finding() -> Finding:
    proof = (FieldValue(16, "mount.status", "13"), FieldValue(14, "mount.path", "/vol/ds1"))
    text = "192.0.2.21 asked 192.0.2.50 to mount /vol/ds1; the server answered 13 in frame 16."
    return Finding("nfs.mount-denied", "refused", "fault", "high", (14, 16), proof, text, "frame.number in {14,16}", {"client": "192.0.2.21"})


def told(events: list[Event], then: Callable[[Bridge], object] = lambda bridge: None) -> Work:
    """Work that tells `events`, then does `then` on the run's thread."""

    def work(bridge: Bridge) -> Verdict | None:
        for event in events:
            bridge(event)
        then(bridge)
        return next((event.verdict for event in events if isinstance(event, VerdictReached)), None)

    return work
