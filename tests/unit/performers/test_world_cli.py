"""Targets with a command line: the world takes the transport that the platform names, behind the same read-only gate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.kinds import cli_server
from tests.sshd import Operator as Prompter
from tests.sshd import Sshd
from tshoot.cancel import CancelToken
from tshoot.model.effects import AskOperator, RunCommand, StartCapture
from tshoot.model.events import CommandRan, Failed, Ok, TargetSpec
from tshoot.performers.world import World
from tshoot.session.log import SessionLog


class Yes:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        self.asked.append(question.question)
        return "yes"


@pytest.fixture(scope="module")
def device(tmp_path_factory) -> Iterator[Sshd]:
    with cli_server(tmp_path_factory.mktemp("device")) as server:
        yield server


@pytest.fixture
def operator() -> Yes:
    return Yes()


@pytest.fixture
def world(device: Sshd, operator: Yes, tmp_path: Path) -> Iterator[World]:
    log = SessionLog.create(tmp_path / "sessions", "test", "", {})
    targets = {"router": TargetSpec("router", device.host, "cisco_ios")}
    world = World(targets, log, operator, Prompter(), CancelToken(), device.settings(), {}, tmp_path / "state")
    yield world
    world.close()
    log.close()


def perform(world: World, command: str, **options: Any) -> Any:
    return world.perform(RunCommand("see/1@router", "see", "router", command, **options), lambda progress: None)


def test_a_command_of_a_router(world: World) -> None:
    outcome = perform(world, "show version")
    assert isinstance(outcome, Ok)
    assert isinstance(outcome.answer, CommandRan)
    assert (outcome.answer.exit_status, outcome.answer.stdout) == (None, b"Cisco IOS Software, fictive\r\nuptime is 3 days\r\n")


@pytest.mark.parametrize("command", ["reload", "show version | redirect flash:x", "conf t", "show version\nreload"])
def test_what_does_not_only_read_is_declined(world: World, device: Sshd, command: str) -> None:
    before = device.log.read_text().count("Accepted")
    outcome = perform(world, command)
    assert (type(outcome), outcome.kind) == (Failed, "declined")
    assert device.log.read_text().count("Accepted") == before


def test_a_declared_change_is_asked_about_and_what_is_no_plain_line_is_not_sent_even_then(world: World, operator: Yes) -> None:
    assert isinstance(perform(world, "clear counters", changes=True), Ok)
    assert len(operator.asked) == 1
    outcome = perform(world, "clear counters\nreload", changes=True)
    assert (outcome.kind, "not run: a command is one line" in outcome.detail) == ("declined", True)


def test_a_command_that_does_not_end(world: World) -> None:
    outcome = perform(world, "show hang", changes=True, timeout=0.4)
    assert (outcome.kind, outcome.partial.stdout) == ("timeout", b"waiting\r\n")


def test_a_router_cannot_capture(world: World) -> None:
    outcome = world.perform(StartCapture("trace/1@router", "trace", "router", "Gi0/1", "", 100, 5, 1, 1), lambda progress: None)
    assert (outcome.kind, "cannot capture" in outcome.detail) == ("not-found", True)
