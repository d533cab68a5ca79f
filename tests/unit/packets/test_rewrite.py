"""Rewritten captures: the same findings at the same frames, the same good and bad checksums, and nothing of the original."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from scapy.all import ARP, GRE, IP, TCP, UDP, Dot1Q, Ether, ICMPv6EchoRequest, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPerror, IPv6, Raw, fragment
from scapy.layers.inet import ICMP
from scapy.utils import rdpcap, wrpcap

from tests.thorough import sample
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.rewrite import rewrite_capture
from tshoot.packets.rewriting.checksum import changed
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.vocabulary import vocabulary
from tshoot.shipped import shipped

KEY = bytes(range(32))
OWN = list(
    {path.parent.name: path for path in sorted(shipped("fixtures/captures").rglob("*.pcap*"))}.values()
)  # one of each cause, and of the healthy
SHARED = Path(__file__).resolve().parents[4] / "shared" / "captures"
LISTED = (SHARED / "manifest.jsonl").read_text().splitlines() if SHARED.exists() else []
PUBLIC = [SHARED / json.loads(line)["file"] for line in sample(LISTED, 5)]
_CHECKSUMS = [f"{name}.checksum.status" for name in ("ip", "tcp", "udp", "icmp", "icmpv6")]
_STAYING = [
    "frame.number",
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "frame.interface_id",
    "vlan.id",
    "tcp.srcport",
    "tcp.seq_raw",
    "tcp.flags",
]


def rewritten(source: Path, target: Path) -> SessionMap:
    disguise = SessionMap(KEY, vocabulary())
    with target.open("wb") as file:
        rewrite_capture(source, file, disguise, CancelToken())
    return disguise


def fields(path: Path, names: list[str]) -> list[str]:
    checks = [option for name in ("ip", "tcp", "udp") for option in ("-o", f"{name}.check_checksum:TRUE")]
    options = [option for name in names for option in ("-e", name)]
    done = subprocess.run(["tshark", "-n", "-r", path, *checks, "-T", "fields", *options], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def shape(path: Path) -> object:
    found = analyze_capture(path, cancel=CancelToken())
    return sorted((one.cause, one.severity, one.frames) for one in found.findings), found.packets, found.partial, dict(found.seen)


@pytest.mark.parametrize("source", sample(OWN, 4), ids=[f"{path.parent.name}/{path.name}" for path in sample(OWN, 4)])
def test_own_captures_keep_findings_frames_and_checksums(source: Path, tmp_path: Path) -> None:
    target = tmp_path / source.name
    rewritten(source, target)
    assert shape(target) == shape(source)
    assert fields(target, _STAYING) == fields(source, _STAYING)
    assert fields(target, _CHECKSUMS) == fields(source, _CHECKSUMS)


@pytest.mark.parametrize("source", PUBLIC, ids=[path.name for path in PUBLIC])
def test_public_captures_keep_their_findings(source: Path, tmp_path: Path) -> None:
    target = tmp_path / source.name
    rewritten(source, target)
    assert shape(target) == shape(source)


def erf_record(frame: Ether) -> bytes:
    """A record of Endace's ERF: time, type Ethernet with one header more (a first bit), flags, lengths, that header, padding, frame."""
    raw, seconds = bytes(frame), float(frame.time)
    stamp = int(seconds % 1 * 2**32).to_bytes(4, "little") + int(seconds).to_bytes(4, "little")
    return stamp + b"\x82\x04" + (len(raw) + 26).to_bytes(2, "big") + bytes(2) + len(raw).to_bytes(2, "big") + b"\x03" + bytes(9) + raw


@pytest.mark.parametrize("form", ["snoop", "erf", "netmon2", "pcap.gz"])
def test_other_formats_become_pcapng(form: str, tmp_path: Path) -> None:
    """What `tshoot analyze` reads is rewritten as it is read: the same frames and findings, and nothing of the original."""
    source, target = next(path for path in OWN if path.parent.name == "nfs.mount-denied"), tmp_path / "b.pcapng"
    other = tmp_path / f"a.{form}"
    if form.startswith("pcap"):
        other.write_bytes(gzip.compress(source.read_bytes()))
    elif form == "erf":
        other.write_bytes(b"".join(map(erf_record, rdpcap(str(source)))))
    else:
        subprocess.run(["editcap", "-F", form, source, other], check=True, capture_output=True)
    disguise = rewritten(other, target)
    assert shape(target) == shape(other)
    assert fields(target, ["frame.number", "frame.len", "ip.checksum.status"]) == fields(other, ["frame.number", "frame.len", "ip.checksum.status"])
    servers = {bytes(map(int, part.split("."))) for line in fields(source, ["ip.dst"]) for part in line.split(",") if part}
    assert servers
    assert all(server not in target.read_bytes() for server in servers)
    assert all(disguise.ip4(server) in target.read_bytes() for server in servers)


