"""Looking at a capture without a screen: what the headers alone give, of files of every kind, with flat memory."""

from __future__ import annotations

import gzip
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from tshoot.errors import Cancelled, CaptureFileError
from tshoot.packets.browse.browsing import Browsing
from tshoot.packets.browse.clock import by_the_clock, elapsed
from tshoot.packets.browse.columns import FrameColumns
from tshoot.packets.browse.shown import Shown

CAPTURES = Path(__file__).parents[3] / "fixtures/captures"
MOUNT = CAPTURES / "nfs.mount-denied/over-tcp.pcap"


@pytest.fixture
def browsing(request: pytest.FixtureRequest, tmp_path: Path):
    opened: list[Browsing] = []

    def open_it(path: Path) -> Browsing:
        opened.append(Browsing(path))
        opened[-1].open()
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


def test_rows_are_what_the_headers_say(browsing) -> None:
    capture = browsing(MOUNT)
    assert capture.columns.count == 20
    syn, _, _, call = capture.rows([1, 2, 3, 14])
    assert (syn.source, syn.destination, syn.protocol, syn.length, syn.info) == (
        "192.0.2.21", "192.0.2.50", "Portmap?", 78, "50111 → 111 [SYN] Win=65535 Len=0",
    )  # fmt: skip
    assert call.info == "1012 → 635 [PSH, ACK] Win=65535 Len=88"
    assert not syn.told
    assert capture.packet(1)[:14].hex() == "00a0983c500100505" + "66a15010800"
    assert len(capture.packet(14)) == 154


@pytest.mark.parametrize(
    ("capture", "number", "said"),
    [
        ("arp.duplicate-address", 1, "Who has "),
        ("ndp.duplicate-address", 1, "Neighbor "),
        ("path.unreachable", 2, "unreachable"),
    ],
)
def test_what_is_no_tcp_is_told_in_words(browsing, capture: str, number: int, said: str) -> None:
    path = sorted((CAPTURES / capture).glob("*.pcap*"))[0]
    opened = browsing(path)
    rows = opened.rows(range(1, opened.columns.count + 1))
    assert any(said in row.info for row in rows), [row.info for row in rows]


@pytest.mark.parametrize(
    "path", sorted(path for path in CAPTURES.rglob("*") if path.suffix in (".pcap", ".pcapng", ".gz", ".zst", ".snoop")), ids=lambda path: path.name
)
def test_every_fixture_is_listed_whole(browsing, path: Path) -> None:
    capture = browsing(path)
    assert capture.container is not None
    assert capture.columns.count == capture.container.packets
    rows = capture.rows(range(1, capture.columns.count + 1))
    assert [row.number for row in rows] == list(range(1, capture.columns.count + 1))
    assert all(len(capture.packet(row.number)) == max(row.captured, 0) for row in rows)


def test_a_compressed_capture_is_the_same_and_leaves_nothing_behind(browsing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(MOUNT.read_bytes()))
    capture, plain = browsing(packed), browsing(MOUNT)
    assert capture.rows(range(1, 21)) == plain.rows(range(1, 21))
    private = [path for path in tmp_path.iterdir() if path != packed]
    assert [path.stat().st_mode & 0o777 for path in private] == [0o600]
    capture.close()
    assert list(tmp_path.iterdir()) == [packed]
    assert capture.packet(1) == b""


def test_a_format_of_another_maker_is_listed_from_a_copy(browsing, tmp_path: Path) -> None:
    snoop = tmp_path / "taken.snoop"
    subprocess.run(["tshark", "-r", str(MOUNT), "-F", "snoop", "-w", str(snoop)], check=True, capture_output=True)
    capture = browsing(snoop)
    assert [row.info for row in capture.rows(range(1, 21))] == [row.info for row in browsing(MOUNT).rows(range(1, 21))]
    assert capture.packet(16) == browsing(MOUNT).packet(16)


def test_a_torn_capture_keeps_its_whole_frames_and_says_so(browsing, tmp_path: Path) -> None:
    torn = tmp_path / "torn.pcap"
    torn.write_bytes(MOUNT.read_bytes()[:-30])
    capture = browsing(torn)
    assert capture.columns.count == 19
    assert "cut short" in capture.remark


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no capture at all\n")
    with pytest.raises(CaptureFileError, match="not a capture file"):
        Browsing(text).open()


