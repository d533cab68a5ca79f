"""What the packets of one capture share while it is rewritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tshoot.packets.rewriting.disguise import Disguise
from tshoot.packets.rewriting.fragments import Fragments
from tshoot.packets.rewriting.streams import Streams


@dataclass
class Rewriting:
    """`learning`: the first pass, which only takes note of streams, calls and fragments. `quoting`: within an ICMP error, a copy of
    another packet's beginning. `ethernet` and `network` (EtherType, data) open what a tunnel carries; `links` sets them, which knows all layers.
    """

    disguise: Disguise
    streams: Streams
    fragments: Fragments = field(default_factory=Fragments)
    learning: bool = True
    quoting: bool = False
    depth: int = 0
    ethernet: Callable[[bytes, Rewriting], bytes] = lambda data, run: bytes(len(data))
    network: Callable[[int, bytes, Rewriting], bytes] = lambda kind, data, run: bytes(len(data))
