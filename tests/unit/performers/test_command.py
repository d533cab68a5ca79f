"""The read-only gate: what only reads runs, what may change something runs after a yes to that very command, and nothing else runs."""

from __future__ import annotations

from typing import Any

import pytest

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import CommandRan, Progress, TargetSpec
from tshoot.performers.command import check_allowed, run_command

HOST = TargetSpec("host", "esx01", "vmware_esxi")


class Answering:
    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.asked: list[AskOperator] = []

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        self.asked.append(question)
        return self.answer


def command(text: str, changes: bool = False) -> RunCommand:
    return RunCommand("act/1@host", "act", "host", text, "to see", changes=changes)


@pytest.mark.parametrize("text", ["esxcfg-vmknic -l", "vmkping -I vmk0 -s 56 -c 3 192.0.2.1", "esxcli storage nfs list"])
@pytest.mark.parametrize("changes", [True, False])
def test_what_only_reads_asks_nobody(text: str, changes: bool) -> None:
    operator = Answering("no")
    check_allowed(command(text, changes), HOST, operator, CancelToken())
    assert operator.asked == []


@pytest.mark.parametrize(
    "text", ["reboot", "esxcfg-vmknic -l; reboot", "esxcfg-vmknic -l\nreboot", "esxcfg-vmknic -l | sh", "vmkping $(reboot)", "", " "]
)
def test_whatever_else_is_declined_without_a_question_unless_the_playbook_declares_it(text: str) -> None:
    operator = Answering("yes")
    with pytest.raises(TargetError) as refused:
        check_allowed(command(text), HOST, operator, CancelToken())
    assert refused.value.kind == "declined"
    assert "esx01" in refused.value.message
    assert "changes: true" in refused.value.hint
    assert operator.asked == []


@pytest.mark.parametrize("answer", ["no", "", "y", "Yes", "YES", " yes", None])
def test_a_declared_change_needs_a_plain_yes(answer: str | None) -> None:
    operator = Answering(answer)
    with pytest.raises(TargetError, match="did not agree") as refused:
        check_allowed(command("reboot", changes=True), HOST, operator, CancelToken())
    assert refused.value.kind == "declined"
    question = operator.asked[0]
    assert "esx01" in question.question
    assert "`reboot`" in question.question


def test_a_declared_change_runs_after_a_yes() -> None:
    operator = Answering("yes")
    check_allowed(command("reboot", changes=True), HOST, operator, CancelToken())
    assert len(operator.asked) == 1


def test_a_cancel_while_asking_is_a_cancel() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        check_allowed(command("reboot", changes=True), HOST, Answering("yes"), token)


def test_a_command_is_run_as_it_is_with_its_bound_and_its_output_shown() -> None:
    shown: list[Progress] = []
    given: dict[str, Any] = {}
    ran = CommandRan(0, b"out", b"", 0.1)

    class Recording:
        def run(self, text: str, **options: Any) -> CommandRan:
            given.update(options, text=text)
            options["on_output"]("stdout", b"out")
            return ran

    effect = RunCommand("act/1@host", "act", "host", "uptime", timeout=7)
    assert run_command(effect, Recording(), CancelToken(), shown.append) is ran  # type: ignore[arg-type]
    assert (given["text"], given["timeout"]) == ("uptime", 7)
    assert shown == [Progress("act/1@host", "stdout", output=b"out")]
