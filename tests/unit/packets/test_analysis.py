"""From a file to a verdict: what is called a fault, what healthy, and what is admitted not to be known."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from capture_samples import PUBLIC, ether, layers, nothing_left_behind, pcap, public_captures
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP

from tests.thorough import sample
from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, UsageError
from tshoot.model.findings import Finding
from tshoot.packets import analysis
from tshoot.packets.analysis import Analysis, analyze_capture
from tshoot.packets.detect import detectors
from tshoot.packets.frames import Detection, Frame


def judged(tmp_path: Path, packets: list[bytes], cut: int = 0) -> Analysis:
    path = tmp_path / "c.pcap"
    data = pcap(packets)
    path.write_bytes(data[: len(data) - cut])
    return analyze_capture(path, cancel=CancelToken())


class Told:
    """A detector that finds what the test says, in every frame that it is given."""

    causes: ClassVar[dict[str, str]] = {}
    seen: ClassVar[dict[str, str]] = {"told.frame": "frames"}
    capture_filter = display_filter = ""
    decode_as = ()

    def __init__(self, family: str, *found: str, explains: dict[str, tuple[str, ...]] | None = None) -> None:
        self.family, self.found, self.explains = family, found, explains or {}
        self.given: list[int] = []

    def detect(self, frames: Iterable[Frame]) -> Detection:
        self.given = [frame.number for frame in frames]
        made = [Finding(cause, cause, "fault", "high", (index + 1,), (), f"{cause} it is", "") for index, cause in enumerate(self.found)]
        return Detection(tuple(made), {"told.frame": len(self.given)})


def tell(monkeypatch: pytest.MonkeyPatch, *told: Any) -> None:
    monkeypatch.setattr(analysis, "detectors", lambda families: told)


ARPS = layers(ether() / ARP(op=8), ether() / ARP(op=9))  # InARP: no detector's
PORT_UNREACHABLE = layers(ether() / IP(src="192.0.2.2") / ICMP(type=3, code=3) / IP(dst="192.0.2.2") / UDP(dport=53))


def test_an_empty_capture_is_inconclusive_with_a_reason(tmp_path: Path) -> None:
    found = judged(tmp_path, [])
    assert (found.verdict.kind, found.partial, found.packets) == ("inconclusive", False, 0)
    assert "no packets" in found.verdict.reason


def test_traffic_that_nobody_judges_is_inconclusive(tmp_path: Path) -> None:
    found = judged(tmp_path, ARPS)
    assert found.verdict.kind == "inconclusive"
    assert "none of the 2 packets" in found.verdict.reason
    assert not any(found.seen.values())


def test_what_was_looked_at_and_is_sound_is_healthy_and_says_what(tmp_path: Path) -> None:
    found = judged(tmp_path, PORT_UNREACHABLE)
    assert found.verdict.kind == "healthy"
    assert "1 ICMP reports" in found.verdict.reason


def test_a_torn_capture_without_fault_is_inconclusive_and_says_where(tmp_path: Path) -> None:
    found = judged(tmp_path, PORT_UNREACHABLE * 2, cut=5)
    assert (found.verdict.kind, found.partial) == ("inconclusive", True)
    assert "packet 2" in found.remark
    assert found.remark in found.verdict.reason


def test_every_detector_gets_the_same_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told("a"), Told("b")
    tell(monkeypatch, *told)
    assert judged(tmp_path, ARPS).verdict.kind == "healthy"
    assert told[0].given == told[1].given == [1, 2]


def test_the_cause_that_explains_another_outranks_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Told("a", "a.effect", "a.other"), Told("b", "b.root", explains={"b.root": ("a.effect", "a.absent")}))
    found = judged(tmp_path, ARPS)
    assert (found.verdict.kind, found.verdict.cause, found.verdict.reason) == ("fault", "b.root", "b.root it is")
    assert found.explained == {"a.effect": "b.root"}
    assert [finding.frames[0] for finding in found.findings] == [1, 1, 2]


def test_causes_that_explain_each_other_still_give_a_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = {"a.one": ("a.two",), "a.two": ("a.three",), "a.three": ("a.one",)}
    tell(monkeypatch, Told("a", "a.one", "a.two", "a.three", explains=ring))
    assert judged(tmp_path, ARPS).verdict.cause in ring


def test_a_detector_that_fails_is_told_and_nothing_is_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Told("broken")
    monkeypatch.setattr(broken, "detect", lambda frames: 1 / 0)
    tell(monkeypatch, Told("a"), broken)
    found = judged(tmp_path, ARPS)
    assert found.verdict.kind == "inconclusive"
    assert "detector broken failed" in found.remark
    tell(monkeypatch, broken, Told("a", "a.fault"))
    assert judged(tmp_path, ARPS).verdict.kind == "fault"


def test_memory_is_bounded_and_the_bound_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "FRAMES_KEPT", 3)
    told = Told("a")
    tell(monkeypatch, told)
    found = judged(tmp_path, ARPS * 3)
    assert told.given == [1, 2, 3]
    assert "only the first 3 frames" in found.remark
    assert found.verdict.kind == "inconclusive"
    told = Told("a")
    tell(monkeypatch, told)
    assert not judged(tmp_path, [*ARPS, ARPS[0]]).partial


def test_progress_is_told_by_step_and_share(tmp_path: Path) -> None:
    path, told = tmp_path / "c.pcap", []
    path.write_bytes(pcap(PORT_UNREACHABLE * 5))
    analyze_capture(path, cancel=CancelToken(), on_progress=lambda what, share: told.append((what, share)))
    assert list(dict.fromkeys(what for what, _ in told)) == ["reading", "selecting", "decoding", "judging"]
    assert told[-2] == ("decoding", 1.0)


def test_wrong_families_and_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nonsense") as caught:
        analyze_capture(tmp_path, families=["nonsense"], cancel=CancelToken())
    assert "path" in caught.value.hint
    with pytest.raises(CaptureFileError):
        analyze_capture(tmp_path, cancel=CancelToken())


def test_the_collection_of_detectors_is_sound() -> None:
    for detector in detectors():
        prefixes = {name.split(".")[0] for name in (*detector.causes, *detector.seen)}
        assert prefixes <= {detector.family, "path"}
        assert all(detector.causes.values())
        assert all(detector.seen.values())
    assert detectors(["path"]) == tuple(detector for detector in detectors() if detector.family == "path")


@pytest.mark.skipif(not PUBLIC.exists(), reason="the public captures are not beside this checkout (../shared/captures)")
@pytest.mark.parametrize("row", sample(public_captures(), 2), ids=lambda row: row["file"])
def test_public_captures(row: dict) -> None:
    with nothing_left_behind():
        found = analyze_capture(PUBLIC / row["file"], cancel=CancelToken())
    faults = [finding for finding in found.findings if finding.severity == "fault"]
    assert found.packets == row["packets"]
    assert all(1 <= number <= found.packets for finding in found.findings for number in finding.frames)
    assert all(finding.cause in {cause for detector in detectors() for cause in detector.causes} for finding in found.findings)
    assert "failed" not in found.remark
    if not row["verdict"].startswith("fault"):
        assert not faults
        assert not [finding for finding in found.findings if finding.cause.startswith("nfs.") and finding.severity != "note"]
        assert found.verdict.kind != "fault"


def test_a_refused_connection_is_one_fault_with_who_said_it(tmp_path: Path) -> None:
    syn = IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=700, dport=2049, flags="S")
    reject = IP(src="192.0.2.254", dst="192.0.2.1") / ICMP(type=3, code=13) / syn
    found = judged(tmp_path, layers(ether() / syn, ether() / reject))
    causes = {finding.cause: finding for finding in found.findings}
    assert causes["path.filtered"].facts["reporter"] == "192.0.2.254"
    assert found.verdict.kind == "fault"


def test_mutated_captures_are_judged_or_refused_but_never_crash(tmp_path: Path) -> None:
    noise = random.Random(42)
    sources = [pcap(PORT_UNREACHABLE * 4), *(path.read_bytes() for path in sorted(PUBLIC.glob("*nfs/*.*cap")))]
    path = tmp_path / "mutated.pcap"
    with nothing_left_behind():
        for _ in range(24):
            data = bytearray(noise.choice(sources))
            for _ in range(noise.randint(1, 200)):
                data[noise.randrange(24, len(data))] = noise.randrange(256)
            path.write_bytes(data)
            assert "failed" not in analyze_capture(path, cancel=CancelToken()).remark
