"""A containerlab topology (*.clab.yml): nodes, their kinds and management addresses. Source: containerlab.dev, topology definition, nodes, kinds.

A node is reached at its mgmt-ipv4 (else mgmt-ipv6); else at the port of this machine on which its port 22 is published; else by its long
name, `clab-<lab>-<node>`, which containerlab writes into /etc/hosts. The short name means the same node. Values are inherited as containerlab
inherits them: node, group, kind, defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tshoot.inventory.entries import MOST_TARGETS, Contents, Entry, Remarks, unusable
from tshoot.inventory.names import as_group, checked_host, checked_name, checked_port
from tshoot.inventory.nodes import read_nodes
from tshoot.inventory.platform_words import platform_of
from tshoot.yamlnodes import Node

_NO_DEVICES = ("bridge", "ovs-bridge", "host", "ext-container")
_IMAGES = (("frr", re.compile(r"(?:^|/)(?:frrouting|frr)(?:[/:@-]|$)")), ("bird", re.compile(r"(?:^|/)bird2?(?:[:@-]|$)")))
_PUBLISHED = re.compile(r"(?:(?P<bind>\[[0-9A-Fa-f:]+\]|[0-9.]+):)?(?P<port>\d{1,5}):22(?:/tcp)?", re.ASCII)
_EVERYWHERE = ("", "0.0.0.0", "[::]")  # noqa: S104 (compared with, not bound to)


def read_topology(text: str, origin: str) -> Contents:
    """The nodes of the topology; InventoryError where it is none."""
    root = read_nodes(text, origin, aliases=True)
    topology, nodes = root.get("topology"), root.get("topology", "nodes")
    if topology is None or nodes is None or not isinstance(nodes.value, dict) or not root.text("name"):
        node = nodes or topology or root
        why = "no containerlab topology: `name` and `topology.nodes` are needed"
        raise unusable(origin, [f"{origin}:{node.line}:{node.column}: {why}"], "correct the file, or name it with its kind, e.g. ansible=FILE")
    if len(nodes.value) > MOST_TARGETS:
        raise unusable(origin, [f"{origin}:{nodes.line}:{nodes.column}: more than {MOST_TARGETS:,} nodes"], "name a smaller topology")
    remarks = Remarks(origin)
    return Contents(tuple(_entries(_Lab(root, topology), nodes, origin, remarks)), remarks.told())


class _Lab:
    def __init__(self, root: Node, topology: Node) -> None:
        self.name, self._topology = root.text("name"), topology
        prefix = root.get("prefix")
        self._prefix = "clab" if prefix is None else prefix.value if isinstance(prefix.value, str) else ""

    def long_name(self, node: str) -> str:
        """As containerlab names the container: `prefix-lab-node`; with an empty prefix the node's name, with `__lab-name` `lab-node`."""
        if self._prefix == "__lab-name":
            return f"{self.name}-{node}"
        return f"{self._prefix}-{self.name}-{node}" if self._prefix else node

    def parts(self, node: Node) -> Iterator[Node]:
        """The mappings that a node's values come from, the nearest first."""
        yield node
        group = self._topology.get("groups", node.text("group"))
        if group is not None:
            yield group
        kind = _merged_text((node, *([group] if group is not None else []), *self._defaults()), "kind")
        by_kind = self._topology.get("kinds", kind)
        if by_kind is not None:
            yield by_kind
        yield from self._defaults()

    def _defaults(self) -> tuple[Node, ...]:
        defaults = self._topology.get("defaults")
        return () if defaults is None else (defaults,)


def _merged(parts: tuple[Node, ...], key: str) -> Node | None:
    """The first value under `key`, also one that a merge (`<<`) brings."""
    for part in parts:
        for node in (part, part.get("<<")):
            found = None if node is None else node.get(key)
            if found is not None and found.value is not None:
                return found
    return None


def _merged_text(parts: tuple[Node, ...], key: str) -> str:
    node = _merged(parts, key)
    return node.value if node is not None and isinstance(node.value, str) else ""


def _entries(lab: _Lab, nodes: Node, origin: str, remarks: Remarks) -> Iterator[Entry]:
    for short, given in nodes.value.items():
        line = nodes.keys[short][0]
        where = f"{origin}:{line}"
        node = given if isinstance(given.value, dict) else Node({}, line, 1)
        parts = tuple(lab.parts(node))
        kind = _merged_text(parts, "kind")
        if kind in _NO_DEVICES:
            continue
        try:
            yield _entry(lab, short, where, parts, kind)
        except ValueError as error:
            remarks.add(where, f"node left out: {error}")


def _entry(lab: _Lab, short: str, where: str, parts: tuple[Node, ...], kind: str) -> Entry:
    name = checked_name(lab.long_name(short))
    if _merged_text(parts, "network-mode") == "none":
        raise ValueError(f"{name} has `network-mode: none`, so no address")
    host, port = _place(parts)
    image = _merged_text(parts, "image")
    platform = platform_of(kind)
    told = f"kind: {kind}" if kind else ""
    if platform == "linux" and image:
        run = next((ours for ours, pattern in _IMAGES if pattern.search(image)), "")
        platform, told = run or platform, f"{told}, image {image}" if run else told
    groups = [as_group(lab.name, "lab"), *([as_group(kind, "kind")] if kind else [])]
    group = _merged_text(parts, "group")
    groups += [as_group(group)] if group else []
    short_name = (checked_name(short),) if short != name else ()
    return Entry(name, where, host, None, port, platform, told, groups=tuple(dict.fromkeys(groups)), aliases=short_name)


def _place(parts: tuple[Node, ...]) -> tuple[str, int | None]:
    for key in ("mgmt-ipv4", "mgmt-ipv6"):
        address = _merged_text(parts, key)
        if address:
            return checked_host(address), None
    ports = _merged(parts, "ports")
    for item in ports.value if ports is not None and isinstance(ports.value, list) else ():
        found = _PUBLISHED.fullmatch(item.value) if isinstance(item.value, str) else None
        if found:
            bind = found["bind"] or ""
            return "127.0.0.1" if bind in _EVERYWHERE else checked_host(bind.strip("[]")), checked_port(found["port"])
    return "", None
