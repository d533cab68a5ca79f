"""The flow index: its numbers are tshark's, whatever the pieces in which the file is read."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from capture_samples import PUBLIC, ether, layers, pcap, public_captures, section
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Dot1AD, Dot1Q

from tests.thorough import sample
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError
from tshoot.packets import batches, flow_pass, flows
from tshoot.packets.container import inspect
from tshoot.packets.flow_pass import FlowPass
from tshoot.packets.flows import Flow, FlowIndex
from tshoot.packets.headers import read_headers

COUNTS = ("syns", "syn_acks", "fins", "resets", "retransmissions", "zero_windows")
# What tshark follows and the index does not: packets inside of tunnels, and ERF records.
OPENED = {
    "tunnel/6in4_tunnel_toobig.pcap", "healthy_app/tunnels_4in6.pcap", "healthy_app/tunnels_gre-sample.pcap", "format/erf_5_packets.erf",
    "healthy_app/tunnels_vxlan-encapsulated-http.pcap", "healthy_app/ndpi_vxlan.pcap",
}  # fmt: skip
# Its IP lengths contradict those of PPPoE, which the index does not read: in pure acknowledgements 6 bytes of padding count as data.
CONTRADICTING = {"format/pppoe_over_qinq.pcap"}
COMPARED = [row for row in public_captures() if row in sample(public_captures(), 3) or row["file"] in OPENED | CONTRADICTING]

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def indexed(path: Path) -> FlowIndex:
    with inspect(path, CancelToken()) as container:
        return flows.index(container, CancelToken())


def of(tmp_path: Path, packets: list[bytes], step: float = 0.01, **how: object) -> FlowIndex:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(packets, step=step, **how))  # type: ignore[arg-type]
    return indexed(path)


def sums(index: FlowIndex) -> Counter[str]:
    found: Counter[str] = Counter(streams=sum(1 for _ in index.tcp()))
    for flow in index.tcp():
        for side in (flow.from_client, flow.from_server):
            found.update({name: getattr(side, name) for name in COUNTS})
    return found


def by_tshark(path: Path) -> Counter[str]:
    fields = [word for name in ("tcp.stream", "tcp.flags", "tcp.analysis.retransmission", "tcp.analysis.zero_window") for word in ("-e", name)]
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", *fields]
    found: Counter[str] = Counter()
    streams = set()
    for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines():
        stream, flags, again, zero = line.split("\t")
        bits = int(flags.split(",")[0], 16)
        streams.add(stream)
        found.update(
            syns=bits & 0x12 == 2,
            syn_acks=bits & 0x12 == 0x12,
            fins=bits & 1,
            resets=bits >> 2 & 1,
            retransmissions=bool(again),
            zero_windows=bool(zero),
        )
    found["streams"] = len(streams)
    return found


@needs_tshark
@pytest.mark.skipif(not PUBLIC.exists(), reason="the public captures are not beside this checkout (../shared/captures)")
@pytest.mark.parametrize("row", COMPARED, ids=lambda row: row["file"])
def test_the_numbers_are_tsharks(row: dict) -> None:
    index = indexed(PUBLIC / row["file"])
    assert index.packets == row["packets"]
    ours, theirs = sums(index), by_tshark(PUBLIC / row["file"])
    if row["file"] in OPENED:
        assert ours["streams"] < theirs["streams"]
        return
    if row["file"] in CONTRADICTING:
        assert 0 <= ours.pop("retransmissions") - theirs.pop("retransmissions") <= 8
    assert {name: count for name, count in ours.items() if count} == {name: count for name, count in theirs.items() if count}


# --- conversations made here ---

A, B = {"src": "192.0.2.1", "dst": "192.0.2.2"}, {"src": "192.0.2.2", "dst": "192.0.2.1"}


def segment(from_client: bool, flags: str, seq: int, ack: int = 0, size: int = 0, window: int = 500, version: int = 4, **options: object) -> object:
    ends = A if from_client else B
    if version == 6:
        ends = {name: value.replace("192.0.2.", "2001:db8::") for name, value in ends.items()}
    ports = {"sport": 40000, "dport": 443} if from_client else {"sport": 443, "dport": 40000}
    tcp = TCP(flags=flags, seq=seq & 0xFFFFFFFF, ack=ack & 0xFFFFFFFF, window=window, **ports, **options) / bytes(size)
    return (IP(**ends) if version == 4 else IPv6(**ends)) / tcp


def talk(start: int = 4_294_967_000, version: int = 4) -> list[object]:
    """A handshake, data across the wrap of the sequence numbers, two repetitions, a stall of the receiver, FIN and RST."""

    def said(*arguments: object, **more: object) -> object:
        return segment(*arguments, **more, version=version)  # type: ignore[arg-type]

    answer = 7000
    return [
        said(True, "S", start, options=[("MSS", 1460)]),
        said(False, "SA", answer, start + 1, options=[("NOP", None), ("MSS", 1400)]),
        said(True, "A", start + 1, answer + 1),
        said(True, "PA", start + 1, answer + 1, 1400),
        said(True, "PA", start + 1401, answer + 1, 1400),
        said(True, "PA", start + 1, answer + 1, 1400),
        said(True, "PA", start + 1, answer + 1, 1400),
        said(False, "A", answer + 1, start + 2801, window=0),
        said(True, "A", start + 2800, answer + 1),  # a keep-alive
        said(False, "A", answer + 1, start + 2801, window=0),
        said(False, "A", answer + 1, start + 2801, window=300),
        said(True, "FA", start + 2801, answer + 1),
        said(False, "RA", answer + 1, start + 2802, window=0),
    ]


def the_flow(index: FlowIndex) -> Flow:
    [flow] = index.tcp()
    return flow


def test_one_connection_in_all_its_numbers(tmp_path: Path) -> None:
    flow = the_flow(of(tmp_path, layers(*(ether() / packet for packet in talk()))))
    assert (flow.client, flow.client_port, flow.server, flow.server_port, flow.opened, flow.one_way) == (
        "192.0.2.1",
        40000,
        "192.0.2.2",
        443,
        True,
        False,
    )
    assert (flow.rtt_ns, flow.syn_ack_ns, flow.first, flow.last, flow.packets) == (20_000_000, 10_000_000, 1, 13, 13)
    one, other = flow.from_client, flow.from_server
    assert (one.packets, one.syns, one.fins, one.segments, one.retransmissions, one.retransmission_frames) == (8, 1, 1, 6, 2, (6, 7))
    assert (one.payload, one.largest, one.mss, one.syn_frames) == (5600, 1400, 1460, (1,))
    assert (other.syn_acks, other.resets, other.reset_frames, other.mss) == (1, 1, (13,), 1400)
    assert (other.zero_windows, other.zero_window_ns) == (2, 30_000_000)
    assert [(stall.begin, stall.end) for stall in other.zero_window_frames] == [(8, 11)]
    [repeated] = one.repeated
    assert (repeated.length, repeated.before, repeated.times, repeated.frames) == (1400, 0, 2, (6, 7))
    assert flow.display_filter == "ip.addr == 192.0.2.1 && ip.addr == 192.0.2.2 && tcp.port == 40000 && tcp.port == 443"


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("link", ["ethernet", "vlan", "qinq", "extended", "cooked", "cooked 2", "raw", "loopback"])
def test_every_wrapping_gives_the_same_flow(tmp_path: Path, link: str, version: int) -> None:
    bare = talk(version=version)
    kind = b"\x08\x00" if version == 4 else b"\x86\xdd"
    family = b"\x02\0\0\0" if version == 4 else b"\x0a\0\0\0"
    heads = {"cooked": (113, bytes(14) + kind), "cooked 2": (276, kind + bytes(18)), "raw": (101, b""), "loopback": (0, family)}
    if link in heads:
        number, head = heads[link]
        index = of(tmp_path, [head + packet for packet in layers(*bare)], link=number)
    else:
        tags = {"vlan": lambda inner: Dot1Q(vlan=5) / inner, "qinq": lambda inner: Dot1AD(vlan=3) / Dot1Q(vlan=5) / inner}
        if link == "extended" and version == 6:
            tags[link] = lambda inner: IPv6(src=inner.src, dst=inner.dst) / IPv6ExtHdrDestOpt() / inner.payload
        index = of(tmp_path, layers(*(ether() / tags.get(link, lambda inner: inner)(packet) for packet in bare)))
    flow = the_flow(index)
    assert (flow.packets, flow.from_client.retransmissions, flow.from_server.zero_windows, flow.rtt_ns) == (13, 2, 2, 20_000_000)
    assert flow.client == ("192.0.2.1" if version == 4 else "2001:db8::1")
    assert index.unread == 0


def test_a_connection_of_the_same_ports_is_another_flow(tmp_path: Path) -> None:
    again = [segment(True, "S", 99), segment(True, "S", 99), segment(True, "S", 5000), segment(False, "RA", 0, 5001)]
    first, second, third = of(tmp_path, layers(*(ether() / packet for packet in [*talk(), *again]))).tcp()
    assert (first.packets, first.refused, first.unanswered_syns) == (13, False, 0)
    assert (second.from_client.syns, second.unanswered_syns, second.from_client.retransmissions, second.one_way) == (2, 2, 1, True)
    assert (third.refused, third.from_client.syn_frames, third.from_server.reset_frames) == (True, (16,), (17,))


def test_other_protocols_fragments_and_macs(tmp_path: Path) -> None:
    error = IP(src="192.0.2.254", dst="192.0.2.1") / ICMP(type=3, code=4, nexthopmtu=1400) / IP(**A, flags="DF") / TCP(sport=40000, dport=443)
    parts = fragment(IP(**A) / UDP(sport=5000, dport=53) / bytes(3000), fragsize=1480)
    packets = layers(
        *(ether() / part for part in parts), ether(src="02:00:00:00:00:07") / IP(**A) / UDP(sport=5000, dport=53) / b"abc", ether() / error
    )
    index = of(tmp_path, packets)
    assert [(flow.protocol, flow.client_port, flow.packets) for flow in index.flows] == [("udp", 5000, 2), ("udp", 0, 2), ("icmp", 0, 1)]
    [report] = index.icmp_errors
    assert (report.frame, report.version, report.type, report.code, report.reporter, report.mtu) == (5, 4, 3, 4, "192.0.2.254", 1400)
    assert (report.protocol, report.source, report.source_port, report.destination, report.destination_port) == (
        "tcp",
        "192.0.2.1",
        40000,
        "192.0.2.2",
        443,
    )
    assert index.icmp_counts[4, 3, 4].frames == (5,)
    assert [(seen.mac, seen.packets, seen.first) for seen in index.macs["192.0.2.1"]] == [("02:00:00:00:00:01", 3, 1), ("02:00:00:00:00:07", 1, 4)]


def test_a_probe_of_a_closed_window_is_no_data(tmp_path: Path) -> None:
    said = [*talk()[:3], segment(False, "A", 7001, 4_294_967_001, window=0)]
    said += [segment(True, "A", 4_294_967_001, 7001, 1), segment(True, "A", 4_294_967_001, 7001, 1), segment(True, "PA", 4_294_967_001, 7001, 100)]
    assert the_flow(of(tmp_path, layers(*(ether() / packet for packet in said)))).from_client.retransmissions == 0


def test_a_segment_that_was_overtaken_is_no_retransmission(tmp_path: Path) -> None:
    said = [segment(True, "A", 1000, 1, 100), segment(True, "A", 1200, 1, 100), segment(True, "A", 1100, 1, 100)]
    packets = layers(*(ether() / packet for packet in said))
    assert the_flow(of(tmp_path, packets, step=0.001)).from_client.retransmissions == 0
    assert the_flow(of(tmp_path, packets, step=0.1)).from_client.retransmissions == 1


@pytest.mark.parametrize("piece", [400, 1500, 7000])
def test_small_pieces_of_the_file_give_the_same_index(tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = random.Random(3)
    packets = layers(*(ether() / packet for packet in talk()))
    others = layers(*(ether() / segment(True, "PA", 1000 + 100 * noise.randrange(20), 1, 100, version=6) for _ in range(60)))
    acknowledged = layers(
        *(ether() / segment(False, "A", 1, 1000 + 100 * noise.randrange(4), version=6, window=noise.choice((0, 9, 9))) for _ in range(60))
    )
    mixed = [packet for three in zip(others, acknowledged, packets * 5, strict=False) for packet in three]
    for data in (pcap(mixed, step=0.001), section(mixed)):
        path = tmp_path / "c.pcap"
        path.write_bytes(data)
        whole = indexed(path)
        monkeypatch.setattr(batches, "PIECE", piece)
        assert list(indexed(path).flows) == list(whole.flows)
        assert indexed(path).macs == whole.macs
        monkeypatch.setattr(batches, "PIECE", 8 << 20)


@needs_tshark
def test_random_segments_are_judged_as_by_tshark(tmp_path: Path) -> None:
    """Losses, repetitions and reorderings at random. What was acknowledged and comes again within an RTT, tshark calls out of order: here it was sent again."""
    noise = random.Random(17)
    said = [segment(True, "S", 100), segment(False, "SA", 500, 101), segment(True, "A", 101, 501)]
    reached = 101
    for _ in range(400):
        seq = reached if noise.random() < 0.8 else max(101, reached - 100 * noise.randrange(1, 9))
        said.append(segment(True, "PA", seq, 501, 100))
        reached = max(reached, seq + 100) + (100 if noise.random() < 0.05 else 0)
        if noise.random() < 0.5:
            said.append(segment(False, "A", 501, reached - 100 * noise.randrange(3)))
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(layers(*(ether() / packet for packet in said)), step=0.013))
    ours, theirs = sums(indexed(path)), by_tshark(path)
    assert theirs["retransmissions"] > 40
    assert theirs["retransmissions"] <= ours["retransmissions"] <= theirs["retransmissions"] * 1.06


def test_beyond_the_limit_the_quiet_flows_are_folded_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PIECE", 4000)
    packets = layers(*(ether() / IP(**A) / UDP(sport=port, dport=53) for port in range(1000, 1600)), *(ether() / packet for packet in talk()))
    path, cancel, limited = tmp_path / "c.pcap", CancelToken(), FlowPass(limit=100)
    path.write_bytes(pcap([*packets[-13:], *packets]))
    with inspect(path, cancel, lambda batch: limited.take(read_headers(batch)) and None):
        pass
    index = limited.index()
    assert len(index.flows) <= 100 + 4000 // 58
    assert index.rest.flows + len(index.flows) >= 601
    assert index.rest.packets + sum(flow.packets for flow in index.flows) == len(packets) + 13
    assert "known by their sums alone" in index.remark
    assert any(flow.from_client.retransmissions for flow in index.tcp()), "a flow with a finding stays"


def test_mutated_and_torn_files_are_indexed_as_far_as_they_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise, path = random.Random(99), tmp_path / "mutated.pcap"
    packets = layers(*(ether() / packet for packet in [*talk(), *talk(version=6)]), ether() / Dot1Q() / IP(**A) / ICMP(type=3) / IP(**A) / UDP())
    wholes = [pcap(packets), pcap(packets, ">", 0xA1B23C4D), section(packets, links=(1, 113)), section(packets, ">"), pcap(packets, link=113)]
    monkeypatch.setattr(batches, "PIECE", 1000)
    for _ in range(300):
        data = bytearray(noise.choice(wholes))
        for _ in range(noise.randint(1, 12)):
            data[noise.randrange(len(data))] = noise.choice((0, 0xFF, 0x7F, noise.randrange(256)))
        del data[noise.randrange(len(data) // 2, len(data) + 1) :]
        path.write_bytes(data)
        try:
            index = indexed(path)
        except CaptureFileError:
            continue
        assert sum(flow.packets for flow in index.flows) <= index.packets
        for flow in index.flows:
            assert 1 <= flow.first <= flow.last <= index.packets
            assert flow.display_filter


def test_a_pass_is_cancelled_between_two_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PIECE", 1000)
    path, cancel = tmp_path / "c.pcap", CancelToken()
    path.write_bytes(pcap(layers(*(ether() / packet for packet in talk() * 9))))
    shares: list[float] = []

    def tell(share: float) -> None:
        shares.append(share)
        if len(shares) > 2:
            cancel.cancel()

    with inspect(path, cancel) as container, pytest.raises(Cancelled):
        flows.index(container, cancel, tell)
    assert 3 <= len(shares) <= 4
    assert shares == sorted(shares)


def test_lists_are_bounded(tmp_path: Path) -> None:
    said = [segment(True, "S", 7)] * 100
    flow = the_flow(of(tmp_path, layers(*(ether() / packet for packet in said))))
    assert (flow.unanswered_syns, len(flow.from_client.syn_frames)) == (100, flows.FRAMES_A_LIST)
    assert flow_pass.FLOWS_KEPT == flows.FLOWS_KEPT
