"""The field of the home screen: absolute paths behind `./`, error lines that begin with a path, a page that comes key by key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from test_tui_home_stories import CAPTURE, at_home, opening, rows, symptom
from textual import events
from tui_helpers import screen_text, until

from tshoot.tui.app import TshootApp
from tshoot.tui.matching import Finder
from tshoot.tui.paths import looks_like_path, may_be_words, meant, path_of
from tshoot.tui.screens.packets import PacketsScreen
from tshoot.tui.screens.setup import SetupScreen

ERROR_LINE = "/vmfs/volumes/ds1: mount denied by the NFS server"


@pytest.mark.parametrize("typed", [".//tmp/x.pcap", "./'/tmp/x.pcap'", './"/tmp/x.pcap"', "./file:///tmp/x.pcap", " .//tmp/x.pcap"])
def test_an_absolute_path_behind_the_dot_is_absolute(typed: str) -> None:
    assert path_of(typed) == Path("/tmp/x.pcap")
    assert looks_like_path(meant(typed))


def test_the_home_folder_behind_the_dot_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/tim")
    assert path_of("./~/x.pcap") == Path("/home/tim/x.pcap")


@pytest.mark.parametrize("typed", ["./x", "./~backup", "./.x", "./", "../x", "/x", "x.pcap"])
def test_any_other_path_is_left_as_it_was_typed(typed: str) -> None:
    assert meant(typed) == typed


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (ERROR_LINE, True),
        ("~/x.sh: line 3: permission denied", True),
        ("/var/log/a.log: cannot open /var/log/b.log", True),
        ("/vmfs/volumes/ds1", False),
        ("/captures/my trace.pcap", False),
        ("'/captures/my trace'", False),
        (r"/captures/my\ trace", False),
    ],
)
def test_what_may_be_a_line_of_an_error_message(typed: str, words: bool) -> None:
    assert may_be_words(typed) is words


async def test_a_path_pasted_after_ctrl_o_is_opened(tmp_path: Path) -> None:
    capture = shutil.copy(CAPTURE, tmp_path / "x.pcap")
    async with TshootApp(opening(tmp_path)).run_test(size=(120, 30)) as pilot:
        await at_home(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: symptom(pilot).value == "./", "the folder")
        symptom(pilot).post_message(events.Paste(str(capture)))
        await until(pilot, lambda: symptom(pilot).value == str(capture), "the path alone")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PacketsScreen), "the capture")


async def test_a_path_typed_after_ctrl_o_keeps_every_letter(tmp_path: Path) -> None:
    async with TshootApp(opening(tmp_path)).run_test(size=(120, 30)) as pilot:
        await at_home(pilot)
        await pilot.press("ctrl+o", "slash", "t", "m", "p", "slash")
        await until(pilot, lambda: symptom(pilot).value == "/tmp/", "the path alone")
        assert symptom(pilot).cursor_position == len("/tmp/")


async def test_an_error_line_that_begins_with_a_path_finds_its_playbook(tmp_path: Path) -> None:
    async with TshootApp(opening(tmp_path)).run_test(size=(120, 30)) as pilot:
        await at_home(pilot)
        symptom(pilot).value = ERROR_LINE
        await until(pilot, lambda: rows(pilot)[0].startswith("nfs-mount"), "the playbook")
        shown = screen_text(pilot)
        assert "there is no such file" not in shown
        assert "Symptom" in shown and "Playbooks" in shown
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "the set-up")


async def test_a_line_that_fits_nothing_is_still_told_as_a_path(tmp_path: Path) -> None:
    async with TshootApp(opening(tmp_path)).run_test(size=(120, 30)) as pilot:
        await at_home(pilot)
        symptom(pilot).value = "/qqqxq zzzkz"
        await until(pilot, lambda: "there is no such file" in screen_text(pilot), "what is wrong")


async def test_a_file_with_blanks_in_its_name_stays_a_file(tmp_path: Path) -> None:
    shutil.copy(CAPTURE, tmp_path / "mount denied by.pcap")
    async with TshootApp(opening(tmp_path)).run_test(size=(120, 30)) as pilot:
        await at_home(pilot)
        symptom(pilot).value = f"{tmp_path}/mount den"
        await until(pilot, lambda: rows(pilot) == [row for row in rows(pilot) if row.startswith("mount denied by.pcap")], "the file")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PacketsScreen), "the capture")


async def test_a_page_that_comes_key_by_key_is_matched_when_it_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    matches = Finder.matches

    def counted(self: Finder, typed: str) -> object:
        asked.append(typed)
        return matches(self, typed)

    monkeypatch.setattr(Finder, "matches", counted)
    page = "mount denied by the server, again and again. " * 5
    async with TshootApp(opening(tmp_path)).run_test(size=(120, 30)) as pilot:
        await at_home(pilot)
        asked.clear()
        for letter in page:
            symptom(pilot).post_message(events.Key({" ": "space", ",": "comma", ".": "full_stop"}.get(letter, letter), letter))
        await until(pilot, lambda: page in asked, "the page")
        assert len(asked) <= 20, "not at every key"


async def test_enter_right_behind_the_last_letter_takes_what_the_words_find(tmp_path: Path) -> None:
    async with TshootApp(opening(tmp_path)).run_test(size=(120, 30)) as pilot:
        await at_home(pilot)
        await pilot.press(*"bgp", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "the set-up")
        assert "bgp" in screen_text(pilot).splitlines()[0]
