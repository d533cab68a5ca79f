"""A run whose role may be several platforms: the inventory or the device says which, once; what it said is remembered and counts next time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sshd import Operator as Prompter
from tests.unit.simulator.simulated_router import entry
from tshoot.errors import UsageError
from tshoot.inventory.memory import default_memory
from tshoot.model.effects import AskOperator
from tshoot.model.events import NoteAdded, RunStarted
from tshoot.model.verdicts import Verdict
from tshoot.session.read import read_events
from tshoot.simulator.device import Device
from tshoot.simulator.scenario import Expected, Scenario
from tshoot.simulator.serving import Served, serve
from tshoot.transports.settings import SshSettings
from tshoot.wiring import Settings, known_targets, prepare, start

UNAME = entry("uname -a", (b"Linux r1 6.1.0 x86_64 GNU/Linux\n", None))
FRR = entry("vtysh -c 'show version'", (b"FRRouting 8.4.4 (r1) on Linux(6.1.0).\n", None))
DEVICES = {
    "router": Device("linux", "r1", (UNAME, FRR)),
    "esx": Device("vmware_esxi", "esx", (entry("uname -a", (b"VMkernel esx 8.0.2 ESXi\n", None)),)),
    "mute": Device("linux", "mute", ()),
}
PLAYBOOK = """
id: asking
title: which platform a router is
symptoms: [a router that nobody described]
description: One command.
targets:
  router: {platform: [cisco_ios, linux, frr], help: the router}
start: version
nodes:
  version:
    run: {cisco_ios: show version, linux: uname -a, frr: "vtysh -c 'show version'"}
    on: router
    why: to have asked something
    decide:
      - when: version.exit_status == 0
        healthy: it answers
      - otherwise:
          inconclusive: it was not answered
          next: ask again
"""


class Nobody:
    def ask(self, question: AskOperator, cancel: object) -> str | None:
        return None


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve(Scenario(Path("route/case"), "route", "a test", "one.", {}, DEVICES, (), Expected("healthy"))) as served:
        yield served


class World:
    """A user whose inventory names the served devices."""

    def __init__(self, folder: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.served = folder, served
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        self.list, self.playbook = folder / "targets.yaml", folder / "asking.yaml"
        self.playbook.write_text(PLAYBOOK)
        self.says()
        ssh = SshSettings(config_file=None, known_hosts=(served.known_hosts,), identity_files=(served.key_file,), default_keys=(), use_agent=False)
        self.settings = Settings(folder / "sessions", folder / "state", ssh, inventory=(str(self.list),))

    def says(self, more: str = "") -> None:
        lines = (f"  {role}1: {{address: '{device.address}'{more}}}\n" for role, device in self.served.devices.items())
        self.list.write_text("targets:\n" + "".join(lines))

    def prepared(self, host: str, **platforms: str) -> Any:
        return prepare(str(self.playbook), {"router": host}, {}, platforms, known_targets(self.settings))

    def run(self, host: str, settings: Settings | None = None) -> tuple[Verdict | None, str, list[str], list[str]]:
        """The verdict, the platform in the log, the notes, and the commands that ran."""
        started = start(self.prepared(host), settings or self.settings, operator=Nobody(), prompter=Prompter())
        verdict = started.run()
        events = [event for _, event in read_events(started.folder)]
        (begun,) = (event for event in events if isinstance(event, RunStarted))
        notes = [event.text for event in events if isinstance(event, NoteAdded)]
        return verdict, begun.targets[0].platform, notes, [event.effect.command for event in events if hasattr(event, "effect")]


@pytest.fixture
def world(tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, served, monkeypatch)


def test_the_device_is_asked_once_and_remembered(world: World) -> None:
    assert world.prepared("router1").guessed == ("router",)
    verdict, platform, notes, commands = world.run("router1")
    assert (verdict and verdict.kind, platform, commands) == ("healthy", "frr", ["vtysh -c 'show version'"])
    assert notes == ["router1 is FRRouting (on Linux): it says `FRRouting 8.4.4 (r1) on Linux(6.1.0).` to `vtysh -c 'show version'`"]
    again = world.prepared("router1")
    assert (again.guessed, again.targets["router"].platform) == ((), "frr")
    _, _, notes, _ = world.run("router1")
    assert notes == [], "it is known"
    assert world.prepared("router1", router="linux").targets["router"].platform == "linux", "what the operator says counts"


def test_what_a_device_said_is_kept_with_the_way_that_ssh_went(world: World) -> None:
    host, _, port = world.served.devices["router"].address.rpartition("@")[2].rpartition(":")
    config = world.folder / "ssh_config"
    config.write_text(f"Host far\n  HostName {host}\n  Port {port}\n")
    assert world.settings.ssh is not None
    world.settings = replace(world.settings, ssh=replace(world.settings.ssh, config_file=config))
    user = world.served.devices["router"].address.partition("@")[0]
    assert world.run(f"{user}@far")[1] == "frr"
    assert world.prepared("far").targets["router"].platform == "frr"
    config.write_text("Host far\n  HostName 192.0.2.9\n  ProxyJump bastion\n")
    assert world.prepared("far").guessed == ("router",), "another device by the same name"


def test_what_it_is_decides_what_it_can_play(world: World) -> None:
    started = start(world.prepared("esx1"), world.settings, operator=Nobody(), prompter=Prompter())
    with pytest.raises(UsageError, match=r"esx1 is VMware ESXi.*`router` can be cisco_ios, linux, frr"):
        started.run()
    world.says(", platform: vmware_esxi")
    with pytest.raises(UsageError, match=r"--target router=esx1: esx1 is VMware ESXi \(.*targets.yaml:3 says platform: vmware_esxi\)"):
        world.prepared("esx1")
    assert world.prepared("esx1", router="linux").targets["router"].platform == "linux"


def test_a_list_that_says_it_is_believed_without_asking(world: World) -> None:
    world.says(", platform: frr")
    prepared = world.prepared("router1")
    assert (prepared.guessed, prepared.targets["router"].platform) == ((), "frr")
    assert default_memory(world.settings.state).recall("router1", known_targets(world.settings).typed("router1").place) is None  # type: ignore[union-attr]


def test_a_device_that_does_not_tell_is_taken_for_the_first_and_that_is_noted(world: World) -> None:
    _, platform, notes, _ = world.run("mute1")
    assert platform == "cisco_ios"
    assert "none of the platforms that tshoot knows" in notes[0]
    assert notes[0].endswith("taken for cisco_ios: --platform router=… says what it is")


def test_a_login_that_fails_is_not_repeated(world: World, served: Served) -> None:
    ssh = replace(world.settings.ssh, identity_files=())  # type: ignore[type-var]
    prompter = Prompter(answers={"password": "wrong"})
    started = start(world.prepared("router1"), replace(world.settings, ssh=ssh), operator=Nobody(), prompter=prompter)
    verdict = started.run()
    assert verdict is not None
    assert verdict.target_failed
    assert len(prompter.asked) == 1


def test_without_an_inventory_nothing_is_asked(world: World) -> None:
    settings = replace(world.settings, inventory=None)
    assert known_targets(settings) is None
    started = start(
        prepare(str(world.playbook), {"router": world.served.devices["mute"].address}, {}), settings, operator=Nobody(), prompter=Prompter()
    )
    verdict = started.run()
    assert verdict is not None
