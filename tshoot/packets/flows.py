"""The flow index of a capture: what its packets' headers say, without decoding one of them.

One pass over the file (`index`, or the pass that `container.inspect` makes anyway) gives every flow's counts,
handshake, retransmissions and zero windows, the MAC addresses behind each address, the ICMP errors, and a timeline. Frame
numbers and times are those of the file that the user gave; times are nanoseconds since the epoch.

What a number means:
- A flow is one TCP connection (a SYN with a new sequence number opens the next), or all packets of another
  protocol between two endpoints. Tunnels are not opened, later fragments count for the flow without ports.
- `client` sent the first SYN; where none was captured (`opened` False) it has the higher port.
- A retransmission is a segment with data, SYN or FIN that begins below the highest sequence number its sender
  has reached, unless it is a keep-alive, or fills a hole so soon after that it was only overtaken (3 ms, or the
  handshake's RTT) and nobody asked for it: tshark's `tcp.analysis.retransmission`. But data that was acknowledged already and comes again
  within an RTT is a retransmission here, and "out of order" to tshark.
- A copy is one of these that was captured twice: the same packet again within 3 ms (`segments._copies` says when).
- `unseen` counts places where data is missing that the other end acknowledged: the capture lacks it, not the receiver.
- A zero window is tshark's `tcp.analysis.zero_window`; it lasts until the same side announces another.
- Lists of frames are the first `FRAMES_A_LIST`; the counts beside them are complete.

Memory is bounded: beyond `FLOWS_KEPT` flows the quietest and oldest are folded into `FlowIndex.rest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken

if TYPE_CHECKING:
    from tshoot.packets.batches import Batch
    from tshoot.packets.container import Container
    from tshoot.packets.timeline import Timeline

FLOWS_KEPT = 50_000
FRAMES_A_LIST = 16
LARGE = 1000  # bytes of data: a segment that does not fit through a narrower path
REPEATS_A_SIDE = 4  # different segments that one side repeats, remembered with their frames


@dataclass(frozen=True, slots=True)
class Repeated:
    """One segment of TCP data that was sent again: `frames` and times are those of the repetitions.

    `before` is how many bytes its sender had sent before it. Only segments of `LARGE` bytes and more are listed here, and only those with
    less than their own length before them: those of which it is not known that their like has arrived.
    """

    length: int
    before: int
    times: int
    frames: tuple[int, ...]
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class ZeroWindow:
    """One stall: the receiver announced a window of 0 in `begin`, and another one in `end` (0: never in this capture)."""

    begin: int
    end: int
    begin_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Side:
    """What one end of a flow sent. `bytes` are lengths on the wire, `payload` those of UDP or TCP data."""

    packets: int = 0
    bytes: int = 0
    payload: int = 0
    first: int = 0
    last: int = 0
    first_ns: int = 0
    last_ns: int = 0
    syns: int = 0
    syn_acks: int = 0
    fins: int = 0
    resets: int = 0
    segments: int = 0
    retransmissions: int = 0
    zero_windows: int = 0
    zero_window_ns: int = 0
    largest: int = 0
    mss: int = 0
    copies: int = 0
    unseen: int = 0
    syn_frames: tuple[int, ...] = ()
    reset_frames: tuple[int, ...] = ()
    retransmission_frames: tuple[int, ...] = ()
    zero_window_frames: tuple[ZeroWindow, ...] = ()
    repeated: tuple[Repeated, ...] = ()

    @property
    def retransmitted_share(self) -> float:
        """Of the segments with data, SYN or FIN, how many were sent before; 0.0 to 1.0."""
        return self.retransmissions / self.segments if self.segments else 0.0


@dataclass(frozen=True, slots=True)
class Flow:
    """`protocol` is "tcp", "udp", "icmp", "icmpv6", or the number of another one, whose ports are 0.

    `rtt_ns` is from the SYN to the ACK that ends the handshake, `syn_ack_ns` from the SYN to the SYN-ACK; 0 where that was not captured.
    """

    protocol: str
    client: str
    client_port: int
    server: str
    server_port: int
    opened: bool
    from_client: Side
    from_server: Side
    rtt_ns: int = 0
    syn_ack_ns: int = 0

    @property
    def packets(self) -> int:
        return self.from_client.packets + self.from_server.packets

    @property
    def bytes(self) -> int:
        return self.from_client.bytes + self.from_server.bytes

    @property
    def first(self) -> int:
        """Number of the first frame."""
        return min(side.first for side in (self.from_client, self.from_server) if side.packets)

    @property
    def last(self) -> int:
        return max(self.from_client.last, self.from_server.last)

    @property
    def one_way(self) -> bool:
        """Only one of the two ends was heard."""
        return not self.from_client.packets or not self.from_server.packets

    @property
    def unanswered_syns(self) -> int:
        """SYNs of a connection whose other end sent nothing at all, in words: neither SYN-ACK nor RST."""
        return self.from_client.syns if not self.from_server.packets else 0

    @property
    def refused(self) -> bool:
        """The SYN was answered by RST, and never by SYN-ACK."""
        return bool(self.from_client.syns and self.from_server.resets and not self.from_server.syn_acks)

    @property
    def display_filter(self) -> str:
        """What shows this flow in Wireshark."""
        network = "ipv6" if ":" in self.client else "ip"
        ends = f"{network}.addr == {self.client} && {network}.addr == {self.server}"
        if self.protocol not in ("tcp", "udp"):
            return ends
        return f"{ends} && {self.protocol}.port == {self.client_port} && {self.protocol}.port == {self.server_port}"


@dataclass(frozen=True, slots=True)
class IcmpError:
    """A report of an undelivered packet, and the packet that it quotes ("" and 0 where the quotation is cut off). `version` is 4 or 6."""

    frame: int
    time_ns: int
    version: int
    type: int
    code: int
    reporter: str
    receiver: str
    mtu: int = 0
    protocol: str = ""
    source: str = ""
    source_port: int = 0
    destination: str = ""
    destination_port: int = 0


@dataclass(frozen=True, slots=True)
class IcmpCount:
    """All errors of one version, type and code: `times` is complete, `frames` the first of them."""

    times: int
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MacSeen:
    """A source MAC address in front of a source IP address."""

    mac: str
    packets: int
    first: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What was folded away: sums over flows that have no place in the table."""

    flows: int = 0
    packets: int = 0
    bytes: int = 0
    syns: int = 0
    resets: int = 0
    segments: int = 0
    retransmissions: int = 0
    zero_windows: int = 0


