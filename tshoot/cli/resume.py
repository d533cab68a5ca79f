"""tshoot sessions resume: an interrupted session gone on with, as plain lines: first what is recorded, then what follows."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import emit_json, say
from tshoot.cli.run import pairs
from tshoot.cli.terminal import LineView, TerminalOperator, TerminalPrompter
from tshoot.cli.transport_choice import ssh_by
from tshoot.errors import UsageError
from tshoot.model.events import RunStarted
from tshoot.model.verdicts import Verdict
from tshoot.retrace.resume import resume
from tshoot.session.store import open_session
from tshoot.wiring import Settings


def run(root: Path, arguments: Namespace) -> int:
    if Path(arguments.session).is_file():
        raise UsageError(f"{arguments.session}: a session file cannot be gone on with", "`tshoot sessions import FILE` keeps it as a session")
    session = open_session(root, arguments.session)
    directories = pairs(arguments.capture_dir, "--capture-dir")
    hosts = pairs(arguments.target, "--target")
    recorded = next((event.targets for event in session.events() if isinstance(event, RunStarted)), ()) if arguments.transport else ()
    ssh = ssh_by(arguments.transport, {target.role: (hosts.get(target.role, target.host),) for target in recorded})

    def work(cancel: CancelToken) -> Verdict | None:
        return resume(
            session,
            Settings(ssh=ssh, capture_directories=directories, inventory=tuple(arguments.inventory)),
            operator=TerminalOperator(arguments.yes),
            careful=TerminalOperator(),
            prompter=TerminalPrompter(cancel),
            views=[LineView(not arguments.json)],
            cancel=cancel,
            keep_path=arguments.keep_path,
            hosts=hosts,
        ).run()

    verdict = cancellable(work)
    diagnostics.clear_status()
    if arguments.json:
        from tshoot.session.plain import verdict_json

        told = verdict_json(verdict) if verdict else None
        emit_json({"session": session.header.session, "playbook": session.header.playbook, "verdict": told})
    else:
        say(f"session {session.header.session}", "show it again: tshoot sessions show last")
    return diagnostics.exit_code(verdict)
