"""TCP itself (RFC 9293): whether what is sent arrives, and whether the receiver reads it. All of it is in the flow index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tshoot.packets.flows import FlowIndex
from tshoot.packets.frames import Detection, Frame
from tshoot.packets.tcp import retransmissions, zero_window
from tshoot.packets.tcp.retransmissions import FAULT_COUNT, FAULT_SEGMENTS, FAULT_SHARE, WARNING_COUNT, WARNING_SHARE
from tshoot.packets.tcp.zero_window import FAULT_SHARE as STALLED_SHARE
from tshoot.packets.tcp.zero_window import FAULT_STALL, FAULT_TOTAL, SHORT, WARNING_TOTAL


class _Tcp:
    family = "tcp"
    causes: Mapping[str, str] = {
        retransmissions.CAUSE: f"segments with data sent again from one host to another: at least {FAULT_COUNT}, {FAULT_SHARE:.0%} of at least "
        f"{FAULT_SEGMENTS}; from {WARNING_COUNT} and {WARNING_SHARE:.0%} on a warning; keep-alives, window probes, overtaken segments, SYNs and "
        "packets captured twice are left out",
        zero_window.CAUSE: f"a window of 0 for {FAULT_STALL:.0f} s at a stretch, or for {STALLED_SHARE:.0%} of the connection and "
        f"{FAULT_TOTAL:.0f} s; from {WARNING_TOTAL:.0f} s on a warning; stalls below {SHORT} s (a reader in bursts) and windows "
        "of SYN, FIN and RST are left out",
    }
    seen: Mapping[str, str] = {
        "tcp.connection": "TCP connections",
        "tcp.segment": "TCP segments with data, judged for loss",
    }
    beneath = ("tcp.connection", "tcp.segment")
    capture_filter = "tcp"
    display_filter = ""
    no_frames = True
    decode_as: Sequence[str] = ()

    def detect(self, frames: Iterable[Frame]) -> Detection:
        return Detection()

    def judge_flows(self, index: FlowIndex) -> Detection:
        connections = segments = 0
        for flow in index.tcp():
            connections += 1
            segments += retransmissions.data_segments(flow.from_client)[0] + retransmissions.data_segments(flow.from_server)[0]
        seen = {"tcp.connection": connections, "tcp.segment": segments}
        found = [*retransmissions.findings(index), *zero_window.findings(index)]
        return Detection(tuple(sorted(found, key=lambda one: one.frames)), {name: count for name, count in seen.items() if count})


DETECTOR = _Tcp()
