"""Loss and forged resets in captures that nobody of this project made."""

from __future__ import annotations

import pytest
from capture_samples import public

from tshoot.cancel import CancelToken
from tshoot.packets.analysis import analyze_capture


@pytest.mark.parametrize(
    ("file", "cause", "severity", "frames"),
    [
        ("tcp/tcp_rst_inject.pcap", "path.reset-injected", "fault", {2, 7, 9}),
        ("tcp/tcp_fast_retransmit.pcap", "tcp.retransmissions", "warning", {32, 34, 36}),
        ("tunnel/6in4_tunnel_toobig.pcap", "path.mtu-mismatch", "warning", {45}),
    ],
)
def test_found_at_its_frames(file: str, cause: str, severity: str, frames: set[int]) -> None:
    findings = analyze_capture(public(file), families=["path", "tcp"], cancel=CancelToken()).findings
    found = next(finding for finding in findings if finding.cause == cause)
    assert found.severity == severity
    assert frames <= set(found.frames)
