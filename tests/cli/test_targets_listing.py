"""tshoot targets, and what a list changes for `run`: as a user starts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.simulator.simulated_router import entry
from tshoot.cli.main import run_words
from tshoot.inventory.memory import Remembered, default_memory
from tshoot.simulator.device import Cli, Device
from tshoot.simulator.scenario import Expected, Scenario
from tshoot.simulator.serving import serve
from tshoot.transports.address import parse_address

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "inventories"
OWN = """targets:
  esx01: {address: 192.0.2.10, user: root, platform: vmware_esxi, tags: [prod]}
  rtr1: 192.0.2.1
groups: {esx-prod: [esx01, esx02]}
"""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, folder in {"HOME": "home", "XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.delenv("TSHOOT_INVENTORY", raising=False)
    (tmp_path / "config/tshoot").mkdir(parents=True)
    (tmp_path / "config/tshoot/targets.yaml").write_text(OWN)
    return tmp_path


def test_what_is_listed(user: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run_words(["targets", "--inventory", str(FILES / "netbox/devices.csv")]) == 0
    told = capsys.readouterr()
    rows = [row.split() for row in told.out.splitlines()]
    assert [row[0] for row in rows] == ["name", "leaf1", "rtr1", "esx01", "esx02"]
    assert rows[2][1:3] == ["2001:db8::7", "cisco_ios"], "the list that is named first wins"
    assert "rtr1 is 192.0.2.1 here, but 2001:db8::7 in" in told.err
    assert run_words(["targets", "list", "@esx-prod", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(target["name"], target["platform"]) for target in document["targets"]] == [("esx01", "vmware_esxi"), ("esx02", None)]
    assert run_words(["targets", "groups"]) == 0
    assert "@esx-prod" in capsys.readouterr().out
    assert run_words(["targets", "show", "esx01"]) == 0
    assert f"{user}/config/tshoot/targets.yaml:2 says platform: vmware_esxi" in capsys.readouterr().out
    assert run_words(["targets", "show", "esx1"]) == 2
    assert "did you mean esx01" in capsys.readouterr().err
    assert run_words(["targets", "list", "@esx"]) == 2


@pytest.mark.parametrize("verb", ["detect", "forget"])
def test_a_word_that_names_nobody_is_refused(user: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert run_words(["targets", verb, ","]) == 2
    told = capsys.readouterr()
    assert told.out == "" and "names no target" in told.err


def test_what_a_list_leaves_out_is_told_where_one_of_its_groups_is_asked(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = user / "esx.ini"
    listed.write_text('[esx]\ne1 ansible_host=192.0.2.1\ne2 ansible_host="{{ lookup }}"\n')
    assert run_words(["targets", "forget", "@esx", "--inventory", str(listed)]) == 0
    assert capsys.readouterr().err.count("host `e2`: left out") == 1
    assert run_words(["targets", "forget", "e1", "--inventory", str(listed)]) == 0
    assert capsys.readouterr().err == ""


def test_a_run_refuses_what_cannot_play_the_role(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "bgp-walker-flap", "--set", "prefix=2001:db8::/64", "--plan"]
    assert run_words([*words, "--target", "router=esx01"]) == 2
    assert "esx01 is VMware ESXi" in capsys.readouterr().err
    assert run_words([*words, "--target", "router=srl", "--inventory", str(FILES / "containerlab/srlceos01.clab.yml")]) == 2
    assert "srl is none of tshoot's platforms" in capsys.readouterr().err
    assert run_words([*words, "--target", "router=ceos", "--inventory", str(FILES / "containerlab/srlceos01.clab.yml")]) == 0
    assert "router = ceos (arista_eos)" in capsys.readouterr().out


def test_every_problem_of_a_list_is_told_with_its_place(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (user / "config/tshoot/targets.yaml").write_text("targets:\n  a b: x\n  c: {port: 0}\n")
    assert run_words(["targets"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.partition("targets.yaml")[2].partition(" ")[0] for line in told[:2]] == [":2:3:", ":3:13:"]
    assert run_words(["run", "nfs-mount", "--target", "host=x", "--set", "server=192.0.2.1", "--set", "share=/a", "--plan"]) == 2


def test_devices_are_asked_and_remembered(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = entry("show version", (b"Arista vEOS-lab\nSoftware image version: 4.32.2F\n", None))
    devices = {"leaf": Device("arista_eos", "leaf", (version,), cli=Cli(), sftp=False), "odd": Device("linux", "odd", ())}
    ssh, listed = user / "home/.ssh", user / "lab.yaml"
    ssh.mkdir(mode=0o700, parents=True)

    def run(*words: str) -> tuple[int, str, str]:
        code = run_words([*words, "--inventory", str(listed)])
        told = capsys.readouterr()
        return code, told.out, told.err

    with serve(Scenario(Path("route/case"), "route", "a test", "one.", {}, devices, (), Expected("healthy"))) as served:
        (ssh / "known_hosts").write_bytes(served.known_hosts.read_bytes())
        (ssh / "config").write_text(f"Host *\n  IdentityFile {served.key_file}\n")
        lines = [f"  {role}: {{address: '{device.address}', platform: cisco_ios, tags: [lab]}}\n" for role, device in served.devices.items()]
        listed.write_text("targets:\n" + "".join(lines))
        code, out, err = run("targets", "detect", "@lab", "--json")
        assert code == 3, err
        leaf, odd = json.loads(out)["detected"]
        assert (leaf["platforms"], leaf["said"], odd["platforms"]) == (["arista_eos"], "Arista vEOS-lab", [])
        shown = json.loads(run("targets", "show", "leaf", "--json")[1])["target"]
        assert (shown["platform"], shown["seen"]["command"], shown["told"]) == ("arista_eos", "show version", "platform: cisco_ios")
        plan = ("run", "bgp-walker-flap", "--set", "prefix=2001:db8::/64", "--plan", "--target", "router=leaf")
        assert "router = leaf (arista_eos)" in run(*plan)[1]
        assert run("targets", "forget", "leaf")[:2] == (0, "forgotten: leaf\n")
        place = parse_address(served.devices["leaf"].address)
        default_memory().remember(Remembered("leaf", ("cisco_ios",), "show version", "Cisco IOS Software", 0.0), place)
        assert "router = leaf (cisco_ios)" in run(*plan)[1]
        assert "remembered until now: cisco_ios; that is corrected" in run("targets", "detect", "leaf")[1]
        assert "router = leaf (arista_eos)" in run(*plan)[1]
    code, out, err = run("targets", "detect", "leaf", "odd")
    assert (code, "refused" in out) == (4, True), out + err
