"""The set-up with an inventory: names and groups complete, what is known stands under its field, the platform is filled in or asked of the device."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input
from tui_helpers import screen_text, until

from tests.unit.simulator.simulated_router import entry
from tshoot.inventory.memory import Remembered, default_memory
from tshoot.model.events import TargetSpec
from tshoot.performers.connection import Tried
from tshoot.simulator.device import Cli, Device
from tshoot.simulator.scenario import Expected, Scenario
from tshoot.simulator.serving import serve
from tshoot.transports.address import Address
from tshoot.transports.settings import SshSettings
from tshoot.tui.app import make_app
from tshoot.tui.trial import Trials
from tshoot.tui.widgets.field.field import Field
from tshoot.tui.widgets.field.form import Form
from tshoot.wiring import Opening, Settings

LIST = """targets:
  leaf1: {address: 192.0.2.21, user: admin, platform: arista_eos, tags: [lab]}
  esx01: {address: 192.0.2.10, platform: vmware_esxi, tags: [lab]}
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "targets.yaml"
    path.write_text(LIST)
    return path


def opening(listed: Path, playbook: str, ssh: SshSettings | None = None) -> Opening:
    folder = listed.parent
    settings = Settings(folder / "sessions", folder / "state", ssh or SshSettings(config_file=None), inventory=(str(listed),))
    return Opening(playbook, settings=settings)


def field(pilot, kind: str, label: str) -> Field:
    found = pilot.app.screen.query_one(Form).field(kind, label)
    assert found is not None
    return found


def put(pilot, label: str, value: str) -> None:
    field(pilot, "target", label).query_one(Input).value = value


def under(pilot, label: str) -> str:
    return str(field(pilot, "target", label).query_one(".trial").render())


async def known(pilot) -> None:
    await until(pilot, lambda: pilot.app.screen.query(Form) and pilot.app.screen.query_one(Form)._inventory is not None, "the inventory")


async def test_names_and_groups_are_offered_and_told(listed: Path) -> None:
    app = make_app(opening(listed, "bgp-walker-flap"))
    async with app.run_test(size=(140, 50)) as pilot:
        await known(pilot)
        router = field(pilot, "target", "router")
        assert router.candidates.fitting("le") == ["leaf1"]
        assert router.candidates.fitting("@") == ["@lab"]
        assert field(pilot, "platform", "router").value == "cisco_ios"
        put(pilot, "router", "leaf1")
        await until(pilot, lambda: field(pilot, "platform", "router").value == "arista_eos", "its platform")
        assert "= admin@192.0.2.21 · arista_eos" in under(pilot, "router")
        assert f"{listed}:2" in under(pilot, "router")
        put(pilot, "router", "@lab")
        await until(pilot, lambda: "= 2 targets: leaf1, esx01" in under(pilot, "router"), "the names of the group")
        assert "one run has one target" in router.problem
        put(pilot, "router", "other")
        await until(pilot, lambda: under(pilot, "router") == "", "nobody knows it")
        assert field(pilot, "platform", "router").value == "cisco_ios"


async def test_what_cannot_play_the_role_is_said_at_its_field(listed: Path) -> None:
    app = make_app(opening(listed, "nfs-mount"))
    async with app.run_test(size=(140, 50)) as pilot:
        await known(pilot)
        put(pilot, "host", "leaf1")
        await until(pilot, lambda: "leaf1 is Arista EOS" in screen_text(pilot), "the problem")
        put(pilot, "host", "esx01")
        await until(pilot, lambda: not field(pilot, "target", "host").problem, "no problem")


async def test_a_list_with_a_problem_is_told_and_the_set_up_lives(listed: Path, notices: list[tuple[str, float | None]]) -> None:
    app = make_app(opening(listed, "nfs-mount"))
    listed.write_text("targets: {a b: x}\n")
    async with app.run_test(size=(140, 50)) as pilot:
        await until(pilot, lambda: any("the inventory is not used" in text for text, _ in notices), "the problem")
        put(pilot, "host", "192.0.2.1")
        assert field(pilot, "target", "host").problem == ""


def test_what_was_remembered_wrongly_is_forgotten_when_the_device_says_otherwise(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = opening(listed, "bgp-walker-flap").settings
    memory, place = default_memory(settings.state), Address("192.0.2.21", "admin")
    memory.remember(Remembered("leaf1", ("cisco_ios",), "show version", "Cisco IOS Software", 0.0), place)
    said: tuple[str, ...] = ("cisco_ios",)

    def tried(target: TargetSpec, *rest: object) -> Tried:
        return Tried(target, 0.1, platforms=said if said != (target.platform,) else ())

    monkeypatch.setattr("tshoot.tui.trial.try_connection", tried)
    trials = Trials([TargetSpec("router", "leaf1", "cisco_ios")], settings, lambda message: None)
    trials._run()
    assert memory.recall("leaf1", place) is not None
    said = ("arista_eos",)
    trials._run()
    assert memory.recall("leaf1", place) is None


async def test_the_test_of_a_connection_asks_what_the_device_is(listed: Path) -> None:
    version = entry("show version", (b"Cisco Nexus Operating System (NX-OS) Software\n", None))
    devices = {"host": Device("cisco_nxos", "n9", (version,), cli=Cli(), sftp=False)}
    with serve(Scenario(Path("route/case"), "route", "a test", "one.", {}, devices, (), Expected("healthy"))) as served:
        listed.write_text(f"targets:\n  n9: {{address: '{served.devices['host'].address}'}}\n")
        ssh = SshSettings(config_file=None, known_hosts=(served.known_hosts,), identity_files=(served.key_file,), default_keys=(), use_agent=False)
        app = make_app(opening(listed, "bgp-walker-flap", ssh))
        async with app.run_test(size=(140, 50)) as pilot:
            await known(pilot)
            put(pilot, "router", "n9")
            field(pilot, "target", "router").focus_input()
            await pilot.pause()
            await pilot.press("ctrl+t")
            await until(pilot, lambda: "it is Cisco NX-OS (cisco_nxos)" in under(pilot, "router"), "the answer")
            assert field(pilot, "platform", "router").value == "cisco_nxos"
        app = make_app(opening(listed, "bgp-walker-flap", ssh))
        async with app.run_test(size=(140, 50)) as pilot:
            await known(pilot)
            put(pilot, "router", "n9")
            await until(pilot, lambda: field(pilot, "platform", "router").value == "cisco_nxos", "what was remembered")
            assert "the device said `Cisco Nexus Operating System (NX-OS) Software`" in under(pilot, "router")
