"""The operator at a plain terminal: questions, host keys and passwords, and the lines of a run as it goes.

Questions go to stderr, answers come from a terminal on stdin; where there is none, nobody is asked and
nothing is assumed. Reading never blocks a cancel.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.output import say
from tshoot.cli.stepping import approval_at
from tshoot.model.effects import AskOperator, Effect
from tshoot.model.events import Event, Progress
from tshoot.model.text import clean_line
from tshoot.session.transcript import Transcript
from tshoot.steering import Approval, Skip
from tshoot.transports.base import HostKey


class TerminalOperator:
    """Asks at the terminal. `yes` answers every confirmation with yes, choices with the first."""

    def __init__(self, yes: bool = False) -> None:
        self._yes = yes

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        if self._yes and question.form != "text":
            return question.choices[0] if question.choices else "yes"
        choices = question.choices or (("yes", "no") if question.form == "confirm" else ())
        forget_typed()
        while can_ask():
            diagnostics.ask(f"{question.question} {'[' + '/'.join(choices) + '] ' if choices else ''}")
            answer = read_line(cancel)
            if answer is None:
                return None
            fitting = [choice for choice in choices if answer and choice.lower().startswith(answer.lower())]
            if not choices or len(fitting) == 1:
                return fitting[0] if choices else answer
            forget_typed()
            diagnostics.note(f"answer one of: {', '.join(choices)}")
        return None

    def approve(self, effect: Effect, cancel: CancelToken) -> Approval:
        """Step mode; `yes` answers no question of it."""
        if not can_ask():
            return Skip("nobody can be asked")
        diagnostics.clear_status()
        return approval_at(lambda cancel: read_line(cancel, whole=True), forget_typed, effect, cancel)


class TerminalPrompter:
    """Host keys and secrets of logins."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel

    def accept_host_key(self, key: HostKey) -> bool:
        if not can_ask():
            return False
        forget_typed()
        about = f"the host key of {key.host} port {key.port} is not known: {key.key_type} {key.fingerprint}"
        diagnostics.note(about)
        diagnostics.ask("Compare it with the device's own. Trust it from now on? [yes/no] ", about)
        return (read_line(self._cancel) or "").lower() == "yes"

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        if not can_ask():
            return None
        question = f"{clean_line(host)}: {clean_line(prompt)} "
        if echo:
            diagnostics.ask(question)
            return read_line(self._cancel)
        with _no_echo():  # before the question: who types at once is not shown either
            diagnostics.ask(question)
            return read_line(self._cancel, secret=True)

    def agree(self, question: str, why: str) -> bool:
        if not can_ask():
            return False
        forget_typed()
        diagnostics.note(clean_line(why))
        diagnostics.ask(f"{clean_line(question)} [yes/no] ")
        return (read_line(self._cancel) or "").lower() in ("y", "yes")


class LineView:
    """A run as plain lines; what is under way as a passing status."""

    def __init__(self, show_lines: bool = True) -> None:
        self._transcript = Transcript()
        self._show_lines = show_lines
        self._last_status = 0.0

    def __call__(self, event: Event | Progress) -> None:
        if isinstance(event, Progress):
            self._progress(event)
        elif self._show_lines and (lines := list(self._transcript.lines(event))):
            with diagnostics.above():
                say(*lines)

    def _progress(self, progress: Progress) -> None:
        if progress.output or time.monotonic() - self._last_status < 0.1:
            return
        self._last_status = time.monotonic()
        share = f" {100 * (progress.done or 0) / progress.total:.0f} %" if progress.total else ""
        diagnostics.status(f"{progress.text}{share}")


def can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def forget_typed() -> None:
    """Lines that were typed before a question was to be seen are no answer to it."""
    import termios

    if can_ask():
        with suppress(termios.error):  # the terminal has gone: nobody answers
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def read_line(cancel: CancelToken, secret: bool = False, whole: bool = False) -> str | None:
    """One line from the terminal, without blanks at its ends unless `secret` or `whole`; None at its end or when the run is cancelled."""
    line = None
    try:
        while line is None and not cancel.cancelled:
            if select.select([sys.stdin], [], [], 0.2)[0]:
                line = sys.stdin.readline()
    finally:
        diagnostics.answered(newline=secret and line is not None)
    if not line:
        return None
    return line.rstrip("\n") if secret or whole else line.strip()


@contextmanager
def _no_echo() -> Iterator[None]:
    import termios

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    restore: Callable[[], None] = lambda: termios.tcsetattr(descriptor, termios.TCSADRAIN, before)  # noqa: E731
    try:
        yield
    finally:
        with suppress(termios.error):
            restore()
