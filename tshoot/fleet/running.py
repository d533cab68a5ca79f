"""The runs of a fleet, so many side by side, and the session of the whole.

Each member is a run like any other, with a session of its own; what happens to one is its own affair and stops no other. The session of the
fleet tells each one's end when it comes. All share credentials and pace, so a password is asked once, and one that was refused is not tried on
the next. One token stops all: what runs is ended and cleaned up as in a single run, what has not begun is not begun. What cannot be recorded
stops all: nothing is done unrecorded.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError, TshootError
from tshoot.fleet.asking import Asking, Turn
from tshoot.fleet.groups import names_group, remarks_told
from tshoot.fleet.members import Fleet
from tshoot.fleet.result import FleetResult, MemberResult, overall
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.events import (
    Event,
    MemberEnded,
    MemberState,
    NoteAdded,
    Progress,
    RunEnded,
    RunStarted,
    TargetSpec,
    VerdictReached,
)
from tshoot.model.text import clean_line
from tshoot.model.verdicts import Verdict
from tshoot.performers.operator import Operator
from tshoot.session.fleet import fleet_of
from tshoot.wiring import Prepared, Settings, Started, known_targets, ssh_of_a_run, start

if TYPE_CHECKING:
    from tshoot.inventory.inventory import Inventory
    from tshoot.session.log import SessionLog
    from tshoot.transports.base import Prompter

PARALLEL, MOST_PARALLEL = 16, 256
Watch = Callable[[str, "Event | Progress | MemberEnded"], None]  # the member's host, and what it does; from any thread


@dataclass(frozen=True)
class Hands:
    """Who is asked, and by whose leave: `turn` is entered around every question."""

    operator: Operator
    prompter: Prompter
    turn: Turn = nullcontext


def run_fleet(
    fleet: Fleet, settings: Settings, hands: Hands, cancel: CancelToken, *, parallel: int = PARALLEL, watch: Watch = lambda host, event: None
) -> FleetResult:
    """Run every member; returns when all have ended. SessionError where the fleet's own session cannot be written."""
    from tshoot.session.log import SessionLog
    from tshoot.session.store import default_root

    inventory = known_targets(settings)
    ssh, forget = ssh_of_a_run(settings, inventory, share=True if fleet.is_group else None)
    asking = Asking(hands.operator, hands.prompter, cancel, hands.turn, fleet.shares)
    versions = ShippedKnowledge().versions()
    try:
        with SessionLog.create(settings.record or default_root(), fleet_of(fleet.playbook.id), fleet.playbook.text, versions) as log:
            return _Running(fleet, replace(settings, ssh=ssh), asking, cancel, log, watch, inventory).all(parallel)
    finally:
        forget()


class _Running:
    def __init__(
        self, fleet: Fleet, settings: Settings, asking: Asking, cancel: CancelToken, log: SessionLog, watch: Watch, inventory: Inventory | None
    ) -> None:
        self._fleet, self._settings, self._asking, self._cancel, self._log, self._watch = fleet, settings, asking, cancel, log, watch
        self._inventory = inventory
        self._left = deque(enumerate(fleet.members))
        self._results: dict[int, MemberResult] = {}
        self._broken: list[Exception] = []

    def all(self, parallel: int) -> FleetResult:
        fleet, members = self._fleet, self._fleet.members
        targets = tuple(target for role, target in members[0].targets.items() if role != fleet.role)
        self._log.append(RunStarted(time.time(), fleet_of(fleet.playbook.id), (*(fleet.target(one) for one in members), *targets), members[0].inputs))
        self._log.append(NoteAdded(time.time(), f"{len(members)} targets, at most {parallel} side by side", "tshoot"))
        if self._inventory is not None and names_group(fleet.typed):
            for told in remarks_told(self._inventory):
                self._log.append(NoteAdded(time.time(), told, "tshoot"))
        workers = [threading.Thread(target=self._work, name=f"tshoot fleet {number}", daemon=True) for number in range(min(parallel, len(members)))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for number, member in self._left:
            self._end(number, _not_run(fleet, member))
        return self._told()

    def _told(self) -> FleetResult:
        if self._broken:
            raise self._broken[0]
        results = tuple(self._results[number] for number in range(len(self._fleet.members)))
        if self._cancel.cancelled:
            self._log.append(RunEnded(time.time(), "cancelled"))
            return FleetResult(self._log.header.session, self._log.folder, results, None)
        verdict = overall(results)
        self._log.append(VerdictReached(time.time(), verdict))
        self._log.append(RunEnded(time.time(), "finished"))
        return FleetResult(self._log.header.session, self._log.folder, results, verdict)

    def _work(self) -> None:
        while not self._cancel.cancelled:
            try:
                number, member = self._left.popleft()
            except IndexError:
                return
            self._end(number, self._run(member))

    def _end(self, number: int, result: MemberResult) -> None:
        self._results[number] = result
        try:
            self._log.append(result.ended)
        except SessionError as error:
            self._broken.append(error)
            self._cancel.cancel()
        self._show(result.target.host, result.ended)

    def _run(self, member: Prepared) -> MemberResult:
        target, began = self._fleet.target(member), time.monotonic()
        started: Started | None = None
        verdict: Verdict | None = None
        exit_code, problem = 0, ""
        try:
            started = start(
                member,
                self._settings,
                operator=self._asking.operator_of(target.host),
                prompter=self._asking.prompter,
                views=[lambda event: self._show(target.host, event)],
                cancel=self._cancel,
                inventory=self._inventory,
                note=self._note,
            )
            verdict = started.run()
        except TshootError as error:
            exit_code, problem = error.exit_code, error.message
        except Exception as error:  # a defect of ours in one run must not end the others
            exit_code, problem = TshootError.exit_code, f"a defect of tshoot: {type(error).__name__}: {error}"
        target = target if started is None else started.targets[self._fleet.role]
        return _ended(target, started.session if started else "", time.monotonic() - began, verdict, exit_code, problem)

    @property
    def _note(self) -> str:
        return f"one of {len(self._fleet.members)} targets of the fleet session {self._log.header.session}"

    def _show(self, host: str, event: Event | Progress) -> None:
        with suppress(Exception):  # what fails to show does not stop what runs
            self._watch(host, event)


def _ended(target: TargetSpec, session: str, seconds: float, verdict: Verdict | None, exit_code: int, problem: str) -> MemberResult:
    at, who = time.time(), (target.host, target.platform, session)
    if verdict is not None:
        told = (clean_line(verdict.kind), verdict.cause, verdict.title, verdict.reason, verdict.target_failed)
        return MemberResult(target, MemberEnded(at, *who, "finished", seconds, *told), verdict)
    state: MemberState = "failed" if problem else "interrupted"
    return MemberResult(target, MemberEnded(at, *who, state, seconds, reason=problem), None, exit_code)


def _not_run(fleet: Fleet, member: Prepared) -> MemberResult:
    target = fleet.target(member)
    return MemberResult(target, MemberEnded(time.time(), target.host, target.platform, "", "not-run", 0.0))
