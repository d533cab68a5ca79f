"""What a device is, asked of simulated devices over real SSH: every platform, devices that are none, devices that lie or do not answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sshd import Operator
from tests.unit.simulator.simulated_router import entry
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.model.events import TargetSpec
from tshoot.performers.connection import try_connection
from tshoot.performers.recognition import Recognised, recognise
from tshoot.platforms.loader import load_platform, platform_names
from tshoot.simulator.device import Cli, CommandEntry, Device
from tshoot.simulator.scenario import Expected, Scenario
from tshoot.simulator.serving import Served, serve
from tshoot.transports.settings import SshSettings

TEXTS = Path(__file__).resolve().parents[3] / "fixtures" / "inventories" / "recognition"
FRR, BIRD = "vtysh -c 'show version'", "birdc -r show status"


def answers(command: str, name: str, **more: object) -> CommandEntry:
    return entry(command, ((TEXTS / f"{name}.txt").read_bytes(), None), **more)


def shell(*commands: CommandEntry, platform: str = "linux", **more: object) -> Device:
    return Device(platform, "host", commands, **more)  # type: ignore[arg-type]


def command_line(platform: str, name: str) -> Device:
    return Device(platform, "R1", (answers("show version", name),), cli=Cli(), sftp=False)


LINUX = answers("uname -a", "linux")
DEVICES = {
    "linux": shell(LINUX),
    "frr": shell(LINUX, answers(FRR, "frr")),
    "bird": shell(LINUX, answers(BIRD, "bird")),
    "both": shell(LINUX, answers(BIRD, "bird"), answers(FRR, "frr")),
    "dead_daemon": shell(LINUX, answers(FRR, "frr", exit_status=1)),
    "vmware_esxi": shell(answers("uname -a", "esxi"), platform="vmware_esxi"),
    "cisco_ios": command_line("cisco_ios", "ios"),
    "cisco_nxos": command_line("cisco_nxos", "nxos"),
    "arista_eos": command_line("arista_eos", "eos"),
    "frr_vtysh": command_line("frr_vtysh", "frr"),
    "iosxr": command_line("cisco_ios", "iosxr"),
    "junos": command_line("cisco_ios", "junos"),
    "mute": shell(),
    "liar": shell(entry("uname -a", (b"\x1b]0;Linux pwned\x07VMkernel\x1b[2J [/red] " + b"x" * 5000 + b"\nLinux y\n" * 3, None))),
    "cut": shell(entry("show version", (b"Cisco", None), fails="closed"), LINUX),
    "endless": shell(LINUX, entry("show version", (b"z" * 200_000, None))),
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve(Scenario(Path("route/case"), "route", "a test", "one.", {}, DEVICES, (), Expected("healthy"))) as served:
        yield served


def settings(served: Served) -> SshSettings:
    return SshSettings(config_file=None, known_hosts=(served.known_hosts,), identity_files=(served.key_file,), default_keys=(), use_agent=False)


def asked(served: Served, role: str, cancel: CancelToken | None = None) -> Recognised:
    return recognise(served.devices[role].address, Operator(), settings(served), cancel or CancelToken(), lambda step: None)


@pytest.mark.parametrize(
    ("role", "platforms", "command", "said"),
    [
        ("linux", ("linux",), "uname -a", "Linux vm 6.18.44"),
        ("frr", ("frr", "linux"), FRR, "FRRouting 8.4.4 (vm)"),
        ("bird", ("bird", "linux"), BIRD, "BIRD 2.0.12"),
        ("both", ("bird", "frr", "linux"), BIRD, "BIRD 2.0.12"),
        ("dead_daemon", ("linux",), "uname -a", "Linux vm 6.18.44"),
        ("vmware_esxi", ("vmware_esxi",), "uname -a", "VMkernel esx01.example.net 8.0.2"),
        ("cisco_ios", ("cisco_ios",), "show version", "Cisco IOS XE Software, Version 16.06.05"),
        ("cisco_nxos", ("cisco_nxos",), "show version", "Cisco Nexus Operating System (NX-OS) Software"),
        ("arista_eos", ("arista_eos",), "show version", "Arista vEOS-lab"),
        ("frr_vtysh", ("frr_vtysh",), "show version", "FRRouting 8.4.4 (vm)"),
        ("endless", ("linux",), "uname -a", "Linux vm 6.18.44"),
    ],
)
def test_every_platform_says_what_it_is(served: Served, role: str, platforms: tuple[str, ...], command: str, said: str) -> None:
    found = asked(served, role)
    assert (found.platforms, found.command, found.kind) == (platforms, command, "")
    assert found.said.startswith(said)


@pytest.mark.parametrize("role", ["iosxr", "junos", "mute", "liar", "cut"])
def test_what_is_none_of_ours_stays_unknown(served: Served, role: str) -> None:
    found = asked(served, role)
    assert (found.platforms, found.kind) == ((), "")
    assert "none of the platforms that tshoot knows" in found.told
    assert found.told.isprintable()
    assert len(found.told) < 1000


def test_what_it_said_is_told(served: Served) -> None:
    assert "`show version`: Sun Aug 19 07:10:06.826 UTC" in asked(served, "iosxr").told
    assert dict(asked(served, "frr").heard)["uname -a"].startswith("Linux vm")


def test_every_platform_can_be_recognised_by_a_command_that_only_reads() -> None:
    for platform in map(load_platform, platform_names()):
        assert platform.recognise is not None, platform.name
        assert platform.rule_for(platform.version) is not None, platform.name


def test_a_login_that_fails_is_told_as_a_run_would_tell_it(served: Served) -> None:
    nobody = replace(settings(served), identity_files=())
    found = recognise(served.devices["linux"].address, Operator(), nobody, CancelToken(), lambda step: None)
    assert (found.kind, found.platforms, found.rejected) == ("auth-rejected", (), False)
    cancelled = CancelToken()
    cancelled.cancel()
    with pytest.raises(Cancelled):
        asked(served, "linux", cancelled)


def test_a_trial_of_the_wrong_platform_names_the_right_one(served: Served) -> None:
    target = TargetSpec("router", served.devices["arista_eos"].address, "cisco_ios")
    tried = try_connection(target, Operator(), settings(served), CancelToken(), lambda step: None)
    assert (tried.kind, tried.platforms) == ("", ("arista_eos",))
    assert "it is no Cisco IOS" in tried.remarks[-1]
