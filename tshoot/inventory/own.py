"""targets.yaml, the operator's own list. It is checked as playbooks are: all problems at once, each with line and column.

targets: {esx01: {address: 192.0.2.10, user: root, platform: vmware_esxi, tags: [prod]}, leaf1: admin@192.0.2.21:2222}
groups: {esx-prod: [esx01, esx02], all: ["@esx-prod", leaf1]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from tshoot.inventory.entries import MOST_TARGETS, Contents, Entry, unusable
from tshoot.inventory.names import checked_address, checked_group, checked_name, checked_port, checked_user, members_below, shown
from tshoot.inventory.nodes import read_nodes
from tshoot.platforms.loader import platform_names
from tshoot.yamlnodes import Node

TRANSPORTS = ("auto", "paramiko", "openssh")
_KEYS = ("address", "user", "port", "platform", "transport", "tags")
_SECRETS = ("password", "passphrase", "secret", "pass", "token", "become", "enable")
_HINT = "correct these lines; docs/inventory.md has the form"


def read_own(text: str, origin: str) -> Contents:
    """The targets of `text`; InventoryError with every problem where there is one."""
    return _Reading(origin).contents(read_nodes(text, origin))


class _Reading:
    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._problems: list[tuple[int, int, str]] = []
        self._groups: dict[str, list[str]] = {}  # target -> its groups, in the order in which they stand

    def contents(self, root: Node) -> Contents:
        if root.value is None:
            return Contents(())
        entries: dict[str, Entry] = {}
        for key, node in self._parts(root, "the file", ("targets", "groups")):
            if key == "targets":
                entries = {entry.name: entry for entry in self._targets(node)}
        groups = root.get("groups")
        if groups is not None:
            for name, line in self._named_in_groups(groups):
                entries.setdefault(name, Entry(name, f"{self._origin}:{line}"))
        if self._problems:
            told = [f"{self._origin}:{line}:{column}: {text}" for line, column, text in dict.fromkeys(sorted(self._problems))]
            raise unusable(self._origin, told, _HINT)
        return Contents(tuple(self._grouped(entry) for entry in entries.values()))

    # --- targets ---

    def _targets(self, node: Node) -> Iterator[Entry]:
        for name, value in self._named(node, "targets", checked_name):
            if isinstance(value.value, str):
                with self._problem_at(value, f"targets.{name}"):
                    address = checked_address(value.value)
                    yield Entry(name, f"{self._origin}:{node.keys[name][0]}", address.host, address.user, address.port)
            elif isinstance(value.value, dict) or value.value is None:
                yield self._target(name, value, node.keys[name][0])
            else:
                self._wrong(value, f"targets.{name}: expected an address, or keys and values")

    def _target(self, name: str, node: Node, line: int) -> Entry:
        host, user, port, platform, transport = "", None, None, "", ""
        tags: list[str] = []
        for key, value in self._parts(node, f"targets.{name}", _KEYS) if node.value is not None else ():
            where = f"targets.{name}.{key}"
            with self._problem_at(value, where):
                if key == "address":
                    typed = checked_address(self._text(value))
                    host, user, port = typed.host, user or typed.user, port or typed.port
                elif key == "user":
                    user = checked_user(self._text(value))
                elif key == "port":
                    port = checked_port(self._text(value))
                elif key == "platform":
                    platform = _one_of(self._text(value), platform_names(), "no platform")
                elif key == "transport":
                    transport = _one_of(self._text(value), TRANSPORTS, "no transport")
                else:
                    tags = [tag for tag, _ in self._list(value, where, checked_group)]
        told = f"platform: {platform}" if platform else ""
        where = f"{self._origin}:{line}"
        return Entry(name, where, host, user, port, platform, told, "" if transport == "auto" else transport, tuple(dict.fromkeys(tags)))

    # --- groups ---

    def _named_in_groups(self, node: Node) -> list[tuple[str, int]]:
        """Every target that a group names, with its line; what belongs to which group is kept for `_grouped`."""
        direct: dict[str, list[tuple[str, int]]] = {}
        within: dict[str, list[tuple[str, Node]]] = {}
        for group, value in self._named(node, "groups", checked_group):
            direct[group], within[group] = [], []
            for member, item in self._list(value, f"groups.{group}", _checked_member):
                if member.startswith("@"):
                    within[group].append((member[1:], item))
                else:
                    direct[group].append((member, item.line))
        for group, others in within.items():
            for other, item in others:
                if other not in direct:
                    self._wrong(item, f"groups.{group}: there is no group `{other}` here{_meant(other, direct)}")
        plain = {group: [member for member, _ in members] for group, members in direct.items()}
        inner = {group: [other for other, _ in groups] for group, groups in within.items()}
        for group in direct:
            for member in members_below(group, plain, inner):
                self._groups.setdefault(member, []).append(group)
        return [pair for members in direct.values() for pair in members]

    def _grouped(self, entry: Entry) -> Entry:
        groups = self._groups.get(entry.name)
        if not groups:
            return entry
        joined = tuple(dict.fromkeys((*groups, *entry.groups)))
        return Entry(entry.name, entry.where, entry.host, entry.user, entry.port, entry.platform, entry.told, entry.transport, joined)

    # --- form ---

    def _parts(self, node: Node, where: str, known: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
        """The parts of a mapping whose keys are `known`; other keys are problems."""
        if not isinstance(node.value, dict):
            self._wrong(node, f"{where}: expected keys and values, not {node.kind}")
            return
        for key, value in node.value.items():
            if key in known:
                yield key, value
                continue
            why = "this key is not known here" + (_meant(key, known) or f"; there are {', '.join(known)}")
            if any(word in key.lower() for word in _SECRETS):
                why = "no secret is taken from a file: tshoot asks for it, or uses keys, the agent or your keyring"
            self._problems.append((*node.keys[key], f"{where}: {shown(key)}: {why}"))

    def _named(self, node: Node, where: str, check: Callable[[object], str]) -> Iterator[tuple[str, Node]]:
        """The parts of a mapping whose keys are names of our own choice; a null is an empty one."""
        if node.value is None:
            return
        if not isinstance(node.value, dict):
            self._wrong(node, f"{where}: expected keys and values, not {node.kind}")
            return
        if len(node.value) > MOST_TARGETS:
            self._wrong(node, f"{where}: more than {MOST_TARGETS:,}")
            return
        for key, value in node.value.items():
            try:
                check(key)
            except ValueError as error:
                self._problems.append((*node.keys[key], f"{where}: {error}"))
                continue
            yield key, value

    def _list(self, node: Node, where: str, check: Callable[[str], str]) -> Iterator[tuple[str, Node]]:
        items = node.value if isinstance(node.value, list) else [] if node.value is None else None
        if items is None:
            self._wrong(node, f"{where}: expected a list")
            return
        for item in items:
            with self._problem_at(item, where):
                yield check(self._text(item)), item

    def _text(self, node: Node) -> str:
        if not isinstance(node.value, str):
            raise ValueError(f"expected text, not {node.kind}")
        return node.value

    @contextmanager
    def _problem_at(self, node: Node, where: str) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            self._wrong(node, f"{where}: {error}")

    def _wrong(self, node: Node, text: str) -> None:
        self._problems.append((node.line, node.column, text))


def _checked_member(text: str) -> str:
    return f"@{checked_group(text[1:])}" if text.startswith("@") else checked_name(text)


def _one_of(text: str, known: tuple[str, ...], what: str) -> str:
    if text not in known:
        raise ValueError(f"{shown(text)} is {what}{_meant(text, known) or ': ' + ', '.join(known)}")
    return text


def _meant(text: str, known: object) -> str:
    near = get_close_matches(text[:100], list(known)[:2000], 1)  # type: ignore[call-overload]
    return f"; did you mean `{near[0]}`?" if near else ""
