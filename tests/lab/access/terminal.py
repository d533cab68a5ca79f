"""tshoot at a terminal that answers its questions as a person would, each once it stands there; or with nobody to ask."""

from __future__ import annotations

import errno
import os
import pty
import select
import subprocess
import time
from dataclasses import dataclass

from tests.lab.access.accounts import PASSPHRASE, PASSWORD, WRONG_PASSWORD, code
from tests.lab.access.case import Try
from tests.lab.access.home import HOME

PATIENCE = 60.0
_MOST = 1024 * 1024


@dataclass
class Shown:
    """`unasked`: answers that nothing asked for."""

    text: str
    status: int
    seconds: float
    unasked: list[tuple[str, str]]


def type_at(command: list[str], environment: dict[str, str], one: Try) -> Shown:
    """Run to its end; TimeoutError where it does not end within PATIENCE."""
    begin = time.monotonic()
    if one.at == "nobody":
        done = subprocess.run(
            command, env=environment, cwd=HOME, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=PATIENCE, start_new_session=True,
        )  # fmt: skip
        return Shown(done.stdout.decode(errors="replace"), done.returncode, time.monotonic() - begin, [])
    process, terminal = _at_a_terminal(command, environment)
    try:
        text, left = _answer(terminal, list(one.answers), begin)
        return Shown(text, process.wait(60), time.monotonic() - begin, left)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def _at_a_terminal(command: list[str], environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """The process, with a terminal that is its own, and our end of that."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(["setsid", "--ctty", *command], env=environment, cwd=HOME, stdin=theirs, stdout=theirs, stderr=theirs)
    finally:
        os.close(theirs)
    return process, ours


def _answer(terminal: int, answers: list[tuple[str, str]], begin: float) -> tuple[str, list[tuple[str, str]]]:
    """(all that was shown, the answers left over). A prompt is answered when it is the last that stands there."""
    shown, answered = "", 0
    while True:
        if time.monotonic() > begin + PATIENCE:
            raise TimeoutError(f"no end within {PATIENCE:g} s; it shows: {shown[-400:]}")
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            read = os.read(terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # the far end was closed
                raise
            read = b""
        if not read:
            return shown, answers
        shown = (shown + read.decode(errors="replace"))[-_MOST:]
        if answers and answers[0][0] in shown[answered:]:
            _, answer = answers.pop(0)
            answered = len(shown)
            os.write(terminal, f"{_filled(answer)}\n".encode())


def _filled(answer: str) -> str:
    values = {"password": PASSWORD, "wrong password": WRONG_PASSWORD, "passphrase": PASSPHRASE, "code": code(), "wrong code": _wrong_code()}
    return values.get(answer, answer)


def _wrong_code() -> str:
    """No code of the minutes around."""
    good = {code(time.time() + 30 * step) for step in range(-20, 21)}
    return next(number for number in ("000000", "111111", *(f"{value:06}" for value in range(100))) if number not in good)
