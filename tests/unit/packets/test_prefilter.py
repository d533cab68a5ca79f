"""Candidates of large captures: nothing that hides is missed, and numbers are those of the whole file."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from capture_samples import block, ether, layers, nothing_left_behind, pcap, record, section
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import GRE, Dot1AD, Dot1Q
from scapy.layers.vxlan import VXLAN

from tshoot.cancel import CancelToken
from tshoot.packets import prefilter
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.container import inspect
from tshoot.packets.decode import decode
from tshoot.packets.detect import detectors
from tshoot.packets.prefilter import candidates, renumbering, selection
from tshoot.packets.programs import run

NFS = "port 2049"
NOISE = layers(*(ether() / IP(src="192.0.2.7", dst="192.0.2.8") / TCP(sport=5000, dport=5001, seq=seq) / b"noise" for seq in range(40)))
CALL = IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=700, dport=2049) / (b"x" * 40)
HIDDEN = layers(
    ether() / CALL,
    ether() / Dot1Q(vlan=5) / CALL,
    ether() / Dot1AD(vlan=9) / Dot1Q(vlan=5) / CALL,
    ether() / Dot1AD(vlan=9) / Dot1Q(vlan=5) / Dot1Q(vlan=6) / CALL,
    *(ether() / part for part in fragment(CALL, fragsize=16)),
    ether() / Dot1Q(vlan=5) / fragment(CALL, fragsize=16)[2],
    ether() / IPv6() / UDP(dport=2049),
    ether() / IPv6() / IPv6ExtHdrDestOpt() / UDP(dport=2049),
    ether() / IPv6() / IPv6ExtHdrFragment(offset=9) / b"later",
    ether() / IP() / UDP(dport=4789) / VXLAN() / ether() / CALL,
    ether() / IP() / GRE() / CALL,
    ether() / IP(proto=41) / IPv6() / UDP(dport=2049),
    ether(type=0x8847) / b"\x00\x01\x01\xff" / CALL,
)


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", 10)


def picked(path: Path, expression: str) -> list[int] | None:
    with inspect(path, CancelToken()) as container, candidates(container, expression, CancelToken()) as chosen:
        return None if chosen.numbers is None else list(chosen.numbers)


def test_nothing_that_hides_its_ports_is_missed(tmp_path: Path) -> None:
    packets, expected = list(NOISE), []
    for index, packet in enumerate(HIDDEN):
        packets.insert(index * 3 + 2, packet)
        expected.append(index * 3 + 3)
    for data in (pcap(packets), pcap(packets, ">"), pcap(packets, magic=0xA1B23C4D), section(packets), section(packets, ">")):
        path = tmp_path / "hidden.pcap"
        path.write_bytes(data)
        assert picked(path, selection([NFS])) == expected


def test_numbers_are_right_among_equal_and_nearly_equal_packets(tmp_path: Path) -> None:
    noise = random.Random(11)
    alike = layers(ether() / CALL, ether() / CALL / b"y")
    packets = [noise.choice((NOISE[0], NOISE[0], NOISE[1], *alike)) for _ in range(3000)]
    path = tmp_path / "alike.pcap"
    path.write_bytes(pcap(packets, step=0))
    expected = [number for number, packet in enumerate(packets, 1) if packet in alike]
    assert picked(path, selection([NFS])) == expected


def test_records_that_tcpdump_leaves_out_keep_their_number(tmp_path: Path) -> None:
    custom = block(0x00000BAD, struct.pack("<I", 32473) + b"note")
    path = tmp_path / "custom.pcapng"
    path.write_bytes(section(NOISE[:6]) + custom + section([*NOISE[:6], HIDDEN[0]]))
    assert picked(path, selection([NFS])) == [14]
    with inspect(path, CancelToken()) as container:
        whole = list(decode(container.readable, cancel=CancelToken(), display_filter="udp.port == 2049"))
    assert [frame.number for frame in whole] == [14]


def test_frames_and_their_references_are_renumbered(tmp_path: Path) -> None:
    ping = IP(src="192.0.2.1", dst="192.0.2.2") / ICMP(id=1, seq=1)
    pong = IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=0, id=1, seq=1)
    path = tmp_path / "ping.pcap"
    path.write_bytes(pcap([*NOISE[:20], *layers(ether() / ping), *NOISE[20:30], *layers(ether() / pong)]))
    token = CancelToken()
    with inspect(path, token) as container, candidates(container, selection(["icmp"]), token) as chosen:
        assert chosen.numbers is not None
        frames = list(map(renumbering(chosen, token), decode(chosen.path, cancel=token)))
    assert [frame.number for frame in frames] == [21, 32]
    icmp = frames[1].get("icmp")
    assert icmp is not None
    assert icmp.first("icmp.resp_to") == "21"
    assert frames[1].layers[0].first("frame.number") == "32"


def test_what_cannot_be_filtered_is_decoded_whole(tmp_path: Path) -> None:
    packets = [*NOISE, HIDDEN[0]]
    for data in (section(packets, links=(1, 113)), pcap(packets, link=113), pcap(packets, magic=0xA1B2CD34)):
        path = tmp_path / "odd"
        path.write_bytes(data)
        assert picked(path, selection([NFS])) is None
    path.write_bytes(pcap(packets))
    assert picked(path, selection([NFS, ""])) is None
    assert picked(path, "this is no filter") is None


def test_a_torn_large_file_is_filtered_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tshoot.packets.container._SMALL", 100)
    path = tmp_path / "torn.pcap"
    path.write_bytes(pcap([*NOISE, HIDDEN[0], *NOISE])[:-10])
    assert picked(path, selection([NFS])) == [41]


def test_a_large_file_is_judged_with_flat_cost_and_its_own_numbers(tmp_path: Path) -> None:
    reject = Dot1Q(vlan=7) / IP(src="192.0.2.254", dst="192.0.2.1") / ICMP(type=3, code=13) / IP(bytes(CALL)[:20] + b"\x02\xbc\x08\x01\0\0\0\0")
    path = tmp_path / "large.pcap"
    with path.open("wb") as file:
        file.write(pcap([]))
        file.write(
            record(NOISE[0], 1) * 40_000 + record(bytes(ether() / reject), 2) + record(NOISE[1], 2) * 40_000 + record(bytes(ether() / reject), 4)
        )
    with nothing_left_behind():
        found = analyze_capture(path, families=["path"], cancel=CancelToken())
    assert [(finding.cause, finding.frames) for finding in found.findings] == [("path.filtered", (40_001, 80_002))]
    assert found.packets == 80_002


@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.family)
def test_every_detectors_capture_filter_compiles(detector) -> None:
    expression = selection([detector.capture_filter])
    if expression:
        assert run(["tcpdump", "-d", "-y", "EN10MB", expression], CancelToken()).status == 0
        assert "vlan" not in detector.capture_filter, "the selection adds the tags itself"
