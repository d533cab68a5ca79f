"""Lists of other programs, literal files: Ansible's JSON, containerlab's topologies, NetBox's exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tshoot.errors import InventoryError
from tshoot.inventory.ansible import read_ansible_json
from tshoot.inventory.containerlab import read_topology
from tshoot.inventory.entries import Contents, Entry
from tshoot.inventory.netbox import read_netbox
from tshoot.inventory.platform_words import platform_of
from tshoot.inventory.sources import told_by_content

FILES = Path(__file__).resolve().parents[3] / "fixtures" / "inventories"


def text_of(name: str) -> str:
    return (FILES / name).read_bytes().decode()


def named(contents: Contents) -> dict[str, Entry]:
    return {entry.name: entry for entry in contents.entries}


# --- Ansible ----------------------------------------------------------------------------------------


def test_what_ansible_inventory_prints() -> None:
    contents = read_ansible_json(text_of("ansible/listed.json"), "h")
    told = "ansible_network_os: arista.eos.eos"
    assert contents.entries[0] == Entry("spine1", "h (spine1)", "192.0.2.11", "admin", 2222, "arista_eos", told, groups=("fabric", "spine"))
    assert [entry.name for entry in contents.entries] == ["spine1", "spine2", "spine3"]
    assert "planted" not in repr(contents)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"_meta": 1}', '{"_meta": {"hostvars": []}}', "[" * 100_000])
def test_what_is_no_such_json(text: str) -> None:
    with pytest.raises(InventoryError, match=r"JSON|hostvars"):
        read_ansible_json(text, "h")


def test_groups_in_a_circle_and_hostile_hosts() -> None:
    hosts = {
        "a": {"ansible_host": "x y"},
        "b\x1b[31m": {},
        "--help": {},
        "c": {"ansible_port": True},
        "d": {"ansible_user": "-l"},
        "e": [],
        "../x": {},
        "f": {"ansible_host": "$(id)"},
    }
    document = {
        "_meta": {"hostvars": hosts},
        "one": {"children": ["two"], "hosts": ["e", 7]},
        "two": {"children": ["one"]},
        "bad group;": {"hosts": ["e"]},
        "odd": 3,
    }
    contents = read_ansible_json(json.dumps(document), "h")
    assert contents.entries == (Entry("e", "h (e)", groups=("one", "two")),)
    assert len(contents.remarks) == 8
    assert not any("\x1b" in remark for remark in contents.remarks)


# --- containerlab -----------------------------------------------------------------------------------


def test_a_topology_of_the_documentation() -> None:
    srl, ceos = read_topology(text_of("containerlab/srlceos01.clab.yml"), "c").entries
    assert (srl.name, srl.host, srl.platform, srl.told, srl.aliases) == ("clab-srlceos01-srl", "", "", "kind: nokia_srlinux", ("srl",))
    assert (ceos.where, ceos.platform, ceos.groups) == ("c:8", "arista_eos", ("lab:srlceos01", "kind:arista_ceos"))


def test_a_topology_with_addresses_and_a_prefix() -> None:
    found = {entry.name: (entry.host, entry.platform) for entry in read_topology(text_of("containerlab/campus.clab.yml"), "c").entries}
    assert found == {
        "lab-campus-dc-topo-srv01": ("172.20.20.111", "arista_eos"),
        "lab-campus-dc-topo-cds01": ("172.20.20.113", "arista_eos"),
        "lab-campus-dc-topo-host01": ("172.20.20.200", "linux"),
    }


def test_inheritance_ports_and_what_cannot_be_reached() -> None:
    contents = read_topology(text_of("containerlab/made.clab.yml"), "c")
    found = {entry.aliases[0]: (entry.host, entry.port, entry.platform) for entry in contents.entries}
    assert found == {
        "r1": ("2001:db8::5", None, "frr"),
        "r2": ("127.0.0.2", 2022, "cisco_ios"),
        "n9": ("", None, "cisco_nxos"),
        "box": ("127.0.0.1", 2200, "linux"),
        "bird1": ("192.0.2.31", None, "bird"),
    }
    assert named(contents)["fab-r2"].groups == ("lab:fab", "kind:cisco_c8000v", "edge-routers")
    assert [remark.split(": ")[0] for remark in contents.remarks] == ["c:21", "c:22", "c:23"]
    assert "`a;reboot`" not in contents.remarks[2], "what is shown is the long name"
    assert "`fab-a;reboot` is no name" in contents.remarks[2]


@pytest.mark.parametrize("text", ["name: x", "topology: {nodes: {}}", "name: x\ntopology: {nodes: [a]}", "a: &a\n  b: *a\n", ""])
def test_what_is_no_topology(text: str) -> None:
    with pytest.raises(InventoryError, match=r"^c:\d+:\d+: "):
        read_topology(text, "c")


def test_a_bomb_of_aliases_is_refused_where_it_grows_too_large() -> None:
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]\n" for level in range(1, 30))
    text = f"l0: &l0 [x]\n{levels}name: b\ntopology: {{nodes: {{r1: {{kind: linux, ports: *l29, mgmt-ipv4: 192.0.2.1}}}}}}\n"
    with pytest.raises(InventoryError, match=r"c:8:10: more than 3,000,000 values"):
        read_topology(text, "c")


# --- NetBox -----------------------------------------------------------------------------------------


def test_a_device_of_an_older_netbox() -> None:
    contents = read_netbox(text_of("netbox/one-device.json"), "n")
    assert contents.remarks == ()
    assert contents.entries == (
        Entry("example", "n: device 1", "172.16.50.5", None, None, "linux", "platform linux", groups=("role:server", "site:site1")),
    )


def test_a_list_of_devices() -> None:
    contents = read_netbox(text_of("netbox/devices.json"), "n")
    groups = ("role:spine", "site:dc-1", "status:active", "evpn")
    assert contents.entries[0] == Entry("spine1", "n: device 1", "2001:db8::11", None, None, "arista_eos", "platform arista-eos", groups=groups)
    assert (contents.entries[1].name, contents.entries[1].platform, contents.entries[1].told) == ("fw1", "", "platform junos")
    assert len(contents.entries) == 2
    left, goes_on, hostile = contents.remarks
    assert left == "n: 1 devices without a primary address are left out"
    assert "4 of 4 devices: the list goes on" in goes_on
    assert hostile.startswith("n: device 4: left out: `esx 7; reboot` is no name")
    assert "planted" not in repr(contents)


def test_a_csv_of_devices() -> None:
    contents = read_netbox(text_of("netbox/devices.csv"), "n")
    groups = ("role:leaf-switch", "site:dc-1", "status:active", "evpn", "prod")
    assert contents.entries == (
        Entry("leaf1", "n:2", "192.0.2.21", None, None, "cisco_nxos", "platform NX-OS 10.2", groups=groups),
        Entry("rtr1", "n:5", "2001:db8::7", None, None, "cisco_ios", "platform Cisco IOS-XE", groups=("role:router", "site:dc-2", "status:offline")),
    )
    assert [remark.split(": ")[:2] for remark in contents.remarks] == [["n", "1 devices without a primary address are left out"], ["n:3", "left out"]]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", '{"results": 1}', "[1]", 'Name,IP Address\n"x', "{"])
def test_what_is_no_export(text: str) -> None:
    with pytest.raises(InventoryError, match=r"^n"):
        read_netbox(text, "n")


def test_ten_thousand_devices_of_each_form() -> None:
    devices = [{"name": f"d{n}", "primary_ip4": {"address": f"192.0.2.{n % 250}/24"}, "platform": {"slug": "eos"}} for n in range(10_000)]
    assert len(read_netbox(json.dumps({"results": devices}), "n").entries) == 10_000
    rows = "".join(f"d{n},192.0.2.{n % 250}/24,eos\n" for n in range(10_000))
    assert len(read_netbox(f"Name,IP Address,Platform\n{rows}", "n").entries) == 10_000


# --- what a file is, and other programs' words --------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ansible/hosts.ini", "ansible"),
        ("ansible/hosts.yml", "ansible"),
        ("ansible/listed.json", "ansible"),
        ("containerlab/campus.clab.yml", "containerlab"),
        ("netbox/one-device.json", "netbox"),
        ("netbox/devices.json", "netbox"),
        ("netbox/devices.csv", "netbox"),
    ],
)
def test_a_file_is_told_by_its_content(name: str, kind: str) -> None:
    assert told_by_content("x" if kind != "netbox" or name.endswith("json") else name, text_of(name)) == kind


def test_a_list_of_ours_is_told_by_its_keys() -> None:
    assert told_by_content("a", "# mine\ntargets:\n  a: b\n") == told_by_content("a", "groups: {}\ntargets: {a: b}\n") == "targets"
    assert told_by_content("a", "all:\n  children: {}\ntargets:\n  hosts: {}\n") == "ansible"
    assert told_by_content("a", "all:\n  children: {}\ngroups:\n  hosts: {}\n") == "ansible"
    assert told_by_content("a", "groups:\n  g: [a, b]\n") == "targets"
    for text in ("{targets: {a: b}}", '---\n# mine\n{ "groups": {g: [a]}}', '{"targets": {"a": "192.0.2.1"}}', "{tragets: {a: b}}"):
        assert told_by_content("a", text) == "targets"
    assert told_by_content("a", '{"groups": {"hosts": ["a"]}, "_meta": {"hostvars": {}}}') == "ansible"
    assert told_by_content("a", '{"count": 0, "results": []}') == told_by_content("a", "{") == "netbox"


@pytest.mark.parametrize(
    ("word", "platform"),
    [
        ("cisco.ios.ios", "cisco_ios"),
        ("ios", "cisco_ios"),
        ("Cisco IOS-XE", "cisco_ios"),
        ("ios-15-2", "cisco_ios"),
        ("iosxr", ""),
        ("cisco-ios-xr", ""),
        ("cisco.iosxr.iosxr", ""),
        ("nxos", "cisco_nxos"),
        ("Arista EOS 4.32", "arista_eos"),
        ("frr.frr.frr", "frr"),
        ("VMware ESXi 8.0", "vmware_esxi"),
        ("junipernetworks.junos.junos", ""),
        ("", ""),
        ("-1-1-1", ""),
        ("linux" * 1000, ""),
    ],
)
def test_other_words_for_our_platforms(word: str, platform: str) -> None:
    assert platform_of(word) == platform
