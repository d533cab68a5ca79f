"""The ways between hosts: what is dropped, refused, sent another way or not answered, and who says so.

Five sides, one file each: what routers and hosts report by ICMP (`path/reports`), large segments that vanish without a word
(`black_hole`), connections that do not come up (`path/attempts`), answers that go another way (`path/asymmetry`), resets in
another's name (`path/resets`). All but the last need no decoded frame; reports inside of tunnels are seen only decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from tshoot.packets import black_hole
from tshoot.packets.flows import FlowIndex
from tshoot.packets.frames import Detection, Frame
from tshoot.packets.path import asymmetry, attempts, resets
from tshoot.packets.path.attempts import HOST_SECONDS, HOST_SYNS, REFUSALS, REFUSED_SECONDS, SCAN, SILENT_SECONDS, SILENT_SYNS
from tshoot.packets.path.reports import Reports, destinations
from tshoot.packets.path.services import talk_of

_TOO_BIG = "Packets are too big for the path"


class PathDetector:
    family = "path"
    causes: ClassVar[Mapping[str, str]] = {
        "path.mtu-mismatch": "ICMP fragmentation needed or ICMPv6 Packet Too Big, with the MTU; a fault where it is repeated for one flow "
        "a second or more after the first; once, or in one burst, it is healthy Path MTU Discovery. Or no report at all: one large segment "
        "sent again and again, where only smaller ones had arrived; a peer that died after large ones had passed is left out",
        "path.filtered": "ICMP administratively prohibited, for a TCP connection or repeated; "
        f"or {SILENT_SYNS} SYNs to a port over {SILENT_SECONDS} s without any answer of a host that speaks otherwise; "
        "traceroute and single lost SYNs are left out; a client that is served elsewhere, and one "
        f"that tries more than {SCAN} services (a scan), a warning",
        "path.refused": f"{REFUSALS} connections over {REFUSED_SECONDS:.0f} s answered by RST, none by SYN-ACK; an RST that ends a connection and a "
        "closed port that is probed once are left out; a port that opens later: a warning, UDP port unreachable: a note",
        "path.unreachable": "ICMP network or host unreachable, repeated for one flow; "
        f"or {HOST_SYNS} SYNs over {HOST_SECONDS:.0f} s to a host of which there is no packet at all, while others answer the client; "
        "a capture in which nobody answers is left out",
        "path.asymmetric": "SYNs and SYN-ACKs repeated side by side without an ACK; a warning: one end alone is seen of connections that go on well, "
        "beside others seen in both directions; captures of one direction, tunnels and older connections are left out",
        "path.reset-injected": f"an RST whose TTL differs by {resets.HOPS} or more from all else of its sender, who goes on after it; "
        "an end's own RST is left out, whatever its TTL",
    }
    seen: ClassVar[Mapping[str, str]] = {
        "path.icmp-error": "ICMP reports of undelivered packets",
        "path.tcp-tried": "attempts to open a TCP connection, repetitions not counted",
    }
    explains: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    beneath = ("path.tcp-tried",)
    capture_filter = "icmp or icmp6"
    display_filter = "icmp.type == 3 or icmpv6.type == 1 or icmpv6.type == 2"
    decode_as: Sequence[str] = ()

    def from_flows(self, index: FlowIndex) -> Iterable[int]:
        return resets.wanted(index)

    def detect(self, frames: Iterable[Frame]) -> Detection:
        reports, forged = Reports(), resets.Resets()
        for frame in frames:
            reports.frame(frame)
            forged.frame(frame)
        return Detection((*reports.findings(), *forged.findings()), {"path.icmp-error": reports.seen})

    def judge_flows(self, index: FlowIndex) -> Detection:
        """What `detect` finds too is told by both: the analysis keeps one of them."""
        reports, talk = Reports(), talk_of(index)
        for error in index.icmp_errors:
            reports.error(error)
        silence = attempts.findings(talk, destinations(index.icmp_errors))
        found = (*reports.findings(), *black_hole.findings(index, _TOO_BIG), *silence, *asymmetry.findings(index, talk))
        return Detection(found, {"path.tcp-tried": talk.tried} if talk.tried else {})


DETECTOR = PathDetector()
