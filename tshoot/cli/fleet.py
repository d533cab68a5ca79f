"""A playbook on many targets side by side, for `tshoot run`: which ones, the plan, the run, the table at its end. Not a verb.

The exit status is the worst of all targets: interrupted (130), a fault (1), tshoot could not go on with one (2, 5), a target that could not
be used (4), inconclusive (3), healthy (0).
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.fleet_view import FleetView
from tshoot.cli.interrupt import cancellable
from tshoot.cli.named import named
from tshoot.cli.output import emit_json, fitted, on_terminal, say, table, wrapped
from tshoot.cli.terminal import TerminalOperator, TerminalPrompter, can_ask, forget_typed, read_line
from tshoot.errors import UsageError
from tshoot.fleet.doubles import refuse_doubles
from tshoot.fleet.members import FanOut, Fleet, assemble_fleet, fan_out
from tshoot.fleet.result import FleetResult, MemberResult
from tshoot.fleet.running import MOST_PARALLEL, Hands, run_fleet
from tshoot.inventory.inventory import Inventory, distinct
from tshoot.model.text import clean_line
from tshoot.plan import plan
from tshoot.transports.settings import SshSettings
from tshoot.wiring import Settings, checked_playbook, known_targets, prepare

_WORST = (
    diagnostics.INTERRUPTED,
    diagnostics.FAULT,
    diagnostics.USAGE,
    diagnostics.PROGRAM_MISSING,
    diagnostics.TARGET_FAILED,
    diagnostics.INCONCLUSIVE,
)
_MOST_NAMED = 40
_NONE = ("n", "no", "q")  # answers of who wants none of a group
_Step = tuple[str, str, str, bool]  # role, node, command, whether it changes something


def chosen(arguments: Namespace, targets: Mapping[str, str], settings: Settings) -> FanOut | dict[str, str]:
    """The role that fans out; or the targets of one run, where none does or the operator took one of a group."""
    if not 1 <= arguments.parallel <= MOST_PARALLEL:
        raise UsageError(f"--parallel {arguments.parallel}: from 1 to {MOST_PARALLEL}", "each target that runs takes a connection and some threads")
    inventory = known_targets(settings) or Inventory()
    fan = fan_out(targets, lambda typed: distinct(named((typed,), inventory), inventory))
    if fan is None:
        if arguments.fan_out:
            raise UsageError("--fan-out: no target names several", "for example --target host=@esx-prod, or --target host=esx01,esx02")
        return dict(targets)
    if arguments.step:
        raise UsageError("--step is for one target", "name one target, or leave --step out")
    said_all = arguments.fan_out or arguments.plan or arguments.yes or arguments.json or not fan.typed.startswith("@") or len(fan.hosts) == 1
    host = None if said_all or not (can_ask() and on_terminal()) else _which(fan)
    if host is not None:
        return {**targets, fan.role: host}
    diagnostics.status(f"{len(fan.hosts)} targets: reading the ssh_config for each")  # whose `Match exec` may take its time
    try:
        refuse_doubles(fan, replace(settings.ssh or SshSettings(), places=inventory.places))
    finally:
        diagnostics.clear_status()
    return fan


def _which(fan: FanOut) -> str | None:
    """The one that the operator takes, None for all. UsageError where he takes none."""
    left = f" and {len(fan.hosts) - _MOST_NAMED} more" if len(fan.hosts) > _MOST_NAMED else ""
    wrapped(f"{clean_line(fan.typed)} are {len(fan.hosts)} targets: {', '.join(map(clean_line, fan.hosts[:_MOST_NAMED]))}{left}", indent=0)
    while True:
        forget_typed()
        diagnostics.ask("Which one, or all side by side? [NAME/all] ")
        answer = read_line(CancelToken())
        if answer in fan.hosts:
            return answer
        if not answer or answer.lower() in _NONE:
            raise UsageError(f"--target {fan.role}={clean_line(fan.typed)}: no target was chosen", "name one, or add --fan-out for all")
        if answer.lower() == "all":
            return None
        diagnostics.note(f"{clean_line(answer)} is none of them: type a whole name, all, or no")


def fleet_of(
    name: str, fan: FanOut, targets: Mapping[str, str], inputs: Mapping[str, str], platforms: Mapping[str, str], settings: Settings
) -> Fleet:
    """Every member checked; UsageError with what is wrong with any of them."""
    playbook, inventory = checked_playbook(name), known_targets(settings)
    return assemble_fleet(fan, targets, lambda roles: prepare(playbook, roles, inputs, platforms, inventory))


# --- the plan ---------------------------------------------------------------------------------------


def show_plans(fleet: Fleet, settings: Settings, as_json: bool) -> int:
    """What may run on any of them; targets with the same plan together. Opens no socket."""
    plans = {member: plan(one, settings.capture_directories) for member, one in enumerate(fleet.members)}
    if as_json:
        told = [s for steps in plans.values() for s in steps]
        document = [{"target": s.target, "host": s.host, "node": s.node, "command": s.text, "why": s.why, "changes": s.changes} for s in told]
        emit_json({"playbook": fleet.playbook.id, "plan": document})
        return 0
    say(f"{fleet.playbook.id}: {fleet.playbook.title}", "")
    alike: dict[tuple[_Step, ...], list[int]] = {}
    for member, steps in plans.items():
        alike.setdefault(tuple((step.target, step.node, step.text, step.changes) for step in steps), []).append(member)
    for rows, members in alike.items():
        _show_plan(fleet, rows, members)
    changing = any(row[3] for rows in alike for row in rows)
    say("changes: " + ("commands marked CHANGES, each on each target only after a yes" if changing else "nothing; every command only reads"))
    return 0


def _show_plan(fleet: Fleet, steps: tuple[_Step, ...], members: list[int]) -> None:
    for role, spec in fleet.members[members[0]].targets.items():
        hosts = [clean_line(fleet.members[member].targets[role].host) for member in members] if role == fleet.role else [clean_line(spec.host)]
        wrapped(f"{role} = {', '.join(hosts)} ({spec.platform})", indent=0)
        table(
            ["  step", "may run"],
            [[f"  {node}", text + ("   CHANGES" if changes else "")] for target, node, text, changes in steps if target == role],
        )
        say("")


# --- the run ----------------------------------------------------------------------------------------


def run_fanned(fleet: Fleet, settings: Settings, arguments: Namespace) -> int:
    """All of them, then the table or the JSON document."""
    view = FleetView(tuple(fleet.target(member).host for member in fleet.members), not arguments.json)

    def work(cancel: CancelToken) -> FleetResult:
        hands = Hands(TerminalOperator(arguments.yes), TerminalPrompter(cancel), view.paused)
        return run_fleet(fleet, settings, hands, cancel, parallel=arguments.parallel, watch=view.watch)

    try:
        result = cancellable(work)
    finally:
        view.close()
    if arguments.json:
        emit_json(fleet_json(fleet, result))
    else:
        _show(result)
    return exit_status(result)


def exit_status(result: FleetResult) -> int:
    """The worst, in the order of the head of this file."""
    if result.verdict is None:
        return diagnostics.INTERRUPTED
    found = {_status(member) for member in result.members}
    return next((status for status in _WORST if status in found), diagnostics.HEALTHY)


def _status(member: MemberResult) -> int:
    return member.exit_code if member.ended.state == "failed" else diagnostics.exit_code(member.verdict)


def _show(result: FleetResult) -> None:
    say("")
    rows = [["target", "verdict", "cause", "seconds", "session"]]
    for member in result.members:
        ended = member.ended
        took = "-" if ended.state == "not-run" else f"{ended.seconds:.1f}"
        rows.append([ended.host, ended.kind or ended.state.replace("-", " "), ended.cause or ended.failure or "-", took, ended.session or "-"])
    fitted(rows, indent=0)
    say("")
    if result.verdict is not None:
        wrapped(result.verdict.reason, indent=0)
    say(f"session {result.session}", f"show it again: tshoot sessions show {result.session.rpartition('-')[2]}")


def fleet_json(fleet: Fleet, result: FleetResult) -> dict[str, Any]:
    """{"fleet", "playbook", "role", "verdict", "results"}: what the one document of a fleet says."""
    from tshoot.session.plain import verdict_json

    def member(one: MemberResult) -> dict[str, Any]:
        return {
            "target": clean_line(one.target.host),
            "platform": one.target.platform,
            "session": one.ended.session or None,
            "state": one.ended.state,
            "seconds": round(one.ended.seconds, 3),
            "failure": one.ended.failure or None,
            "problem": clean_line(one.ended.reason) if one.ended.state == "failed" else None,
            "verdict": verdict_json(one.verdict) if one.verdict else None,
        }

    told = verdict_json(result.verdict) if result.verdict else None
    results = [member(one) for one in result.members]
    return {"fleet": result.session, "playbook": fleet.playbook.id, "role": fleet.role, "verdict": told, "results": results}
