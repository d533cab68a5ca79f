"""Proving frames in a pcapng of their own: what tshark reads back, and what stays of the original."""

from __future__ import annotations

import gzip
import struct
import subprocess
from pathlib import Path

import pytest
import zstandard
from capture_samples import ether, layers, pcap
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6
from scapy.layers.l2 import ARP

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError
from tshoot.packets import extract as module
from tshoot.packets.extract import extract

FIXTURE = Path(__file__).parents[3] / "fixtures/captures/nfs.mount-denied/over-tcp.pcap"
A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"
WHY = {16: "frame 16 of over-tcp.pcap: nfs.mount-denied: größer | done", 6: "frame 6: port"}


def read_back(path: Path, *fields: str) -> list[tuple[str, ...]]:
    words = [word for field in fields for word in ("-e", field)]
    ran = subprocess.run(["tshark", "-r", path, "-T", "fields", *words], capture_output=True, text=True, check=True)
    return [tuple(line.split("\t")) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
def test_comments_are_on_the_frames_they_are_about(tmp_path: Path, form: str) -> None:
    raw = FIXTURE.read_bytes()
    source, target = tmp_path / "given", tmp_path / "proof.pcapng"
    source.write_bytes({"plain": raw, "gzip": gzip.compress(raw), "zstd": zstandard.compress(raw)}[form])
    found = extract(source, target, WHY, CancelToken())
    read = read_back(target, "frame.time_epoch", "frame.len", "frame.comment", "mount.status")
    assert (found.frames, found.cited, found.left_out) == (len(read), 2, 0)
    assert [(comment, status) for _, _, comment, status in read if comment] == [(WHY[6], ""), (WHY[16], "13")]
    originals = read_back(FIXTURE, "frame.time_epoch", "frame.len")
    assert [row[:2] for row in read] == [row for row in originals if row in [kept[:2] for kept in read]]
    assert list(tmp_path.iterdir()) == [*sorted((source, target))]


def test_the_cited_frames_alone(tmp_path: Path) -> None:
    target = tmp_path / "proof.pcapng"
    found = extract(FIXTURE, target, WHY, CancelToken(), conversations=False)
    assert (found.frames, found.cited) == (2, 2)
    assert [row[0] for row in read_back(target, "frame.comment")] == [WHY[6], WHY[16]]


def test_the_nearest_frames_of_the_conversation_are_kept_and_no_others(tmp_path: Path) -> None:
    one = ether() / IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=5, dport=6)
    other = ether() / IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=5, dport=7)
    back = ether() / IP(src="192.0.2.2", dst="192.0.2.1") / UDP(sport=6, dport=5)
    source, target = tmp_path / "c.pcap", tmp_path / "p.pcapng"
    source.write_bytes(pcap(layers(*[one, other, back] * 20)))
    found = extract(source, target, {31: "why"}, CancelToken(), limit=5)
    assert (found.frames, found.left_out) == (5, 35)
    assert [row[0] for row in read_back(target, "frame.time_epoch")] == [
        f"1700000000.{(number - 1) * 1000:06d}000" for number in (28, 30, 31, 33, 34)
    ]
    assert extract(source, tmp_path / "few.pcapng", {1: "a", 2: "b", 3: "c"}, CancelToken(), limit=2).frames == 3, "what is cited is there"


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("six", [False, True])
def test_an_icmp_error_brings_the_flow_it_is_about(tmp_path: Path, swapped: bool, six: bool) -> None:
    one, other, router = ("2001:db8::1", "2001:db8:1::2", "2001:db8::f") if six else ("192.0.2.1", "198.51.100.9", "192.0.2.254")
    one, other = (other, one) if swapped else (one, other)
    network = IPv6 if six else IP
    data = network(src=one, dst=other) / TCP(sport=50_000, dport=443, flags="A")
    answer = network(src=other, dst=one) / TCP(sport=443, dport=50_000, flags="A")
    unrelated = network(src=one, dst=other) / TCP(sport=50_001, dport=443, flags="A")
    error = ICMPv6PacketTooBig(mtu=1400) if six else ICMP(type=3, code=4, nexthopmtu=1400)
    source, target = tmp_path / "c.pcap", tmp_path / "p.pcapng"
    source.write_bytes(pcap(layers(*(ether() / packet for packet in (data, answer, unrelated, network(src=router, dst=one) / error / data)))))
    extract(source, target, {4: "too big"}, CancelToken())
    assert [row[0].split(",")[0] for row in read_back(target, "tcp.srcport")] == ["50000", "443", "50000"]