def test_a_closed_capture_is_not_opened(tmp_path: Path) -> None:
    capture = Browsing(MOUNT)
    capture.close()
    with pytest.raises(Cancelled):
        capture.open()


def test_a_file_that_was_cut_after_it_was_read_is_still_shown(browsing, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pcap"
    shutil.copy(MOUNT, copy)
    capture = browsing(copy)
    with copy.open("r+b") as file:
        file.truncate(100)
    assert capture.packet(16) == b""
    assert capture.rows([16])[0].length == 98


# --- a million frames ---


def udp_capture(path: Path, frames: int, behind: bytes = b"") -> Path:
    """UDP of 60 bytes between two hosts, 200 ports; `behind` are further records."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number in range(frames):
            udp = struct.pack(">HHHH", 20_000 + number % 200, 4000, 26, 0) + bytes(18)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 46, 0, 0, 64, 17, 0, b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02")
            file.write(struct.pack("<IIII", 1_700_000_000, number % 1_000_000, 60, 60) + bytes(12) + b"\x08\x00" + ip + udp)
        file.write(behind)
    return path


def test_the_columns_stay_small_and_know_conversations(browsing, tmp_path: Path) -> None:
    capture = browsing(udp_capture(tmp_path / "many.pcap", 200_000))
    columns = capture.columns
    held = sum(getattr(columns, name).nbytes for name in ("times", "places", "captured", "wire", "links", "flows"))
    assert held <= 34 * 200_000
    assert columns.conversation(5).tolist() == list(range(5, 200_001, 200))


def test_both_directions_are_one_conversation(browsing) -> None:
    assert browsing(MOUNT).columns.conversation(16).tolist() == list(range(11, 21))


def test_more_frames_than_are_listed_are_counted(monkeypatch: pytest.MonkeyPatch, browsing, tmp_path: Path) -> None:
    monkeypatch.setattr("tshoot.packets.browse.columns.FrameColumns.__init__.__defaults__", (5,))
    monkeypatch.setattr("tshoot.packets.browse.browsing.MOST", 5)
    capture = browsing(MOUNT)
    assert (capture.columns.count, capture.columns.left_out) == (5, 15)
    assert "only the first 5 frames are listed; 15 follow" in capture.remark
    assert FrameColumns().count == 0


# --- which are shown ---


def test_a_set_of_frames_and_its_rows() -> None:
    shown = Shown(100, [40, 7, 7, 300, 0])
    assert (len(shown), shown.number(1), shown.numbers(0, 9), shown.everything) == (2, 40, [7, 40], False)
    assert [shown.row(number) for number in (1, 7, 8, 99)] == [0, 0, 1, 1]
    assert [shown.has(number) for number in (7, 8)] == [True, False]
    assert shown.within([40, 41]).numbers(0, 9) == [40]
    everything = Shown(100)
    assert (len(everything), everything.number(9), list(everything.numbers(-1, 3)), everything.row(500)) == (100, 10, [1, 2, 3], 99)
    assert everything.within([3, 101]).numbers(0, 9) == [3]
    assert len(Shown(0)) == 0


def test_the_next_mark_goes_round_and_passes_what_is_hidden() -> None:
    shown = Shown(100, range(10, 60))
    assert [shown.next(number, {5, 20, 50}, 1) for number in (1, 20, 50)] == [20, 50, 20]
    assert [shown.next(number, {5, 20, 50}, -1) for number in (1, 20, 50)] == [50, 50, 20]
    assert shown.next(1, set(), 1) == 0


def test_times() -> None:
    assert [elapsed(number) for number in (0, 1_500, -18_000, 12_410_980_000)] == ["0.000000", "0.000001", "-0.000018", "12.410980"]
    assert by_the_clock(1_772_421_120_000_180_000) == "03:12:00.000180"
    assert by_the_clock((1 << 63) - 1) == "23:47:16.854775"
    assert by_the_clock(10**30).endswith(" s")
