"""Leaving in any state, by any key or signal: within 2 s where nothing is to be cleaned on a target, the terminal as it was, nothing left running."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from program import Program
from steered_world import Device, waiting_playbook
from tui_helpers import asked, screen_text, small_events, small_playbook, told, until

from tshoot.shipped import shipped
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.help import Help
from tshoot.tui.screens.home import HomeScreen
from tshoot.tui.screens.packets import PacketsScreen
from tshoot.tui.screens.sessions import SessionsScreen
from tshoot.tui.screens.setup import SetupScreen
from tshoot.wiring import Opening, Settings

ROOT = Path(__file__).parents[2]
GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
MOUNT = shipped("fixtures/captures") / "nfs.mount-denied/over-tcp.pcap"
LONGEST = 10.0
Reach = Callable[[object, TshootApp, Path], object]


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tshoot.tui.catalogue.shipped_playbooks", lambda: ())
    monkeypatch.setattr("tshoot.tui.catalogue.all_causes", dict)
    monkeypatch.setattr("tshoot.tui.catalogue.archived_sessions", lambda root: [])


@contextmanager
def nothing_left() -> Iterator[None]:
    """No thread of a run, and no process of ours, more than before; all within LONGEST of the key."""
    before = running()
    yield
    deadline = time.monotonic() + LONGEST
    while (left := running() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def running() -> set[tuple[str, int]]:
    """Threads of runs and decoding children, by name and id."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    commands = [(_command(pid), int(pid)) for pid in children]
    threads = {(thread.name, thread.ident or 0) for thread in threading.enumerate() if thread.name == "tshoot run"}
    return threads | {(name, pid) for name, pid in commands if "shark" in name or "dumpcap" in name}


def _command(pid: str) -> str:
    with suppress(OSError):  # it has ended
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    return ""


async def leave(pilot, keys: tuple[str, ...]) -> None:
    """Press `keys`, a yes where one is asked; the interface must be over in time."""
    app, started = pilot.app, time.monotonic()
    for key in keys:
        await pilot.press(key)
    if "Stop this run and leave?" in screen_text(pilot):
        await pilot.press("y")
    while not app._exit and time.monotonic() - started < LONGEST:
        await pilot.pause(0.02)
    assert app._exit, f"still there after {LONGEST} s:\n{screen_text(pilot)}"


@asynccontextmanager
async def shown(root: Path, **given: object) -> AsyncIterator:
    app = TshootApp(Opening(settings=Settings(root)), **given)
    with nothing_left():
        async with app.run_test(size=(100, 30)) as pilot:
            yield pilot
        started = time.monotonic()
        app.end_runs()
        assert time.monotonic() - started < LONGEST


# --- states, and how one gets there ---


async def at_home(pilot, app: TshootApp, root: Path) -> None:
    await until(pilot, lambda: isinstance(app.screen, HomeScreen), "home")


async def at_set_up(pilot, app: TshootApp, root: Path) -> None:
    app.set_up(small_playbook())
    await until(pilot, lambda: isinstance(app.screen, SetupScreen) and "What it will do" in screen_text(pilot), "the set-up")


async def at_the_sessions(pilot, app: TshootApp, root: Path) -> None:
    app.show_sessions()
    await until(pilot, lambda: isinstance(app.screen, SessionsScreen), "the sessions")


async def in_a_replay(pilot, app: TshootApp, root: Path) -> None:
    app.show_replay(GOLDEN)
    await until(pilot, lambda: "replay" in screen_text(pilot), "the replay")


async def with_packets_loading(pilot, app: TshootApp, root: Path) -> None:
    app.show_packets(MOUNT, "packets")
    await until(pilot, lambda: isinstance(app.screen, PacketsScreen), "the packets")


async def with_a_dialog(pilot, app: TshootApp, root: Path) -> None:
    app.show_work(told(small_events()), "a run")
    await until(pilot, lambda: "FAULT" in screen_text(pilot), "the verdict")
    await pilot.press("f1")
    await until(pilot, lambda: isinstance(app.screen, Help), "the help")


async def in_the_palette(pilot, app: TshootApp, root: Path) -> None:
    await at_home(pilot, app, root)
    await pilot.press("ctrl+p")
    await until(pilot, lambda: "Search for commands" in screen_text(pilot), "the palette")


async def asking(pilot, app: TshootApp, root: Path) -> None:
    app.show_work(Device().work(root), "a run")
    await until(pilot, lambda: "Did it fail?" in asked(pilot), "the question, while a capture runs")


async def under_a_command(pilot, app: TshootApp, root: Path) -> None:
    device = Device()
    device.free.clear()
    app.show_work(device.work(root), "a run")
    await until(pilot, lambda: device.run, "the command")


async def waiting(pilot, app: TshootApp, root: Path) -> None:
    app.show_work(Device().work(root, waiting_playbook()), "a run")
    await until(pilot, lambda: "w ends it" in screen_text(pilot), "the wait")


async def paused(pilot, app: TshootApp, root: Path) -> None:
    await under_a_command(pilot, app, root)
    await pilot.press("p")
    await until(pilot, lambda: "paused" in screen_text(pilot), "the pause")


