"""All sources together: which wins, what is told, groups, what is typed, what devices said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tshoot.errors import InventoryError, MissingProgram, UsageError
from tshoot.inventory import Inventory, known
from tshoot.inventory import ansible_program as program
from tshoot.inventory.fitting import fitting, unfit
from tshoot.inventory.memory import Memory, Remembered
from tshoot.inventory.sources import absolute
from tshoot.transports.address import Address
from tshoot.transports.config.resolving import resolve

FILES = Path(__file__).resolve().parents[3] / "fixtures" / "inventories"


class Files:
    """A user with a targets.yaml, an ssh_config and a memory of his own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.memory = Memory(folder / "platforms")
        self.environment = {"XDG_CONFIG_HOME": str(folder / "config")}

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def known(self, *files: str | Path, **environment: str) -> Inventory:
        config = self.folder / "ssh_config"
        return known(files, ssh_config=config, memory=self.memory, environment={**self.environment, **environment})


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_nothing_is_known_where_there_is_nothing(files: Files) -> None:
    inventory = files.known()
    assert (inventory.names(), dict(inventory.groups()), inventory.remarks) == ((), {}, ())
    assert inventory.expand("esx01") == ("esx01",)
    assert inventory.typed("root@esx01:22").place == Address("esx01", "root", 22)


def test_the_source_that_is_named_first_wins_and_what_differs_is_told(files: Files) -> None:
    first = files.write("a.yaml", "targets: {esx01: {address: 192.0.2.1, tags: [one]}, esx02: {tags: [one]}}")
    second = files.write(
        "b.yaml",
        "targets:\n  esx01: {address: 192.0.2.9, user: root, platform: linux, tags: [two]}\n  esx02: {address: 192.0.2.2, user: root, tags: [two]}\n",
    )
    files.write("config/tshoot/targets.yaml", "targets: {esx01: {address: 192.0.2.1, user: ada, platform: vmware_esxi}, own: 192.0.2.3}")
    files.write("ssh_config", "Host esx01 own alone *.example\n  User ssh\n")
    inventory = files.known(first, second)
    assert inventory.names() == ("esx01", "esx02", "own", "alone")
    esx01, esx02 = inventory.host("esx01"), inventory.host("esx02")
    assert esx01 is not None
    assert esx02 is not None
    assert (esx01.place, esx01.platform, esx01.groups) == (Address("192.0.2.1", "ada"), "vmware_esxi", ("one",))
    assert (esx02.place, esx02.groups, esx02.source) == (Address("192.0.2.2", "root"), ("one", "two"), f"{first}:1")
    assert inventory.remarks == (f"{second}:2: esx01 is 192.0.2.9 here, but 192.0.2.1 in {first}:1, which is named first: that is used",)
    assert dict(inventory.groups()) == {"one": ("esx01", "esx02"), "two": ("esx02",)}
    assert files.known(second, first).host("esx01").place.host == "192.0.2.9"  # type: ignore[union-attr]


def test_what_was_typed_then_the_inventory_then_ssh_config(files: Files) -> None:
    files.write("config/tshoot/targets.yaml", "targets: {esx01: {address: 192.0.2.1, port: 2222}, esx02: {user: root}}")
    config = files.write("ssh_config", "Host esx0*\n  HostName 198.51.100.7\n  Port 2022\n  User ssh\n")
    places = files.known().places
    found = resolve(Address("esx01"), config, places)
    assert (found.host, found.port, found.user) == ("192.0.2.1", 2222, "ssh")
    found = resolve(Address("esx02", None, 22), config, places)
    assert (found.host, found.port, found.user) == ("198.51.100.7", 22, "root")


def test_groups_lists_and_names_that_are_typed(files: Files) -> None:
    files.write("config/tshoot/targets.yaml", 'targets: {a: {tags: ["role:spine"]}, b: {tags: [x]}, c: 192.0.2.3}\ngroups: {g: [a, b]}')
    inventory = files.known()
    assert inventory.expand("@g") == ("a", "b")
    assert inventory.expand("@role:spine,c, @g,root@b:22") == ("a", "c", "b", "root@b:22")
    with pytest.raises(UsageError) as caught:
        inventory.expand("@role:spin")
    assert (caught.value.message, caught.value.hint) == ("there is no group `role:spin` in the inventory", "did you mean @role:spine?")
    with pytest.raises(UsageError, match="there is no group"):
        inventory.expand("@\x1b]0;x\x07" + "y" * 100_000)


