"""tshoot playbooks: list, show, lint, safety (its own module), test, graph, coverage, schema."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from tshoot.cli import diagnostics
from tshoot.cli.graph import mermaid, tree_lines
from tshoot.cli.output import emit_json, paragraphs, say, table
from tshoot.errors import PlaybookError, TshootError
from tshoot.knowledge import ShippedKnowledge
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import find_playbook, load_playbook, shipped_playbooks
from tshoot.playbook.tree import ANY_PLATFORM, AskStep, CaptureStep, Role, RunStep


def run(arguments: Namespace) -> int:
    if arguments.action == "safety":
        from tshoot.cli.safety import run as safety

        return safety(arguments)
    return {"list": _list, "show": _show, "lint": _lint, "test": _test, "graph": _graph, "coverage": _coverage, "schema": _schema}[arguments.action](
        arguments
    )


def _list(arguments: Namespace) -> int:
    playbooks = [load_playbook(path) for path in shipped_playbooks()]
    if arguments.json:
        emit_json({"playbooks": [{"id": p.id, "title": p.title, "symptoms": list(p.symptoms), "targets": list(p.roles)} for p in playbooks]})
        return 0
    table(["playbook", "title"], [[playbook.id, playbook.title] for playbook in playbooks])
    return 0


def _show(arguments: Namespace) -> int:
    playbook = load_playbook(find_playbook(arguments.playbook))
    say(f"{playbook.id}: {playbook.title}", "")
    paragraphs(("", playbook.description))
    say("Symptoms", *(f"  {symptom}" for symptom in playbook.symptoms), "")
    table(["  targets", "platform", "what"], [_role(role) for role in playbook.roles.values()])
    say("")
    rows = [[f"  {s.name}", s.type, "-" if s.default is None else str(s.default), s.help] for s in playbook.inputs.values()]
    table(["  inputs", "type", "default", "what"], rows)
    say("", "May run")
    for step_id, step in playbook.asked_steps():
        match step:
            case RunStep():
                for platform, command in step.commands.items():
                    where = step.target if platform == ANY_PLATFORM else f"{step.target} ({platform})"
                    say(f"  {where}: {command.source}{_repeated(step)}{'   CHANGES, after a yes' if step.changes else ''}")
            case CaptureStep():
                say(f"  {step.target}: capture on {step.interface.source}, filter {step.filter.source}")
            case AskStep():
                say(f"  asks ({step_id}): {step.question.source}")
    targets = " ".join(f"[--target {name}=HOST]" if role.optional else f"--target {name}=HOST" for name, role in playbook.roles.items())
    inputs = " ".join(f"--set {spec.name}={spec.type.upper()}" for spec in playbook.inputs.values() if spec.default is None)
    say("", f"tshoot run {playbook.id} {targets} {inputs}".rstrip())
    return 0


def _role(role: Role) -> list[str]:
    return [f"  {role.name}", ", ".join(role.platforms), role.help + (" (may be left out)" if role.optional else "")]


def _repeated(step: RunStep) -> str:
    return f"   (every {step.sampling.every.source} s for {step.sampling.seconds.source} s)" if step.sampling else ""


def _lint(arguments: Namespace) -> int:
    files = [find_playbook(name) for name in arguments.files] or list(shipped_playbooks())
    problems: list[str] = []
    for path in files:
        try:
            problems += check_playbook(load_playbook(path), ShippedKnowledge())
        except PlaybookError as error:
            problems += error.problems or (error.message,)
    say(*problems)
    if not problems:
        say(f"{len(files)} playbook{'s' * (len(files) != 1)} without a problem")
    return diagnostics.USAGE if problems else 0


def _named(names: list[str]) -> list[Path]:
    return [find_playbook(name) for name in names] or list(shipped_playbooks())


def _test(arguments: Namespace) -> int:
    from tshoot.rehearsal import rehearse
    from tshoot.simulator.scenario import scenarios

    failed = done = 0
    for path in _named(arguments.playbooks):
        playbook = load_playbook(path)
        for scenario in scenarios(playbook.id, Path(arguments.scenarios) if arguments.scenarios else None):
            diagnostics.status(f"playing {scenario.id}")
            rehearsal = rehearse(scenario, playbook)
            done, failed = done + 1, failed + bool(rehearsal.problems)
            diagnostics.clear_status()
            say(
                f"{'FAILED' if rehearsal.problems else 'ok    '}  {scenario.id}: {scenario.title}",
                *(f"          {text}" for text in rehearsal.problems),
            )
    say(f"{done} scenarios, {failed} failed")
    return diagnostics.USAGE if failed or not done else 0


def _graph(arguments: Namespace) -> int:
    playbook = load_playbook(find_playbook(arguments.playbook))
    say(*(mermaid(playbook) if arguments.mermaid else tree_lines(playbook)))
    return 0


def _coverage(arguments: Namespace) -> int:
    from tshoot.rehearsal import coverage, rehearse
    from tshoot.simulator.scenario import scenarios

    branches = missing = 0
    for path in _named(arguments.playbooks):
        playbook = load_playbook(path)
        rehearsals = []
        for scenario in scenarios(playbook.id):
            diagnostics.status(f"playing {scenario.id}")
            rehearsals.append(rehearse(scenario, playbook))
        diagnostics.clear_status()
        found = coverage(playbook, rehearsals)
        branches, missing = branches + found.branches, missing + len(found.missing)
        for node, branch in found.missing:
            say(f"{branch.place}: no scenario takes `{node}`: {branch.text} -> {branch.outcome}")
        say(f"{playbook.id}: {found.branches - len(found.missing)} of {found.branches} branches, {len(rehearsals)} scenarios")
    if not branches:
        raise TshootError("no branch to cover", "give the id of a playbook: tshoot playbooks list")
    say(f"{100 * (branches - missing) / branches:.0f} %")
    return diagnostics.USAGE if missing else 0


def _schema(arguments: Namespace) -> int:
    from tshoot.playbook.document import playbook_schema

    say(json.dumps(playbook_schema(), indent=2))
    return 0
