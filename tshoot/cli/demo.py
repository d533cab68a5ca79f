"""tshoot demo: a recorded fault, served by simulated devices over real SSH on loopback, walked like a live one."""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.output import on_terminal, say, table
from tshoot.cli.run import run_plainly
from tshoot.errors import MissingProgram, UsageError
from tshoot.model.effects import AskOperator
from tshoot.wiring import Opening, Settings, prepare

if TYPE_CHECKING:
    from tshoot.simulator.scenario import Scenario
    from tshoot.simulator.serving import Served

DEFAULT_CASE = "nfs-mount/export-policy"


class RecordedOperator:
    """Answers as the scenario's operator did."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        return self._scenario.answer_to(question.question)


def run(arguments: Namespace) -> int:
    if arguments.list:
        from tshoot.simulator.scenario import scenarios

        rows = [[case.id, f"{case.expect.verdict} {case.expect.cause}".strip(), case.title] for case in scenarios()]
        table(["case", "ends in", "what is going on"], rows)
        return 0
    return play(chosen(arguments.case), arguments)


def chosen(name: str) -> Scenario:
    """The case that `name` means: an id, its last part, or a cause; the default where it is empty. Only for a cause all of them are read."""
    from tshoot.simulator.scenario import load_scenario, scenario_folders, scenarios

    wanted = name or DEFAULT_CASE
    folders = scenario_folders()
    by_id = [folder for folder in folders if f"{folder.parent.name}/{folder.name}" == wanted]
    for folder in by_id or [folder for folder in folders if folder.name == wanted]:
        return load_scenario(folder)
    for case in scenarios():
        if case.expect.cause == wanted:
            return case
    raise UsageError(f"there is no demo case `{name}`", "`tshoot demo --list` names them")


def play(scenario: Scenario, arguments: Namespace) -> int:
    from tshoot.simulator.serving import serve

    if any(device.capture for device in scenario.devices.values()) and shutil.which("tshark") is None:
        raise MissingProgram("tshark is not installed: the demo decodes a real capture with it", "`tshoot doctor` gives the command that installs it")
    with serve(scenario) as served:
        opening = opening_for(scenario, served, Path(arguments.record) if arguments.record else None)
        if on_terminal() and not (arguments.no_tui or arguments.json):
            from tshoot.tui.app import run_tui

            return run_tui(opening, say)
        if not arguments.json:
            say(f"{scenario.id}: {scenario.title}", f"  {scenario.story}", f"  {opening.remark}", "")
        prepared = prepare(opening.playbook, opening.targets, opening.inputs, opening.platforms)
        code = run_plainly(prepared, opening.settings, RecordedOperator(scenario), arguments.json)
    if code == diagnostics.FAULT and not arguments.json and on_terminal():
        diagnostics.note("exit status 1: a fault was found, as it should be here")
    return code


def opening_for(scenario: Scenario, served: Served, record: Path | None) -> Opening:
    """The run of a served scenario: this run's host keys and login key, captures kept inside the simulated device."""
    from tshoot.transports.settings import SshSettings

    ssh = SshSettings(
        config_file=None,
        known_hosts=(served.known_hosts,),
        global_known_hosts=(),
        identity_files=(served.key_file,),
        default_keys=(),
        use_agent=False,
    )
    directories = {role: device.capture_directory for role, device in served.devices.items()}
    return Opening(
        scenario.playbook,
        {role: device.address for role, device in served.devices.items()},
        {name: str(value) for name, value in scenario.inputs.items()},
        Settings(record, ssh=ssh, capture_directories=directories),
        f"a simulated {', '.join(device.name for device in served.devices.values())}, served over real SSH on 127.0.0.1",
        platforms={role: device.platform for role, device in scenario.devices.items()},
    )
