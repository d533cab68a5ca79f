"""A large capture from end to end: without tshark, without room, interrupted, and what a detector asks of the flow index."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from capture_samples import children, ether, layers, nothing_left_behind, pcap, record
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, MissingProgram
from tshoot.packets import analysis, prefilter
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.flows import FlowIndex
from tshoot.packets.frames import Detection, Frame

HOLE = Path(__file__).parents[3] / "fixtures/captures/path.mtu-mismatch/black-hole.pcap"
SYN = IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=700, dport=2049, flags="S")


class Choosing:
    """Wants the SYNs that nobody answered, and no other frame."""

    family = "choosing"
    causes: ClassVar[dict[str, str]] = {}
    seen: ClassVar[dict[str, str]] = {"choosing.frame": "frames"}
    capture_filter = "arp"
    display_filter = "arp"
    decode_as = ()

    def __init__(self) -> None:
        self.given: list[Frame] = []

    def from_flows(self, index: FlowIndex) -> Iterable[int]:
        return [frame for flow in index.tcp() if flow.unanswered_syns for frame in flow.from_client.syn_frames]

    def detect(self, frames: Iterable[Frame]) -> Detection:
        self.given = list(frames)
        return Detection((), {"choosing.frame": len(self.given)})


@pytest.mark.parametrize("large", [0, 1 << 40], ids=["candidates", "whole file"])
def test_a_detector_may_ask_for_frames_that_the_index_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", large)
    choosing = Choosing()
    monkeypatch.setattr(analysis, "detectors", lambda families: (choosing,))
    path = tmp_path / "c.pcap"
    answered = [
        IP(src="192.0.2.1", dst="192.0.2.3") / TCP(sport=9, dport=9, flags="S"),
        IP(src="192.0.2.3", dst="192.0.2.1") / TCP(sport=9, dport=9, flags="SA"),
    ]
    path.write_bytes(pcap(layers(*(ether() / packet for packet in (*answered, SYN, SYN)), ether() / ARP(), ether() / SYN)))
    analyze_capture(path, cancel=CancelToken())
    assert [frame.number for frame in choosing.given] == [3, 4, 5, 6]


class OnFlowsAlone:
    family = "alone"
    causes: ClassVar[dict[str, str]] = {}
    seen: ClassVar[dict[str, str]] = {"alone.flow": "flows"}
    capture_filter = display_filter = ""
    decode_as = ()
    no_frames = True

    def detect(self, frames: Iterable[Frame]) -> Detection:
        assert not list(frames)
        return Detection()

    def judge_flows(self, index: FlowIndex) -> Detection:
        return Detection((), {"alone.flow": len(index.flows)})


def test_a_detector_that_lives_on_the_index_needs_no_tshark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "detectors", lambda families: (OnFlowsAlone(),))
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(layers(ether() / SYN)))
    found = analyze_capture(path, cancel=CancelToken())
    assert (found.verdict.kind, found.seen) == ("healthy", {"alone.flow": 1})


def test_without_tshark_the_index_still_finds_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = analyze_capture(HOLE, cancel=CancelToken())
    assert (found.verdict.kind, found.verdict.cause, found.partial) == ("fault", "path.mtu-mismatch", True)
    assert "nfs" in found.remark
    assert "tshark" in found.remark
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(layers(ether() / IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=3, code=3) / SYN)))
    with pytest.raises(MissingProgram, match="path") as caught:
        analyze_capture(path, cancel=CancelToken())
    assert caught.value.exit_code == 5


def test_no_room_for_the_candidates_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(layers(ether() / SYN)))
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(CaptureFileError, match="no temporary copy") as caught:
        analyze_capture(path, cancel=CancelToken())
    assert "TMPDIR" in caught.value.hint


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(layers(ether() / SYN) * 3000))
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", 0)
    made = tempfile.NamedTemporaryFile

    def full(**how: Any) -> Any:
        file = made(**how)
        monkeypatch.setattr(file, "file", Path("/dev/full").open("wb", buffering=0), raising=False)  # noqa: SIM115
        file.write = file.file.write
        file.flush = file.file.flush
        return file

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    with pytest.raises(CaptureFileError, match="No space left"):
        analyze_capture(path, cancel=CancelToken())


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.pcap"
    noise = record(bytes(ether() / IP(src="192.0.2.7", dst="192.0.2.8") / UDP(sport=5, dport=6) / bytes(1400)), 1)  # type: ignore[operator,call-overload]
    with path.open("wb") as file:
        file.write(pcap([]))
        for _ in range(200):
            file.write(noise * 1000)
    return path


def test_cancelling_leaves_nothing_behind(large: Path) -> None:
    cancel, caught = CancelToken(), []

    def work() -> None:
        try:
            analyze_capture(large, cancel=cancel)
        except BaseException as error:
            caught.append(type(error).__name__)

    with nothing_left_behind():
        thread = threading.Thread(target=work)
        thread.start()
        deadline = time.monotonic() + 60
        while not children() and thread.is_alive() and time.monotonic() < deadline:  # until tshark is asked for its fields
            time.sleep(0.005)
        cancel.cancel()
        thread.join(60)
        assert not thread.is_alive()
    assert caught in (["Cancelled"], [])


def test_ctrl_c_ends_the_command_at_once(large: Path, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = [sys.executable, "-m", "tshoot", "analyze", *[str(large)] * 40]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder)}
    )
    assert process.stdout is not None
    assert process.stdout.readline()  # the first file is done, another one is read
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    process.stdout.close()
    assert not list(folder.iterdir())
