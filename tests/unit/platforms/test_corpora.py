"""The gate against two corpora: what would do harm on a platform is refused there and on every other; what engineers type every day to look passes.

`dangerous/PLATFORM.txt` and `common/PLATFORM.txt`: one command a line, by reasons (`#`); a line that begins with `e:` holds Python's escapes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import TargetSpec
from tshoot.performers.command import check_allowed, reads_only
from tshoot.platforms.loader import load_platform, platform_names
from tshoot.tui.widgets.steering.own import verdict_on

HERE = Path(__file__).parent


def commands(folder: str, platform: str) -> list[str]:
    lines = (HERE / folder / f"{platform}.txt").read_text(encoding="utf-8").splitlines()
    return [line[2:].encode().decode("unicode_escape") if line.startswith("e:") else line for line in lines if line and not line.startswith("#")]


def test_the_corpora_are_as_large_as_is_promised() -> None:
    assert {path.stem for folder in ("dangerous", "common") for path in (HERE / folder).glob("*.txt")} == set(platform_names())
    assert sum(len(set(commands("dangerous", name))) for name in platform_names()) >= 300
    assert sum(len(set(commands("common", name))) for name in platform_names()) >= 200
    for name in platform_names():
        assert len(commands("dangerous", name)) >= 40
        assert len(commands("common", name)) >= 25
        assert len(commands("dangerous", name)) == len(set(commands("dangerous", name)))


@pytest.mark.parametrize("name", platform_names())
def test_what_does_harm_is_refused_on_every_platform(name: str) -> None:
    harmful = {command for each in platform_names() for command in commands("dangerous", each)} - _READ_ELSEWHERE.get(name, set())
    assert sorted(command for command in harmful if load_platform(name).rule_for(command) is not None) == []


_READ_ELSEWHERE = {"frr_vtysh": {"show running-config"}}  # platform -> what is too much on another one only: a configuration full of secrets


@pytest.mark.parametrize("name", platform_names())
def test_what_people_type_every_day_passes(name: str) -> None:
    assert [command for command in commands("common", name) if load_platform(name).rule_for(command) is None] == []


@pytest.mark.parametrize("name", platform_names())
def test_lint_run_and_dialog_ask_the_same_gate(name: str) -> None:
    target = TargetSpec("device", "r1", name)
    for folder in ("dangerous", "common"):
        reads = folder == "common"
        for command in commands(folder, name)[::5]:
            assert (ShippedKnowledge().rule(name, command) is not None) is reads_only(target, command) is reads
            assert ("only reads" in verdict_on(target, command)) is reads


class Nobody:
    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        raise AssertionError(question.question)


@pytest.mark.parametrize("name", platform_names())
def test_a_playbook_that_does_not_declare_a_change_runs_none(name: str) -> None:
    target = TargetSpec("device", "r1", name)
    for command in commands("dangerous", name):
        with pytest.raises(TargetError) as refused:
            check_allowed(RunCommand("a/1@device", "a", "device", command), target, Nobody(), CancelToken())
        assert refused.value.kind == "declined"
    for command in commands("common", name):
        check_allowed(RunCommand("a/1@device", "a", "device", command, changes=True, typed=True), target, Nobody(), CancelToken())
