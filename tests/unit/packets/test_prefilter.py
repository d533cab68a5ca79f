"""Candidates of large captures: nothing that hides is missed, and numbers are those of the whole file."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
from capture_samples import block, ether, layers, nothing_left_behind, pcap, record, section
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, GRE, Dot1AD, Dot1Q
from scapy.layers.vxlan import VXLAN

from tshoot.cancel import CancelToken
from tshoot.packets import batches, prefilter, selection
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.capture_filter import compiled
from tshoot.packets.container import inspect
from tshoot.packets.decode import decode
from tshoot.packets.detect import detectors
from tshoot.packets.prefilter import candidates, renumbering
from tshoot.packets.programs import run
from tshoot.packets.reading import Reading

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
    ether(type=0x8864) / b"\x11\x00\x00\x07\x00\x46\x00\x21" / CALL,
)


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", 10)


def asking(capture_filter: str, **more: object) -> SimpleNamespace:
    return SimpleNamespace(family="t", capture_filter=capture_filter, display_filter="", decode_as=(), **more)


def chosen(path: Path, *filters: str) -> list[int] | None:
    """The numbers of the frames that are chosen by `filters`; None for the whole file."""
    cancel = CancelToken()
    reading = Reading([asking(expression) for expression in filters], cancel)  # type: ignore[list-item]
    with inspect(path, cancel, reading.take):
        pass
    return None if reading._selection.everything else reading._selection.frames()[:, 0].tolist()


def test_nothing_that_hides_its_ports_is_missed(tmp_path: Path) -> None:
    packets, expected = list(NOISE), []
    for index, packet in enumerate(HIDDEN):
        packets.insert(index * 3 + 2, packet)
        expected.append(index * 3 + 3)
    kinds = (pcap(packets), pcap(packets, ">"), pcap(packets, magic=0xA1B23C4D), pcap(packets, magic=0xA1B2CD34), section(packets))
    for data in (*kinds, section(packets, ">"), section(packets, simple=True)):
        path = tmp_path / "hidden.pcap"
        path.write_bytes(data)
        assert chosen(path, NFS) == expected


@pytest.mark.parametrize(
    ("link", "head"), [(101, b""), (113, bytes(14) + b"\x08\x00"), (276, b"\x08\x00" + bytes(18)), (0, b"\x02\0\0\0"), (9, b"\xff\x03\0\x21")]
)
def test_other_links_than_ethernet(tmp_path: Path, link: int, head: bytes) -> None:
    path = tmp_path / "link.pcap"
    path.write_bytes(pcap([head + packet[14:] for packet in (*NOISE, HIDDEN[0], NOISE[0])], link=link))
    assert chosen(path, NFS) == [41]


def test_a_link_that_is_not_known_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "mixed.pcapng"
    path.write_bytes(section([*NOISE[:5], HIDDEN[0]], links=(1, 127)))
    assert chosen(path, NFS) == [2, 4, 6]


def test_numbers_are_right_among_equal_and_nearly_equal_packets(tmp_path: Path) -> None:
    noise = random.Random(11)
    alike = layers(ether() / CALL, ether() / CALL / b"y")
    packets = [noise.choice((NOISE[0], NOISE[0], NOISE[1], *alike)) for _ in range(3000)]
    path = tmp_path / "alike.pcap"
    path.write_bytes(pcap(packets, step=0))
    expected = [number for number, packet in enumerate(packets, 1) if packet in alike]
    assert chosen(path, NFS) == expected


def test_records_without_a_packet_keep_their_number(tmp_path: Path) -> None:
    custom = block(0x00000BAD, struct.pack("<I", 32473) + b"note")
    path = tmp_path / "custom.pcapng"
    path.write_bytes(section(NOISE[:6]) + custom + section([*NOISE[:6], HIDDEN[0]]))
    assert chosen(path, NFS) == [14]
    with inspect(path, CancelToken()) as container:
        whole = list(decode(container.readable, cancel=CancelToken(), display_filter="udp.port == 2049"))
    assert [frame.number for frame in whole] == [14]


def test_frames_and_their_references_are_renumbered(tmp_path: Path) -> None:
    ping = IP(src="192.0.2.1", dst="192.0.2.2") / ICMP(id=1, seq=1)
    pong = IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=0, id=1, seq=1)
    path, cancel = tmp_path / "ping.pcap", CancelToken()
    path.write_bytes(pcap([*NOISE[:20], *layers(ether() / ping), *NOISE[20:30], *layers(ether() / pong)]))
    reading = Reading([asking("icmp")], cancel)  # type: ignore[list-item]
    with inspect(path, cancel, reading.take) as container, candidates(container, reading._selection.frames(), cancel) as picked:
        frames = list(map(renumbering(picked, cancel), decode(picked.path, cancel=cancel)))
        times = [frame.time for frame in decode(container.readable, cancel=cancel)]
    assert [frame.number for frame in frames] == [21, 32]
    assert [frame.time for frame in frames] == [times[20], times[31]]
    icmp = frames[1].get("icmp")
    assert icmp is not None
    assert icmp.first("icmp.resp_to") == "21"
    assert frames[1].layers[0].first("frame.number") == "32"


def test_what_cannot_be_filtered_is_decoded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([*NOISE, HIDDEN[0]]))
    assert chosen(path, NFS, "") is None
    assert chosen(path, "this is no filter") is None
    assert chosen(path, "tcp port") is None
    monkeypatch.setattr(selection, "MOST", 5)
    assert chosen(path, "tcp") is None
    assert chosen(path, NFS) == [41]


def test_a_torn_large_file_is_filtered_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "torn.pcap"
    path.write_bytes(pcap([*NOISE, HIDDEN[0], *NOISE])[:-10])
    assert chosen(path, NFS) == [41]


def test_a_large_file_is_judged_with_its_own_numbers(tmp_path: Path) -> None:
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
    """By libpcap, for captures on a device, and here."""
    if detector.capture_filter:
        assert run(["tcpdump", "-d", "-y", "EN10MB", detector.capture_filter], CancelToken()).status == 0
        assert "vlan" not in detector.capture_filter, "the selection adds the tags itself"
        compiled(detector.capture_filter)


# --- filters, against libpcap ---

FILTERS = [
    "port 2049", "tcp port 2049 or udp port 700", "not tcp", "src port 700 and dst port 2049", "tcp src portrange 1-1023", "icmp", "icmp6 or arp",
    "host 192.0.2.1", "src host 192.0.2.7", "net 192.0.2.0/24 and not host 192.0.2.8", "net 10", "ip proto 17", "ip6", "ether proto 0x806",
    "tcp[tcpflags] & (tcp-syn|tcp-rst) != 0", "tcp[13] = 2 or tcp[13] & 0x12 == 18", "icmp[icmptype] = icmp-unreach", "udp[4:2] > 40", "len > 60",
    "greater 60", "less 60", "(tcp or udp) and (port 5001 or port 53)", "tcp or udp and port 53", "ip[8] = 64 and not (tcp or icmp)",
    "ether[0] & 1 = 0", "tcp[((tcp[12]&0xf0)>>2):4] = 0x6e6f6973", "icmp6 and ip6[40] = 135", "port 53 or 700 or 5001", "arp[6:2] = 1",
    "ip[2:2] - 20 > 30 + 2 * 2", "!icmp && (tcp || udp)", "dst port 2049 or src or dst port 53", "udp port 53 and host 192.0.2.1 or arp host 192.0.2.2",
]  # fmt: skip
TRAFFIC = [
    *NOISE[:3],
    *layers(
        ether() / CALL,
        ether() / IP(src="10.1.2.3", dst="192.0.2.1") / UDP(sport=53, dport=53) / b"dns",
        ether() / IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=700, dport=2049, flags="S"),
        ether() / IP(src="192.0.2.2", dst="192.0.2.1") / TCP(sport=2049, dport=700, flags="SA"),
        ether() / IP(src="192.0.2.2", dst="192.0.2.1", ttl=3, options=b"\x01\x01\x01\x00") / TCP(sport=2049, dport=700, flags="R"),
        ether() / IP(src="192.0.2.9", dst="192.0.2.1") / ICMP(type=3, code=1) / CALL,
        ether() / IP(src="192.0.2.9", dst="192.0.2.1") / ICMP(),
        ether() / ARP(psrc="192.0.2.1", pdst="192.0.2.2"),
        ether() / IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP(sport=700, dport=2049, flags="S"),
        ether() / IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=53, dport=53),
        ether() / IPv6(src="2001:db8::1", dst="2001:db8::2", nh=58) / (b"\x87\0\0\0" + bytes(20)),
        ether(dst="ff:ff:ff:ff:ff:ff") / IP(proto=89) / bytes(30),
    ),
    NOISE[0][:40],
    NOISE[0][:20],
]


@pytest.mark.parametrize("expression", FILTERS)
def test_a_filter_takes_what_tcpdump_takes(tmp_path: Path, expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly the same, but for frames that the selection adds because they hide something, and TCP and UDP bytes over IPv6."""
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(TRAFFIC))
    ran = run(["tcpdump", "-n", "-tt", "-r", str(path), expression], CancelToken())
    theirs = {round((float(line.split()[0]) - 1_700_000_000) * 1000) + 1 for line in ran.said.splitlines() if line[:1].isdigit()}
    ours = set(chosen(path, expression) or [])
    hiding = {len(TRAFFIC), len(TRAFFIC) - 1}  # cut off before their ports
    over_six = {12, 13} if "tcp[" in expression or "udp[" in expression else set()
    assert theirs <= ours
    assert ours - theirs <= hiding | over_six
    assert ran.status == 0


@pytest.mark.parametrize(
    "expression",
    ["(" * 90 + "tcp" + ")" * 90, "tcp[", "port 70000 x", "host 1.2.3.4.5", "tcp[0:3] = 1", "wlan host 1", "host ::1", "$", "and", "proto"],
)
def test_a_filter_that_is_not_understood_selects_everything(tmp_path: Path, expression: str) -> None:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(NOISE))
    assert chosen(path, expression) is None


@pytest.mark.parametrize("piece", [300, 1000, 4096])
def test_small_pieces_of_the_file_select_the_same(tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    packets = [packet for pair in zip(NOISE, HIDDEN * 3, strict=False) for packet in pair]
    for data in (pcap(packets), section(packets, links=(1, 1)), section(packets[:9], ">") + section(packets[9:])):
        path = tmp_path / "c.pcap"
        path.write_bytes(data)
        monkeypatch.setattr(batches, "PIECE", 8 << 20)
        whole = chosen(path, NFS)
        monkeypatch.setattr(batches, "PIECE", piece)
        assert chosen(path, NFS) == whole
        assert whole
