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
from tshoot.packets.filter_tests import (
    BASES,
    NUMBERS,
    TYPES,
    NotUnderstood,
    Test,
    Value,
    both,
    compared,
    computed,
    constant,
    either,
    ether_type,
    loaded,
    negated,
    number_of,
    of_protocol,
    port_range,
)
from tshoot.packets.headers import ARP, Headers

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
            left = both(left, right) if operator in ("and", "&&") else either(left, right)
        self._depth -= 1
        return left

    def _factor(self) -> Test:
        if self.take("not", "!"):
            return negated(self._factor())
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
        return compared(left, self._arithmetic(0), _COMPARE[operator])

    def _arithmetic(self, level: int) -> Value:
        if level == len(_ARITHMETIC):
            return self._operand()
        left = self._arithmetic(level + 1)
        while operator := self.take(*_ARITHMETIC[level]):
            left = computed(left, self._arithmetic(level + 1), _ARITHMETIC[level][operator])
        return left

    def _operand(self) -> Value:
        word = self.take()
        if word[:1].isdigit() and "." not in word:
            return constant(int(word, 0))
        if word == "len":
            return lambda headers, chosen: (headers.batch.wire[chosen], np.ones(len(chosen), np.bool_))
        if word in _CONSTANTS:
            return constant(_CONSTANTS[word])
        if word == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self.stopped()
            inner = self._arithmetic(0)
            self._depth -= 1
            if self.take(")"):
                return inner
        elif word in BASES and self.take("["):
            place, size = self._arithmetic(0), 1
            if self.take(":"):
                size = int(self.take("1", "2", "4") or 0)
            if size and self.take("]"):
                return loaded(word, place, size)
        raise self.stopped()

    # --- primitives ---

    def _primitive(self) -> Test:
        protocol = self.take("ether", "ip", "ip6", "arp", "rarp", *NUMBERS)
        direction = self.take("src", "dst")
        if direction and self.next in ("or", "and") and self._tokens[self._at + 1 : self._at + 2] in (["src"], ["dst"]):
            direction = self.take("or", "and")
            self.take("src", "dst")
        kind = self.take("port", "portrange", "host", "net", "proto")
        if protocol and not kind and not direction:
            return of_protocol(protocol)
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
            return port_range(protocol, direction, low, high)
        if kind == "proto" and not direction:
            word = self.take()
            numbers = TYPES if protocol == "ether" else NUMBERS
            number = numbers.get(word, int(word, 0) if word[:1].isdigit() and "." not in word else -1)
            if number < 0:
                raise self.stopped()
            return ether_type(number) if protocol == "ether" else number_of(protocol, number)
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
            taken: Mask = said & headers.has(NUMBERS[protocol])[chosen] if protocol in NUMBERS else said
            return taken

        return hosts
