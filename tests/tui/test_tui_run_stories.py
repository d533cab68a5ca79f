"""An operator's stories on the run screen: what is typed, what is seen then. Recorded runs, and runs in this process that are steered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from steered_world import REACHES, Device, two_targets, waiting_playbook
from tui_helpers import ended, screen_text, small_events, told, until

from tshoot.model.effects import RunCommand, StartCapture
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Ok, OperatorSteered, Progress, RunStarted, TargetSpec
from tshoot.session.read import read_events
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.typed import Typed
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.steering.branching import Branching
from tshoot.tui.widgets.steering.own import OwnCommand
from tshoot.tui.widgets.steering.pasted import Pasted
from tshoot.wiring import Opening

WIDE, NARROW = (140, 40), (80, 24)


@contextmanager
def an_app() -> Iterator[TshootApp]:
    app = TshootApp(Opening(), clock=lambda: 0.0)
    try:
        yield app
    finally:
        app.end_runs()


def region(pilot, name: str) -> str:
    """The lines of a region; none where the screen has none (yet)."""
    views = pilot.app.screen.query(f"#{name}")
    return views.first(LinesView).text if views else ""


def asked(pilot) -> str:
    """The text of the question that is open and was not withdrawn."""
    questions = [bar.current for bar in pilot.app.screen.query(QuestionBar) if bar.current]
    return questions[0].text if questions and not questions[0].answered else ""


def view(pilot, name: str) -> LinesView:
    return pilot.app.screen.query_one(f"#{name}", LinesView)


def chosen(pilot, name: str) -> str:
    """The text of the line that the cursor is on."""
    region_view = view(pilot, name)
    return region_view.sections.line(region_view.cursor).text if region_view.cursor else ""


def steered(folder: Path) -> list[OperatorSteered]:
    return [event for _, event in read_events(folder) if isinstance(event, OperatorSteered)]


async def shown_again(folder: Path, names=("path", "output", "evidence", "verdict")) -> dict[str, str]:
    """The regions of the session in `folder`, opened as recorded."""
    with an_app() as app:
        async with app.run_test(size=WIDE) as pilot:
            app.show_session(folder, "again")
            await until(pilot, lambda: ended(pilot), "the record")
            return {name: region(pilot, name) for name in names}


# --- looking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["140x40", "80x24"])
async def test_the_output_is_searched(recorded, size: tuple[int, int]) -> None:
    with an_app() as app:
        async with app.run_test(size=size) as pilot:
            app.show_session(recorded("nfs-mount/export-policy"), "a record")
            await until(pilot, lambda: ended(pilot), "the end")
            await pilot.press("2", "g", "slash", *"Exit 0")
            await until(pilot, lambda: "no match" in screen_text(pilot), "capitals are meant where they are typed")
            await pilot.press(*["backspace"] * 6, *"exit 0")
            await until(pilot, lambda: "1/" in screen_text(pilot), "the first match")
            count = region(pilot, "output").lower().count("exit 0")
            await pilot.press("enter", "n", "n")
            await until(pilot, lambda: f"3/{count}" in screen_text(pilot), "the third match")
            assert chosen(pilot, "output").startswith("  exit 0")
            assert "›  exit 0" in screen_text(pilot), "the match shown has a sign, not only a colour"
            await pilot.press("N")
            await until(pilot, lambda: f"2/{count}" in screen_text(pilot), "the one before")
            await pilot.press("escape")
            assert "2/" not in screen_text(pilot)
            assert ended(pilot), "escape ended the search, not the screen"


async def test_vi_keys_move_and_the_ends_are_reached(recorded) -> None:
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_session(recorded("nfs-mount/export-policy"), "a record")
            await until(pilot, lambda: ended(pilot), "the end")
            await pilot.press("2", "g", "j", "j", "k")
            output = view(pilot, "output")
            assert output.sections.rows_of(output.cursor) == range(1, 2)
            await pilot.press("ctrl+d")
            assert output.sections.rows_of(output.cursor).start > 5
            await pilot.press("ctrl+u")
            assert output.sections.rows_of(output.cursor).start == 1
            await pilot.press("G")
            assert output.following


async def test_from_a_fact_to_its_line(recorded) -> None:
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_session(recorded("nfs-mount/export-policy"), "a record")
            await until(pilot, lambda: ended(pilot), "the end")
            await pilot.press("3", "slash", *"ping_full.received", "enter", "enter")
            await until(pilot, lambda: "[2 Output]" in screen_text(pilot), "the output")
            assert chosen(pilot, "output").strip().startswith("3 packets transmitted, 3 packets received")
            await pilot.press("enter")
            await until(pilot, lambda: "[2 Output]" in screen_text(pilot), "the output's own lines lead nowhere but their head")


async def test_from_the_path_to_what_was_done_and_back(recorded) -> None:
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_session(recorded("nfs-mount/export-policy"), "a record")
            await until(pilot, lambda: ended(pilot), "the end")
            await pilot.press("1", "slash", *"mountd_tcp_port", "enter", "enter")
            await until(pilot, lambda: "[2 Output]" in screen_text(pilot), "the output")
            assert "nc -z -w 5 192.0.2.50 635" in chosen(pilot, "output")
            await pilot.press("enter")
            await until(pilot, lambda: "[1 Path]" in screen_text(pilot), "the path again")
            assert "mountd_tcp_port" in chosen(pilot, "path")


async def test_from_the_verdict_to_its_frames(recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Path, tuple[int, ...]]] = []
    monkeypatch.setattr(TshootApp, "show_packets", lambda app, path, title, frames=(): opened.append((path, frames)), raising=False)
    folder = recorded("nfs-mount/export-policy")
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_session(folder, "a record")
            await until(pilot, lambda: ended(pilot), "the end")
            await pilot.press("slash", *"mount.status", "enter", "enter")
            await until(pilot, lambda: opened, "the packets")
            await pilot.press("escape", "g", "enter")
            await until(pilot, lambda: len(opened) == 2, "the packets again, from the cause at the top")
    assert opened[0] == opened[1]
    path, frames = opened[0]
    assert frames == (16,)
    assert path.parent == folder / "evidence"
    assert path.read_bytes()[:4] in {b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"}


async def test_what_was_not_taken_and_not_reached_stands_in_the_path(recorded) -> None:
    with an_app() as app:
        async with app.run_test(size=WIDE) as pilot:
            app.show_session(recorded("nfs-mount/export-policy"), "a record")
            await until(pilot, lambda: ended(pilot), "the end")
            short = region(pilot, "path")
            assert "no: nfs.mountd-blocked in the capture" in short
            assert "yes: ping_full.received > 0 · is 3" in short
            assert "not reached" not in short
            await pilot.press("d")
            long = region(pilot, "path")
            assert "○ log: the capture does not decide" in long
            assert "not tried: nfs.stale-handle in the capture" in long


def two_hosts() -> list:
    targets = (TargetSpec("left", "esx01", "linux"), TargetSpec("right", "nas01", "linux"))
    events: list = [RunStarted(1_700_000_000.0, "small", targets, {})]
    for number, role in enumerate(("left", "right"), 1):
        key = f"look/{number}@{role}"
        events += [
            EffectRequested(1_700_000_000.0, RunCommand(key, "look", role, f"show {role}")),
            EffectAnswered(1_700_000_003.0, key, Ok(CommandRan(7, b"of " + role.encode() + b"\n\x1b[31mred\x1b[0m bell\x07\r\n", b"", 2.5))),
        ]
    return events


async def test_one_target_alone_and_raw() -> None:
    with an_app() as app:
        async with app.run_test(size=WIDE) as pilot:
            app.show_work(told(two_hosts()), "two targets")
            await until(pilot, lambda: ended(pilot) and "of right" in region(pilot, "output"), "the output")
            assert "22:13:20 esx01 $ show left" in region(pilot, "output")
            assert "exit 7  2.5 s" in region(pilot, "output")
            await pilot.press("t")
            await until(pilot, lambda: "left only" in screen_text(pilot), "the first target")
            assert "of left" in region(pilot, "output")
            assert "of right" not in region(pilot, "output")
            await pilot.press("t")
            assert "of right" in region(pilot, "output")
            assert "of left" not in region(pilot, "output")
            await pilot.press("t", "v")
            await until(pilot, lambda: "␛[31mred␛[0m bell␇␍" in screen_text(pilot), "what the device sent")
            assert "raw" in screen_text(pilot)
            await pilot.press("v")
            await until(pilot, lambda: "red bell" in screen_text(pilot), "the cleaned line")
            assert "\x1b" not in screen_text(pilot)


async def test_the_output_is_held_and_followed_again() -> None:
    more = threading.Event()

    def work(bridge: Bridge) -> None:
        bridge(EffectRequested(0.0, RunCommand("flood/1@host", "flood", "host", "debug all")))
        bridge(Progress("flood/1@host", "stdout", output=b"".join(b"line %d\n" % number for number in range(100))))
        more.wait(30)
        bridge(Progress("flood/1@host", "stdout", output=b"late\n" * 1240))
        bridge.cancel.wait(30)

    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(work, "a stream")
            await until(pilot, lambda: "line 99" in region(pilot, "output"), "the first lines")
            await pilot.press("2")
            await until(pilot, lambda: "following" in screen_text(pilot), "that the end is followed")
            await pilot.press("k", "k")
            await until(pilot, lambda: "held, 0 new lines" in screen_text(pilot), "that it is held")
            seen = screen_text(pilot).splitlines()[6:15]
            more.set()
            await until(pilot, lambda: "held, 1,240 new lines" in screen_text(pilot), "what came meanwhile")
            assert screen_text(pilot).splitlines()[6:15] == seen
            await pilot.press("l")
            await until(pilot, lambda: "following" in screen_text(pilot) and "late" in screen_text(pilot), "the end again")
            app.screen._bridge.cancel.cancel()


async def test_a_capture_tells_packets_size_and_what_is_left() -> None:
    def work(bridge: Bridge) -> None:
        effect = StartCapture("trace/1@host", "trace", "host", "eth0", "port 2049", 128, 60.0, 1000, 20.0)
        bridge(EffectRequested(0.0, effect))
        bridge(Progress("trace/1@host", "1,234 packets, 310 kB of 20 MB", done=310_000, total=20_000_000))
        bridge.cancel.wait(30)

    with an_app() as app:
        async with app.run_test(size=WIDE) as pilot:
            app.show_work(work, "a capture")
            await until(pilot, lambda: "capturing on eth0: 1,234 packets, 310 kB of 20 MB" in screen_text(pilot), "the count")
            assert "2%" in screen_text(pilot)
            assert "0 s of at most 60 s" in screen_text(pilot)
            app.screen._bridge.cancel.cancel()


async def test_the_terminal_changes_its_size_in_the_middle() -> None:
    with an_app() as app:
        async with app.run_test(size=WIDE) as pilot:
            app.show_work(told(small_events(), lambda bridge: bridge.cancel.wait(30)), "small")
            await until(pilot, lambda: "nfs.mount-denied" in region(pilot, "evidence"), "the evidence")
            before = {name: region(pilot, name) for name in ("path", "output", "evidence")}
            await pilot.resize_terminal(*NARROW)
            await until(pilot, lambda: "[1 Path]" in screen_text(pilot), "one region at a time")
            assert all(len(row) <= 80 for row in screen_text(pilot).splitlines())
            await pilot.resize_terminal(*WIDE)
            await until(pilot, lambda: "─ 3 Evidence" in screen_text(pilot), "all of them again")
            assert {name: region(pilot, name) for name in before} == before
            app.screen._bridge.cancel.cancel()


# --- steering -------------------------------------------------------------------------------------


async def test_paused_nothing_new_is_started(tmp_path: Path) -> None:
    device = Device()
    device.free.clear()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path, two_targets()), "two")
            await until(pilot, lambda: device.run, "the first command")
            await pilot.press("p")
            await until(pilot, lambda: "‖ paused" in screen_text(pilot) and "p Go on" in screen_text(pilot), "that it is paused")
            device.free.set()
            await until(pilot, lambda: "nothing new is started" in screen_text(pilot), "the decision, and that it stays there")
            assert "→ far" in region(pilot, "path")
            assert [target for target, _ in device.run] == ["host"]
            await pilot.press("p")
            await until(pilot, lambda: "Mount now" in asked(pilot), "the question of the capture")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the verdict")
            live = {name: region(pilot, name) for name in ("path", "output", "evidence")}
    assert [event.action for event in steered(device.folder)] == ["paused", "went-on"]
    assert await shown_again(device.folder, tuple(live)) == live


async def test_step_by_step_edited_skipped_and_done_by_hand(tmp_path: Path) -> None:
    device = Device()
    device.free.clear()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path, two_targets()), "two")
            await until(pilot, lambda: device.run, "the first command")
            await pilot.press("s")
            await until(pilot, lambda: "step by step" in screen_text(pilot), "that it goes step by step")
            device.free.set()
            await until(pilot, lambda: "Run on other?  $ ping -c 3 192.0.2.50" in screen_text(pilot), "the second command, before it runs")
            await pilot.press("e")
            await until(pilot, lambda: isinstance(app.screen, Typed), "the field")
            await pilot.press(*["backspace"] * 12, *"9 192.0.2.50", "enter")
            await until(pilot, lambda: "Capture on host?" in screen_text(pilot), "the capture, before it runs")
            assert device.run[-1] == ("other", "ping -c 9 192.0.2.50")
            assert "e Edit" not in screen_text(pilot), "a capture cannot be edited"
            await pilot.press("n")
            await until(pilot, lambda: isinstance(app.screen, Typed), "why")
            await pilot.press(*"not here", "enter")
            await until(pilot, lambda: ended(pilot), "the end")
            live = {name: region(pilot, name) for name in ("path", "output", "evidence")}
            assert "skipped" in live["path"]
            assert "instead of ping -c 3 192.0.2.50" in live["output"]
    assert [event.action for event in steered(device.folder)] == ["edited", "skipped"]
    assert await shown_again(device.folder, tuple(live)) == live


async def test_what_was_done_by_hand_is_pasted(tmp_path: Path) -> None:
    device = Device()
    device.free.clear()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path, two_targets()), "two")
            await until(pilot, lambda: device.run, "the first command")
            await pilot.press("s")
            device.free.set()
            await until(pilot, lambda: "Run on other?" in screen_text(pilot), "the second command")
            await pilot.press("h")
            await until(pilot, lambda: isinstance(app.screen, Pasted), "the place to paste")
            app.screen.query_one("TextArea").text = REACHES.decode()
            await pilot.press("ctrl+s")
            await until(pilot, lambda: "no exit status" in region(pilot, "output"), "the output")
            assert len(device.run) == 1
            assert [event.action for event in steered(device.folder)] == ["by-hand"]
            app.screen._bridge.cancel.cancel()


async def test_a_node_is_taken_again(tmp_path: Path) -> None:
    device = Device()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path), "small")
            await until(pilot, lambda: "Mount now" in asked(pilot), "the question of the capture")
            await pilot.press("1", "g", "r")
            await until(pilot, lambda: "Go back to reach" in screen_text(pilot), "whether it is meant")
            await pilot.press("y")
            await until(pilot, lambda: len(device.run) == 2, "the command again")
            await until(pilot, lambda: "Mount now" in asked(pilot), "the question again")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the verdict")
            live = {name: region(pilot, name) for name in ("path", "output", "evidence")}
            assert "goes back to reach" in live["path"]
    assert [(event.action, event.node) for event in steered(device.folder)] == [("retried", "reach")]
    assert await shown_again(device.folder, tuple(live)) == live


async def test_another_branch_by_hand(tmp_path: Path) -> None:
    device = Device()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path, waiting_playbook()), "small")
            await until(pilot, lambda: "the port settles" in region(pilot, "path"), "the wait")
            await pilot.press("b")
            await until(pilot, lambda: isinstance(app.screen, Branching), "the branches")
            await until(pilot, lambda: "trace (otherwise)" in screen_text(pilot), "the branch of the playbook")
            await pilot.press("enter", *"it is up", "enter")
            await until(pilot, lambda: "Mount now" in asked(pilot), "the node that it leads to")
            assert "by hand: it is up" in region(pilot, "path")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the verdict")
            live = {name: region(pilot, name) for name in ("path", "output", "evidence")}
    assert [(event.action, event.to, event.why) for event in steered(device.folder)] == [("branched", "trace", "it is up")]
    assert await shown_again(device.folder, tuple(live)) == live


async def test_a_long_wait_tells_how_long_and_is_ended(tmp_path: Path) -> None:
    device = Device()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path, waiting_playbook()), "small")
            await until(pilot, lambda: "600 s left, w ends it" in screen_text(pilot), "how long still")
            await until(pilot, lambda: "w End wait" in screen_text(pilot), "the key that ends it")
            await pilot.press("w")
            await until(pilot, lambda: "Mount now" in asked(pilot), "what comes after")
            await until(pilot, lambda: "w End wait" not in screen_text(pilot), "no such key any more")
            app.screen._bridge.cancel.cancel()


async def test_notes_and_own_commands_are_recorded_and_guarded(tmp_path: Path) -> None:
    device = Device()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path), "small")
            await until(pilot, lambda: "Mount now" in asked(pilot), "the question")
            await pilot.press("a", *"look at [/foo]", "enter")
            await until(pilot, lambda: "look at [/foo]" in region(pilot, "output"), "the note")
            await pilot.press("exclamation_mark")
            await until(pilot, lambda: isinstance(app.screen, OwnCommand), "the field")
            await pilot.press(*"uptime")
            await until(pilot, lambda: "✓ only reads, on host: esx01" in screen_text(pilot), "that it only reads")
            await pilot.press("enter")
            await until(pilot, lambda: ("host", "uptime") in device.run, "the command")
            await pilot.press("exclamation_mark", *"reboot now")
            await until(pilot, lambda: "! not known to only read on linux" in screen_text(pilot), "that it may change something")
            await pilot.press("enter", "y")
            await until(pilot, lambda: "Type the name of the device" in asked(pilot) or ended(pilot), "the guard")
            await pilot.press(*"yes", "enter")
            await until(pilot, lambda: "the device was not named" in region(pilot, "output"), "that it was refused")
            assert ("host", "reboot now") not in device.run
            app.screen._bridge.cancel.cancel()


async def test_a_recorded_run_cannot_be_steered(recorded) -> None:
    with an_app() as app:
        async with app.run_test(size=WIDE) as pilot:
            app.show_session(recorded("nfs-mount/export-policy"), "a record")
            await until(pilot, lambda: ended(pilot), "the end")
            screen = app.screen
            await pilot.press("p", "s", "r", "b", "a", "exclamation_mark", "w")
            assert app.screen is screen, "no dialog"
            assert "Pause" not in screen_text(pilot)