def test_aliases_of_a_topology_mean_the_node(files: Files) -> None:
    inventory = files.known(FILES / "containerlab/made.clab.yml")
    assert inventory.typed("r2").name == "fab-r2"
    assert inventory.places["r2"] == Address("127.0.0.2", None, 2022)
    assert inventory.places["n9"] == Address("fab-n9"), "the long name is what containerlab makes known"
    assert inventory.typed("r2:22").place == Address("127.0.0.2", None, 22)


def test_the_variable_is_used_where_no_file_is_named(files: Files) -> None:
    path = files.write("a b.yaml", "targets: {one: 192.0.2.1}")
    other = files.write("c.yaml", "targets: {two: 192.0.2.2}")
    assert files.known(TSHOOT_INVENTORY=f"{path}{os.pathsep}targets={other}").names() == ("one", "two")
    assert files.known(other, TSHOOT_INVENTORY=str(path)).names() == ("two",)
    assert absolute("netbox=x.json") == f"netbox={Path('x.json').absolute()}"


def test_a_file_is_read_again_once_it_changed(files: Files) -> None:
    path = files.write("a.yaml", "targets: {one: 192.0.2.1}")
    assert files.known(path) is files.known(path), "else the same object, for a fleet asks a hundred times"
    path.write_text("targets: {one: 192.0.2.1, two: 192.0.2.2}")
    assert files.known(path).names() == ("one", "two")


def test_groups_alone_and_braces_are_lists_of_ours(files: Files) -> None:
    groups = files.write("f.yaml", "groups:\n  g: [a, b]\n")
    assert (files.known(groups).expand("@g"), files.known(groups).remarks) == (("a", "b"), ())
    braces = files.write("g.yaml", "# mine\n{targets: {a: 192.0.2.1}, groups: {g: [a]}}\n")
    assert files.known(braces).typed("a").place == Address("192.0.2.1")


@pytest.mark.parametrize(
    ("named", "text"), [("f.yaml", "groups:\n"), ("f.json", '{"_meta": {"hostvars": {}}}'), ("netbox=f.csv", "name,ip address\n")]
)
def test_a_named_file_without_a_target_is_told(files: Files, named: str, text: str) -> None:
    kind, _, name = named.rpartition("=")
    path = files.write(name, text)
    (remark,) = files.known(f"{kind}={path}" if kind else path).remarks
    assert remark.startswith(f"{path}: names no target and no group, read as ")
    assert ("say what it is: " in remark) == (not kind)


def test_an_empty_list_of_ones_own_is_nothing_to_tell(files: Files) -> None:
    files.write("config/tshoot/targets.yaml", "targets:\n")
    assert files.known().remarks == ()


@pytest.mark.parametrize("kind", ["missing", "pipe", "folder of another kind", "not UTF-8", "a directory as targets.yaml"])
def test_files_that_cannot_be_read(files: Files, kind: str) -> None:
    path = files.folder / "x"
    named: str | Path = path
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder of another kind":
        path.mkdir()
        named = f"netbox={path}"
    elif kind == "not UTF-8":
        path.write_bytes(b"targets:\n  a: \xff\n")
    elif kind == "a directory as targets.yaml":
        (files.folder / "config/tshoot/targets.yaml").mkdir(parents=True)
        named = FILES / "netbox/devices.csv"
    with pytest.raises(InventoryError, match=r"cannot be read|is no file|is a folder|no UTF-8|:2:1"):
        files.known(named)


def test_an_ssh_config_that_cannot_be_read_is_a_remark(files: Files) -> None:
    (files.folder / "ssh_config").write_text("Host a\n")
    assert files.known().names() == ("a",)
    (files.folder / "ssh_config").write_text("Host $(reboot) -oX b\x1b[31m ok\n")
    inventory = files.known()
    assert inventory.names() == ("ok",)
    assert all("left out of the lists" in remark and "\x1b" not in remark for remark in inventory.remarks)


# --- what devices said ------------------------------------------------------------------------------


def test_what_a_device_said_counts_more_than_a_list(files: Files) -> None:
    files.write("config/tshoot/targets.yaml", "targets: {r1: {address: 192.0.2.1, platform: cisco_ios}, other: 192.0.2.1}")
    seen = Remembered("r1", ("frr", "linux"), "vtysh -c 'show version'", "FRRouting 8.4.4 (vm)", 1795219200.0)
    files.memory.remember(seen, Address("192.0.2.1"))
    r1, other = files.known().host("r1"), files.known().host("other")
    assert r1 is not None
    assert (r1.platform, r1.platforms, r1.told) == ("frr", ("frr", "linux"), "platform: cisco_ios")
    assert r1.platform_from == "the device said `FRRouting 8.4.4 (vm)` to `vtysh -c 'show version'` on 2026-11-21T00:00:00Z"
    assert other is not None
    assert other.platform == "frr", "the same device by another name"
    assert files.known().typed("root@192.0.2.1").platform == "frr", "and by its address"
    assert files.known().typed("192.0.2.1:2222").platform == "", "another port is another device"
    (file,) = files.memory.folder.iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert files.memory.forget(Address("192.0.2.1"))
    assert not files.memory.forget(Address("192.0.2.1"))
    assert files.known().host("r1").platform == "cisco_ios"  # type: ignore[union-attr]


