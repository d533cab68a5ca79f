"""`analyze --browse`: the capture on the packets screen, after the verdict, its findings at hand."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cli import diagnostics
from tshoot.cli.analysis_one import is_capture
from tshoot.cli.output import on_terminal
from tshoot.errors import MissingProgram, TshootError, UsageError

if TYPE_CHECKING:
    from tshoot.cli.analysis_one import Analysis


def refuse(arguments: Namespace) -> None:
    """UsageError where there is more than one thing to browse, or a document is to be written."""
    if arguments.json:
        raise UsageError("--browse and --json exclude each other", "leave one of them out")
    if len(arguments.files) != 1 or Path(arguments.files[0]).is_dir():
        raise UsageError("--browse shows one capture", "name one file")


def browse(analyses: Sequence[Analysis], errors: Sequence[tuple[Path, TshootError]]) -> None:
    """Show the capture; without tshark also one that could not be judged for that reason. Says so where there is nothing to show it on."""
    analysis = analyses[0] if analyses else None
    if analysis is None and not (errors and isinstance(errors[0][1], MissingProgram)):
        return  # what is wrong with it has been said
    if analysis is not None and not is_capture(analysis):
        diagnostics.note("--browse shows captures; this is a text")
    elif not on_terminal():
        diagnostics.note("--browse needs a terminal: standard input and output are not both one here")
    else:
        from tshoot.tui.app import run_packets

        run_packets(analysis.file if analysis else errors[0][0], analysis)
