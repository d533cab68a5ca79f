"""What is wrong with a capture as a capture is said, weakens what rests on silence, and is never a fault."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from capture_samples import block, ether, layers, pcap, public, section
from flow_samples import CLIENT, flow, index, served, side, tried
from scapy.layers.inet import IP, TCP

from tshoot.cancel import CancelToken
from tshoot.model.findings import Finding
from tshoot.packets.analysis import Analysis, analyze_capture
from tshoot.packets.artefacts import Artefact, one_direction
from tshoot.packets.flows import Side
from tshoot.packets.pcapng_statistics import Losses, losses_of
from tshoot.packets.verdict import weakened

CAPTURES = Path(__file__).parents[3] / "fixtures" / "captures"
PACKETS = layers(*(ether() / IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=4000, dport=80, seq=100 * number) for number in range(3)))


def analysis(path: Path) -> Analysis:
    return analyze_capture(path, cancel=CancelToken())


def kinds(found: Analysis) -> list[tuple[str, bool]]:
    return [(artefact.kind, artefact.weakens) for artefact in found.artefacts]


def statistics(order: str, interface: int = 0, **options: int) -> bytes:
    codes = {"received": 4, "if_drop": 5, "os_drop": 7}
    body = struct.pack(order + "III", interface, 0, 0)
    for name, value in options.items():
        body += struct.pack(order + "HHQ", codes[name], 8, value)
    return block(5, body + struct.pack(order + "HH", 0, 0), order)


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_the_capturing_side_dropped_is_read_from_the_end(tmp_path: Path, order: str) -> None:
    path = tmp_path / "c.pcapng"
    whole = section(PACKETS, order, links=(1, 1))
    names = block(4, bytes(4), order)
    path.write_bytes(whole + statistics(order, 0, received=900, if_drop=3, os_drop=4) + names + statistics(order, 1, received=100))
    assert losses_of(path) == Losses(1000, 7)
    found = analysis(path)
    assert ("dropped", True) in kinds(found)
    assert "dropped 7 packets (0.70% of 1000)" in found.verdict.reason
    assert found.verdict.kind == "inconclusive"


@pytest.mark.parametrize(
    "tail",
    [b"", statistics("<")[:-4] + b"\xff\xff\xff\x7f", statistics("<")[:-4] + bytes(4), struct.pack("<I", 12) * 3, block(5, bytes(12)) * 200, b"\x05"],
)
def test_hostile_ends_say_nothing(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "c.pcapng"
    path.write_bytes(section(PACKETS) + tail)
    losses = losses_of(path)
    assert losses is None or not losses.dropped


def test_few_drops_of_many_weaken_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    path.write_bytes(section(PACKETS) + statistics("<", received=100_000, os_drop=99))
    assert ("dropped", False) in kinds(analysis(path))
    path.write_bytes(section(PACKETS) + statistics("<", received=100_000))
    assert kinds(analysis(path)) == []
    path.write_bytes(pcap(PACKETS))
    assert losses_of(path) is None


def test_snapped_packets_are_said(tmp_path: Path) -> None:
    whole = bytearray(pcap(PACKETS))
    whole[36:40] = struct.pack("<I", 1500)  # the first one's length on the wire
    path = tmp_path / "c.pcap"
    path.write_bytes(whole)
    found = analysis(path)
    assert kinds(found) == [("cut", False)]
    assert "1 of 3 packets" in found.artefacts[0].text


HALF = flow(side(20, 9, 2, 3, syns=1, segments=4, payload=500, syn_frames=(20,)), Side())


def test_one_direction_is_said_only_where_nothing_is_answered() -> None:
    assert one_direction(index(HALF, HALF))
    assert one_direction(index(flow(side(1, 5, 0, 3, segments=4), Side())))  # older than the capture
    assert not one_direction(index(HALF, served(50)))
    assert not one_direction(index(tried(1, 9, 0, 60)))
    assert not one_direction(index(flow(side(1, 4, 0, 3, segments=4), Side())))
    assert not one_direction(index(HALF, flow(side(1, 9), Side(), protocol="47")))
    assert not one_direction(index())


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("oneway/tls12_unidirectional_client.pcapng", "one-direction"),
        ("oneway/http_asymmetric_nat.pcapng", "one-direction"),
        ("format/trunc_ip4-trunc.pcap", "cut"),
    ],
)
def test_public_captures_with_artefacts(file: str, kind: str) -> None:
    found = analysis(public(file))
    assert kind in [artefact.kind for artefact in found.artefacts]
    assert found.verdict.kind == "inconclusive"
    assert not found.findings


def test_a_mirror_of_one_direction_and_one_of_both_sides() -> None:
    one = analysis(CAPTURES / "healthy" / "path-one-direction.pcap")
    assert (one.verdict.kind, kinds(one)) == ("inconclusive", [("one-direction", True)])
    assert kinds(analysis(CAPTURES / "healthy" / "tcp-mirrored-twice.pcap")) == [("copies", False)]


@pytest.mark.parametrize(
    ("cause", "facts", "expected"),
    [
        ("path.filtered", {"client": CLIENT}, "medium"),
        ("path.filtered", {"reporter": "192.0.2.254"}, "high"),
        ("nfs.nfsd-blocked", {"how": "filtered"}, "medium"),
        ("nfs.nfsd-blocked", {"how": "refused"}, "high"),
        ("nfs.mount-denied", {}, "high"),
    ],
)
def test_missing_packets_weaken_what_rests_on_silence(cause: str, facts: dict[str, str], expected: str) -> None:
    finding = Finding(cause, cause, "fault", "high", (1,), (), "", "", facts)
    assert weakened(finding, [Artefact("gaps", "", weakens=True)]).confidence == expected
    assert weakened(finding, [Artefact("cut", "", weakens=False)]) == finding
