"""tshoot without a verb: the full-screen interface, or the help where there is no terminal for it."""

from __future__ import annotations

from argparse import Namespace

from tshoot.cli import diagnostics
from tshoot.cli.output import on_terminal, say


def run(arguments: Namespace) -> int:
    if not on_terminal():
        diagnostics.note("this is no terminal for the full-screen interface; use a verb, such as `tshoot demo --no-tui` (tshoot --help lists them)")
        return diagnostics.USAGE
    from tshoot.opening import Opening, Settings
    from tshoot.tui.app import run_tui

    return run_tui(Opening(settings=Settings(inventory=tuple(arguments.inventory))), say)
