"""What `ansible-inventory --list` prints: groups, and of each host's variables only where it is, as whom, and its network_os.

Source: docs.ansible.com, "Developing dynamic inventory" and "Connecting to hosts: behavioral inventory parameters". All other variables,
passwords and vaults among them, are neither kept nor shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tshoot.errors import InventoryError
from tshoot.inventory.entries import MOST_TARGETS, Contents, Entry, Remarks
from tshoot.inventory.names import checked_group, checked_host, checked_name, checked_port, checked_user, members_below, shown
from tshoot.inventory.platform_words import platform_of

_NO_GROUP = ("all", "ungrouped", "_meta")
_NO_SSH = ("local", "docker", "ansible.builtin.local", "community.docker.docker", "winrm", "psrp", "ansible.builtin.winrm")


def read_ansible_json(text: str, origin: str) -> Contents:
    """The hosts of the JSON; InventoryError where it is no such JSON. A host that cannot be used is left out, which is remarked."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InventoryError(f"{origin}: is no JSON: {str(error)[:200]}", "`ansible-inventory --list -i INVENTORY > FILE` writes it") from error
    variables = document.get("_meta", {}).get("hostvars") if isinstance(document, dict) and isinstance(document.get("_meta", {}), dict) else None
    if not isinstance(variables, dict):
        raise InventoryError(f"{origin}: holds no `_meta.hostvars`", "`ansible-inventory --list -i INVENTORY > FILE` writes it")
    members = _members(document)
    names = dict.fromkeys((*(host for hosts in members.values() for host in hosts), *variables))
    if len(names) > MOST_TARGETS:
        raise InventoryError(f"{origin}: names more than {MOST_TARGETS:,} hosts", "name a smaller part of the inventory")
    remarks = Remarks(origin)
    groups = _groups_of_hosts(members, origin, remarks)
    found = []
    for name in names:
        values = variables.get(name)
        entry = _entry(name, values if isinstance(values, dict) else {}, tuple(groups.get(name, ())), origin, remarks)
        if entry is not None:
            found.append(entry)
    return Contents(tuple(found), remarks.told())


def _members(document: Mapping[str, Any]) -> dict[str, dict[str, None]]:
    """Group -> its hosts, those of its children among them; children that lead in a circle are looked at once."""
    hosts: dict[str, list[str]] = {}
    children: dict[str, list[str]] = {}
    for group, content in document.items():
        if group == "_meta":
            continue
        listed = content.get("hosts", []) if isinstance(content, dict) else content
        below = content.get("children", []) if isinstance(content, dict) else []
        hosts[group] = [host for host in listed if isinstance(host, str)] if isinstance(listed, list | dict) else []
        children[group] = [child for child in below if isinstance(child, str)] if isinstance(below, list | dict) else []
    return {group: members_below(group, hosts, children) for group in hosts}


def _groups_of_hosts(members: Mapping[str, Mapping[str, None]], origin: str, remarks: Remarks) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group, hosts in members.items():
        if group in _NO_GROUP:
            continue
        try:
            checked_group(group)
        except ValueError as error:
            remarks.add(origin, f"{error}; left out")
            continue
        for host in hosts:
            found.setdefault(host, []).append(group)
    return found


def _entry(name: str, values: Mapping[str, Any], groups: tuple[str, ...], origin: str, remarks: Remarks) -> Entry | None:
    where = f"{origin}: host {shown(name)}"
    connection = values.get("ansible_connection")
    if connection in _NO_SSH:
        remarks.add(where, f"left out: its ansible_connection is {connection}, which is no SSH")
        return None
    try:
        host, port, user = (_first(values, f"ansible_{key}", f"ansible_ssh_{key}") for key in ("host", "port", "user"))
        word = values.get("ansible_network_os")
        word = word if isinstance(word, str) and word.strip() else ""
        return Entry(
            checked_name(name),
            f"{origin} ({name})",
            "" if host is None else checked_host(host),
            None if user is None else checked_user(_text(user)),
            None if port is None else checked_port(port),
            platform_of(word),
            f"ansible_network_os: {shown(word)[1:-1]}" if word else "",
            groups=groups,
        )
    except ValueError as error:
        template = "; templates (`{{ … }}`) are not filled in" if any("{{" in str(value)[:500] for value in values.values()) else ""
        remarks.add(where, f"left out: {error}{template}")
        return None


def _first(values: Mapping[str, Any], *names: str) -> Any:
    return next((values[name] for name in names if values.get(name) not in (None, "")), None)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no user")
    return value
