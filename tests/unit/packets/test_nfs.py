"""The NFS detector where a capture file is a clumsy way to say it: odd frames, hostile text, bounds, what was looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tshoot.cancel import CancelToken
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.detect.nfs import DETECTOR
from tshoot.packets.frames import Detection, Frame, Layer
from tshoot.packets.nfs.proof import TITLES
from tshoot.packets.rpc import Exchange, RpcReader
from tshoot.playbook.causes import cause

CLIENT, SERVER = "192.0.2.21", "192.0.2.50"
CAPTURES = Path(__file__).parents[3] / "fixtures" / "captures"


def layer(name: str, fields: dict[str, object]) -> Layer:
    return Layer(name, {key: tuple(map(str, value)) if isinstance(value, tuple) else (str(value),) for key, value in fields.items()})


def frame(
    number: int, time: float, source: tuple[str, int], destination: tuple[str, int], *rest: Layer, transport: str = "tcp", **flags: int
) -> Frame:
    ports = {f"{transport}.srcport": source[1], f"{transport}.dstport": destination[1]}
    bits = {f"tcp.flags.{name}": value for name, value in flags.items()}
    ip = layer("ip", {"ip.src": source[0], "ip.dst": destination[0]})
    return Frame(number, time, 100, 100, (layer("eth", {}), ip, layer(transport, {**ports, **bits}), *rest))


def mnt(xid: int, path: str) -> tuple[Layer, Layer]:
    header = {"rpc.xid": xid, "rpc.msgtyp": 0, "rpc.program": 100005, "rpc.programversion": 3, "rpc.procedure": 1}
    return layer("rpc", header), layer("mount", {"mount.path": path})


def mnt_reply(xid: int, status: int, **known: int) -> tuple[Layer, Layer]:
    header = {"rpc.xid": xid, "rpc.msgtyp": 1, "rpc.replystat": 0, "rpc.state_accept": 0, **{f"rpc.{name}": value for name, value in known.items()}}
    return layer("rpc", header), layer("mount", {"mount.status": status})


def syn(number: int, time: float, port: int = 2049, source: int = 1011) -> Frame:
    return frame(number, time, (CLIENT, source), (SERVER, port), syn=1, ack=0, reset=0)


def detect(frames: Iterable[Frame]) -> Detection:
    return DETECTOR.detect(frames)


def test_two_calls_in_one_segment_are_told_apart() -> None:
    ends = (CLIENT, 1012), (SERVER, 635)
    asked = frame(1, 0.0, *ends, *mnt(1, "/a"), *mnt(2, "/b"))
    answered = frame(2, 0.1, *reversed(ends), *mnt_reply(1, 0), *mnt_reply(2, 13))
    [finding] = detect([asked, answered]).findings
    assert finding.facts["path"] == "/b"
    assert finding.frames == (1, 2)


def test_a_reply_without_its_call_still_speaks() -> None:
    known = {"program": 100005, "programversion": 3, "procedure": 1}
    [finding] = detect([frame(9, 0.0, (SERVER, 635), (CLIENT, 1012), *mnt_reply(7, 13, **known))]).findings
    assert (finding.cause, finding.frames) == ("nfs.mount-denied", (9,))
    assert "path" not in finding.facts
    assert "a path that was not captured" in finding.explanation


def test_a_reply_from_another_server_answers_no_call() -> None:
    asked = frame(1, 0.0, (CLIENT, 1012), (SERVER, 635), *mnt(1, "/a"))
    stray = frame(2, 0.1, ("192.0.2.99", 635), (CLIENT, 1012), *mnt_reply(1, 13))
    assert detect([asked, stray]).findings == ()


def test_text_from_the_wire_is_cleaned() -> None:
    ends = (CLIENT, 1012), (SERVER, 635)
    asked = frame(1, 0.0, *ends, *mnt(1, "/vol\x1b]0;owned\x07/[/foo]\n" + "x" * 5000))
    [finding] = detect([asked, frame(2, 0.1, *reversed(ends), *mnt_reply(1, 13))]).findings
    assert "\x1b" not in finding.explanation + "".join(item.value for item in finding.evidence)
    assert "\n" not in finding.explanation
    assert len(finding.explanation) < 500


@pytest.mark.parametrize(
    ("times", "end", "found"),
    [
        ([0.0], 9.0, False),  # sent once
        ([0.0, 1.0], 1.5, False),  # the capture ends before 2 s have passed
        ([0.0, 0.00001], 9.0, False),  # one SYN, captured twice
        ([0.0, 1.0], 2.5, True),
    ],
)
def test_silence_needs_a_repetition_and_two_seconds(times: list[float], end: float, found: bool) -> None:
    frames = [syn(number, time) for number, time in enumerate(times, 1)]
    other = frame(9, end, ("192.0.2.7", 40000), ("192.0.2.8", 2049), syn=0, ack=1, reset=0)
    assert [finding.cause for finding in detect([*frames, other]).findings] == ["nfs.nfsd-blocked"] * found


def test_a_client_that_goes_on_was_answered() -> None:
    """A capture of one direction alone holds no SYN-ACK."""
    goes_on = frame(3, 3.0, (CLIENT, 1011), (SERVER, 2049), syn=0, ack=1, reset=0)
    assert detect([syn(1, 0.0), syn(2, 1.0), goes_on]).findings == ()


def test_a_refusal_that_ends_is_a_warning() -> None:
    refused = frame(2, 0.1, (SERVER, 2049), (CLIENT, 1011), syn=0, ack=1, reset=1)
    accepted = frame(4, 5.1, (SERVER, 2049), (CLIENT, 1010), syn=1, ack=1, reset=0)
    [finding] = detect([syn(1, 0.0), refused, syn(3, 5.0, source=1010), accepted]).findings
    assert (finding.cause, finding.severity, finding.facts["how"]) == ("nfs.nfsd-blocked", "warning", "refused")


def test_an_assumed_port_of_mountd_is_said_with_low_confidence() -> None:
    [finding] = detect([syn(1, 0.0, 635), syn(2, 1.0, 635), syn(3, 3.0, 635)]).findings
    assert (finding.cause, finding.confidence) == ("nfs.mountd-blocked", "low")
    assert "assumed" in finding.explanation


def test_any_other_port_is_not_judged() -> None:
    assert detect([syn(1, 0.0, 443), syn(2, 1.0, 443), syn(3, 3.0, 443)]) == Detection()


def test_forgotten_calls_are_bounded() -> None:
    reader = RpcReader()
    ends = (CLIENT, 1012), (SERVER, 635)
    for number in range(1, 20_000):
        list(reader.read(frame(number, number / 1000, *ends, *mnt(number, "/a"))))
    [late] = reader.read(frame(20_000, 20.0, *reversed(ends), *mnt_reply(1, 13)))
    assert isinstance(late, Exchange)
    assert late.call is None
    assert len(reader._waiting) <= 10_000


NAMES = [
    "rpc.xid",
    "rpc.msgtyp",
    "rpc.program",
    "rpc.programversion",
    "rpc.procedure",
    "rpc.replystat",
    "rpc.state_accept",
    "rpc.state_reject",
    "rpc.state_auth",
    "rpc.repframe",
    "portmap.port",
    "portmap.uaddr",
    "portmap.prog",
    "mount.path",
    "mount.status",
    "mount.export.directory",
    "nfs.status3",
    "nfs.status2",
    "nfs.nfsstat4",
    "nfs.opcode",
    "nfs.fhandle",
    "nfs.pathname.component",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.flags.syn",
    "tcp.flags.ack",
    "tcp.flags.reset",
    "udp.srcport",
    "udp.dstport",
    "ip.src",
    "ip.dst",
    "icmp.type",
    "icmp.code",
]
VALUES = st.sampled_from(
    ["", "0", "1", "2", "3", "10", "13", "15", "22", "24", "70", "111", "2049", "100000", "100003", "100005", "-1", "0x", "²", "a.b", "1.2.3", SERVER]
)
LAYERS = st.builds(
    Layer,
    st.sampled_from(["ip", "ipv6", "tcp", "udp", "icmp", "icmpv6", "rpc", "portmap", "mount", "nfs"]),
    st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, max_size=4).map(tuple), max_size=12),
)


@given(st.lists(st.lists(LAYERS, max_size=8), max_size=8))
def test_nothing_that_a_frame_may_hold_breaks_it(contents: list[list[Layer]]) -> None:
    frames = [Frame(number, float(number), 60, 60, tuple(layers)) for number, layers in enumerate(contents, 1)]
    for finding in detect(frames).findings:
        assert finding.frames
        assert finding.cause in DETECTOR.causes


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    ("case", "looked_at"),
    [
        (
            "healthy/mount-tcp",
            {"nfs.getport-reply": 1, "nfs.mount-call": 1, "nfs.mount-reply": 1, "nfs.mount-ok": 1, "nfs.ok": 6, "nfs.tcp-open-2049": 1},
        ),
        ("healthy/mount-nfsv4", {"nfs.mount-ok": 1}),
        (
            "nfs.mount-denied/over-tcp",
            {"nfs.mount-call": 1, "nfs.mount-ok": 0, "nfs.mount-failed": 1, "nfs.tcp-open-mountd": 1, "nfs.tcp-tried-2049": 0},
        ),
        ("nfs.mount-denied/nfsv4-stepwise", {"nfs.mount-ok": 0, "nfs.mount-failed": 1}),
        ("nfs.mountd-blocked/filtered", {"nfs.tcp-tried-mountd": 1, "nfs.tcp-open-mountd": 0, "nfs.mount-call": 0}),
        ("healthy/no-nfs", {"nfs.call": 0, "nfs.tcp-tried-111": 0}),
    ],
)
def test_what_was_looked_at_tells_silence_from_absence(case: str, looked_at: dict[str, int]) -> None:
    seen = analyze_capture(CAPTURES / f"{case}.pcap", families=["nfs"], cancel=CancelToken()).seen
    assert {name: seen.get(name, 0) for name in looked_at} == looked_at
    assert set(seen) <= set(DETECTOR.seen)


def test_titles_are_those_of_the_causes() -> None:
    assert set(TITLES) == set(DETECTOR.causes)
    assert {name: cause(name).title for name in TITLES} == dict(TITLES)
