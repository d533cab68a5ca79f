"""The gate for what the operator typed himself: what only reads runs, everything else only after the name of the device."""

from __future__ import annotations

import pytest

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import TargetSpec
from tshoot.performers.command import check_allowed


class Answering:
    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.asked: list[AskOperator] = []

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        self.asked.append(question)
        return self.answer


def typed(text: str, changes: bool = True) -> RunCommand:
    return RunCommand("own-1/1@host", "", "host", text, changes=changes, typed=True)


def esx(host: str) -> TargetSpec:
    return TargetSpec("host", host, "vmware_esxi")


@pytest.mark.parametrize("changes", [True, False])
def test_what_only_reads_asks_nobody(changes: bool) -> None:
    operator = Answering(None)
    check_allowed(typed("esxcfg-vmknic -l", changes), esx("esx01"), operator, CancelToken())
    assert operator.asked == []


@pytest.mark.parametrize("host", ["esx01", "root@esx01", "esx01:2222", "root@esx01:2222"])
@pytest.mark.parametrize("changes", [True, False])
def test_the_name_of_the_device_lets_it_run(host: str, changes: bool) -> None:
    operator = Answering(" esx01 ")
    check_allowed(typed("reboot", changes), esx(host), operator, CancelToken())
    question = operator.asked[0]
    assert question.form == "text"
    assert f"This may change {host}: `reboot`" in question.question
    assert question.question.startswith("Type the name of the device to run it: esx01. "), "first of all, however long the command is"


@pytest.mark.parametrize("answer", ["yes", "y", "", " ", None, "ESX01", "esx02", "esx01x", "host"])
def test_nothing_else_does(answer: str | None) -> None:
    with pytest.raises(TargetError, match="not named") as refused:
        check_allowed(typed("reboot"), esx("esx01"), Answering(answer), CancelToken())
    assert refused.value.kind == "declined"
    assert "`esx01` has to be typed" in refused.value.hint


def test_a_cancel_while_asking_is_a_cancel() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        check_allowed(typed("reboot"), esx("esx01"), Answering("esx01"), token)


def test_a_command_of_the_playbook_is_no_typed_one() -> None:
    operator = Answering("esx01")
    with pytest.raises(TargetError, match="not known to only read"):
        check_allowed(RunCommand("act/1@host", "act", "host", "reboot"), esx("esx01"), operator, CancelToken())
    assert operator.asked == []
