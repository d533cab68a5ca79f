"""What a capture filter is put together from: tests and values on the columns of `headers`, for the packets that are `chosen`.

A value comes with a mask of the packets that have it: a test of what a packet does not have fails, as in libpcap.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tshoot.packets.batches import Ints, Mask
from tshoot.packets.headers import ARP, ICMP, ICMP6, TCP, UDP, Headers

Test = Callable[[Headers, Ints], Mask]
Value = Callable[[Headers, Ints], tuple[Ints, Mask]]
NUMBERS = {"icmp": ICMP, "igmp": 2, "tcp": TCP, "udp": UDP, "esp": 50, "ah": 51, "icmp6": ICMP6, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132}
TYPES = {"ip": 0x0800, "arp": ARP, "rarp": 0x8035, "ip6": 0x86DD}


class NotUnderstood(ValueError):
    """A filter outside of what is judged here."""


def both(left: Test, right: Test) -> Test:
    def both(headers: Headers, chosen: Ints) -> Mask:
        found = left(headers, chosen)
        left_over = np.flatnonzero(found)
        if len(left_over):
            found[left_over] = right(headers, chosen[left_over])
        return found

    return both


def either(left: Test, right: Test) -> Test:
    def either(headers: Headers, chosen: Ints) -> Mask:
        found = left(headers, chosen)
        left_over = np.flatnonzero(~found)
        if len(left_over):
            found[left_over] = right(headers, chosen[left_over])
        return found

    return either


def negated(test: Test) -> Test:
    return lambda headers, chosen: ~test(headers, chosen)


def compared(left: Value, right: Value, compare: Callable[[Ints, Ints], Mask]) -> Test:
    def compared(headers: Headers, chosen: Ints) -> Mask:
        (one, there), (other, here) = left(headers, chosen), right(headers, chosen)
        return compare(one, other) & there & here

    return compared


def computed(left: Value, right: Value, operate: Callable[[Ints, Ints], Ints]) -> Value:
    def computed(headers: Headers, chosen: Ints) -> tuple[Ints, Mask]:
        (one, there), (other, here) = left(headers, chosen), right(headers, chosen)
        return operate(one, other), there & here

    return computed


def constant(number: int) -> Value:
    return lambda headers, chosen: (np.full(len(chosen), number, np.int64), np.ones(len(chosen), np.bool_))


def loaded(protocol: str, place: Value, size: int) -> Value:
    base_of = BASES[protocol]

    def loaded(headers: Headers, chosen: Ints) -> tuple[Ints, Mask]:
        offset, known = place(headers, chosen)
        base, there = base_of(headers, chosen, offset)
        known = known & there & (offset >= 0) & (offset < 1 << 18)
        some = np.flatnonzero(known)
        value = np.zeros(len(chosen), np.int64)
        value[some], captured = headers.number((base + offset)[some], size, chosen[some])
        known[some] = captured
        return value, known

    return loaded


Base = Callable[[Headers, Ints, Ints], tuple[Ints, Mask]]


def _of(protocol: int) -> Base:
    return lambda headers, chosen, offset: (headers.transport[chosen], headers.has(protocol)[chosen])


def _ip6(headers: Headers, chosen: Ints, offset: Ints) -> tuple[Ints, Mask]:
    behind = np.where(offset >= 40, headers.transport[chosen] - 40, headers.network[chosen])
    return behind, headers.version[chosen] == 6


BASES: dict[str, Base] = {
    "ether": lambda headers, chosen, offset: (headers.batch.starts[chosen], headers.batch.links[chosen] == 1),
    "ip": lambda headers, chosen, offset: (headers.network[chosen], headers.version[chosen] == 4),
    "ip6": _ip6,
    "arp": lambda headers, chosen, offset: (headers.network[chosen], headers.kind[chosen] == ARP),
    "tcp": _of(TCP),
    "udp": _of(UDP),
    "icmp": _of(ICMP),
    "icmp6": _of(ICMP6),
}


def of_protocol(name: str) -> Test:
    if name == "ether":
        return lambda headers, chosen: headers.batch.links[chosen] == 1
    return ether_type(TYPES[name]) if name in TYPES else number_of("", NUMBERS[name])


def ether_type(number: int) -> Test:
    return lambda headers, chosen: headers.kind[chosen] == number


def number_of(network: str, number: int) -> Test:
    """The fragments of that protocol are among them, the later ones too."""
    version = {"ip": 4, "ip6": 6}.get(network, 0)

    def tests(headers: Headers, chosen: Ints) -> Mask:
        found: Mask = headers.protocol[chosen] == number
        return found & (headers.version[chosen] == version) if version else found

    return tests


def port_range(protocol: str, direction: str, low: int, high: int) -> Test:
    if protocol not in ("", "tcp", "udp", "sctp", "ip", "ip6"):
        raise NotUnderstood(f"ports of {protocol}")

    def ports(headers: Headers, chosen: Ints) -> Mask:
        source, destination = headers.source_port[chosen], headers.destination_port[chosen]
        from_it, to_it = (source >= low) & (source <= high), (destination >= low) & (destination <= high)
        found: Mask = {"src": from_it, "dst": to_it, "and": from_it & to_it}.get(direction, from_it | to_it)
        if protocol in NUMBERS:
            return found & headers.has(NUMBERS[protocol])[chosen]
        if protocol in ("ip", "ip6"):
            found = found & (headers.version[chosen] == (4 if protocol == "ip" else 6))
        if low == 0:
            found = found & np.isin(headers.protocol[chosen], (TCP, UDP, 132))
        return found

    return ports