def test_what_tshark_cannot_write_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.snoop").write_bytes(b"snoop\0\0\0" + bytes(40))
    with pytest.raises(CaptureFileError):
        rewritten(tmp_path / "a.snoop", tmp_path / "b.pcapng")


def packets(tmp_path: Path, *frames: object) -> tuple[list[object], SessionMap, bytes]:
    source, target = tmp_path / "a.pcap", tmp_path / "b.pcap"
    wrpcap(str(source), list(frames))
    disguise = rewritten(source, target)
    return list(rdpcap(str(target))), disguise, target.read_bytes()


MACS = {"src": "00:50:56:aa:bb:cc", "dst": "00:50:56:dd:ee:ff"}
V4 = {"src": "10.20.30.40", "dst": "10.20.77.88"}
SECRET = b"never to be seen: jdoe@acme"


def test_payload_that_nobody_needs_is_zeroed(tmp_path: Path) -> None:
    frames = [
        Ether(**MACS) / IP(**V4) / TCP(sport=1234, dport=80) / Raw(SECRET),
        Ether(**MACS) / IP(**V4) / UDP(sport=1234, dport=53) / Raw(SECRET),
        Ether(**MACS) / IP(**V4) / ICMP() / Raw(SECRET),
        Ether(**MACS) / IP(**V4, proto=89) / Raw(SECRET),
        Ether(**MACS, type=0x88CC) / Raw(SECRET),
        Ether(**MACS) / Dot1Q(vlan=7) / IP(**V4) / UDP(dport=9) / Raw(SECRET),
        Ether(**MACS) / IP(**V4) / GRE() / IP(**V4) / UDP(dport=9) / Raw(SECRET),
        Ether(**MACS) / IPv6(src="fd00:1:2:3::9", dst="fd00:1:2:4::8") / ICMPv6EchoRequest(data=SECRET),
    ]
    shown, disguise, raw = packets(tmp_path, *frames)
    assert b"jdoe" not in raw
    assert b"never" not in raw
    for address in (bytes([10, 20, 30, 40]), bytes([10, 20, 77, 88]), bytes.fromhex("005056aabbcc"), bytes.fromhex("fd00000100020003")):
        assert address not in raw
    assert [len(frame) for frame in shown] == [len(frame) for frame in frames]
    assert shown[0][IP].src == shown[6][GRE][IP].src == ".".join(map(str, disguise.ip4(bytes([10, 20, 30, 40]))))
    assert shown[5][Dot1Q].vlan == 7
    assert set(fields(tmp_path / "b.pcap", ["ip.checksum.status"])) <= {"1", "1,1", ""}


def test_quoted_packets_arp_and_neighbours_fit(tmp_path: Path) -> None:
    quoted = IP(**V4) / UDP(sport=7, dport=2049) / Raw(SECRET)
    target = "fd00:1:2:3:250:56ff:feaa:bbcc"
    shown, disguise, raw = packets(
        tmp_path,
        Ether(**MACS) / IP(src="10.20.1.1", dst=V4["src"]) / ICMP(type=3, code=4, nexthopmtu=1400) / quoted,
        Ether(**MACS) / ARP(op=1, hwsrc=MACS["src"], psrc=V4["src"], pdst=V4["dst"]),
        Ether(src=MACS["src"], dst="33:33:ff:aa:bb:cc")
        / IPv6(src="fd00:1:2:3::9", dst="ff02::1:ffaa:bbcc", hlim=255)
        / ICMPv6ND_NS(tgt=target)
        / ICMPv6NDOptSrcLLAddr(lladdr=MACS["src"]),
    )
    error, arp, solicitation = shown
    assert error[IPerror].src == arp[ARP].psrc == ".".join(map(str, disguise.ip4(bytes([10, 20, 30, 40]))))
    assert error[ICMP].nexthopmtu == 1400
    assert arp[ARP].hwsrc == arp[Ether].src == solicitation[ICMPv6NDOptSrcLLAddr].lladdr
    tail = bytes(solicitation[Ether])[3:6]
    assert ip_address(solicitation[ICMPv6ND_NS].tgt).packed[13:] == tail
    assert ip_address(solicitation[IPv6].dst).packed[13:] == tail
    assert bytes(solicitation[Ether])[9:12] == tail
    assert b"jdoe" not in raw


def test_fragments_are_rewritten_as_a_whole(tmp_path: Path) -> None:
    whole = IP(**V4, id=7) / UDP(sport=1, dport=2) / Raw(SECRET * 100)
    shown, _, raw = packets(tmp_path, *[Ether(**MACS) / piece for piece in fragment(IP(bytes(whole)), fragsize=800)], Ether(**MACS) / whole)
    assert len(shown) == 5
    assert b"jdoe" not in raw
    assert fields(tmp_path / "b.pcap", ["udp.checksum.status"])[-2:] == fields(tmp_path / "a.pcap", ["udp.checksum.status"])[-2:]


