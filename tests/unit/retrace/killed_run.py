"""Runs that end in the middle of a call to the disk: killed there, or told that the disk is full.

    python -m tests.unit.retrace.killed_run < cases

One JSON object a line: `root` (a new folder for the session), `recorded` (that of the whole run), `event` and `call` (at which call to the disk for
which event), `share` (of a write that is done), `how`: `killed`, `full` (no byte more can be written, the run fails), `full-killed` (killed while it
cleans up after that). Each case is played by a process of its own; for each a line says how many events had been acknowledged.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.recorded_sessions import SCENARIOS, keep_capture
from tshoot.engine.advance import begin
from tshoot.errors import SessionError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Effect
from tshoot.model.events import EffectAnswered, Event, Outcome, RunStarted
from tshoot.rehearsal import play
from tshoot.retrace.recorded_playbook import playbook_of
from tshoot.session.log import SessionLog
from tshoot.session.store import open_session

CALLS = ("open", "write", "fsync", "replace", "lseek", "ftruncate", "close", "unlink")


class Disk:
    """The calls of `os` by which a session is written; does what the case says at the one that it names."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case, self.event, self.call, self.full = case, -1, 0, False
        for name in CALLS:
            setattr(os, name, self.watched(name, getattr(os, name)))

    def watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            due = self.event == self.case["event"] and self.call == self.case["call"]
            self.call += 1
            if self.full:
                if self.case["how"] == "full-killed" and self.call > self.case["call"] + 1:
                    os.kill(os.getpid(), signal.SIGKILL)
                if name == "write":
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            elif due:
                if name == "write":
                    real(given[0], bytes(given[1])[: int(len(given[1]) * self.case["share"])])
                if self.case["how"] == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                self.full = True
                if name in ("write", "open"):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return None if name == "fsync" else real(*given, **more)  # a killed process leaves the system's buffers to the system

        return call

    def next_event(self) -> None:
        self.event, self.call = self.event + 1, 0

    def after_event(self) -> None:
        """An event for which there were fewer calls: the run ends between two."""
        if self.event == self.case["event"] and not self.full:
            if self.case["how"] == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            self.full = True


class Told:
    """A log that says when an event has been acknowledged."""

    def __init__(self, log: SessionLog, scenario: str, disk: Disk) -> None:
        self.log, self.scenario, self.disk = log, SCENARIOS[scenario], disk

    def append(self, event: Event) -> None:
        self.disk.next_event()
        keep_capture(self.log, self.scenario, event)
        self.log.append(event)
        self.disk.case["pipe"].write(b".")
        self.disk.after_event()


def run(case: dict[str, Any]) -> None:
    session = open_session(Path(case["root"]), case["recorded"])
    events = list(session.events())
    outcomes: dict[str, Outcome] = {event.key: event.outcome for event in events if isinstance(event, EffectAnswered)}
    started = next(event for event in events if isinstance(event, RunStarted))
    targets = {target.role: target for target in started.targets}
    playbook, knowledge = playbook_of(session.header.playbook_text), ShippedKnowledge()

    def answer(effect: Effect, at: float) -> Outcome:
        return outcomes[effect.key]

    log = SessionLog.create(Path(case["root"]), playbook.id, session.header.playbook_text, knowledge.versions(), started=session.header.started)
    disk = Disk(case)
    try:
        with log:
            play(lambda: begin(playbook, targets, started.inputs, knowledge), answer, Told(log, case["scenario"], disk))
    except (SessionError, OSError):
        if not disk.full:
            raise


def main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            case["pipe"] = os.fdopen(writing, "wb", buffering=0)
            try:
                run(case)
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            acknowledged = len(pipe.read())
        status = os.waitpid(child, 0)[1]
        print(json.dumps({"acknowledged": acknowledged, "killed": os.WIFSIGNALED(status), "status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
