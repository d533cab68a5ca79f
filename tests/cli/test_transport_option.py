"""`--transport`: what it means for which target, and that it reaches the login of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commandline import bench
from tests.shipped_scenarios import SCENARIOS
from tshoot.cancel import CancelToken
from tshoot.cli import terminal
from tshoot.cli.transport_choice import ssh_by
from tshoot.errors import UsageError
from tshoot.tui.messages import Asked, Question
from tshoot.tui.trial import Trials
from tshoot.wiring import Settings

HOSTS = {"host": ("ada@esx01",), "router": ("r1", "r2")}


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["openssh"], {"": "openssh"}),
        (["router=openssh"], {"r1": "openssh", "r2": "openssh"}),
        (["openssh", "host=paramiko"], {"": "openssh", "ada@esx01": "paramiko"}),
    ],
)
def test_for_all_or_for_a_role(words: list[str], chosen: dict[str, str]) -> None:
    settings = ssh_by(words, HOSTS)
    assert settings is not None
    assert settings.transports == chosen


def test_nothing_said_leaves_the_settings_alone() -> None:
    assert ssh_by([], HOSTS) is None


@pytest.mark.parametrize("word", ["telnet", "host=", "=openssh", "host=ssh", "switch=openssh", ""])
def test_what_it_does_not_mean(word: str) -> None:
    with pytest.raises(UsageError, match="--transport") as caught:
        ssh_by([word], HOSTS)
    assert caught.value.hint


def test_the_offer_is_made_on_the_screen_and_to_nobody_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []

    def post(message: object) -> None:
        assert isinstance(message, Asked)
        asked.append(message.question)
        message.question.answer("yes")

    assert Trials([], Settings(), post).agree("Use ssh?", "no common kex")
    assert [(one.form, one.text, one.detail) for one in asked] == [("confirm", "Use ssh?", "no common kex")]
    monkeypatch.setattr(terminal, "can_ask", lambda: False)
    assert not terminal.TerminalPrompter(CancelToken()).agree("Use ssh?", "no common kex")


def test_a_run_over_the_system_s_ssh(tmp_path: Path) -> None:
    """The same story, the same verdict, a capture included; and without the program it is said how to get it."""
    story = SCENARIOS["nfs-mount/export-policy"]
    with bench(tmp_path / "home", story) as one:
        ended = one.home.run(*one.words, "--no-tui", "--transport", "host=openssh", "--json")
        assert ended.document()["verdict"]["cause"] == story.expect.cause, ended.said
        assert not one.captures()
        (tmp_path / "programs").mkdir()
        without = one.home.run(*one.words, "--no-tui", "--transport", "openssh", PATH=str(tmp_path / "programs"))
        assert b"ssh is not installed" in without.out + without.error
        assert b"openssh-client" in without.out + without.error
