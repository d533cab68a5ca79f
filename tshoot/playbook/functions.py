"""The filters and tests of the playbook language: a closed list, each one line of documentation.

A function that `takes_unknown` decides itself what an unknown operand means; for all others an unknown
operand makes the result unknown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tshoot.model.facts import Unknown, Value
from tshoot.model.routing import covers, in_own_prefix, recursion


class Function(NamedTuple):
    call: Callable[..., Value]
    help: str
    takes_unknown: bool = False


def _default(value: Value, instead: Value) -> Value:
    return instead if isinstance(value, Unknown) or value is None else value


def route_to(entries: list[Mapping[str, Value]], destination: str) -> Value:
    """The entry (`network`, `prefix_length`, `gateway`, `interface`) with the longest prefix that holds `destination`; None without one."""
    address = ipaddress.ip_address(str(destination))
    same_version = False
    best: tuple[int, Mapping[str, Value] | None] = (-1, None)
    for entry in entries:
        network = ipaddress.ip_network(f"{entry['network']}/{entry['prefix_length']}", strict=False)
        same_version |= network.version == address.version
        if network.version == address.version and address in network and network.prefixlen > best[0]:
            best = (network.prefixlen, entry)
    if not same_version:
        return Unknown(f"the routes that were read hold no IPv{address.version} route")
    return best[1]


def where(items: list[Mapping[str, Value]] | Mapping[str, Mapping[str, Value]], key: str, wanted: Value) -> Value:
    """The items (of a list, or the values of a mapping) whose `key` is `wanted`."""
    candidates = items.values() if isinstance(items, Mapping) else items
    return [item for item in candidates if item.get(key) == wanted]


def at_most(items: list[Mapping[str, Value]] | Mapping[str, Mapping[str, Value]], key: str, limit: float) -> Value:
    """The items (of a list, or the values of a mapping) whose `key` is known and at most `limit`."""
    candidates = items.values() if isinstance(items, Mapping) else items
    return [item for item in candidates if isinstance(item.get(key), (int, float)) and item[key] <= limit]


def at_least(items: list[Mapping[str, Value]] | Mapping[str, Mapping[str, Value]], key: str, limit: float) -> Value:
    """The items (of a list, or the values of a mapping) whose `key` is known and at least `limit`."""
    candidates = items.values() if isinstance(items, Mapping) else items
    return [item for item in candidates if isinstance(item.get(key), (int, float)) and item[key] >= limit]


FILTERS: Mapping[str, Function] = {
    "at_least": Function(at_least, "items | at_least('key', number): the items whose key is at least that"),
    "at_most": Function(at_most, "items | at_most('key', number): the items whose key is at most that"),
    "default": Function(_default, "value | default(x): x where the value is unknown or none", takes_unknown=True),
    "first": Function(lambda value: value[0] if value else Unknown("an empty list has no first"), "the first item"),
    "int": Function(int, "as a whole number"),
    "float": Function(float, "as a number"),
    "join": Function(lambda value, separator="": separator.join(map(str, value)), "items as one text"),
    "last": Function(lambda value: value[-1] if value else Unknown("an empty list has no last"), "the last item"),
    "length": Function(len, "how many items or characters"),
    "lower": Function(lambda value: str(value).lower(), "in lower case"),
    "max": Function(max, "the largest item"),
    "min": Function(min, "the smallest item"),
    "recursion": Function(recursion, "prefix | recursion(next_hop): the circle of a next hop inside its own prefix, as text"),
    "round": Function(round, "value | round(digits): rounded"),
    "route_to": Function(route_to, "routes.entries | route_to(address): the route that would be used, none without one"),
    "string": Function(str, "as text"),
    "where": Function(where, "items | where('key', value): the items whose key has that value"),
}
TESTS: Mapping[str, Function] = {
    "known": Function(lambda value: not isinstance(value, Unknown), "the value could be read", takes_unknown=True),
    "unknown": Function(lambda value: isinstance(value, Unknown), "the value could not be read", takes_unknown=True),
    "none": Function(lambda value: value is None, "the value is none (looked for and absent)"),
    "ipv4": Function(lambda value: ipaddress.ip_interface(str(value)).version == 4, "an IPv4 address or prefix"),
    "ipv6": Function(lambda value: ipaddress.ip_interface(str(value)).version == 6, "an IPv6 address or prefix"),
    "in_own_prefix": Function(
        lambda next_hop, prefix: in_own_prefix(prefix, next_hop), "next_hop is in_own_prefix(prefix): inside the very prefix that it leads to"
    ),
    "within": Function(lambda address, prefix: covers(prefix, address), "address is within(prefix)"),
    "in": Function(lambda value, container: value in container, "value is in(list)"),
}
