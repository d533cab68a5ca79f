"""RunCommand: one command over a target's transport, behind the read-only gate.

The gate is here and nowhere else: a command that its platform does not know to only read runs only when
the playbook says `changes: true` and the operator says yes to this very command on this very target.
"""

from __future__ import annotations

from collections.abc import Callable

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import CommandRan, Progress, TargetSpec
from tshoot.performers.operator import Operator
from tshoot.platforms.loader import load_platform
from tshoot.transports.base import Transport


def check_allowed(effect: RunCommand, target: TargetSpec, operator: Operator, cancel: CancelToken) -> None:
    """Raise TargetError("declined") unless the command only reads, or is a declared change that the operator agrees to."""
    if load_platform(target.platform).rule_for(effect.command) is not None:
        return
    if not effect.changes:
        raise TargetError(
            "declined",
            f"{target.host}: not run: `{effect.command}` is not known to only read on {target.platform}",
            "a playbook must say `changes: true` for such a command",
        )
    question = f"This may change {target.host}: `{effect.command}`. Run it?"
    answer = operator.ask(AskOperator(effect.key, effect.node, question, why=effect.why), cancel)
    cancel.check()
    if answer != "yes":
        raise TargetError("declined", f"{target.host}: not run, the operator did not agree: `{effect.command}`")


def run_command(effect: RunCommand, transport: Transport, cancel: CancelToken, show: Callable[[Progress], None]) -> CommandRan:
    def on_output(stream: str, piece: bytes) -> None:
        show(Progress(effect.key, stream, output=piece))

    return transport.run(effect.command, timeout=effect.timeout, cancel=cancel, on_output=on_output)
