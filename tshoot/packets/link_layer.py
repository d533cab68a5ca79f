"""What lies under a packet: which Ethernet header carries it directly, and on which link it was seen.

Tunnels and tags stack headers; only an Ethernet header with nothing but VLAN tags between it and the packet names the
packet's sender on this link. Cooked captures (SLL) keep the sender's address but not the frame. Links are told apart by
interface, VLANs and virtual networks: the same address on two of them is two addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tshoot.packets.frames import Frame, Layer

_TRANSPARENT = frozenset({"vlan", "ieee8021ad", "llc", "snap", "ethertype"})
_NETWORKS = ("sll.ifindex", "vlan.id", "ieee8021ad.id", "vxlan.vni", "geneve.vni")
_ZERO = "00:00:00:00:00:00"


@dataclass(frozen=True, slots=True)
class Carried:
    """One layer and what carries it. `source` is the sender's MAC on this link, "" where it is not known.

    `direct`: `source` and `destination` are those of the Ethernet header that directly carries the packet.
    """

    layer: Layer
    network: Layer | None  # the IPv6 header, None for what has none
    source: str
    destination: str
    direct: bool
    link: str


def carried(frame: Frame, name: str) -> Iterator[Carried]:
    """The layers `name` of the frame, the innermost of nested packets included."""
    link: list[str] = []
    source, destination, direct = "", "", False
    network: Layer | None = None
    for layer in frame.layers:
        if layer.name == "frame":
            link.append(layer.first("frame.interface_id"))
        elif layer.name == "eth":
            source, destination = layer.first("eth.src").lower(), layer.first("eth.dst").lower()
            direct, network = source not in ("", _ZERO, destination), None
        elif layer.name in ("sll", "sll2"):
            source, destination, direct = layer.first(f"{layer.name}.src.eth", layer.first("sll.src.eth")).lower(), "", False
        elif layer.name == name:
            yield Carried(layer, network, source, destination, direct, " ".join(link))
        elif layer.name == "ipv6":
            direct, network = direct and network is None, layer
        elif layer.name not in _TRANSPARENT and not layer.name.startswith("ipv6."):
            direct = False
        link += [value for key in _NETWORKS if key in layer.fields for value in layer.fields[key]]


def unicast(mac: str) -> bool:
    """Whether a MAC address is one of a single interface: not a group, not all zeros, not absent."""
    try:
        return mac not in ("", _ZERO) and not int(mac[:2], 16) & 1
    except ValueError:
        return False