SITES = """
Host siteA-sw
  ProxyJump bastion-a
Host siteB-sw
  ProxyJump bastion-b
Host behind
  ProxyCommand corkscrew %h %p
Host twin
  ProxyJump bastion-a
"""


def test_one_address_behind_two_bastions_is_two_devices(files: Files) -> None:
    names = ("siteA-sw", "siteB-sw", "behind", "twin", "plain")
    files.write("config/tshoot/targets.yaml", "targets:\n" + "".join(f"  {name}: {{address: 192.168.1.1}}\n" for name in names))
    files.write("ssh_config", SITES)
    eos, ios = Remembered("siteA-sw", ("arista_eos",), "show version", "Arista DCS-7050", 0.0), Remembered("plain", ("cisco_ios",), "c", "IOS", 0.0)

    def platforms() -> dict[str, str]:
        return {name: files.known().typed(name).platform for name in names}

    files.memory.remember(eos, Address("192.168.1.1"), files.known().way("siteA-sw"))
    assert platforms() == {"siteA-sw": "arista_eos", "siteB-sw": "", "behind": "", "twin": "arista_eos", "plain": ""}
    assert files.known().host("siteB-sw").seen is None  # type: ignore[union-attr]
    modes = [path.stat().st_mode & 0o777 for path in (files.memory.folder, *files.memory.folder.rglob("*"))]
    assert sorted(modes) == [0o600, 0o700, 0o700]
    files.memory.remember(ios, Address("192.168.1.1"))
    assert platforms() == {"siteA-sw": "arista_eos", "siteB-sw": "", "behind": "", "twin": "arista_eos", "plain": "cisco_ios"}
    files.write("ssh_config", SITES.replace("bastion-b", "bastion-a"))
    assert platforms()["siteB-sw"] == "arista_eos", "the way counts, not the name"
    assert files.memory.forget(Address("192.168.1.1"), files.known().way("siteA-sw"))
    assert platforms() == {"siteA-sw": "", "siteB-sw": "", "behind": "", "twin": "", "plain": "cisco_ios"}


def test_what_an_older_version_remembered_serves_only_where_ssh_goes_straight(files: Files) -> None:
    files.write("config/tshoot/targets.yaml", "targets: {siteA-sw: {address: 192.168.1.1}, plain: {address: 192.168.1.1}}")
    files.write("ssh_config", SITES)
    files.memory.remember(Remembered("x", ("arista_eos",), "c", "s", 0.0), Address("192.168.1.1"))
    (file,) = files.memory.folder.iterdir()
    older = {key: value for key, value in json.loads(file.read_text()).items() if key != "way"}
    file.write_text(json.dumps(older))
    assert (files.known().typed("siteA-sw").platform, files.known().typed("plain").platform) == ("", "arista_eos")
    files.write("ssh_config", "Host *\n  Port none\n")
    assert files.known().typed("plain").platform == "", "a way that cannot be told is none that is known"


def test_the_port_that_ssh_takes_anyway_is_the_same_target(files: Files) -> None:
    files.write(
        "config/tshoot/targets.yaml", "targets: {leaf1: {address: 192.0.2.21, platform: arista_eos}, odd: {address: 192.0.2.22, platform: linux}}"
    )
    files.write("ssh_config", "Host odd\n  Port 2222\n")
    found = {text: files.known().typed(text).platform for text in ("leaf1:22", "root@leaf1:22", "leaf1:2222", "odd", "odd:2222", "odd:22")}
    assert found == {"leaf1:22": "arista_eos", "root@leaf1:22": "arista_eos", "leaf1:2222": "", "odd": "linux", "odd:2222": "linux", "odd:22": ""}
    odd = files.known().typed("odd")
    files.memory.remember(Remembered("odd", ("frr",), "c", "s", 0.0), odd.place, files.known().way("odd"))
    found = {text: files.known().typed(text).platform for text in ("odd", "odd:2222", "odd:22")}
    assert found == {"odd": "frr", "odd:2222": "frr", "odd:22": ""}, "what listens at port 22 was not asked"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"platforms": []}', '{"platforms": ["x"], "place": "192.0.2.1 22"}', "[" * 8000, '{"place": 7}'])