@dataclass(frozen=True, slots=True)
class FlowIndex:
    """`flows` in order of their first frame, each made when it is asked for.

    `unread` counts frames whose headers are not understood, for their link type or because they were cut off.
    `complete` is False where something stands in `remark`: flows folded away, or a format without an index.
    """

    packets: int = 0
    flows: Sequence[Flow] = ()
    rest: Rest = Rest()
    unread: int = 0
    icmp_errors: tuple[IcmpError, ...] = ()
    icmp_counts: Mapping[tuple[int, int, int], IcmpCount] = field(default_factory=dict)
    macs: Mapping[str, tuple[MacSeen, ...]] = field(default_factory=dict)
    timeline: Timeline | None = None
    remark: str = ""

    @property
    def complete(self) -> bool:
        return not self.remark

    def tcp(self) -> Iterator[Flow]:
        return (flow for flow in self.flows if flow.protocol == "tcp")


def index(container: Container, cancel: CancelToken, on_progress: Callable[[float], None] | None = None) -> FlowIndex:
    """The flow index of `container`, by a pass of its own over the file; Cancelled. `on_progress` is told the share that is read."""
    from tshoot.packets.container import walk
    from tshoot.packets.flow_pass import FlowPass
    from tshoot.packets.headers import read_headers

    flows, size = FlowPass(), max(1, container.readable.stat().st_size)

    def take(batch: Batch) -> None:
        flows.take(read_headers(batch))
        if on_progress:
            on_progress(min(1.0, (batch.base + int(batch.starts[-1])) / size))

    walk(container.readable, cancel, take)
    return flows.index()