def mount_call(path: bytes, machine: bytes) -> bytes:
    def text(value: bytes) -> bytes:
        return len(value).to_bytes(4, "big") + value + bytes(-len(value) % 4)

    credential = b"\0\0\0\1" + text(machine) + bytes(12)
    numbers = b"".join(number.to_bytes(4, "big") for number in (0x11223344, 0, 2, 100005, 3, 1, 1))
    return numbers + len(credential).to_bytes(4, "big") + credential + bytes(8) + text(path)


def test_a_message_across_segments_out_of_order_and_sent_twice(tmp_path: Path) -> None:
    message = mount_call(b"/vol/payroll", b"esx-zorro")
    record = (0x80000000 | len(message)).to_bytes(4, "big") + message
    base = Ether(**MACS) / IP(**V4)
    start = 0xFFFFFFF0  # across the wrap of the sequence numbers
    parts = [(0, 30), (30, 70), (70, len(record))]

    def segment(begin: int, end: int) -> object:
        return base / TCP(sport=700, dport=635, flags="PA", seq=(start + 1 + begin) & 0xFFFFFFFF) / Raw(record[begin:end])

    syn = base / TCP(sport=700, dport=635, flags="S", seq=start)
    shown, disguise, raw = packets(tmp_path, syn, segment(*parts[0]), segment(*parts[2]), segment(*parts[1]), segment(*parts[1]))
    joined = b"".join(bytes(shown[index][TCP].payload) for index in (1, 3, 2))
    assert disguise.text(b"/vol/payroll") in joined
    assert disguise.text(b"esx-zorro") in joined
    assert joined[:28] == record[:28]
    assert bytes(shown[3][TCP].payload) == bytes(shown[4][TCP].payload)
    assert b"payroll" not in raw
    assert b"zorro" not in raw
    assert set(fields(tmp_path / "b.pcap", ["tcp.checksum.status"])) == {"1"}


def test_a_wrong_checksum_stays_wrong_and_a_snapped_frame_snapped(tmp_path: Path) -> None:
    wrong = Ether(bytes(Ether(**MACS) / IP(**V4, chksum=0x1234) / TCP(chksum=0x4321) / Raw(SECRET)))
    snapped = Ether(bytes(Ether(**MACS) / IP(**V4) / TCP() / Raw(SECRET))[:60])
    snapped.wirelen = 81
    packets(tmp_path, wrong, snapped)
    assert fields(tmp_path / "b.pcap", ["ip.checksum.status", "tcp.checksum.status"])[0] == "0\t0"
    assert fields(tmp_path / "b.pcap", ["frame.len", "frame.cap_len"])[1] == "81\t60"


def test_checksums_by_rfc_1624() -> None:
    assert changed(0xDD2F, b"\x55\x55", b"\x32\x85") == 0x0000  # the example of its section 4


@pytest.mark.parametrize("size", [0, 3, 24, 30, 50, 77])
def test_a_torn_or_damaged_file_ends_where_it_ended(tmp_path: Path, size: int) -> None:
    source, torn, target = tmp_path / "a.pcap", tmp_path / "torn.pcap", tmp_path / "b.pcap"
    wrpcap(str(source), [Ether(**MACS) / IP(**V4) / UDP() / Raw(SECRET)] * 3)
    torn.write_bytes(source.read_bytes()[: 24 + size if size else 24])
    rewritten(torn, target)
    assert fields(target, ["frame.number"]) == fields(torn, ["frame.number"])
    assert SECRET not in target.read_bytes()


def test_comments_and_names_of_pcapng_are_left_out(tmp_path: Path) -> None:
    source = next(path for path in OWN if path.suffix == ".pcap")
    noted, target = tmp_path / "noted.pcapng", tmp_path / "b.pcapng"
    subprocess.run(
        ["editcap", "-F", "pcapng", "-a", "1:by jdoe of acme", "--capture-comment", "jdoe's", source, noted], check=True, capture_output=True
    )
    assert b"jdoe" in noted.read_bytes()
    rewritten(noted, target)
    assert b"jdoe" not in target.read_bytes()
    assert fields(target, _STAYING) == fields(noted, _STAYING)


def test_what_is_no_capture_and_a_cancelled_one(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no capture")
    disguise, cancel = SessionMap(KEY, vocabulary()), CancelToken()
    with pytest.raises(CaptureFileError, match="neither pcap nor pcapng"):
        rewrite_capture(tmp_path / "text", io.BytesIO(), disguise, cancel)
    cancel.cancel()
    with pytest.raises(Cancelled):
        rewrite_capture(OWN[0], io.BytesIO(), disguise, cancel)
