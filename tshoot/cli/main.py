"""From words to a verb's module, and from whatever happens there to an exit code. Verbs are imported when asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from tshoot.cli import diagnostics
from tshoot.cli.arguments import build_parser
from tshoot.errors import TshootError


def run_words(words: list[str]) -> int:
    """Run one command line; returns the exit code of the contract (docs/command-line.md)."""
    arguments = build_parser().parse_args(words)
    try:
        return int(import_module(f"tshoot.cli.{arguments.verb}").run(arguments))
    except TshootError as error:
        diagnostics.report(error)
        return error.exit_code
    except KeyboardInterrupt:
        diagnostics.note("interrupted")
        return diagnostics.INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone (`tshoot … | head`): what the verdict was is not told, and 0 would tell one
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return diagnostics.NO_READER
    except Exception as error:
        if os.environ.get("TSHOOT_DEBUG"):
            raise
        hint = "this is a defect of tshoot: please report it (TSHOOT_DEBUG=1 shows where)"
        diagnostics.report(TshootError(f"{type(error).__name__}: {error}", hint))
        return diagnostics.USAGE