async def step_by_step(pilot, app: TshootApp, root: Path) -> None:
    def work(bridge: Bridge):
        bridge.steering.stepping = True
        return Device().work(root)(bridge)

    app.show_work(work, "a run")
    await until(pilot, lambda: asked(pilot) == "Run this?", "the step")


BY_APP_KEYS = [at_home, at_set_up, at_the_sessions, in_a_replay, with_packets_loading, with_a_dialog, in_the_palette]
RUNS = [asking, under_a_command, waiting, paused, step_by_step]


@pytest.mark.parametrize("state", [*BY_APP_KEYS, *RUNS], ids=lambda state: state.__name__)
async def test_ctrl_c_leaves_at_once(state: Reach, tmp_path: Path) -> None:
    async with shown(tmp_path) as pilot:
        await state(pilot, pilot.app, tmp_path)
        await leave(pilot, ("ctrl+c",))


@pytest.mark.parametrize(
    ("state", "keys"),
    [
        (at_home, ("ctrl+q",)),
        (at_home, ("escape",)),
        (at_set_up, ("escape", "escape")),
        (at_the_sessions, ("q", "escape", "escape")),
        (in_a_replay, ("q", "escape")),
        (with_packets_loading, ("q", "escape")),
        (with_a_dialog, ("q", "q", "escape")),
        (asking, ("ctrl+q",)),
        (under_a_command, ("ctrl+c", "ctrl+c")),
    ],
    ids=lambda part: part.__name__ if callable(part) else " ".join(part),
)
async def test_other_keys_lead_out_too(state: Reach, keys: tuple[str, ...], tmp_path: Path) -> None:
    async with shown(tmp_path) as pilot:
        await state(pilot, pilot.app, tmp_path)
        await leave(pilot, keys)


@pytest.mark.parametrize("key", ["q", "escape"])
@pytest.mark.parametrize("state", [under_a_command, step_by_step], ids=lambda state: state.__name__)
async def test_a_run_is_left_for_the_screen_before(state: Reach, key: str, tmp_path: Path) -> None:
    async with shown(tmp_path) as pilot:
        await state(pilot, pilot.app, tmp_path)
        started = time.monotonic()
        await pilot.press(key)
        await until(pilot, lambda: "Stop this run and leave?" in screen_text(pilot), "the question")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen), "home")
        assert time.monotonic() - started < LONGEST
        await leave(pilot, ("ctrl+c",))


async def test_leaving_while_a_connection_is_tested(tmp_path: Path) -> None:
    """A device that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with shown(tmp_path) as pilot:
            pilot.app.opening = Opening(targets={"host": f"root@127.0.0.1:{silent.getsockname()[1]}"}, settings=Settings(tmp_path))
            await at_set_up(pilot, pilot.app, tmp_path)
            await pilot.press("ctrl+t")
            await until(pilot, lambda: pilot.app.screen.trials, "the test")
            await leave(pilot, ("ctrl+c",))


# --- the real program ---


@pytest.mark.parametrize("by", [b"\x11", b"\x03", signal.SIGTERM, signal.SIGHUP], ids=["ctrl+q", "ctrl+c", "SIGTERM", "SIGHUP"])
def test_the_terminal_is_as_it_was(by: bytes | signal.Signals, tmp_path: Path) -> None:
    program = Program(tmp_path)
    try:
        program.wait_for(b"nfs-mount")
        if isinstance(by, bytes):
            os.write(program.terminal, by)
        else:
            os.kill(program.pid, by)
        code = program.left(LONGEST + 1.0)  # with the end of the interpreter
        assert code == (0 if isinstance(by, bytes) else 130)
        assert program.restored()
    finally:
        os.close(program.terminal)


def test_a_run_ends_with_sigterm_and_leaves_no_capture(tmp_path: Path) -> None:
    program = Program(tmp_path, "demo")
    try:
        program.wait_for(b"Was it retried?")
        children = program.family()
        os.kill(program.pid, signal.SIGTERM)
        assert program.left(15.0) == 130  # a capture is stopped, and removed from its target
        assert program.restored()
        assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
        (noted,) = tmp_path.rglob("captures.jsonl")
        assert json.loads(noted.read_text().splitlines()[-1])["state"] == "removed"
        journals = [path for path in tmp_path.rglob("*.jsonl") if path.name not in ("captures.jsonl", "session.jsonl")]
        assert journals == []
    finally:
        os.close(program.terminal)


def test_suspended_and_back(tmp_path: Path) -> None:
    program = Program(tmp_path)
    try:
        program.wait_for(b"nfs-mount")
        os.write(program.terminal, b"\x1a")
        deadline = time.monotonic() + 60
        while (state := Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()[0]) != "T":
            program._read(0.05)
            assert time.monotonic() < deadline, f"not stopped: {state}"
        program._read(0.2)
        assert program.restored()  # what the shell finds
        program.said = b""
        os.kill(program.pid, signal.SIGCONT)
        program.wait_for(b"nfs-mount")  # drawn anew
        os.write(program.terminal, b"\x03")
        assert program.left(LONGEST + 1.0) == 0
    finally:
        os.close(program.terminal)
