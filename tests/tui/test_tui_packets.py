"""The packets screen as an operator uses it: keys typed, what is seen."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Footer, Input
from tui_helpers import screen_text, until

from tshoot.packets.browse.shown import Shown
from tshoot.packets.browse.summary import Row
from tshoot.shipped import shipped
from tshoot.tui.app import TshootApp
from tshoot.tui.screens.packets import PacketsScreen
from tshoot.tui.screens.stream import StreamScreen
from tshoot.tui.widgets.packets.hex import HexView
from tshoot.tui.widgets.packets.list import FrameList
from tshoot.tui.widgets.packets.tree import PacketTree
from tshoot.wiring import Opening

MOUNT = shipped("fixtures/captures") / "nfs.mount-denied/over-tcp.pcap"


@asynccontextmanager
async def looking_at(path: Path = MOUNT, size: tuple[int, int] = (80, 24), **given: object):
    """The screen with all frames listed."""
    app = TshootApp(Opening(), first=lambda app: app.show_packets(path, path.name, **given))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, PacketsScreen) and not app.screen.tasks.running("open"), "the frames")
        await pilot.pause()
        yield pilot, app.screen


def no_tshark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")


def tree_of(screen: PacketsScreen) -> PacketTree:
    return screen.query_one(PacketTree)


async def decoded(pilot: Pilot[int], number: int) -> None:
    screen = pilot.app.screen
    await until(pilot, lambda: (tree := tree_of(screen).tree_shown) and tree.number == number, f"the tree of frame {number}")


def said(screen: PacketsScreen) -> str:
    return str(screen.query_one("#filter-state").render())


async def test_from_the_list_to_the_field_to_its_bytes() -> None:
    async with looking_at() as (pilot, screen):
        await until(pilot, lambda: screen.reading.analysis, "the findings")
        await pilot.press("n", "n", "n")
        assert screen.frames.chosen == 16
        await decoded(pilot, 16)
        await until(pilot, lambda: "V3 MNT Reply (Call In 14) Error:ERR_ACCESS" in screen_text(pilot), "tshark's info")
        seen = screen_text(pilot)
        for label in ("No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"):
            assert label in seen
        assert "› ◆  16  0.002700 192.0.2.50      192.0.2.21      MOUNT        98 V3 MNT Reply" in seen
        await pilot.press("2", "G")
        assert "mount.status == 13  bytes 94 to 97" in screen_text(pilot)
        await pilot.press("3")
        assert screen.query_one(HexView).marked == bytes((0, 0, 0, 13))
        packet = screen.browsing.packet(16)
        rows = screen.query_one(HexView).text.splitlines()
        assert bytes.fromhex("".join(row[6:55] for row in rows)) == packet == MOUNT.read_bytes()[-4 * 82 - 98 :][:98]
        assert "0050  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00" in screen_text(pilot)


async def test_the_ways_through_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    no_tshark(monkeypatch)
    async with looking_at() as (pilot, screen):
        for keys, number in (("j", 2), ("G", 20), ("k", 19), ("g", 1), ("ctrl+d", 4), ("ctrl+u", 1), ("down", 2), ("end", 20), ("home", 1)):
            await pilot.press(keys)
            assert screen.frames.chosen == number, keys
        await pilot.press("colon", *"14", "enter")
        assert screen.frames.chosen == 14 and screen.frames.has_focus
        await pilot.press("colon", *"21", "enter")
        assert screen.frames.chosen == 14 and "there is no frame 21: the last one is 20" in screen_text(pilot)
        await pilot.press("t")
        assert "Time UTC" in screen_text(pilot) and "03:12:00.002520" in screen_text(pilot)
        await pilot.press("t")
        assert "Delta" in screen_text(pilot) and "0.000180" in screen_text(pilot)
        await pilot.press("l")
        assert "[PSH, ACK] Win=655" in screen_text(pilot)


async def test_without_tshark_list_and_bytes_work_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    no_tshark(monkeypatch)
    async with looking_at() as (pilot, screen):
        assert "tshark is not installed here" in screen_text(pilot)
        await pilot.press("j", "3")
        seen = screen_text(pilot)
        assert "MOUNT?" in seen or "Portmap?" in seen
        assert "0000  00 50 56 6a 15 01" in seen
        await pilot.press("slash", *"rpc", "enter")
        await until(pilot, lambda: "tshark is not installed" in said(screen), "why the filter is not applied")
        await pilot.press("escape", "f")
        await until(pilot, lambda: "apt-get install tshark" in said(screen), "why the stream is not followed")
        await until(pilot, lambda: "tshark is missing" in screen.query_one("#findings").get_option_at_index(0).prompt.plain, "why nothing was judged")


async def test_a_filter_is_checked_as_one_types_and_keeps_its_error_at_the_field() -> None:
    async with looking_at() as (pilot, screen):
        await pilot.press("slash", "a", "slash", "colon")
        assert screen.query_one("#filter", Input).value == "a/:"  # in the field they are characters
        await pilot.press("ctrl+u", *"mount.x")
        await until(pilot, lambda: "✗ mount.x is neither a field nor a protocol name" in screen_text(pilot), "the error")
        await pilot.press("enter")
        await until(pilot, lambda: not screen.tasks.running("filter"), "the refusal")
        assert screen.query_one("#filter", Input).has_focus and len(screen.frames.shown) == 20
        screen.query_one("#filter", Input).value = "mount.statu"
        await pilot.press("end", "s")
        await until(pilot, lambda: "✓ tshark understands it" in screen_text(pilot), "the approval")
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.frames.shown) == 1, "the frames that match")
        assert screen.frames.has_focus and screen.frames.chosen == 16
        assert "1 of 20 frames" in screen_text(pilot)
        await pilot.press("colon", *"3", "enter")
        assert screen.frames.chosen == 3 and "frame 3 was hidden: all frames are shown again" in screen_text(pilot)


async def test_a_filter_that_runs_long_is_stopped_by_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def endless(self, expression, cancel):
        asked.set()
        yield screen.sifting_kind([14])
        while not cancel.wait(0.01):
            yield screen.sifting_kind([])
        cancel.check()

    monkeypatch.setattr("tshoot.tui.widgets.packets.sifting._TOLD_EVERY", 0.0)
    monkeypatch.setattr("tshoot.packets.browse.browsing.Browsing.problem", lambda self, expression, cancel: "")
    monkeypatch.setattr("tshoot.packets.browse.browsing.Browsing.matching", endless)
    async with looking_at() as (pilot, screen):
        from array import array

        screen.sifting_kind = lambda numbers: array("i", numbers)
        await pilot.press("slash", *"tcp", "enter")
        await until(pilot, lambda: len(screen.frames.shown) == 1, "the first match")
        assert "filter runs" in screen_text(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PacketsScreen)
        assert "1 of 20 frames, filter stopped" in screen_text(pilot)
        await pilot.press("slash", "ctrl+u", "enter")
        assert len(screen.frames.shown) == 20


async def test_marks_and_proof_only(monkeypatch: pytest.MonkeyPatch) -> None:
    no_tshark(monkeypatch)
    async with looking_at() as (pilot, screen):
        await pilot.press("p")
        assert "nothing proves anything here" in screen_text(pilot)
        await pilot.press("m", "j", "m", "p")
        assert screen.frames.shown.numbers(0, 9) == [1, 3] and "proof only" in screen_text(pilot)
        await pilot.press("g")
        assert "●" in screen_text(pilot)
        await pilot.press("n")
        assert screen.frames.chosen == 3
        await pilot.press("n", "p", "N")
        assert screen.frames.chosen == 3
        await pilot.press("m")
        assert screen.frames.marks == {1}


async def test_frames_that_are_given_come_marked_under_their_filter() -> None:
    async with looking_at(frames=(14, 16), display_filter="frame.number in {14,16..18}") as (pilot, screen):
        await until(pilot, lambda: len(screen.frames.shown) == 4, "the filter")
        assert (screen.frames.marks, screen.frames.chosen) == ({14, 16}, 14)
        await pilot.press("p")
        assert screen.frames.shown.numbers(0, 9)[:2] == [14, 16]


async def test_a_finding_leads_to_its_frames() -> None:
    async with looking_at(size=(160, 50)) as (pilot, screen):
        await until(pilot, lambda: screen.reading.analysis, "the findings")
        assert "4 Findings (1)" in screen_text(pilot)
        await pilot.press("4")
        assert "✗ fault  nfs.mount-denied" in screen_text(pilot)
        await pilot.press("enter")
        assert screen.frames.chosen == 6
        await pilot.press("enter", "enter")
        assert screen.frames.chosen == 16
        await pilot.press("p")
        assert screen.frames.shown.numbers(0, 9) == [6, 14, 16]


async def test_the_tree_keeps_open_what_was_opened() -> None:
    async with looking_at(size=(120, 40)) as (pilot, screen):
        await decoded(pilot, 1)
        await pilot.press("2", "g", "E")
        tree = tree_of(screen)
        assert [line.strip()[:5] for line in tree.text.splitlines()] == ["▸ Fra", "▸ Eth", "▸ Int", "▸ Tra"]
        await pilot.press("j", "enter", "j")
        assert "Destination: 00:a0:98:3c:50:01" in tree.text and tree.index > 0
        await pilot.press("1", "j")
        await decoded(pilot, 2)
        assert "Destination: 00:50:56:6a:15:01" in tree.text and "Protocols in frame" not in tree.text
        await pilot.press("2", "h")
        assert tree.tree_shown.nodes[tree.index].name == "eth"
        await pilot.press("h")
        assert "Destination:" not in tree.text
        await pilot.press("e")
        assert "Protocols in frame" in tree.text


async def test_following_a_stream_as_text_and_as_bytes() -> None:
    async with looking_at() as (pilot, screen):
        await pilot.press("colon", *"14", "enter", "f")
        await until(pilot, lambda: isinstance(pilot.app.screen, StreamScreen), "the stream")
        await pilot.pause()
        assert "→ 192.0.2.21:1012 said;  ← 192.0.2.50:635 said" in screen_text(pilot)
        assert "/vol/ds1" in screen_text(pilot)
        await pilot.press("x")
        assert "→ 00000000  80 00 00 54 4e 46 53 02" in screen_text(pilot)
        await pilot.press("q")
        assert pilot.app.screen is screen


async def test_a_stream_screen_shows_hostile_bytes_as_dots() -> None:
    from tshoot.packets.browse.stream import Said, Stream
    from tshoot.tui.screens.stream import stream_lines

    evil = b"\x1b]0;owned\x07[/red]\xc2\x9b31m\xe2\x80\xae\r\nnext\xff"
    lines = [line.text for line in stream_lines(Stream("tcp", ("a", "b"), (Said(0, evil),)), False)]
    assert lines[2:] == ["→ ·]0;owned·[/red]·31m·", "→ next·"]
    many = stream_lines(Stream("tcp", ("a", "b"), (Said(1, b"\n" * 50_000),)), False)
    assert len(many) == 20_001 and "only the first 20,000 lines" in many[-1].text


async def test_what_a_packet_says_is_never_markup(tmp_path: Path) -> None:
    """A mounted path with markup and escape sequences, to the list, the tree, the bytes and back."""
    evil = b"[/a]\x1b[2J"
    path = tmp_path / "evil.pcap"
    path.write_bytes(MOUNT.read_bytes().replace(b"/vol/ds1", evil.ljust(8, b"x")))
    async with looking_at(path, size=(160, 50)) as (pilot, _):
        await pilot.press("colon", *"14", "enter")
        await decoded(pilot, 14)
        await until(pilot, lambda: "V3 MNT Call (Reply In 16) [/a]" in screen_text(pilot), "the path")
        assert "\x1b" not in screen_text(pilot)
        await pilot.press("2", "e", "G")
        assert "[/a]" in screen_text(pilot)


@pytest.mark.parametrize("kind", ["torn", "gzip", "garbage", "missing"])
async def test_files_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    no_tshark(monkeypatch)
    path = tmp_path / "file"
    content = {"torn": MOUNT.read_bytes()[:-9], "gzip": gzip.compress(MOUNT.read_bytes()), "garbage": b"\x01\x02 nothing that is a capture"}
    if kind in content:
        path.write_bytes(content[kind])
    async with looking_at(path) as (pilot, screen):
        seen = screen_text(pilot) + said(screen)
        assert {"torn": "19 frames", "gzip": "20 frames", "garbage": "not a capture file", "missing": "cannot be read"}[kind] in seen
        await pilot.press("j", "m", "n", "p", "f", "t", "y", "3", "G", "2", "enter", "4", "enter", "a")
        await pilot.press("escape")
        assert pilot.app.return_code == 0


async def test_copying_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    no_tshark(monkeypatch)
    async with looking_at() as (pilot, _):
        await pilot.press("y")
        assert pilot.app.clipboard == (
            "frame 1 0.000000 s, 2026-03-02 03:12:00.000180 UTC 192.0.2.21 → 192.0.2.50 Portmap? 78 bytes 50111 → 111 [SYN] Win=65535 Len=0"
        )


async def test_another_program_or_how_to_open_it_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_tshark(monkeypatch)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with looking_at(size=(160, 50)) as (pilot, screen):
        await pilot.press("j", "w")
        assert f"neither Wireshark nor termshark is on PATH here. Where there is one: wireshark -r {MOUNT} -g 2" in said(screen)
        program = tmp_path / "wireshark"
        program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("DISPLAY", ":0")
        await pilot.press("w")
        await until(pilot, lambda: (tmp_path / "said").exists() and (tmp_path / "said").read_text(), "Wireshark")
        assert (tmp_path / "said").read_text() == f"-r {MOUNT} -g 2\n"
        program.rename(tmp_path / "termshark")
        await pilot.press("w")
        assert "this terminal cannot be lent to termshark" in said(screen)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_leaving_ends_tshark_and_takes_its_files_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """A tshark that hangs, in the middle of all it is asked."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "private"))
    (tmp_path / "private").mkdir()
    program = tmp_path / "tshark"
    program.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/pids\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(MOUNT.read_bytes()))
    async with looking_at(packed) as (pilot, _):
        await until(pilot, lambda: (tmp_path / "pids").exists() and len((tmp_path / "pids").read_text().split()) >= 2, "tshark at work")
        assert [path.stat().st_mode & 0o777 for path in (tmp_path / "private").iterdir()].count(0o600)
        await pilot.press(key)
    for pid in (tmp_path / "pids").read_text().split():
        assert not Path(f"/proc/{pid}").exists()
    assert list((tmp_path / "private").iterdir()) == []
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("packets")] == []


