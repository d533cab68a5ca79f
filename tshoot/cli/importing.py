"""tshoot sessions import FILE: a session file, or a recording that another program made; what it is, its content says."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import say
from tshoot.errors import UsageError
from tshoot.session.packed.unpack import import_session, is_session_file

_MOST_TOLD = 10


def run(root: Path, arguments: Namespace) -> int:
    file = Path(arguments.file)
    packed = file.resolve()  # a link that somebody names is followed, one within a session is not
    if file.is_file() and not is_session_file(packed):
        return _recording(root, file, Path(arguments.timing) if arguments.timing else None)
    if arguments.timing:
        raise UsageError("--timing goes with a typescript of script(1)", "a session file needs none")
    session, new = cancellable(lambda cancel: import_session(packed, root, cancel))
    if new:
        say(f"{session.header.session}: imported below {root}")
    else:
        say(f"{session.header.session}: the very same session is there already")
    return diagnostics.HEALTHY


def _recording(root: Path, file: Path, timing: Path | None) -> int:
    from tshoot.retrace.free.importing import import_recording
    from tshoot.session.verdict_text import verdict_lines

    taken = cancellable(lambda cancel: import_recording(file, timing, root, cancel))
    devices = ", ".join(f"{count} on {device}" for device, count in taken.commands.items()) or "none"
    say(f"{taken.session.header.session}: imported below {root}", f"  {taken.format}; commands: {devices}; {taken.times}")
    say(*(f"  remark: {remark}" for remark in taken.remarks))
    if taken.not_understood:
        more = len(taken.not_understood) - _MOST_TOLD
        say("  not understood:", *(f"    {line}" for line in taken.not_understood[:_MOST_TOLD]))
        say(*([f"    and {more} more (`tshoot sessions show` names them)"] if more > 0 else []))
    say("", *verdict_lines(taken.verdict), "")
    short = taken.session.header.session.rpartition("-")[2]
    say(f"by a playbook: tshoot sessions rejudge {short} --playbook ID --target ROLE=DEVICE --set NAME=VALUE")
    return diagnostics.HEALTHY