def test_a_damaged_memory_says_nothing(files: Files, text: str) -> None:
    seen = Remembered("r1", ("frr",), "c", "s", 0.0)
    files.memory.remember(seen, Address("192.0.2.1"))
    (file,) = files.memory.folder.iterdir()
    file.write_text(text)
    assert files.memory.recall("r1", Address("192.0.2.1")) is None
    files.memory.remember(seen, Address("192.0.2.1"))
    assert files.memory.recall("r1", Address("192.0.2.1")) == seen


def test_what_fits_a_role(files: Files) -> None:
    assert fitting(("frr", "linux"), ("cisco_ios", "linux")) == "linux"
    assert fitting(("bird",), ("linux",)) == "linux", "BIRD runs on Linux"
    assert fitting(("linux",), ("frr",)) == ""
    files.write("config/tshoot/targets.yaml", "targets: {r1: {platform: cisco_ios}, r2: {}}")
    inventory = files.known(FILES / "containerlab/srlceos01.clab.yml")
    assert "r1 is Cisco IOS" in unfit(inventory.typed("r1"), "host", ("linux", "frr"))
    assert unfit(inventory.typed("r1"), "router", ("cisco_ios",)) == unfit(inventory.typed("r2"), "host", ("linux",)) == ""
    assert "none of tshoot's platforms" in unfit(inventory.typed("srl"), "router", ("cisco_ios",))


# --- through ansible-inventory ------------------------------------------------------------------------


def test_an_ansible_inventory_with_a_vault_and_a_stranger_s_code(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = files.folder / "ansible"
    files.write("ansible/hosts.yml", (FILES / "ansible/hosts.yml").read_text())
    files.write("ansible/group_vars/nxos.yml", "$ANSIBLE_VAULT;1.1;AES256\n3636\n")
    touch = f"open({str(folder / 'planted')!r}, 'w')"
    files.write(
        "ansible/ansible.cfg", "[defaults]\ninventory_plugins = plugins\nvars_plugins = plugins\n[inventory]\nenable_plugins = evil, script, auto\n"
    )
    files.write("ansible/plugins/evil.py", touch)
    files.write("ansible/vars_plugins/evil.py", touch)
    files.write("ansible/inventory_plugins/evil.py", touch)
    files.write("sitecustomize.py", touch)
    monkeypatch.setenv("PYTHONPATH", str(files.folder))
    monkeypatch.setenv("ANSIBLE_CONFIG", str(folder / "ansible.cfg"))
    monkeypatch.setenv("ANSIBLE_INVENTORY_ENABLED", "evil,script")
    monkeypatch.chdir(folder)
    inventory = files.known("hosts.yml")
    assert not list(files.folder.rglob("planted"))
    n9 = inventory.host("n9")
    assert n9 is not None
    assert (n9.place, n9.platform, n9.groups) == (Address("2001:db8::9", "net", 8022), "cisco_nxos", ("nxos",))
    assert inventory.host("clab-ansible-r1").platform == ""  # type: ignore[union-attr]
    assert inventory.names() == ("clab-ansible-r1", "n9"), "in their order"
    said = "\n".join(inventory.remarks)
    assert "a vault among them is not opened" in said
    assert "templates (`{{ … }}`) are not filled in" in said
    assert "its ansible_connection is local" in said


def test_an_inventory_that_ansible_cannot_read(files: Files) -> None:
    path = files.write("hosts.ini", "[spine\nspine1 ansible_password=planted\n")
    with pytest.raises(InventoryError, match="ansible-inventory cannot read it") as caught:
        files.known(path)
    assert "planted" not in caught.value.message
    assert f"ansible-inventory --list -i {path}" in caught.value.hint


def test_no_inventory_program_is_run(files: Files) -> None:
    path = files.write("hosts.sh", f"#!/bin/sh\ntouch {files.folder}/planted\n")
    path.chmod(0o755)
    with pytest.raises(InventoryError, match="is a program"):
        files.known(path)
    assert not (files.folder / "planted").exists()


def test_without_ansible_it_is_said_what_to_install(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program.sys, "executable", str(files.folder / "python"))
    monkeypatch.setenv("PATH", str(files.folder))
    path = files.write("hosts.ini", "[spine]\n")
    with pytest.raises(MissingProgram) as caught:
        files.known(path)
    assert caught.value.hint.startswith("pip install ansible-core; or `ansible-inventory --list -i ")
    assert files.known(FILES / "ansible/listed.json").names() == ("spine1", "spine2", "spine3"), "what it printed elsewhere needs none"
