"""tshark through pyshark: hardened against everything that a file, a filter or an impatient reader can do."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
from pathlib import Path

import pytest
from capture_samples import children, ether, layers, nothing_left_behind, pcap, public

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError, MissingProgram, TshootError
from tshoot.packets import decode as decode_module
from tshoot.packets.decode import decode

GARBAGE = random.Random(3).randbytes(3000)


@pytest.fixture(scope="module")
def dns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from scapy.layers.dns import DNS, DNSQR
    from scapy.layers.inet import IP, UDP

    query = ether() / IP(src="192.0.2.1", dst="192.0.2.53") / UDP(sport=4000) / DNS(id=7, qd=DNSQR(qname="a.example"))
    path = tmp_path_factory.mktemp("decode") / "dns.pcap"
    path.write_bytes(pcap(layers(query) * 4000))
    return path


def test_frames_carry_layers_in_order_with_raw_values(dns: Path) -> None:
    frame = next(iter(decode(dns, cancel=CancelToken(), limit=1)))
    assert (frame.number, frame.time, frame.length, frame.captured) == (1, 1_700_000_000.0, 69, 69)
    assert [layer.name for layer in frame.layers] == ["frame", "eth", "ip", "udp", "dns"]
    assert frame.layers[-1].fields["dns.qry.name"] == ("a.example",)
    assert frame.layers[-1].number("dns.id") == 7
    assert all("" not in layer.fields for layer in frame.layers)


def test_repeated_layers_stay_apart_and_a_quoted_packet_within_its_quoter(tmp_path: Path) -> None:
    from scapy.layers.inet import ICMP, IP, TCP
    from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6

    quoted = IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=1, dport=2)
    tunnelled = (
        IP(src="198.51.100.1", dst="198.51.100.2", proto=41) / IPv6(src="2001:db8::9") / ICMPv6PacketTooBig(mtu=1280) / IPv6(src="2001:db8::1")
    )
    path = tmp_path / "icmp.pcap"
    path.write_bytes(pcap(layers(ether() / IP(src="192.0.2.9") / ICMP(type=3, code=4, nexthopmtu=1400) / quoted, ether() / tunnelled)))
    first, second = decode(path, cancel=CancelToken())
    assert [layer.name for layer in first.layers] == ["frame", "eth", "ip", "icmp"]
    assert first.layers[-1].fields["ip.src"] == ("192.0.2.1",)
    assert [layer.name for layer in second.layers] == ["frame", "eth", "ip", "ipv6", "icmpv6"]
    assert second.layers[-1].first("ipv6.src") == "2001:db8::1"


def test_two_rpc_messages_in_one_segment_are_two_layers() -> None:
    frames = list(decode(public("nfs/portmap_program_not_available.pcap"), cancel=CancelToken(), display_filter="portmap"))
    assert frames
    assert all(frame.get("rpc") and frame.get("portmap") for frame in frames)


def test_a_filter_keeps_the_numbers_and_tells_the_progress(dns: Path) -> None:
    told: list[int] = []
    frames = decode(dns, cancel=CancelToken(), display_filter="frame.number in {5, 4000}", on_frame=told.append)
    assert [frame.number for frame in frames] == told == [5, 4000]


@pytest.mark.parametrize("options", [{"display_filter": "no.such == 1"}, {"display_filter": "ip.src =="}, {"decode_as": ["nonsense"]}])
def test_what_tshark_refuses_is_told_in_its_words(dns: Path, options: dict) -> None:
    with pytest.raises(TshootError, match=r"tshark refuses these options: -[Yd] ") as caught:
        list(decode(dns, cancel=CancelToken(), **options))
    assert "Running as user" not in caught.value.message
    assert caught.value.hint


def test_decode_as(dns: Path) -> None:
    (frame,) = decode(dns, cancel=CancelToken(), decode_as=["udp.port==53,echo"], limit=1)
    assert frame.layers[-1].name == "echo"


def test_a_torn_file_gives_its_frames_then_says_so(dns: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.pcap"
    torn.write_bytes(dns.read_bytes()[:1000])
    frames = []
    with pytest.raises(CaptureFileError, match="cut short"):
        frames.extend(decode(torn, cancel=CancelToken()))
    with pytest.raises(CaptureFileError, match="cut short"):
        for frame in decode(torn, cancel=CancelToken()):
            frames.append(frame)
    assert [frame.number for frame in frames][-11:] == list(range(1, 12))


def test_garbage_and_missing_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(GARBAGE)
    with pytest.raises(CaptureFileError, match="isn't a capture file"):
        list(decode(path, cancel=CancelToken(), display_filter="ip"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram) as caught:
        decode(path, cancel=CancelToken())
    assert "tshark" in caught.value.hint


def test_a_program_that_cannot_start_is_told(tmp_path: Path, dns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "tshark"
    fake.write_text("#!/no/such/interpreter\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with nothing_left_behind(), pytest.raises(TshootError, match="could not be run"):
        list(decode(dns, cancel=CancelToken()))


def test_a_config_file_in_the_current_folder_names_no_program(dns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil, mark = tmp_path / "evil", tmp_path / "mark"
    evil.write_text(f"#!/bin/sh\ntouch {mark}\n")
    evil.chmod(0o755)
    (tmp_path / "config.ini").write_text(f"[tshark]\ntshark_path = {evil}\n")
    monkeypatch.chdir(tmp_path)
    assert len(list(decode(dns, cancel=CancelToken(), limit=2))) == 2
    assert not mark.exists()


def test_closing_early_leaves_nothing(dns: Path) -> None:
    with nothing_left_behind():
        for taken in (0, 1, 300):
            frames = decode(dns, cancel=CancelToken())
            for _ in range(taken):
                next(frames)
            frames.close()
        decode(dns, cancel=CancelToken())  # never begun
        gc.collect()


def test_cancel_in_the_middle_is_fast_and_leaves_nothing(dns: Path) -> None:
    with nothing_left_behind():
        token, seen = CancelToken(), 0
        with pytest.raises(Cancelled):
            for _ in decode(dns, cancel=token):
                seen += 1
                if seen == 100:
                    token.cancel()
                    cancelled = time.monotonic()
        assert time.monotonic() - cancelled < 10
        assert seen == 100


def test_cancel_ends_tshark_even_while_nobody_reads(dns: Path) -> None:
    before, token = children(), CancelToken()
    frames = decode(dns, cancel=token)
    next(frames)
    assert children() != before
    token.cancel()
    deadline = time.monotonic() + 60
    while children() != before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(Cancelled):
        next(frames)


def test_a_tshark_that_hangs_is_ended_by_cancel(dns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "tshark"
    fake.write_text("#!/bin/sh\nexec /bin/sleep 600\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    token = CancelToken()
    with nothing_left_behind():
        before = children()
        canceller = threading.Thread(target=_cancel_once_started, args=(token, before))
        canceller.start()
        with pytest.raises(Cancelled):
            list(decode(dns, cancel=token))
        canceller.join()


def _cancel_once_started(token: CancelToken, before: str) -> None:
    deadline = time.monotonic() + 60
    while children() == before and time.monotonic() < deadline:
        time.sleep(0.01)
    token.cancel()


def test_a_tshark_that_does_not_exit_after_its_last_packet_is_not_waited_for_long(dns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "tshark"
    fake.write_text("#!/bin/sh\nexec >&- 2>&-\nexec /bin/sleep 600\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(decode_module, "_PATIENCE", 0.2)
    with nothing_left_behind(), pytest.raises(CaptureFileError, match="signal 9"):
        list(decode(dns, cancel=CancelToken()))


def test_many_at_once_and_within_a_running_loop(dns: Path) -> None:
    counts: list[int] = []

    def work() -> None:
        counts.append(sum(1 for _ in decode(dns, cancel=CancelToken(), display_filter="frame.number <= 50")))

    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(work) for _ in range(6)))
        work()

    asyncio.run(main())
    gc.collect()
    with nothing_left_behind():
        work()
    assert counts == [50] * 8


def test_hostile_text_in_a_field_breaks_nothing(tmp_path: Path) -> None:
    from scapy.layers.inet import IP, UDP

    evil = b"</packet><packet>\x1b]0;x\x07[/foo]\x00\xff&amp;]]>"
    request = bytes(ether() / IP() / UDP(sport=999, dport=69)) + b"\x00\x02" + evil.replace(b"\x00", b"") + b"\x00octet\x00"
    path = tmp_path / "evil.pcap"
    path.write_bytes(pcap([bytes(ether() / IP() / UDP(sport=999, dport=69) / (b"\x00\x02" + evil + b"\x00octet\x00")), request]))
    assert [frame.number for frame in decode(path, cancel=CancelToken())] == [1, 2]
