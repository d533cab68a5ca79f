"""Attempts to have a list of targets alter a command: each through every field of every kind of list. None is a name, an address, a user or a group."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re

import pytest

from tshoot.errors import InventoryError
from tshoot.inventory.ansible import read_ansible_json
from tshoot.inventory.containerlab import read_topology
from tshoot.inventory.entries import Contents
from tshoot.inventory.netbox import read_netbox
from tshoot.inventory.own import read_own

JOINTS = ("; ", "|", "&&", "`", "$(", "\n", "\r", "\x00", "\x1b[2J", " ", "'", '"', "\\", "<", ">", "{{ ", "\u202e", "/", "\t", "#", "*", "?", "!")
SHAPES = ("a{0}reboot", "{0}reboot", "reboot{0}")
WHOLE = (
    "-oProxyCommand=reboot",
    "--help",
    "-",
    "../../etc/passwd",
    "@all",
    "a@b@c",
    "",
    "x" * 300,
    "\ud800",
    "[::1",
    "[::1]:22]",
    "a:b:c",
    "%h;",
    "$HOME",
)
ATTEMPTS = [*(shape.format(joint) for joint, shape in itertools.product(JOINTS, SHAPES)), *WHOLE]
SOUND = re.compile(r"[\w][\w.+:-]*(\\\w+)?")  # DOMAIN\user is one


def lists(attempt: str) -> dict[str, tuple[object, str]]:
    """Each field of each kind of list that an attempt can stand in: its reader and the text."""
    quoted = json.dumps(attempt)
    row = io.StringIO()
    csv.writer(row).writerow([attempt, attempt, attempt, attempt])
    variables = {"ansible_host": attempt, "ansible_user": attempt, "ansible_port": attempt, "ansible_network_os": attempt}
    one_each = {f"h{number}": {key: value} for number, (key, value) in enumerate(variables.items())}
    listed = {"_meta": {"hostvars": {attempt: {}, **one_each}}, attempt: {"hosts": ["h3"]}, "g": {"children": [attempt]}}
    device = {"name": attempt, "primary_ip4": {"address": "192.0.2.1/24"}}
    other = {"name": "d", "primary_ip4": {"address": attempt}}
    third = {"name": "e", "primary_ip4": {"address": "192.0.2.1"}, "role": {"slug": attempt}, "tags": [attempt], "platform": {"slug": attempt}}
    return {
        "targets: name": (read_own, f"targets: {{{quoted}: 192.0.2.1}}"),
        "targets: address": (read_own, f"targets: {{a: {{address: {quoted}}}}}"),
        "targets: user": (read_own, f"targets: {{a: {{user: {quoted}}}}}"),
        "targets: tag": (read_own, f"targets: {{a: {{tags: [{quoted}]}}}}"),
        "targets: member": (read_own, f"groups: {{g: [{quoted}]}}"),
        "ansible": (read_ansible_json, json.dumps(listed)),
        "containerlab: name": (read_topology, f"name: l\ntopology: {{nodes: {{{quoted}: {{kind: linux}}}}}}"),
        "containerlab: lab": (read_topology, f"name: {quoted}\ntopology: {{nodes: {{n: {{kind: {quoted}, group: {quoted}}}}}}}"),
        "containerlab: address": (read_topology, f"name: l\ntopology: {{nodes: {{n: {{mgmt-ipv4: {quoted}}}}}}}"),
        "netbox": (read_netbox, json.dumps([device, other, third])),
        "netbox csv": (read_netbox, f"Name,IP Address,Role,Tags\n{row.getvalue()}"),
    }


def read(reader: object, text: str) -> Contents:
    try:
        return reader(text, "f")  # type: ignore[operator, no-any-return]
    except InventoryError as error:
        return Contents((), (error.message, *error.problems))


@pytest.mark.parametrize("kind", list(lists("x")))
def test_no_attempt_passes(kind: str) -> None:
    for attempt in ATTEMPTS:
        contents = read(*lists(attempt)[kind])
        for entry in contents.entries:
            said = (entry.name, entry.host or "x", entry.user or "x", *entry.groups, *entry.aliases)
            assert all(SOUND.fullmatch(text) for text in said), (attempt, entry)
            assert entry.told.isprintable(), (attempt, entry)
        assert all(remark.isprintable() and len(remark) < 1000 for remark in contents.remarks), (attempt, contents.remarks)


def test_there_are_many() -> None:
    assert len(ATTEMPTS) * len(lists("x")) > 500
