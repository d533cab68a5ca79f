"""RunCommand: one command over a target's transport, behind the read-only gate.

The gate is here and nowhere else: a command that its platform does not know to only read runs only when
the playbook says `changes: true` and the operator says yes to this very command on this very target; or when he
wrote the command himself and types the name of the device. Whoever agrees, a command is one line of printable characters, and
what a playbook sends to a device's own command line is plain words: there is no quoting there that could hold a value together.
"""

from __future__ import annotations

from collections.abc import Callable

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import CommandRan, Progress, TargetSpec
from tshoot.model.text import clean_line
from tshoot.performers.operator import Operator
from tshoot.platforms.cli_line import cli_words
from tshoot.platforms.loader import load_platform
from tshoot.transports.address import parse_address
from tshoot.transports.base import Transport


def check_allowed(effect: RunCommand, target: TargetSpec, operator: Operator, cancel: CancelToken) -> None:
    """Raise TargetError("declined") unless the command only reads, or is a declared change that the operator agrees to."""
    if reads_only(target, effect.command):
        return
    if not effect.typed and not effect.changes:
        raise TargetError(
            "declined",
            f"{target.host}: not run: `{effect.command}` is not known to only read on {target.platform}",
            "a playbook must say `changes: true` for such a command",
        )
    _check_one_line(effect, target)
    if effect.typed:
        _check_named(effect, target, operator, cancel)
        return
    question = f"Run this? It may change {target.host}: `{effect.command}`"
    answer = operator.ask(AskOperator(effect.key, effect.node, question, why=effect.why), cancel)
    cancel.check()
    if answer != "yes":
        raise TargetError("declined", f"{target.host}: not run, the operator did not agree: `{effect.command}`")


def _check_one_line(effect: RunCommand, target: TargetSpec) -> None:
    """What is agreed to must be what is seen: no second line, nothing that hides."""
    if not effect.command.isprintable():
        message = f"{target.host}: not run: a command is one line of printable characters, this is not: `{clean_line(effect.command)[:200]}`"
        raise TargetError("declined", message, "write each command as a step of its own")
    if not effect.typed and load_platform(target.platform).cli is not None and cli_words(effect.command) is None:
        message = f"{target.host}: not run: `{effect.command[:200]}` is more than plain words, and a command line quotes nothing"
        raise TargetError("declined", message, "use letters, digits and _ : , . / * ^ % + = @ - alone, and the pipes that docs/platforms.md names")


def reads_only(target: TargetSpec, command: str) -> bool:
    """Whether the target's platform knows the command to only read."""
    return load_platform(target.platform).rule_for(command) is not None


def _check_named(effect: RunCommand, target: TargetSpec, operator: Operator, cancel: CancelToken) -> None:
    """A yes comes too easily to a command that was just typed: the name of the device does not."""
    name = parse_address(target.host).host
    question = f"Type the name of the device to run it: {name}. This may change {target.host}: `{effect.command}`"
    answer = operator.ask(AskOperator(effect.key, effect.node, question, form="text", why=effect.why), cancel)
    cancel.check()
    if (answer or "").strip() not in {name, target.host}:
        hint = f"`{name}` has to be typed to run what is not known to only read on {target.platform}"
        raise TargetError("declined", f"{target.host}: not run, the device was not named: `{effect.command}`", hint)


def run_command(effect: RunCommand, transport: Transport, cancel: CancelToken, show: Callable[[Progress], None]) -> CommandRan:
    def on_output(stream: str, piece: bytes) -> None:
        show(Progress(effect.key, stream, output=piece))

    return transport.run(effect.command, timeout=effect.timeout, cancel=cancel, on_output=on_output)
