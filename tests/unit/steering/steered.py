"""Runs that are steered: the real loop, log and fold; devices that answer by the step, when a test lets them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.unit.engine.walking import HEAD
from tshoot.cancel import CancelToken
from tshoot.engine.advance import begin
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import AskOperator, Effect, StartCapture, StopCapture, Wait
from tshoot.model.events import (
    CaptureStarted,
    CommandRan,
    EffectRequested,
    Event,
    Failed,
    Ok,
    OperatorAnswered,
    OperatorSteered,
    Outcome,
    Progress,
    TargetSpec,
    Waited,
)
from tshoot.model.verdicts import Verdict
from tshoot.performers.wait import wait
from tshoot.playbook.loader import playbook_from_text
from tshoot.runner import Runner
from tshoot.session.log import SessionLog
from tshoot.session.store import Session, open_session
from tshoot.steering import Approval, Run, Steering

SECONDS = 60.0  # that no test waits for, unless it fails
E = TypeVar("E", bound=Event)

LADDER = """\
  first:
    run: uptime
    on: host
    decide:
      - when: "'down' in first.text"
        go: third
      - otherwise: second
  second:
    run: uname -a
    on: host
    decide:
      - when: "'ill' in second.text"
        inconclusive: it is ill
      - otherwise: {healthy: it is well}
  third:
    run: id
    on: other
    decide:
      - when: "'root' in third.text"
        go: second
      - otherwise: {inconclusive: nobody knows}
"""


class Steered:
    """One run in a thread of its own. `say` maps a step to what it prints; `do` is called with every effect before it is answered."""

    def __init__(
        self, root: Path, nodes: str = LADDER, say: dict[str, str] | None = None, do: Callable[[Effect, Steered], object] | None = None
    ) -> None:
        playbook = playbook_from_text(HEAD + nodes, "small.yaml")
        targets = {role: TargetSpec(role, f"{role}.example.net", "linux") for role in playbook.roles}
        self.cancel, self.steering = CancelToken(), Steering("anna")
        self.say, self.do = say or {}, do
        self.performed: list[Effect] = []
        self.events: list[Event] = []
        self.approvals: list[tuple[Effect, CancelToken]] = []
        self.approve: Callable[[Effect, CancelToken], Approval] = lambda effect, cancel: Run()
        self.verdict: Verdict | None = None
        self._news = threading.Condition()
        self.log = SessionLog.create(root, "small", HEAD + nodes, ShippedKnowledge().versions())
        self.steering.meet(self._approve, lambda role, command: command.startswith("u"))
        knowledge = ShippedKnowledge()
        self._runner = Runner(
            lambda: begin(playbook, targets, {"interface": "eth0"}, knowledge),
            self._perform,
            self.log,
            views=[self._view],
            cancel=self.cancel,
            steering=self.steering,
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Steered:
        self._thread.start()
        return self

    def ended(self) -> Verdict | None:
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), [type(event).__name__ for event in self.events]
        return self.verdict

    @property
    def session(self) -> Session:
        return open_session(self.log.folder.parent, str(self.log.folder))

    def await_event(self, kind: type[E], where: Callable[[Any], bool] = lambda event: True) -> E:
        with self._news:
            found: list[E] = []

            def there() -> bool:
                found[:] = [event for event in self.events if isinstance(event, kind) and where(event)]
                return bool(found)

            assert self._news.wait_for(there, SECONDS), [type(event).__name__ for event in self.events]
            return found[0]

    def requested(self) -> list[str]:
        return [event.effect.key for event in self.events if isinstance(event, EffectRequested)]

    def steers(self) -> list[str]:
        return [event.action for event in self.events if isinstance(event, OperatorSteered)]

    def _run(self) -> None:
        with self.log:
            self.verdict = self._runner.run()

    def _view(self, event: Event | Progress) -> None:
        with self._news:
            if not isinstance(event, Progress):
                self.events.append(event)
            self._news.notify_all()

    def _approve(self, effect: Effect, cancel: CancelToken) -> Approval:
        self.approvals.append((effect, cancel))
        return self.approve(effect, cancel)

    def _perform(self, effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        self.performed.append(effect)
        if self.do is not None:
            self.do(effect, self)
        with self.steering.until_let_go(effect.key, self.cancel) as over:
            if isinstance(effect, Wait):
                return Ok(Waited(0.0)) if effect.seconds < 1 else Ok(wait(effect, self.cancel, over, show))
            if isinstance(effect, AskOperator):
                over.wait(SECONDS)
                return Failed("declined", "withdrawn") if over.cancelled else Ok(OperatorAnswered("yes"))
        if isinstance(effect, StartCapture):
            return Ok(CaptureStarted("/tmp/x.pcap", 7, "tcpdump"))
        if isinstance(effect, StopCapture):
            return Failed("closed", "the capture is gone")
        text = self.say.get(effect.key) or self.say.get(effect.key.partition("/")[0].partition(":")[0], "fine")
        return Ok(CommandRan(0, text.encode(), b"", 0.0))
