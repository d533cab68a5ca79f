"""What one UPDATE announces and withdraws: prefixes with their next hops (RFC 4271 §4.3, RFC 4760 §3 and §4, RFC 7911).

tshark shows the length of every prefix under one name, in the order of the message: withdrawn routes, then
MP_REACH_NLRI and MP_UNREACH_NLRI in the order of the attributes, then the classic NLRI. From that order lengths
and path identifiers find their prefixes. Whether a session uses add-path is not in an UPDATE and tshark guesses:
a wrong guess shows in a count that does not fit or in identifiers that nobody uses; then the message is left unread.

Only unicast (SAFI 1) is read: in a VPN the next hop belongs to another table than the prefix, a labelled
route is resolved by its label. Of two IPv6 next hops the global one counts (RFC 2545 §3).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tshoot.packets.frames import Layer

_ATTRIBUTE = "bgp.update.path_attribute"
_REACH, _UNREACH = "14", "15"
_ATOMIC_AGGREGATE, _AGGREGATOR, _LOCAL_PREF = "6", "7", "5"
_UNICAST = "1"
_LARGEST_PATH_ID = 1 << 20
_KINDS = {  # where a prefix stands -> the fields that may hold it
    "withdrawn": ("bgp.withdrawn_prefix",),
    _REACH: ("bgp.mp_reach_nlri_ipv6_prefix", "bgp.mp_reach_nlri_ipv4_prefix"),
    _UNREACH: ("bgp.mp_unreach_nlri_ipv6_prefix", "bgp.mp_unreach_nlri_ipv4_prefix"),
    "nlri": ("bgp.nlri_prefix",),
}


class Prefix(NamedTuple):
    """`bits` is the address as a number; `path` the add-path identifier, "" without."""

    text: str
    family: int
    bits: int
    length: int
    path: str = ""

    def holds(self, address: str) -> bool:
        """Whether `address` is inside; False for another family or no address."""
        number = address_bits(address, self.family)
        shift = (32 if self.family == socket.AF_INET else 128) - self.length
        return number is not None and number >> shift == self.bits >> shift

    @property
    def host(self) -> bool:
        return self.length == (32 if self.family == socket.AF_INET else 128)


class Route(NamedTuple):
    prefix: Prefix
    next_hop: str
    field: str  # the field that holds the next hop


@dataclass(frozen=True, slots=True)
class Update:
    announced: tuple[Route, ...]
    withdrawn: tuple[Prefix, ...]
    internal: bool  # carries LOCAL_PREF, which only goes to peers of the own AS (RFC 4271 §5.1.5)
    aggregate: bool
    link_local: bool  # a link-local next hop beside the global one: sender, next hop and receiver share a link (RFC 2545 §3)


def address_bits(text: str, family: int) -> int | None:
    try:
        return int.from_bytes(socket.inet_pton(family, text), "big")
    except (OSError, ValueError):
        return None


def update_of(layer: Layer) -> Update | None:
    """The UPDATE of a `bgp` layer; None where it is of another kind than unicast, or its parts do not fit together."""
    codes = layer.fields.get(f"{_ATTRIBUTE}.type_code", ())
    if not (_unicast(layer, "mp_reach_nlri") and _unicast(layer, "mp_unreach_nlri")):
        return None
    groups = ["withdrawn", *dict.fromkeys(code for code in codes if code in (_REACH, _UNREACH)), "nlri"]
    found = [(group, value) for group in groups for name in _KINDS[group] for value in layer.fields.get(name, ())]
    prefixes = _paired(layer, [value for _, value in found])
    if prefixes is None:
        return None
    announced: list[Route] = []
    withdrawn: list[Prefix] = []
    for (group, _), prefix in zip(found, prefixes, strict=True):
        if group in ("withdrawn", _UNREACH):
            withdrawn.append(prefix)
        else:
            announced.append(_route(layer, prefix, mp=group == _REACH))
    return Update(
        tuple(announced),
        tuple(withdrawn),
        internal=_LOCAL_PREF in codes,
        aggregate=_ATOMIC_AGGREGATE in codes or _AGGREGATOR in codes,
        link_local=f"{_ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6.link_local" in layer.fields,
    )


def _unicast(layer: Layer, attribute: str) -> bool:
    return set(layer.fields.get(f"{_ATTRIBUTE}.{attribute}.safi", ())) <= {_UNICAST}


def _paired(layer: Layer, addresses: Sequence[str]) -> list[Prefix] | None:
    lengths = layer.fields.get("bgp.prefix_length", ())
    paths = layer.fields.get("bgp.nlri_path_id", ())
    if len(lengths) != len(addresses) or (paths and not _plausible(paths, len(addresses))):
        return None
    return list(_prefixes(addresses, lengths, paths or ("",) * len(addresses))) if _numbers(lengths) else None


def _prefixes(addresses: Sequence[str], lengths: Sequence[str], paths: Sequence[str]) -> Iterator[Prefix]:
    for address, length, path in zip(addresses, lengths, paths, strict=True):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        longest = 128 if family == socket.AF_INET6 else 32
        bits = address_bits(address, family)
        # What is no prefix keeps its place in the row, but holds nothing: as the default route does.
        size = int(length) if bits is not None and int(length) <= longest else 0
        yield Prefix(f"{address}/{int(length)}", family, bits or 0, size, path)


def _numbers(values: Sequence[str]) -> bool:
    return all(value.isascii() and value.isdecimal() and len(value) <= 4 for value in values)


def _plausible(paths: Sequence[str], expected: int) -> bool:
    numbers = [int(path) for path in paths if path.isascii() and path.isdecimal() and len(path) <= 10]
    return len(paths) == expected == len(numbers) and max(numbers) <= _LARGEST_PATH_ID


def _route(layer: Layer, prefix: Prefix, *, mp: bool) -> Route:
    names = (f"{_ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6", f"{_ATTRIBUTE}.mp_reach_nlri.next_hop.ipv4") if mp else (f"{_ATTRIBUTE}.next_hop",)
    name = next((name for name in names if name in layer.fields), names[0])
    return Route(prefix, layer.first(name), name)