async def test_a_million_frames_cost_what_is_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: the rows that are read for each key."""
    no_tshark(monkeypatch)
    read: list[int] = []

    def rows(numbers: Sequence[int]) -> list[Row]:
        read.append(len(numbers))
        return [Row(number, number * 1000, "192.0.2.1", "192.0.2.2", "UDP", 60, 60, f"frame {number}") for number in numbers]

    async with looking_at() as (pilot, screen):
        frames = screen.query_one(FrameList)
        frames._read, screen.browsing.rows = rows, rows
        screen.browsing.packet = lambda number: b"\0" * 60
        frames.tell_anew()
        for shown in (Shown(1_000_000), Shown(1_000_000, range(1, 1_000_000, 3))):
            frames.show(shown, 0, 10**9)
            await pilot.pause()
            for key in ("j", "ctrl+d", "G", "k", "g", "pagedown"):
                read.clear()
                await pilot.press(key)
                assert sum(read) <= 2 * (frames.size.height + 1) + 2, key
        frames.go_to(999_999)
        await pilot.pause()
        assert "999999" in screen_text(pilot) or "999997" in screen_text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (110, 30), (250, 70)])
async def test_no_label_is_cut(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    no_tshark(monkeypatch)
    async with looking_at(size=size) as (pilot, screen):
        await until(pilot, lambda: "q Leave" in screen_text(pilot), "the keys")
        seen = screen_text(pilot)
        for label in ("No.", "Time", "Source", "Destination", "Protocol", "Length", "Info", "2 Tree"):
            assert label in seen, label
        footer = screen.query_one(Footer)
        assert footer.virtual_size.width <= size[0]
