"""Neighbour discovery messages (RFC 4861 §4) with what carries them; packets quoted by ICMPv6 errors are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tshoot.packets.frames import Frame
from tshoot.packets.link_layer import carried

RS, RA, NS, NA = 133, 134, 135, 136
_SET = frozenset({"1", "True"})
_OPTIONS = {RS: "icmpv6.opt.src_linkaddr", RA: "icmpv6.opt.src_linkaddr", NS: "icmpv6.opt.src_linkaddr", NA: "icmpv6.opt.target_linkaddr"}


@dataclass(frozen=True, slots=True)
class Nd:
    """`claimed` is the link-layer address option, `mac` the sender on this link; each "" where there is none.

    `direct`: `mac` is that of the Ethernet header that directly carries it, so the two may be compared.
    """

    frame: int
    time: float
    link: str
    kind: int
    source: str
    destination: str
    target: str
    claimed: str
    mac: str
    to_mac: str
    direct: bool
    router: bool
    solicited: bool
    override: bool
    nonce: str

    @property
    def probe(self) -> bool:
        """A solicitation of duplicate address detection: its source is unspecified (RFC 4862 §5.4.2)."""
        return self.kind == NS and self.source == "::"

    @property
    def multicast(self) -> bool:
        return self.destination.lower().startswith("ff")

    @property
    def address(self) -> str:
        """The address that its link-layer option is about."""
        return self.target if self.kind == NA else self.source


def read(frame: Frame) -> Iterator[Nd]:
    for found in carried(frame, "icmpv6"):
        layer, network = found.layer, found.network
        kind = layer.number("icmpv6.type")
        if kind not in _OPTIONS or network is None:
            continue
        yield Nd(
            frame.number,
            frame.time,
            found.link,
            kind,
            network.first("ipv6.src"),
            network.first("ipv6.dst"),
            layer.first("icmpv6.nd.ns.target_address") or layer.first("icmpv6.nd.na.target_address"),
            layer.first(_OPTIONS[kind]).lower(),
            found.source,
            found.destination,
            found.direct,
            layer.first("icmpv6.nd.na.flag.r") in _SET,
            layer.first("icmpv6.nd.na.flag.s") in _SET,
            layer.first("icmpv6.nd.na.flag.o") in _SET,
            layer.first("icmpv6.opt.nonce"),
        )
