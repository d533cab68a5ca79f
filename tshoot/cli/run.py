"""tshoot run: a playbook on live targets, in the full-screen interface or as plain lines."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import emit_json, on_terminal, say, table
from tshoot.cli.transport_choice import ssh_by
from tshoot.errors import UsageError
from tshoot.model.verdicts import Verdict
from tshoot.performers.operator import Operator
from tshoot.plan import plan
from tshoot.steering import Steering
from tshoot.wiring import Opening, Prepared, Settings, known_targets, names_several, prepare, start

if TYPE_CHECKING:
    from tshoot.fleet.members import FanOut


def run(arguments: Namespace) -> int:
    targets, inputs = pairs(arguments.target, "--target"), pairs(arguments.inputs, "--set")
    platforms = pairs(arguments.platform, "--platform")
    record, directories = Path(arguments.record) if arguments.record else None, pairs(arguments.capture_dir, "--capture-dir")
    settings = Settings(record, capture_directories=directories, inventory=tuple(arguments.inventory))
    fan = None
    if arguments.fan_out or any(map(names_several, targets.values())):
        from tshoot.cli.fleet import chosen

        which = chosen(arguments, targets, settings)
        fan, targets = (None, which) if isinstance(which, dict) else (which, targets)
    hosts = {role: (typed,) for role, typed in targets.items()} | ({fan.role: fan.hosts} if fan is not None else {})
    settings = replace(settings, ssh=ssh_by(arguments.transport, hosts))
    if fan is not None:
        return _side_by_side(arguments, fan, targets, inputs, platforms, settings)
    if on_terminal() and not (arguments.no_tui or arguments.json or arguments.plan or arguments.yes or arguments.step):
        from tshoot.tui.app import run_tui

        return run_tui(Opening(arguments.playbook, targets, inputs, settings, platforms=platforms), say)
    prepared = prepare(arguments.playbook, targets, inputs, platforms, known_targets(settings))
    _check_directories(prepared, settings)
    if arguments.plan:
        return show_plan(prepared, settings, arguments.json)
    from tshoot.cli.terminal import TerminalOperator, can_ask

    if arguments.step and not can_ask():
        raise UsageError("--step: nobody can be asked, standard input is no terminal", "run it in a terminal, or without --step")
    return run_plainly(prepared, settings, TerminalOperator(arguments.yes), arguments.json, Steering(stepping=arguments.step))


def _side_by_side(
    arguments: Namespace, fan: FanOut, targets: dict[str, str], inputs: dict[str, str], platforms: dict[str, str], settings: Settings
) -> int:
    from tshoot.cli.fleet import fleet_of, run_fanned, show_plans

    fleet = fleet_of(arguments.playbook, fan, targets, inputs, platforms, settings)
    _check_directories(fleet.members[0], settings)
    return show_plans(fleet, settings, arguments.json) if arguments.plan else run_fanned(fleet, settings, arguments)


def _check_directories(prepared: Prepared, settings: Settings) -> None:
    for role, directory in settings.capture_directories.items():
        if role not in prepared.targets or not directory.startswith("/"):
            hint = "for example --capture-dir host=/vmfs/volumes/datastore1"
            raise UsageError(f"--capture-dir {role}={directory}: expected a target of {prepared.playbook.id} and an absolute folder on it", hint)


_FORMS = {
    "--target": ("ROLE=HOST", "host=esx01"),
    "--set": ("NAME=VALUE", "server=192.0.2.10"),
    "--platform": ("ROLE=PLATFORM", "router=frr"),
    "--capture-dir": ("ROLE=DIR", "host=/vmfs/volumes/datastore1"),
}


def pairs(words: list[str], option: str) -> dict[str, str]:
    """`name=value` words as a mapping. UsageError for a name with two values."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise UsageError(f"{option} {word}: expected {_FORMS[option][0]}", f"for example {option} {_FORMS[option][1]}")
        if found.setdefault(name, value) != value:
            several = "`tshoot run` takes several targets in one: --target host=esx01,esx02"
            hint = several if option == "--target" else "it has one value: give it once"
            raise UsageError(f"{option} {name}=… is given twice, each time with another value", hint)
    return found


def run_plainly(prepared: Prepared, settings: Settings, operator: Operator, as_json: bool, steering: Steering | None = None) -> int:
    """Run with lines on stdout (or the verdict as JSON); the exit code says how it ended."""
    from tshoot.cli.terminal import LineView, TerminalPrompter

    session = ""

    def work(cancel: CancelToken) -> Verdict | None:
        nonlocal session
        prompter, views = TerminalPrompter(cancel), [LineView(not as_json)]
        started = start(prepared, settings, operator=operator, prompter=prompter, views=views, cancel=cancel, steering=steering)
        session = started.session
        return started.run()

    verdict = cancellable(work)
    diagnostics.clear_status()
    if as_json:
        from tshoot.session.plain import verdict_json

        emit_json({"session": session, "playbook": prepared.playbook.id, "verdict": verdict_json(verdict) if verdict else None})
    else:
        say(f"session {session}", "show it again: tshoot sessions show last")
    return diagnostics.exit_code(verdict)


def show_plan(prepared: Prepared, settings: Settings, as_json: bool) -> int:
    steps = plan(prepared, settings.capture_directories)
    if as_json:
        rows = [{"target": s.target, "host": s.host, "node": s.node, "command": s.text, "why": s.why, "changes": s.changes} for s in steps]
        emit_json({"playbook": prepared.playbook.id, "plan": rows})
        return 0
    changing = [step for step in steps if step.changes]
    say(f"{prepared.playbook.id}: {prepared.playbook.title}", "")
    for role, target in prepared.targets.items():
        say(f"{role} = {target.host} ({target.platform})")
        table(
            ["  step", "may run"], [[f"  {step.node}", step.text + ("   CHANGES" if step.changes else "")] for step in steps if step.target == role]
        )
        say("")
    say("changes: " + (f"{len(changing)} of these commands, each only after a yes" if changing else "nothing; every command only reads"))
    return 0
