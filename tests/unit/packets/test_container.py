"""What a capture file is and how much of it can be read."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from capture_samples import PUBLIC, block, nothing_left_behind, pcap, public_captures, record, section

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError
from tshoot.packets import inflate
from tshoot.packets.container import Container, inspect
from tshoot.packets.decode import decode

PACKETS = [bytes(range(60)), bytes(61), b"x" * 77]


def look(tmp_path: Path, data: bytes, name: str = "c.pcap") -> Container:
    path = tmp_path / name
    path.write_bytes(data)
    with inspect(path, CancelToken()) as container:
        return container


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "form"), [(0xA1B2C3D4, "pcap"), (0xA1B23C4D, "pcap (nanoseconds)"), (0xA1B2CD34, "pcap (modified)")])
def test_pcap_of_every_kind(tmp_path: Path, order: str, magic: int, form: str) -> None:
    found = look(tmp_path, pcap(PACKETS, order, magic))
    assert (found.format, found.link_types, found.packets, found.partial) == (form, ("Ethernet",), 3, False)


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_pcapng_of_every_kind(tmp_path: Path, order: str, simple: bool) -> None:
    found = look(tmp_path, section(PACKETS, order, simple=simple))
    assert (found.format, found.link_types, found.packets, found.partial) == ("pcapng", ("Ethernet",), 3, False)


def test_pcapng_with_sections_of_both_orders_and_several_interfaces(tmp_path: Path) -> None:
    found = look(tmp_path, section(PACKETS, "<", links=(1, 113)) + section(PACKETS, ">", links=(101,)))
    assert found.link_types == ("Ethernet", "Linux cooked-mode capture v1", "Raw IP")
    assert (found.packets, found.partial) == (6, False)


MAKERS = [pcap, section, lambda packets: section(packets, ">", simple=True)]


@pytest.mark.parametrize("make", MAKERS, ids=["pcap", "pcapng", "pcapng-be"])
def test_cut_at_every_byte(tmp_path: Path, make: Callable[[list[bytes]], bytes]) -> None:
    sound = {len(make(PACKETS[:count])): count for count in range(3)}
    packets = 0
    for cut in range(4, len(make(PACKETS))):
        found = look(tmp_path, make(PACKETS)[:cut])
        packets = sound.get(cut, packets)
        assert found.packets == packets, cut
        if cut in sound or (cut == 28 and found.format == "pcapng"):  # there ends a section's header
            assert not found.partial
        else:
            assert f"byte {cut}" in found.remark


@pytest.mark.parametrize("whole", [pcap(PACKETS), section(PACKETS)], ids=["pcap", "pcapng"])
def test_what_is_counted_in_a_cut_file_can_be_decoded(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "cut.pcap"
    for cut in random.Random(7).sample(range(24, len(whole)), 14):
        path.write_bytes(whole[:cut])
        with inspect(path, CancelToken()) as found:
            numbers = []
            try:
                numbers.extend(frame.number for frame in decode(found.readable, cancel=CancelToken()))
            except CaptureFileError:
                assert found.partial
            assert numbers == list(range(1, found.packets + 1)), cut


def test_a_record_that_claims_gigabytes_ends_the_reading(tmp_path: Path) -> None:
    lie = struct.pack("<IIII", 1, 0, 0xFFFFFFF0, 0xFFFFFFF0)
    found = look(tmp_path, pcap(PACKETS) + lie + bytes(4000))
    assert (found.packets, found.partial) == (3, True)
    assert "packet 4" in found.remark
    assert "claims 4294967280 bytes" in found.remark


def test_a_block_that_claims_gigabytes_or_a_missing_interface_ends_the_reading(tmp_path: Path) -> None:
    for bad in (struct.pack("<III", 6, 0xFFFFFFF0, 0), block(6, struct.pack("<IIIII", 9, 0, 0, 4, 4) + b"abcd"), struct.pack("<III", 6, 8, 8)):
        found = look(tmp_path, section(PACKETS) + bad + bytes(40))
        assert (found.packets, found.partial) == (3, True)
        assert "damaged" in found.remark or "cut short" in found.remark


@pytest.mark.parametrize(
    "data", [b"", b"hello, world\n" * 9, b"<xml/>", bytes(200), b"\x89PNG\r\n\x1a\n" + bytes(90), b"BZh91AY" + bytes(60), b"\xd4\xc3"]
)
def test_no_capture_is_refused_with_a_reason_and_a_hint(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(CaptureFileError) as caught:
        look(tmp_path, data)
    assert "c.pcap" in caught.value.message
    assert caught.value.hint


def test_folders_fifos_and_missing_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", tmp_path / "absent", tmp_path / "nul\0l"):
        with pytest.raises(CaptureFileError), inspect(path, CancelToken()):
            pass


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress, lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:])])
def test_compressed_captures(tmp_path: Path, temporary: Path, compress) -> None:
    path = tmp_path / "c"
    path.write_bytes(compress(pcap(PACKETS)))
    with inspect(path, CancelToken()) as found:
        assert (found.packets, found.partial, found.bytes, found.path) == (3, False, path.stat().st_size, path)
        assert found.format in {"pcap (gzip)", "pcap (zstd)"}
        assert found.readable.stat().st_mode & 0o777 == 0o600
        assert found.readable.parent == temporary
        assert found.readable.read_bytes() == pcap(PACKETS)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_compressed_capture_that_is_cut_or_damaged_gives_its_first_packets(tmp_path: Path, compress) -> None:
    noise = random.Random(1)
    data = compress(pcap([noise.randbytes(900) for _ in range(900)]))
    cut = look(tmp_path, data[: len(data) * 2 // 3])
    assert cut.partial
    assert "cut short" in cut.remark
    assert 100 < cut.packets < 900
    damaged = bytearray(data)
    damaged[len(data) // 2 :] = noise.randbytes(len(data) - len(data) // 2)
    assert look(tmp_path, bytes(damaged)).partial


def test_padding_after_a_gzip_member_is_no_damage(tmp_path: Path) -> None:
    assert not look(tmp_path, gzip.compress(pcap(PACKETS)) + bytes(512)).partial


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, compress) -> None:
    monkeypatch.setattr(inflate, "BOUND", 8 << 20)
    monkeypatch.setattr(inflate, "RATIO", 20)
    with pytest.raises(CaptureFileError, match="inflates to more than 8 MB"):
        look(tmp_path, compress(pcap([]) + bytes(96 << 20)))
    assert list(temporary.iterdir()) == []


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = io.FileIO("/dev/full", "w")

    class Full:
        name, write, flush, tell = "/dev/full", full.write, full.flush, lambda self: 0

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            full.close()

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda **_: Full())
    with pytest.raises(CaptureFileError, match="No space left"):
        look(tmp_path, gzip.compress(pcap(PACKETS)))


def test_no_place_for_temporary_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    for data in (gzip.compress(pcap(PACKETS)), pcap(PACKETS)[:-1]):
        with pytest.raises(CaptureFileError, match="no temporary copy") as caught:
            look(tmp_path, data)
        assert "TMPDIR" in caught.value.hint


def test_cancel_ends_the_counting_of_a_large_file(tmp_path: Path) -> None:
    path, token = tmp_path / "large.pcap", CancelToken()
    path.write_bytes(pcap([]) + record(b"12345678", 0) * 300_000)
    token.cancel()
    with pytest.raises(Cancelled), inspect(path, token):
        pass


def test_mutated_files_never_crash_and_never_take_long(tmp_path: Path) -> None:
    noise = random.Random(2026)
    wholes = [pcap(PACKETS * 5), section(PACKETS * 5, links=(1, 113)), section(PACKETS * 3, ">")]
    started = time.monotonic()
    for _ in range(600):
        data = bytearray(noise.choice(wholes))
        for _ in range(noise.randint(1, 8)):
            data[noise.randrange(len(data))] = noise.choice((0, 0xFF, 0x7F, noise.randrange(256)))
        try:
            found = look(tmp_path, bytes(data))
        except CaptureFileError:
            continue
        assert 0 <= found.packets <= len(data) // 12
    assert time.monotonic() - started < 60


@pytest.mark.skipif(not PUBLIC.exists(), reason="the public captures are not beside this checkout (../shared/captures)")
def test_public_captures_hold_as_many_packets_as_tshark_says() -> None:
    wrong = {}
    with nothing_left_behind():
        for row in public_captures():
            with inspect(PUBLIC / row["file"], CancelToken()) as found:
                expected = row["packets"], found.link_types if row["linktype"] == "Per packet" else (row["linktype"],)
                if (found.packets, found.link_types) != expected or found.partial:
                    wrong[row["file"]] = (found, expected)
    assert not wrong