def test_arp_goes_by_the_addresses_it_is_about(tmp_path: Path) -> None:
    packets = [ether() / ARP(op=op, psrc=one, pdst=other) for op, one, other in ((1, A, B), (2, B, A), (1, A, C), (1, A, B))]
    source, target = tmp_path / "c.pcap", tmp_path / "p.pcapng"
    source.write_bytes(pcap(layers(*packets)))
    extract(source, target, {2: "who claims it"}, CancelToken())
    assert read_back(target, "arp.opcode", "frame.comment") == [("1", ""), ("2", "who claims it"), ("1", "")]


def block(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def interface(link: int, exponent: int, name: bytes, snap: int = 0) -> bytes:
    padded = name + bytes(-len(name) % 4)
    options = struct.pack("<HH", 2, len(name)) + padded + struct.pack("<HHBxxx", 9, 1, exponent) + bytes(4)
    return block(1, struct.pack("<HHI", link, 0, snap) + options)


def packet(number: int, ticks: int, data: bytes, wire: int = 0) -> bytes:
    return block(6, struct.pack("<IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire or len(data)) + data + bytes(-len(data) % 4))


def test_link_types_resolutions_names_and_cut_packets_stay(tmp_path: Path) -> None:
    raw_ip = layers(IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=5, dport=6))[0]
    whole = layers(ether() / IP(src="192.0.2.7", dst="192.0.2.8") / UDP(sport=1, dport=2) / (b"x" * 900))[0]
    source, target = tmp_path / "c.pcapng", tmp_path / "p.pcapng"
    source.write_bytes(
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        + interface(113, 6, b"never")
        + interface(1, 9, b"vmk0", snap=96)
        + interface(101, 0x80 | 10, b"tun0")
        + packet(1, 1_700_000_000_123_456_789, whole[:96], len(whole))
        + packet(2, 1_700_000_000 * 1024 + 512, raw_ip)
    )
    found = extract(source, target, {1: "one", 2: "two"}, CancelToken())
    assert found.frames == 2
    rows = read_back(target, "frame.comment", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type", "frame.interface_name")
    assert rows == [
        ("one", "1700000000.123456789", str(len(whole)), "96", "1", "vmk0"),
        ("two", "1700000000.500000000", str(len(raw_ip)), str(len(raw_ip)), "7", "tun0"),
    ]
    described = subprocess.run(["capinfos", "-I", target], capture_output=True, text=True, check=True).stdout
    assert "0x09" in described and "0x8a" in described and "Number of interfaces in file: 2" in described


def test_nothing_is_overwritten_unasked_and_never_the_capture(tmp_path: Path) -> None:
    source, target = tmp_path / "c.pcap", tmp_path / "p.pcapng"
    source.write_bytes(FIXTURE.read_bytes())
    target.write_text("precious")
    with pytest.raises(CaptureFileError, match="exists already") as caught:
        extract(source, target, WHY, CancelToken())
    assert "--force" in caught.value.hint
    assert target.read_text() == "precious"
    assert extract(source, target, WHY, CancelToken(), overwrite=True).frames
    with pytest.raises(CaptureFileError, match="capture itself"):
        extract(source, source, WHY, CancelToken(), overwrite=True)
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(CaptureFileError, match="exists already"):
        extract(source, tmp_path / "link", WHY, CancelToken(), overwrite=True)
    with pytest.raises(CaptureFileError, match="cannot be written"):
        extract(source, tmp_path / "no" / "p.pcapng", WHY, CancelToken())


def test_what_is_interrupted_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancel = CancelToken()

    def read(*_: int) -> bytes:
        cancel.cancel()
        raise Cancelled

    monkeypatch.setattr(module.os, "pread", read)
    with pytest.raises(Cancelled):
        extract(FIXTURE, tmp_path / "p.pcapng", WHY, cancel)
    assert list(tmp_path.iterdir()) == []


def test_a_comment_of_any_length_and_odd_times_make_a_sound_file(tmp_path: Path) -> None:
    source, target = tmp_path / "c.pcap", tmp_path / "p.pcapng"
    source.write_bytes(pcap(layers(ether() / IP() / UDP())))
    extract(source, target, {1: "ü" * 100_000}, CancelToken())
    ((comment,),) = read_back(target, "frame.comment")
    assert set(comment) == {"ü"} and len(comment) == 2000
