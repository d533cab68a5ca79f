"""What `--yes`, the step mode and the dialog for own commands can and cannot let through, with the operator of the command line itself."""

from __future__ import annotations

import pytest

from tshoot.cancel import CancelToken
from tshoot.cli.terminal import TerminalOperator
from tshoot.errors import TargetError
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import TargetSpec
from tshoot.performers.command import check_allowed
from tshoot.tui.widgets.steering.own import verdict_on

ESX = TargetSpec("host", "root@esx01", "vmware_esxi")
SWITCH = TargetSpec("switch", "sw1", "cisco_nxos")


class Recording:
    def __init__(self, answer: str | None) -> None:
        self.answer, self.asked = answer, list[AskOperator]()

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        self.asked.append(question)
        return self.answer


def own(text: str, target: TargetSpec = ESX) -> RunCommand:
    return RunCommand(f"own-1/1@{target.role}", "", target.role, text, changes=True, typed=True)


def declared(text: str, target: TargetSpec) -> RunCommand:
    return RunCommand(f"act/1@{target.role}", "act", target.role, text, changes=True)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tshoot.cli.terminal.can_ask", lambda: False)


@pytest.mark.usefixtures("nobody")
def test_yes_agrees_to_declared_changes_and_names_no_device() -> None:
    yes = TerminalOperator(yes=True)
    check_allowed(declared("esxcli storage filesystem rescan", ESX), ESX, yes, CancelToken())
    with pytest.raises(TargetError, match="the device was not named"):
        check_allowed(own("esxcli storage filesystem rescan"), ESX, yes, CancelToken())


@pytest.mark.usefixtures("nobody")
def test_where_nobody_is_asked_nothing_is_agreed_to() -> None:
    for effect in (declared("reboot", ESX), own("reboot")):
        with pytest.raises(TargetError) as refused:
            check_allowed(effect, ESX, TerminalOperator(), CancelToken())
        assert refused.value.kind == "declined"


@pytest.mark.parametrize("target", [ESX, SWITCH], ids=lambda target: target.platform)
@pytest.mark.parametrize(
    "text",
    ["reload\nreload", "reload\r", "show version\x00", "show version\x03", "re\u202eload", "reload\u2028x", "re\u200bload", "x\x1b[2Ky", "a\tb"],
)
def test_nobody_is_asked_about_a_command_that_does_not_look_as_it_is(target: TargetSpec, text: str) -> None:
    for effect in (own(text, target), declared(text, target)):
        operator = Recording("sw1" if target is SWITCH else "esx01")
        with pytest.raises(TargetError, match="one line of printable characters"):
            check_allowed(effect, target, operator, CancelToken())
        assert operator.asked == []


@pytest.mark.parametrize(
    "text", ["clear ip bgp 192.0.2.1; reload", "clear ip bgp 'x y'", "clear ip bgp x > bootflash:y", "clear ip bgp 192.0.2.1 !", "clear $x"]
)
def test_a_playbook_sends_plain_words_to_a_command_line(text: str) -> None:
    operator = Recording("yes")
    with pytest.raises(TargetError, match="more than plain words"):
        check_allowed(declared(text, SWITCH), SWITCH, operator, CancelToken())
    assert operator.asked == []


def test_an_operator_may_write_more_than_that_and_names_the_device_for_it() -> None:
    operator = Recording("sw1")
    check_allowed(own('show logging | egrep "a b"', SWITCH), SWITCH, operator, CancelToken())
    assert operator.asked[0].form == "text"
    assert operator.asked[0].question.startswith("Type the name of the device to run it: sw1. ")


@pytest.mark.parametrize("command", ["esxcfg-vmknic -l", "esxcfg-vmknic -l; reboot", "reboot"])
def test_the_dialog_says_beforehand_what_the_gate_will_say(command: str) -> None:
    operator = Recording(None)
    try:
        check_allowed(own(command), ESX, operator, CancelToken())
        passed = True
    except TargetError:
        passed = False
    assert ("only reads" in verdict_on(ESX, command)) is passed
    assert ("the name of the device will be asked for" in verdict_on(ESX, command)) is bool(operator.asked)
