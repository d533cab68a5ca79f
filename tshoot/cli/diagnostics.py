"""The only writer of stderr, and the owner of the exit codes.

0 healthy · 1 fault found · 2 usage or playbook error · 3 inconclusive · 4 target unreachable or refused ·
5 a needed program is missing · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tshoot.errors import PlaybookError, TshootError
from tshoot.model.text import clean, clean_line

if TYPE_CHECKING:
    from tshoot.model.verdicts import Verdict

HEALTHY, FAULT, USAGE, INCONCLUSIVE, TARGET_FAILED, PROGRAM_MISSING, INTERRUPTED, NO_READER = 0, 1, 2, 3, 4, 5, 130, 141


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
    with _terminal:
        clear_status()
        _line(f"tshoot: {clean(text)}")


_terminal = threading.RLock()  # lines come from several threads, and a question must not be written while a status is
_lines_up = 0  # of what passes, above the one where the cursor stands
_question = ""  # that is open: behind it somebody types


def ask(text: str, about: str = "") -> None:
    """Show a question where an answer is typed; no newline after it. Nothing passes over it until `answered`.

    `about` was noted already; it comes again with the question where other lines came in between.
    """
    global _question  # noqa: PLW0603 - there is one terminal
    with _terminal:
        clear_status()
        _write(clean(text))
        _question = (f"tshoot: {clean(about)}\n" if about else "") + clean(text)


def answered(newline: bool = False) -> None:
    """Nobody types an answer any more; `newline` where the one that was typed has not ended the line."""
    global _question  # noqa: PLW0603
    with _terminal:
        _question = ""
        if newline:
            _line("")


@contextmanager
def above() -> Iterator[None]:
    """Lines of others are written meanwhile: what passes is gone, an open question comes once more below them."""
    with _terminal:
        clear_status()
        yield
        if _question:
            _write(_question)


def status(*texts: str) -> None:
    """Passing lines, each cut where the terminal ends, that the next ones overwrite; only on a terminal that can, and not over an open question."""
    global _lines_up  # noqa: PLW0603
    with _terminal:
        if can_overwrite() and not _question:
            width = max(20, _width() - 1)
            _write(f"{_back()}{_NO_WRAP}{chr(10).join(clean_line(text)[:width] for text in texts)}{_WRAP}")
            _lines_up = len(texts) - 1


def clear_status() -> None:
    """Room for a line: what passes is gone; an open question stays, with what is typed behind it."""
    global _lines_up  # noqa: PLW0603
    with _terminal:
        if _question:
            _line("")
        elif can_overwrite():
            _write(_back())
            _lines_up = 0


_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"  # of wide characters a line may take more columns than we count


def _back() -> str:
    """To the beginning of what passes, and all of it away."""
    return f"\r\x1b[{_lines_up}A\x1b[J" if _lines_up else "\r\x1b[K"


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
