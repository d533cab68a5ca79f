"""A detector's capture filter, judged for ten thousand packets at once: pcap-filter(7) on the columns of `headers`.

Understood: ports, port ranges, hosts and nets (IPv4), protocols, `proto`, `vlan`, `less`, `greater`, comparisons of
bytes of a header (`tcp[13] & 2 != 0`), `and`, `or`, `not`, brackets; `and` and `or` bind alike, from left to right.
Where libpcap looks at fixed places, these columns look behind VLAN tags and IPv6 extension headers, and `tcp[…]`
and `udp[…]` are read over IPv6 too: such a filter never takes less than tcpdump with it. What is not
understood raises `NotUnderstood`, and the whole file is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network

import numpy as np

from tshoot.packets.batches import Ints, Mask
from tshoot.packets.headers import ARP, ICMP, ICMP6, TCP, UDP, Headers

Test = Callable[[Headers, Ints], Mask]
Value = Callable[[Headers, Ints], tuple[Ints, Mask]]
_TOKEN = re.compile(
    r"\s*(0x[0-9a-fA-F]+|\d+(?:\.\d+){1,3}(?:/\d+)?|\d+|[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z][A-Za-z0-9_]*)*|<<|>>|<=|>=|==|!=|&&|\|\||[()\[\]:&|^+*/=<>!-])"
)
_CONSTANTS = {
    "icmptype": 0, "icmpcode": 1, "icmp6type": 0, "icmp6code": 1, "tcpflags": 13,
    "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16, "tcp-urg": 32, "tcp-ece": 64, "tcp-cwr": 128,
    "icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8, "icmp-timxceed": 11, "icmp-paramprob": 12,
    "icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4,
    "icmp6-echo": 128, "icmp6-echoreply": 129, "icmp6-routersolicit": 133, "icmp6-routeradvert": 134,
    "icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
}  # fmt: skip
_NUMBERS = {"icmp": ICMP, "igmp": 2, "tcp": TCP, "udp": UDP, "esp": 50, "ah": 51, "icmp6": ICMP6, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132}
_TYPES = {"ip": 0x0800, "arp": ARP, "rarp": 0x8035, "ip6": 0x86DD}
_COMPARE: dict[str, Callable[[Ints, Ints], Mask]] = {
    "=": np.equal, "==": np.equal, "!=": np.not_equal, "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal,
}  # fmt: skip
_ARITHMETIC: list[dict[str, Callable[[Ints, Ints], Ints]]] = [  # loosest first, as libpcap's grammar
    {"|": np.bitwise_or, "&": np.bitwise_and, "^": np.bitwise_xor},
    {"<<": np.left_shift, ">>": np.right_shift},
    {"+": np.add, "-": np.subtract},
    {"*": np.multiply},
]
_DEEPEST = 50


class NotUnderstood(ValueError):
    """A filter outside of what is judged here."""


def compiled(expression: str) -> Test:
    """What tells, for headers and some of their rows, which of these the filter takes; NotUnderstood."""
    reader = _Reader(_tokens(expression))
    test = reader.expression()
    if reader.next:
        raise reader.stopped()
    return test


def _tokens(expression: str) -> list[str]:
    tokens, at, text = [], 0, expression.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotUnderstood(f"{text[at : at + 20]!r} in a capture filter")
        tokens.append(found[1])
        at = found.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0
        self._last: tuple[str, str, str] | None = None  # protocol, direction and kind, which a number alone takes over

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.next
        if not token or (expected and token not in expected):
            return ""
        self._at += 1
        return token

    def stopped(self) -> NotUnderstood:
        return NotUnderstood(f"a capture filter at {' '.join(self._tokens[self._at : self._at + 4]) or 'its end'!r}")

    def expression(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.stopped()
        left = self._factor()
        while operator := self.take("and", "&&", "or", "||"):
            right = self._factor()
            left = _both(left, right) if operator in ("and", "&&") else _either(left, right)
        self._depth -= 1
        return left

    def _factor(self) -> Test:
        if self.take("not", "!"):
            return _negated(self._factor())
        here = self._at
        try:
            return self._comparison()
        except NotUnderstood:
            self._at = here
        if self.take("("):
            inner = self.expression()
            if not self.take(")"):
                raise self.stopped()
            return inner
        return self._primitive()

    # --- comparisons of bytes ---

    def _comparison(self) -> Test:
        left = self._arithmetic(0)
        operator = self.take(*_COMPARE)
        if not operator:
            raise self.stopped()
        return _compared(left, self._arithmetic(0), _COMPARE[operator])

    def _arithmetic(self, level: int) -> Value:
        if level == len(_ARITHMETIC):
            return self._operand()
        left = self._arithmetic(level + 1)
        while operator := self.take(*_ARITHMETIC[level]):
            left = _computed(left, self._arithmetic(level + 1), _ARITHMETIC[level][operator])
        return left

    def _operand(self) -> Value:
        word = self.take()
        if word[:1].isdigit() and "." not in word:
            return _constant(int(word, 0))
        if word == "len":
            return lambda headers, chosen: (headers.batch.wire[chosen], np.ones(len(chosen), np.bool_))
        if word in _CONSTANTS:
            return _constant(_CONSTANTS[word])
        if word == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self.stopped()
            inner = self._arithmetic(0)
            self._depth -= 1
            if self.take(")"):
                return inner
        elif word in _BASES and self.take("["):
            place, size = self._arithmetic(0), 1
            if self.take(":"):
                size = int(self.take("1", "2", "4") or 0)
            if size and self.take("]"):
                return _loaded(word, place, size)
        raise self.stopped()

    # --- primitives ---

    def _primitive(self) -> Test:
        protocol = self.take("ether", "ip", "ip6", "arp", "rarp", *_NUMBERS)
        direction = self.take("src", "dst")
        if direction and self.next in ("or", "and") and self._tokens[self._at + 1 : self._at + 2] in (["src"], ["dst"]):
            direction = self.take("or", "and")
            self.take("src", "dst")
        kind = self.take("port", "portrange", "host", "net", "proto")
        if protocol and not kind and not direction:
            return _protocol(protocol)
        if kind or direction:
            self._last = protocol, direction, kind or "host"
            return self._identified(*self._last)
        if self.next[:1].isdigit() and self._last:
            return self._identified(*self._last)
        return self._word()

    def _word(self) -> Test:
        word = self.take()
        if word in ("less", "greater") and self.next.isdigit():
            limit = int(self.take())
            return lambda headers, chosen: headers.batch.wire[chosen] <= limit if word == "less" else headers.batch.wire[chosen] >= limit
        if word == "vlan":
            if self.next.isdigit():
                raise self.stopped()
            return lambda headers, chosen: headers.tags[chosen] > 0
        self._at -= 1 if word else 0
        raise self.stopped()

    def _identified(self, protocol: str, direction: str, kind: str) -> Test:
        if kind in ("port", "portrange"):
            low = self._number()
            high = self._number() if kind == "portrange" and self.take("-") else low
            return _ports(protocol, direction, low, high)
        if kind == "proto" and not direction:
            word = self.take()
            numbers = _TYPES if protocol == "ether" else _NUMBERS
            number = numbers.get(word, int(word, 0) if word[:1].isdigit() and "." not in word else -1)
            if number < 0:
                raise self.stopped()
            return _ether_type(number) if protocol == "ether" else _number_of(protocol, number)
        if kind in ("host", "net") and protocol in ("", "ip", "arp", "tcp", "udp", "icmp"):
            return self._hosts(protocol, direction)
        raise self.stopped()

    def _number(self) -> int:
        token = self.take()
        if not token[:1].isdigit() or "." in token:
            raise self.stopped()
        return int(token, 0)

    def _hosts(self, protocol: str, direction: str) -> Test:
        token = self.take()
        try:
            parts = token.partition("/")
            net = IPv4Network(
                token if parts[2] or parts[0].count(".") == 3 else token + ".0" * (3 - parts[0].count(".")) + f"/{8 * (parts[0].count('.') + 1)}"
            )
        except ValueError as error:
            raise self.stopped() from error
        address, mask = int(net.network_address), int(net.netmask)

        def hosts(headers: Headers, chosen: Ints) -> Mask:
            fixed = headers.fixed[chosen]
            arp = headers.kind[chosen] == ARP
            four = (headers.version[chosen] == 4) if protocol != "arp" else np.zeros(len(chosen), np.bool_)
            found = []
            for at, in_arp in ((12, 14), (16, 24)):
                word = np.ascontiguousarray(fixed[:, at : at + 4]).view(">u4")[:, 0].astype(np.int64)
                in_frame = np.ascontiguousarray(fixed[:, in_arp : in_arp + 4]).view(">u4")[:, 0].astype(np.int64)
                found.append((four & (word & mask == address)) | (arp & (in_frame & mask == address) if protocol in ("", "arp") else False))
            said = (
                found[0]
                if direction == "src"
                else found[1]
                if direction == "dst"
                else found[0] & found[1]
                if direction == "and"
                else found[0] | found[1]
            )
            taken: Mask = said & headers.has(_NUMBERS[protocol])[chosen] if protocol in _NUMBERS else said
            return taken

        return hosts


def _both(left: Test, right: Test) -> Test:
    def both(headers: Headers, chosen: Ints) -> Mask:
        found = left(headers, chosen)
        left_over = np.flatnonzero(found)
        if len(left_over):
            found[left_over] = right(headers, chosen[left_over])
        return found

    return both


def _either(left: Test, right: Test) -> Test:
    def either(headers: Headers, chosen: Ints) -> Mask:
        found = left(headers, chosen)
        left_over = np.flatnonzero(~found)
        if len(left_over):
            found[left_over] = right(headers, chosen[left_over])
        return found

    return either


def _negated(test: Test) -> Test:
    return lambda headers, chosen: ~test(headers, chosen)


def _compared(left: Value, right: Value, compare: Callable[[Ints, Ints], Mask]) -> Test:
    def compared(headers: Headers, chosen: Ints) -> Mask:
        (one, there), (other, here) = left(headers, chosen), right(headers, chosen)
        return compare(one, other) & there & here

    return compared


def _computed(left: Value, right: Value, operate: Callable[[Ints, Ints], Ints]) -> Value:
    def computed(headers: Headers, chosen: Ints) -> tuple[Ints, Mask]:
        (one, there), (other, here) = left(headers, chosen), right(headers, chosen)
        return operate(one, other), there & here

    return computed


def _constant(number: int) -> Value:
    return lambda headers, chosen: (np.full(len(chosen), number, np.int64), np.ones(len(chosen), np.bool_))


def _loaded(protocol: str, place: Value, size: int) -> Value:
    base_of = _BASES[protocol]

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


_BASES: dict[str, Base] = {
    "ether": lambda headers, chosen, offset: (headers.batch.starts[chosen], headers.batch.links[chosen] == 1),
    "ip": lambda headers, chosen, offset: (headers.network[chosen], headers.version[chosen] == 4),
    "ip6": _ip6,
    "arp": lambda headers, chosen, offset: (headers.network[chosen], headers.kind[chosen] == ARP),
    "tcp": _of(TCP),
    "udp": _of(UDP),
    "icmp": _of(ICMP),
    "icmp6": _of(ICMP6),
}


def _protocol(name: str) -> Test:
    if name == "ether":
        return lambda headers, chosen: headers.batch.links[chosen] == 1
    return _ether_type(_TYPES[name]) if name in _TYPES else _number_of("", _NUMBERS[name])


def _ether_type(number: int) -> Test:
    return lambda headers, chosen: headers.kind[chosen] == number


def _number_of(network: str, number: int) -> Test:
    """The fragments of that protocol are among them, the later ones too."""
    version = {"ip": 4, "ip6": 6}.get(network, 0)

    def tests(headers: Headers, chosen: Ints) -> Mask:
        found: Mask = headers.protocol[chosen] == number
        return found & (headers.version[chosen] == version) if version else found

    return tests


def _ports(protocol: str, direction: str, low: int, high: int) -> Test:
    if protocol not in ("", "tcp", "udp", "sctp", "ip", "ip6"):
        raise NotUnderstood(f"ports of {protocol}")

    def ports(headers: Headers, chosen: Ints) -> Mask:
        source, destination = headers.source_port[chosen], headers.destination_port[chosen]
        from_it, to_it = (source >= low) & (source <= high), (destination >= low) & (destination <= high)
        found: Mask = {"src": from_it, "dst": to_it, "and": from_it & to_it}.get(direction, from_it | to_it)
        if protocol in _NUMBERS:
            return found & headers.has(_NUMBERS[protocol])[chosen]
        if protocol in ("ip", "ip6"):
            found = found & (headers.version[chosen] == (4 if protocol == "ip" else 6))
        if low == 0:
            found = found & np.isin(headers.protocol[chosen], (TCP, UDP, 132))
        return found

    return ports
