"""tshoot sessions verify-fix: the deciding checks of a recorded fault asked again, before and after compared."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import emit_json, say, table
from tshoot.cli.run import pairs
from tshoot.cli.terminal import LineView, TerminalOperator, TerminalPrompter
from tshoot.cli.transport_choice import ssh_by
from tshoot.errors import Cancelled, UsageError
from tshoot.model.verification import Verification
from tshoot.plan import Planned
from tshoot.retrace.renamed import check_directories
from tshoot.retrace.verification import Checks, checks_of, verify_fix
from tshoot.retrace.verification_plan import planned
from tshoot.session.store import Session, open_session
from tshoot.session.verification_text import verification_json
from tshoot.wiring import Settings

FIXED, NOT_FIXED, NOT_DECIDED = 0, 1, 3
_STATUS = {"fixed": FIXED, "still-there": NOT_FIXED, "another-fault": NOT_FIXED, "not-decided": NOT_DECIDED}


def run(root: Path, arguments: Namespace) -> int:
    if Path(arguments.session).is_file():
        raise UsageError(f"{arguments.session}: what is verified is added to the session", "`tshoot sessions import FILE` keeps it as a session")
    session = open_session(root, arguments.session)
    hosts, directories = pairs(arguments.target, "--target"), pairs(arguments.capture_dir, "--capture-dir")
    checks = checks_of(session, hosts)
    check_directories(directories, checks.targets)
    if arguments.plan:
        return _plan(checks, planned(checks, directories), arguments.json)
    ssh = ssh_by(arguments.transport, {role: (target.host,) for role, target in checks.targets.items()})
    return _verify(session, hosts, Settings(ssh=ssh, capture_directories=directories, inventory=tuple(arguments.inventory)), arguments)


def _verify(session: Session, hosts: dict[str, str], settings: Settings, arguments: Namespace) -> int:
    def work(cancel: CancelToken) -> Verification | None:
        try:
            return verify_fix(
                session,
                settings,
                hosts,
                operator=TerminalOperator(arguments.yes),
                careful=TerminalOperator(),
                prompter=TerminalPrompter(cancel),
                views=[LineView(not arguments.json)],
                cancel=cancel,
            )
        except Cancelled:
            return None

    verification = cancellable(work)
    diagnostics.clear_status()
    if arguments.json:
        told = verification_json(verification) if verification else None
        emit_json({"session": session.header.session, "playbook": session.header.playbook, "verification": told})
    elif verification:
        say(f"session {session.header.session}", "the whole of it: tshoot sessions report " + session.header.session)
    if verification is None:
        return diagnostics.INTERRUPTED
    return diagnostics.TARGET_FAILED if verification.target_failed else _STATUS[verification.outcome]


def _plan(checks: Checks, steps: tuple[Planned, ...], as_json: bool) -> int:
    if as_json:
        rows = [{"target": s.target, "host": s.host, "node": s.node, "command": s.text, "why": s.why, "changes": s.changes} for s in steps]
        emit_json({"playbook": checks.playbook.id, "plan": rows})
        return FIXED
    say(f"{checks.session}: {checks.deciding.verdict.cause} was decided at `{checks.deciding.decision.node}`. To verify the fix:", "")
    for role in dict.fromkeys(step.target for step in steps):
        target = checks.targets.get(role)
        say(f"{role} = {target.host} ({target.platform})" if target else "here")
        rows_ = [[f"  {step.node}", step.text + ("   CHANGES" if step.changes else "")] for step in steps if step.target == role]
        table(["  step", "would run" if target else "would be done"], rows_)
        say("")
    changing = sum(step.changes for step in steps)
    say("changes: " + (f"{changing} of these commands, each only after a yes" if changing else "nothing; every command only reads"))
    return FIXED
