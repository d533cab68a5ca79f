"""tshoot sweep: the captures that crashed runs left on targets, told, and removed after a yes.

What a run could not pull is kept on this machine first. A target that cannot be reached is named, and its captures stay in the journal.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import emit_json, say, table
from tshoot.cli.terminal import TerminalPrompter, can_ask, forget_typed, read_line
from tshoot.errors import Cancelled, UsageError
from tshoot.model.text import clean_line
from tshoot.performers.capture_watch import bytes_told
from tshoot.performers.leftovers import Cleared
from tshoot.performers.sweeping import OnTarget, Sweeping
from tshoot.session.store import default_root
from tshoot.transports.address import parse_address
from tshoot.wiring import Settings, ssh_of_a_run


def run(arguments: Namespace) -> int:
    for host in arguments.hosts:
        parse_address(host)  # UsageError before anything is connected to
    root = default_root()
    ssh, forget = ssh_of_a_run(Settings(inventory=tuple(arguments.inventory)))
    sweeping = Sweeping(root.parent, root, ssh, TerminalPrompter, diagnostics.status)
    try:
        return _swept(sweeping, arguments)
    finally:
        sweeping.close()
        forget()


def _swept(sweeping: Sweeping, arguments: Namespace) -> int:
    left = sweeping.left(arguments.hosts)
    looked = cancellable(lambda cancel: sweeping.looked_at(left, cancel)) if left else []
    diagnostics.clear_status()
    cleared: list[Cleared] = []
    interrupted = False
    if not arguments.json:
        _tell(looked, sweeping.live, arguments.hosts)
    if any(one.look for one in looked) and (arguments.yes or (not arguments.json and _agreed(looked))):
        interrupted = cancellable(lambda cancel: _clear(sweeping, looked, cleared, cancel, said=not arguments.json))
        diagnostics.clear_status()
        code = _code(looked, cleared)
    else:
        code = diagnostics.TARGET_FAILED if any(not one.look for one in looked) else diagnostics.HEALTHY
        if any(one.look for one in looked) and not arguments.json:
            diagnostics.note("nothing was removed")
            code = diagnostics.USAGE
    if arguments.json:
        emit_json({"leftovers": [_row(one, cleared) for one in looked], "live": sweeping.live})
    elif cleared:
        say(_summary(looked, cleared))
    return diagnostics.INTERRUPTED if interrupted else code


def _clear(sweeping: Sweeping, looked: Sequence[OnTarget], cleared: list[Cleared], cancel: CancelToken, said: bool) -> bool:
    """Remove them into `cleared`; whether it was interrupted."""
    try:
        for one in sweeping.cleared(looked, cancel):
            cleared.append(one)
            if said:
                diagnostics.clear_status()
                say(one.said)
    except Cancelled:
        return True
    return False


def _tell(looked: Sequence[OnTarget], live: int, hosts: Sequence[str]) -> None:
    if looked:
        rows = [(_host(one), _file(one), one.leftover.record.session, _since(one), _size(one), _state(one)) for one in looked]
        table(["target", "file", "session", "since", "size", "state"], rows)
    else:
        say(f"nothing is known to be left on {', '.join(map(clean_line, hosts)) if hosts else 'any target'}")
    if live:
        say(f"{live} capture{'s' * (live != 1)} of runs that are still going: left alone")
    for host, problem in {_host(one): one.problem for one in looked if one.problem}.items():
        diagnostics.note(f"{host} stays as it is, and in the journal: {problem}")


def _host(one: OnTarget) -> str:
    return clean_line(one.leftover.record.host)


def _file(one: OnTarget) -> str:
    return clean_line(one.leftover.record.path)


def _since(one: OnTarget) -> str:
    at = _noted_at(one)
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "?"


def _noted_at(one: OnTarget) -> datetime | None:
    """When it was noted; by an older journal, when that was written last."""
    at, file = one.leftover.record.at, one.leftover.journal or one.leftover.own
    if not 0 < at < 253_402_300_800:
        try:
            at = file.stat().st_mtime if file else 0.0
        except OSError:
            return None
    return datetime.fromtimestamp(at, UTC) if at else None


def _size(one: OnTarget) -> str:
    return "?" if one.look is None else "no file" if one.look.size is None else bytes_told(one.look.size)


def _state(one: OnTarget) -> str:
    if one.look is None:
        return "not reached"
    return "still captures" if one.look.runs else "could not be fetched" if one.leftover.record.state == "unpulled" else "ended"


def _agreed(looked: Sequence[OnTarget]) -> bool:
    if not can_ask():
        raise UsageError("nothing is removed: there is no terminal to ask at", "--yes removes without asking, --json only lists")
    count = sum(one.look is not None for one in looked)
    kept = " (what holds packets is kept here first)" if any(one.look and one.look.size for one in looked) else ""

    def ask(cancel: CancelToken) -> str | None:
        forget_typed()
        diagnostics.ask(f"Remove {'it' if count == 1 else f'all {count}'} from {'its target' if count == 1 else 'their targets'}{kept}? [yes/no] ")
        return read_line(cancel)

    return (cancellable(ask) or "").lower() == "yes"


def _code(looked: Sequence[OnTarget], cleared: Sequence[Cleared]) -> int:
    whole = len(cleared) == len(looked) and all(one.removed for one in cleared)
    return diagnostics.HEALTHY if whole else diagnostics.TARGET_FAILED


def _summary(looked: Sequence[OnTarget], cleared: Sequence[Cleared]) -> str:
    removed = sum(one.removed for one in cleared)
    rest = len(looked) - removed
    return f"removed {removed}" + (f", {rest} still there and in the journal" if rest else "")


def _row(one: OnTarget, cleared: Sequence[Cleared]) -> dict[str, object]:
    done = next((result for result in cleared if result.leftover is one.leftover), None)
    at = _noted_at(one)
    return {
        "host": _host(one),
        "file": _file(one),
        "session": one.leftover.record.session,
        "state": one.leftover.record.state,
        "since": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None,
        "reached": one.look is not None,
        "bytes": one.look.size if one.look else None,
        "running": one.look.runs if one.look else None,
        "removed": bool(done and done.removed),
        "kept_as": str(done.copy) if done and done.copy else None,
        "said": done.said if done else one.problem,
    }
