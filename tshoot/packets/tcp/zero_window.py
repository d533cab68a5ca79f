"""Receivers that do not read: their window is 0, and the sender must wait.

A stall lasts from the first window of 0 to the next that is not, or to the last packet of the connection. A receiver that works in
bursts closes its window for fractions of a second: stalls below `SHORT` seconds count for nothing. A fault is one stall of
`FAULT_STALL` seconds, or stalls that fill `FAULT_SHARE` of the connection and `FAULT_TOTAL` seconds; from `WARNING_TOTAL` seconds on
it is a warning. Windows of SYN, FIN and RST say nothing (the flow index leaves them out); a window that closes in the last packet
that was captured proves no stall. The other end must have sent data in this capture, or stand there with probes: nobody else waits.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.flows import Flow, FlowIndex, Side, ZeroWindow
from tshoot.packets.proof import MOST, finding, times

CAUSE = "tcp.zero-window"
SHORT = 0.5
FAULT_STALL, FAULT_TOTAL, FAULT_SHARE = 5.0, 3.0, 0.2
WARNING_TOTAL = 1.0
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class _Stalled:
    flow: Flow
    receiver: str
    sender: str
    stalls: tuple[tuple[ZeroWindow, float], ...]  # those that are long enough, and their seconds
    total: float
    lasted: float

    @property
    def longest(self) -> float:
        return max(seconds for _, seconds in self.stalls)

    @property
    def severity(self) -> str:
        if self.longest >= FAULT_STALL or (self.total >= FAULT_TOTAL and self.total >= FAULT_SHARE * self.lasted):
            return "fault"
        return "warning" if self.total >= WARNING_TOTAL else ""


def findings(index: FlowIndex) -> list[Finding]:
    found: list[_Stalled] = []
    for flow in index.tcp():
        if flow.from_client.zero_windows:
            found += _stalled(flow, flow.client, flow.server, flow.from_client, flow.from_server)
        if flow.from_server.zero_windows:
            found += _stalled(flow, flow.server, flow.client, flow.from_server, flow.from_client)
    told = sorted((one for one in found if one.severity), key=lambda one: (one.severity != "fault", -one.total))[:MOST_TOLD]
    return sorted((_finding(one) for one in told), key=lambda one: one.frames)


def _stalled(flow: Flow, receiver: str, sender: str, side: Side, other: Side) -> list[_Stalled]:
    if not other.payload:
        return []
    end = max(side.last_ns, other.last_ns)
    begin = min(part.first_ns for part in (side, other) if part.packets)
    measured = [(stall, ((stall.end_ns if stall.end else end) - stall.begin_ns) / 1e9) for stall in side.zero_window_frames]
    stalls = tuple((stall, seconds) for stall, seconds in measured if seconds >= SHORT)
    if not stalls:
        return []
    return [_Stalled(flow, receiver, sender, stalls, sum(seconds for _, seconds in stalls), max((end - begin) / 1e9, 1e-9))]


def _finding(one: _Stalled) -> Finding:
    flow = one.flow
    address = "ipv6.src" if ":" in one.receiver else "ip.src"
    open_end = " The last stall did not end in this capture." if not one.stalls[-1][0].end else ""
    text = (
        f"{one.receiver} told {one.sender} {times(len(one.stalls))} that it takes no more data (window 0): for {one.total:.1f} s of the "
        f"{one.lasted:.1f} s of this connection (port {flow.server_port}), {one.longest:.1f} s at a stretch. The program on {one.receiver} "
        f"does not read what has arrived; the path carries it.{open_end}"
    )
    return finding(
        CAUSE,
        "A receiver does not read: its TCP window is closed",
        text,
        [FieldValue(stall.begin, "tcp.window_size_value", "0") for stall, _ in one.stalls[:MOST]],
        show=f"tcp.analysis.zero_window && {address} == {one.receiver} && tcp.port == {flow.client_port} && tcp.port == {flow.server_port}",
        facts={
            "client": flow.client, "server": flow.server, "port": flow.server_port, "receiver": one.receiver, "sender": one.sender,
            "stalls": len(one.stalls), "seconds": round(one.total),
        },
        severity="fault" if one.severity == "fault" else "warning",
        confidence="high" if any(stall.end for stall, _ in one.stalls) else "medium",
    )  # fmt: skip
