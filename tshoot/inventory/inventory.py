"""All sources together: names, groups, and what each target is. The source that is named first wins, and what differs is told.

Order: the files of `--inventory` (else of TSHOOT_INVENTORY) as they are named, then the operator's targets.yaml, then the names of the ssh_config.
A later source of the same name adds its groups, and what the earlier ones leave open; where it names another address it is not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from tshoot.errors import UsageError
from tshoot.inventory.entries import Contents, Entry
from tshoot.inventory.memory import Memory, Remembered
from tshoot.inventory.names import shown
from tshoot.inventory.way import port_of, way_beyond
from tshoot.transports.address import Address, parse_address

_MOST_CLASHES = 50


@dataclass(frozen=True, slots=True)
class KnownTarget:
    """A target that a source names. `place.host` is the name itself where no source gives an address: then ssh_config and DNS decide.

    `platforms` are those of ours that it can be used as, the most specific first. `told` is the word of a source for what it is, `told_from` which
    source that is. `source` is `file:line`. `seen` is what the device itself said when it was asked.
    """

    name: str
    place: Address
    groups: tuple[str, ...] = ()
    transport: str = ""
    source: str = ""
    platforms: tuple[str, ...] = ()
    told: str = ""
    told_from: str = ""
    aliases: tuple[str, ...] = ()
    seen: Remembered | None = None

    @property
    def platform(self) -> str:
        """The most specific of `platforms`, or ""."""
        return self.platforms[0] if self.platforms else ""

    @property
    def platform_from(self) -> str:
        """How that is known, in words; "" where nobody says it."""
        if self.seen is not None:
            return self.seen.told
        return f"{self.told_from} says {self.told}" if self.told else ""


class Inventory:
    """Made of (what the source is called, its contents), in their order; `memory` keeps what devices said, `ssh_config` tells the ways to them."""

    def __init__(self, sources: Sequence[tuple[str, Contents]] = (), memory: Memory | None = None, ssh_config: Path | None = None) -> None:
        self._sources, self._memory, self._ssh_config = tuple(sources), memory, ssh_config
        self._targets: dict[str, KnownTarget] = {}
        self._clashes: list[tuple[str, str]] = []
        for _, contents in self._sources:
            for entry in contents.entries:
                known = self._targets.get(entry.name)
                self._targets[entry.name] = _target(entry) if known is None else self._joined(known, entry)
        self._aliases = self._alias_table()

    def _joined(self, known: KnownTarget, entry: Entry) -> KnownTarget:
        host, port = known.place.host, known.place.port
        elsewhere = entry.host.lower() != host.lower() or (None not in (port, entry.port) and port != entry.port)
        if entry.host and host != known.name and elsewhere:
            if len(self._clashes) < _MOST_CLASHES:
                there, here = _place_told(entry.host, entry.port), _place_told(host, port)
                told = f"{entry.where}: {known.name} is {there} here, but {here} in {known.source}, which is named first: that is used"
                self._clashes.append((known.name, told))
            return known
        place = Address(host if host != known.name or not entry.host else entry.host, known.place.user or entry.user, port or entry.port)
        groups = known.groups if not entry.groups else tuple(dict.fromkeys((*known.groups, *entry.groups)))
        known = replace(known, place=place, groups=groups, transport=known.transport or entry.transport)
        if known.told or not entry.told:
            return known
        return replace(known, platforms=_platforms(entry), told=entry.told, told_from=entry.where)

    def _alias_table(self) -> dict[str, str]:
        table: dict[str, str] = {}
        for target in self._targets.values():
            for alias in target.aliases:
                if alias not in self._targets:
                    table.setdefault(alias, target.name)
        return table

    # --- what there is ---

    @property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """What each source is called, and how many targets it names; in their order."""
        return tuple((name, len(contents.entries)) for name, contents in self._sources)

    @property
    def remarks(self) -> tuple[str, ...]:
        """In words: what was left out of the sources, and names that two of them give to different addresses."""
        return (*(remark for _, contents in self._sources for remark in contents.remarks), *(told for _, told in self._clashes))

    def clashes(self, name: str) -> Sequence[str]:
        """Those of the remarks that tell where else a source says that this target is."""
        return [told for known, told in self._clashes if known == name]

    def names(self) -> tuple[str, ...]:
        """Every target's name, in the order of the sources."""
        return tuple(self._targets)

    def aliases(self) -> Mapping[str, str]:
        """Other names, and the name each means."""
        return MappingProxyType(self._aliases)

    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Every group and tag with the names of its targets."""
        return self._groups

    @cached_property
    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for target in self._targets.values():
            for group in target.groups:
                found.setdefault(group, []).append(target.name)
        return MappingProxyType({group: tuple(found[group]) for group in sorted(found)})

    def groups_of(self, name: str) -> tuple[str, ...]:
        """The groups and tags of the target of that name or alias, in their order; () where no source has it."""
        target = self._named(name)
        return tuple(sorted(target.groups)) if target is not None else ()

    def _named(self, name: str) -> KnownTarget | None:
        return self._targets.get(name) or self._targets.get(self._aliases.get(name, ""))

    def host(self, name: str) -> KnownTarget | None:
        """The target of that name, or of that alias; None where no source has it."""
        target = self._named(name)
        return None if target is None else self._as_seen(target, name)

    def typed(self, text: str) -> KnownTarget:
        """What is known of a target as it was typed, `name` or `user@name:port`; one that no source names has its place alone."""
        return self._as_seen(self._listed(text), text)

    def way(self, text: str) -> str:
        """How ssh gets to a target as it was typed, "" where straight to its place: with the place it tells one device from another."""
        return way_beyond(text, self._listed(text).place, self._ssh_config, self.places)

    def _listed(self, text: str) -> KnownTarget:
        address = parse_address(text)
        target = self._named(address.host)
        if target is None:
            return KnownTarget(address.host, address)
        if address.port is None or address.port == (target.place.port or port_of(address.host, self._ssh_config, self.places)):
            return target
        return KnownTarget(address.host, Address(target.place.host, address.user, address.port))

    def _as_seen(self, target: KnownTarget, text: str) -> KnownTarget:
        if self._memory is None or not self._memory.holds(target.place):
            return target
        seen = self._memory.recall(target.name, target.place, self.way(text))
        return target if seen is None else replace(target, platforms=seen.platforms, seen=seen)

    # --- what is typed ---

    def expand(self, text: str) -> tuple[str, ...]:
        """`@group` to its targets, `a,b,@c` to all of them, each once; a plain name to itself. UsageError where there is no such group."""
        found: dict[str, None] = {}
        for word in text.split(","):
            name = word.strip()
            if name.startswith("@"):
                found |= dict.fromkeys(self._members(name[1:]))
            elif name:
                found[name] = None
        return tuple(found)

    def _members(self, group: str) -> tuple[str, ...]:
        members = self._groups.get(group)
        if members is None:
            near = get_close_matches(group[:100], list(self._groups)[:5000], 3)
            meant = f"did you mean {' or '.join(f'@{name}' for name in near)}?" if near else "`tshoot targets groups` lists them"
            hint = meant if self._groups else "docs/inventory.md tells how to make one"
            raise UsageError(f"there is no group {shown(group)} in the inventory", hint)
        return members

    # --- for the transports ---

    @cached_property
    def places(self) -> Mapping[str, Address]:
        """Name -> where it is, for the targets of which a source says more than the name."""
        found = {target.name: target.place for target in self._targets.values() if target.place != Address(target.name)}
        return MappingProxyType({**{alias: self._targets[name].place for alias, name in self._aliases.items()}, **found})

    @cached_property
    def transports(self) -> Mapping[str, str]:
        """Name -> the transport that a source asks for."""
        found = {target.name: target.transport for target in self._targets.values() if target.transport}
        return MappingProxyType({**{alias: found[name] for alias, name in self._aliases.items() if name in found}, **found})


def _place_told(host: str, port: int | None) -> str:
    return f"{host} port {port}" if port else host


def _target(entry: Entry) -> KnownTarget:
    place = Address(entry.host or entry.name, entry.user, entry.port)
    told_from = entry.where if entry.told else ""
    return KnownTarget(entry.name, place, entry.groups, entry.transport, entry.where, _platforms(entry), entry.told, told_from, entry.aliases)


def _platforms(entry: Entry) -> tuple[str, ...]:
    return (entry.platform,) if entry.platform else ()


def distinct(names: Iterable[str], inventory: Inventory) -> tuple[str, ...]:
    """The names without those that mean a target which was named before, by an alias."""
    aliases = inventory.aliases()
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(aliases.get(name, name), name)
    return tuple(found.values())
