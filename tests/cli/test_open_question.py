"""A question at a plain terminal: it stays in sight until it is answered, and only what was typed below it answers it."""

from __future__ import annotations

import io
import os
import pty
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.commandline import bench
from tests.cli.test_live_runs import SCENARIOS, Typist
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli import terminal as terminal_module
from tshoot.cli.terminal import LineView, TerminalOperator, TerminalPrompter
from tshoot.model.effects import AskOperator
from tshoot.model.events import EffectRequested, Progress
from tshoot.transports.base import HostKey

ASKED = AskOperator("q/1", "q", "Was it retried?")
PROMPT = "Was it retried? [yes/no] "


class Screen(io.StringIO):
    """What is written to the terminal."""

    def isatty(self) -> bool:
        return True

    def is_asking(self, prompt: str = PROMPT) -> bool:
        return self.getvalue().endswith(prompt)


class Terminal:
    """stdin and stderr are a terminal of this process; `keyboard` is where somebody types."""

    def __init__(self, screen: Screen, keyboard: int) -> None:
        self.screen, self.keyboard = screen, keyboard

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    screen = Screen()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs) as stdin:
        streams = SimpleNamespace(stdin=stdin, stderr=screen)  # those of pytest itself are changed between set-up and test
        monkeypatch.setattr(diagnostics, "sys", streams)
        monkeypatch.setattr(terminal_module, "sys", streams)
        yield Terminal(screen, ours)
        os.close(ours)


class Asked:
    """The question of `ask` in a thread of its own, as a run asks it."""

    def __init__(self, cancel: CancelToken) -> None:
        self.answers: list[str | None] = []
        self.thread = threading.Thread(target=lambda: self.answers.append(TerminalOperator().ask(ASKED, cancel)))
        self.thread.start()

    def answer(self) -> str | None:
        self.thread.join(60)
        return self.answers[0]


def test_what_passes_waits_until_the_question_is_answered(terminal: Terminal) -> None:
    view, cancel = LineView(), CancelToken()
    view(Progress("c/1", "2 kB of 20 MB"))
    asked = Asked(cancel)
    try:
        wait_until(terminal.screen.is_asking, "the question")
        before = terminal.screen.getvalue()
        terminal.type("ye")
        LineView()(Progress("c/1", "4 kB of 20 MB"))
        diagnostics.status("another thread", "two lines")
        assert terminal.screen.getvalue() == before, "nothing is written over what is typed"
        terminal.type("s\n")
        assert asked.answer() == "yes"
    finally:
        cancel.cancel()
    LineView()(Progress("c/1", "6 kB of 20 MB"))
    assert "6 kB of 20 MB" in terminal.screen.getvalue(), "after the answer it passes again"


def test_a_line_that_comes_meanwhile_stands_between_and_the_question_comes_again(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    cancel = CancelToken()
    asked = Asked(cancel)
    try:
        wait_until(terminal.screen.is_asking, "the question")
        LineView()(EffectRequested(1.7e9, AskOperator("other/1", "other", "Something else?")))
        assert "Something else?" in capsys.readouterr().out
        assert terminal.screen.getvalue().endswith(f"{PROMPT}\n{PROMPT}"), "the question stays, and is the last line again"
        terminal.type("no\n")
        assert asked.answer() == "no"
    finally:
        cancel.cancel()


def test_a_stop_leaves_no_question_open(terminal: Terminal) -> None:
    cancel = CancelToken()
    asked = Asked(cancel)
    wait_until(terminal.screen.is_asking, "the question")
    diagnostics.note("stopping cleanly")
    assert f"{PROMPT}\ntshoot: stopping cleanly\n" in terminal.screen.getvalue()
    cancel.cancel()
    assert asked.answer() is None
    diagnostics.status("passing")
    assert terminal.screen.getvalue().count("passing") == 1


def test_lines_typed_before_a_question_are_no_answer_to_it(terminal: Terminal) -> None:
    cancel = CancelToken()
    prompter = TerminalPrompter(cancel)
    terminal.type("yes\nyes\n")
    answers: list[object] = []

    def ask() -> None:
        answers.append(prompter.accept_host_key(HostKey("esx", 22, "ssh-ed25519", "SHA256:x")))
        answers.append(prompter.agree("Remove it?", "it is in the way"))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        wait_until(lambda: terminal.screen.is_asking("[yes/no] ") or answers, "the first question")
        terminal.type("no\nyes\n")
        wait_until(lambda: terminal.screen.is_asking("Remove it? [yes/no] "), "the second question")
        terminal.type("no\n")
        thread.join(60)
        assert answers == [False, False]
    finally:
        cancel.cancel()


def test_each_command_of_step_mode_waits_for_an_answer_of_its_own(tmp_path: Path) -> None:
    with bench(tmp_path, SCENARIOS["nfs-mount/export-policy"], capture_delay=0.2) as at:
        typist = Typist(at, *at.words, "--step")
        typist.answer("[run / edit / skip / by hand]", "r\nr\nr\nr\nr")
        typist.answer("$ esxcfg-route -l", "s")
        typist.answer("why (may be left empty)", "not yet")
        typist.answer("$ vmkping", "e")
        typist.answer("run in its place", "reboot\nesx01\n127.0.0.1\nr")
        typist.answer("Type the name of the device", "no")
        typist.hear("[run / edit / skip / by hand]")  # of what comes after what was declined
        typist.process.send_signal(2)
        got = typist.end()
        assert at.nothing_is_left()
        assert not any("reboot" in line for line in at.home.run("sessions", "show", "last").said.splitlines() if "exit" in line)
    assert "skipped `routes`: not yet" in got.said, "lines typed ahead run nothing"
    assert "device was not named" in " ".join(got.said.split())
