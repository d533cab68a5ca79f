"""What somebody needs to go on is in sight, on 80x24 and on a terminal far smaller."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from test_tui_home_stories import at_set_up, field, opening
from textual.widgets import Input
from tui_helpers import region, screen_text, until

from tshoot.session.read import read_header
from tshoot.shipped import shipped
from tshoot.tui.app import TshootApp
from tshoot.tui.paths import folded
from tshoot.tui.screens.replay import ReplayScreen
from tshoot.tui.screens.sessions import SessionsScreen
from tshoot.wiring import checked_playbook

GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
CAPTURE = shipped("fixtures/captures") / "nfs.mount-denied" / "over-tcp.pcap"
ID = read_header(GOLDEN).session


def words(pilot) -> str:
    """What is on the screen, without its frames, as words in a row."""
    return " ".join(screen_text(pilot).replace("│", " ").split())


async def test_what_a_query_was_taken_for_is_told_to_its_end(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        app.show_sessions()
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and app.screen.query("#query"), "the sessions")
        app.screen.query_one("#query", Input).value = "verdit:fault since:yesterday"
        await until(pilot, lambda: "did you mean verdict:?" in words(pilot) and "or an age such as 7d" in words(pilot), "both remarks")


async def test_a_place_that_is_none_names_the_nodes_that_are(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        app.show_replay(GOLDEN)
        await until(pilot, lambda: isinstance(app.screen, ReplayScreen) and app.screen._player.positions, "the index")
        await pilot.press(":")
        app.screen.query_one("#timeline-place", Input).value = "99999"
        await pilot.press("enter")
        await until(pilot, lambda: "Its nodes are: interfaces, routes" in words(pilot), "the nodes")


@pytest.mark.parametrize("where", ["home", "sessions"])
async def test_the_id_and_the_folder_of_a_session_are_told_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / "sessions"
    root.mkdir()
    shutil.copytree(GOLDEN, root / ID)
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        if where == "sessions":
            app.show_sessions()
        name = "#archived" if where == "sessions" else "#sessions"
        await until(pilot, lambda: app.screen.query(name) and "nfs.mount-denied" in screen_text(pilot), "the session")
        shown = "detail" if where == "sessions" else "about"

        def told() -> bool:
            app.screen.query_one(name).focus()  # again: the screen may still be about to place the keys itself
            return "kept in" in region(pilot, shown) and ID in words(pilot) and "kept in ~/sessions" in words(pilot)

        await until(pilot, told, "what is known of it, both in sight")


@pytest.mark.parametrize(
    ("path", "said"), [("/home/tim/a/b", "~/a/b"), ("/home/timothy/a", "/home/timothy/a"), ("/home/tim", "/home/tim"), ("/srv/x", "/srv/x")]
)
def test_the_users_own_folder_is_folded(monkeypatch: pytest.MonkeyPatch, path: str, said: str) -> None:
    monkeypatch.setenv("HOME", "/home/tim")
    assert folded(Path(path)) == said


def whole_field_in_sight(pilot, label: str) -> bool:
    """The field of that name has the keys, and its input is on the screen."""
    shown, form = field(pilot, label).query_one(Input), pilot.app.screen.form
    return field(pilot, label).has_focus_within and form.content_region.contains_region(shown.region)


async def test_the_field_that_has_the_keys_is_in_sight_on_a_tiny_terminal(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(40, 10)) as pilot:
        app.set_up(checked_playbook("nfs-mount"))
        await at_set_up(pilot)
        for label in ("host", "server", "share", "vmk", "mountd_port"):
            await until(pilot, lambda label=label: whole_field_in_sight(pilot, label), f"the field {label}")
            assert "f1 Help" in screen_text(pilot) and "esc Back" in screen_text(pilot)
            await pilot.press("down")
        await pilot.press("f2")
        await until(pilot, lambda: "What it will do" in screen_text(pilot), "the plan, by its key")


@pytest.mark.parametrize("size", [(40, 10), (60, 24), (80, 24)])
async def test_packets_tell_help_and_the_way_out_at_any_width(tmp_path: Path, size: tuple[int, int]) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=size) as pilot:
        app.show_packets(CAPTURE, "trace")
        await until(pilot, lambda: "20 frames" in screen_text(pilot) and "/ Filter" in screen_text(pilot), "the frames")
        await until(pilot, lambda: screen_text(pilot).rstrip().endswith("F1 Help  q Leave"), "help and the way out, last")


async def test_home_tells_help_and_the_way_out_on_a_tiny_terminal(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: "esc Leave" in screen_text(pilot), "the way out")
        assert "f1 Help" in screen_text(pilot)
