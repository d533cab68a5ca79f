"""The only writer of stderr, and the owner of the exit codes.

0 healthy · 1 fault found · 2 usage or playbook error · 3 inconclusive · 4 target unreachable or refused ·
5 a needed program is missing · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tshoot.errors import PlaybookError, TshootError
from tshoot.model.text import clean, clean_line

if TYPE_CHECKING:
    from tshoot.model.verdicts import Verdict

HEALTHY, FAULT, USAGE, INCONCLUSIVE, TARGET_FAILED, PROGRAM_MISSING, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def exit_code(verdict: Verdict | None) -> int:
    """The exit code of a run that ended in `verdict` (None: it was cancelled)."""
    if verdict is None:
        return INTERRUPTED
    if verdict.kind == "inconclusive":
        return TARGET_FAILED if verdict.target_failed else INCONCLUSIVE
    return FAULT if verdict.kind == "fault" else HEALTHY


def report(error: TshootError) -> None:
    """What happened, where, and what to do next."""
    problems = error.problems if isinstance(error, PlaybookError) else ()
    for problem in problems:
        _line(clean_line(problem))
    if not problems or error.message not in problems:
        _line(f"tshoot: {clean(error.message)}")
    if error.hint:
        _line(f"        {clean(error.hint)}")


def note(text: str) -> None:
    clear_status()
    _line(f"tshoot: {clean(text)}")


def ask(text: str) -> None:
    """Show a question where an answer is typed; no newline after it."""
    clear_status()
    _write(clean(text))


def status(text: str) -> None:
    """A passing line that the next one overwrites; only on a terminal that can."""
    if can_overwrite():
        width = max(20, _width() - 1)
        _write(f"\r\x1b[K{clean_line(text)[:width]}")


def clear_status() -> None:
    if can_overwrite():
        _write("\r\x1b[K")


def can_overwrite() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def _line(text: str) -> None:
    _write(text + "\n")


def _write(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return  # nobody can be told: there is no stderr
