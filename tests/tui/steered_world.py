"""A run of the small playbook in this process that can be steered: real engine, runner, session log and bridge; a device that answers at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from tui_helpers import SMALL, SmallKnowledge, _outcome, small_playbook

from tshoot.engine.advance import begin
from tshoot.errors import TargetError
from tshoot.model.effects import AskOperator, Effect, RunCommand
from tshoot.model.events import CommandRan, Failed, Ok, OperatorAnswered, Outcome, TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.performers.command import check_allowed, reads_only
from tshoot.playbook.loader import playbook_from_text
from tshoot.playbook.tree import Playbook
from tshoot.runner import OnProgress, Runner
from tshoot.session.log import SessionLog
from tshoot.tui.bridge import Bridge, Work

TARGETS = {"host": TargetSpec("host", "esx01", "linux"), "other": TargetSpec("other", "nas01", "linux")}
REACHES = b"PING 192.0.2.50\n3 packets transmitted, 3 received, 0% packet loss\n"

WAITING = SMALL.replace(
    "  trace:\n",
    "  settle:\n    wait: 600\n    why: the port settles\n    decide:\n      - otherwise: trace\n  trace:\n",
).replace("- otherwise: trace", "- otherwise: settle", 1)
TWO = SMALL.replace(
    "  host: {platform: linux, help: the host that cannot mount}", "  host: {platform: linux, help: h}\n  other: {platform: linux, help: o}"
)


class Device:
    """`run` is what was run on targets. A command waits while `held` is set to be so (`let_go` ends that)."""

    def __init__(self) -> None:
        self.run: list[tuple[str, str]] = []
        self.free = threading.Event()
        self.free.set()
        self.folder = Path()

    def work(self, root: Path, playbook: Playbook | None = None, prints: Callable[[RunCommand, OnProgress], bytes] | None = None) -> Work:
        playbook = playbook or small_playbook()
        targets = {role: TARGETS[role] for role in playbook.roles}

        def work(bridge: Bridge) -> Verdict | None:
            def perform(effect: Effect, show: OnProgress) -> Outcome:
                match effect:
                    case AskOperator():
                        with bridge.steering.until_let_go(effect.key, bridge.cancel) as over:
                            return Ok(OperatorAnswered(bridge.ask(effect, over) or ""))
                    case RunCommand():
                        try:
                            check_allowed(effect, targets[effect.target], bridge, bridge.cancel)
                        except TargetError as error:
                            return Failed("declined", error.message, error.hint)
                        self.run.append((effect.target, effect.command))
                        while not self.free.wait(0.02) and not bridge.cancel.cancelled:
                            pass
                        return Ok(CommandRan(0, prints(effect, show) if prints else REACHES, b"", 0.3))
                if type(effect).__name__ == "Wait":
                    from tshoot.performers.wait import wait

                    with bridge.steering.until_let_go(effect.key, bridge.cancel) as over:
                        return Ok(wait(effect, bridge.cancel, over, show))
                return _outcome(effect, REACHES)

            with patch.object(os, "fsync", lambda descriptor: None):
                log = SessionLog.create(root, playbook.id, playbook.text, {})
                self.folder = log.folder
                steering = bridge.steering
                steering.meet(bridge.approve, lambda role, command: reads_only(targets[role], command))
                start = lambda: begin(playbook, targets, {"server": "192.0.2.50", "port": 2049}, SmallKnowledge())  # noqa: E731
                runner = Runner(start, perform, log, views=[bridge], cancel=bridge.cancel, steering=steering)
                bridge.opened(log.header.session, log.folder)
                with log:
                    return runner.run()

        return work


def waiting_playbook() -> Playbook:
    return playbook_from_text(WAITING, "small.yaml")


def two_targets() -> Playbook:
    """The small playbook, with a second command on a second target."""
    text = TWO.replace("      - otherwise: trace\n", "      - otherwise: far\n", 1).replace(
        "  trace:\n",
        "  far:\n    run: ping -c 3 {{ server }}\n    on: other\n    why: and the other one?\n    decide:\n      - otherwise: trace\n  trace:\n",
        1,
    )
    return playbook_from_text(text, "small.yaml")
