"""What can be done once there is a verdict: verify its fix, export the report, copy a comment for the ticket. Each has a modal of its own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.tui.widgets.lines.view import LinesView

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp


def verify_fix(app: TshootApp, folder: Path) -> None:
    """Ask the deciding checks of the session in `folder` again; what came of it is shown under the verdict of the screen that asked."""
    from tshoot.tui.screens.verify_fix import Done, VerifyFix
    from tshoot.tui.widgets.verdict.telling import verdict_lines

    below = app.screen

    def verified(done: Done | None) -> None:
        if done is not None:
            lines = list(verdict_lines(done[0], [(time.time(), done[1])]))
            for view in below.query("#verdict").results(LinesView):
                view.put("verdict", lines)

    app.push_screen(VerifyFix(folder, app.opening.settings, app.clock, app.look_after), verified)


def export_report(app: TshootApp, folder: Path) -> None:
    """Write the report of the session in `folder`, in a format and to a path that are asked for."""
    from tshoot.tui.screens.export_report import ExportReport

    app.push_screen(ExportReport(folder))


def copy_ticket(app: TshootApp, folder: Path) -> None:
    """A comment for the ticket, into the clipboard and into a file."""
    from tshoot.tui.screens.ticket import TicketComment

    app.push_screen(TicketComment(folder))
