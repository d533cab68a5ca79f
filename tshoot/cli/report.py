"""tshoot sessions report: a recorded session as a page, a ticket's text, a recording or a test result."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.opened import opened
from tshoot.cli.output import say
from tshoot.errors import Cancelled, UsageError
from tshoot.retrace.report_file import FileIsThere, report_of, write_whole


def run(root: Path, arguments: Namespace) -> int:
    if not 0 <= arguments.idle <= 3600:
        raise UsageError("--idle takes seconds from 0 to 3600", "2 is the default: longer pauses of a recording are cut to that")

    def work(cancel: CancelToken) -> int:
        try:
            _write(report_of(session, arguments.format, cancel, arguments.idle), arguments.output, arguments.force)
        except Cancelled:
            return diagnostics.INTERRUPTED
        return diagnostics.HEALTHY

    with opened(root, arguments.session) as session:
        return cancellable(work)


def _write(text: str, file: str | None, force: bool) -> None:
    """To standard output, or to a file: one that is there already may hold what somebody has added."""
    if not file or file == "-":
        say(text.removesuffix("\n"))
    else:
        try:
            write_whole(Path(file), text, new=not force)
        except FileIsThere as error:
            raise UsageError(error.message, "name another file with -o, or overwrite it with --force") from error
