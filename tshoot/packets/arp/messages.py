"""ARP requests and replies for IPv4 over Ethernet (RFC 826), with the link they were seen on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tshoot.packets.frames import Frame
from tshoot.packets.link_layer import carried, unicast

REQUEST, REPLY = 1, 2
_NOBODY = "0.0.0.0"  # noqa: S104 - the unspecified address, not a place to listen


@dataclass(frozen=True, slots=True)
class Arp:
    """`mac` and `sender` belong together; `broadcast` is whether the frame went to all (or that is not known)."""

    frame: int
    time: float
    link: str
    opcode: int
    mac: str
    sender: str
    target_mac: str
    target: str
    broadcast: bool
    direct: bool  # in an Ethernet frame, not in a cooked capture

    @property
    def probe(self) -> bool:
        """It asks whether an address is free, without claiming one (RFC 5227 §2.1.1)."""
        return self.sender == _NOBODY

    @property
    def announcement(self) -> bool:
        return self.sender == self.target


def read(frame: Frame) -> Iterator[Arp]:
    for found in carried(frame, "arp"):
        layer = found.layer
        opcode = layer.number("arp.opcode")
        sender, target = layer.first("arp.src.proto_ipv4"), layer.first("arp.dst.proto_ipv4")
        if opcode in (REQUEST, REPLY) and sender and target:
            mac, target_mac = layer.first("arp.src.hw_mac").lower(), layer.first("arp.dst.hw_mac").lower()
            broadcast = not unicast(found.destination)
            yield Arp(frame.number, frame.time, found.link, opcode, mac, sender, target_mac, target, broadcast, found.direct)
