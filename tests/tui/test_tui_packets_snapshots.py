"""Pictures of the packets screen. `pytest tests/tui --snapshot-update` draws them anew: look at them before they are kept."""

from __future__ import annotations

import pytest
from tui_helpers import screen_text, until

from tshoot.shipped import shipped
from tshoot.tui.app import TshootApp
from tshoot.tui.screens.stream import StreamScreen
from tshoot.tui.widgets.packets.list import FrameList
from tshoot.tui.widgets.packets.tree import PacketTree
from tshoot.wiring import Opening

MOUNT = shipped("fixtures/captures") / "nfs.mount-denied/over-tcp.pcap"
SIZES = pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)], ids=["80x24", "100x30", "160x50"])


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.widgets.Input.cursor_blink", False)


def app() -> TshootApp:
    return TshootApp(Opening(), first=lambda app: app.show_packets(MOUNT, "a denied mount", frames=(16,)))


async def settled(pilot) -> None:
    screen = pilot.app.screen
    await until(pilot, lambda: screen.reading.analysis and "ERR_ACCESS" in screen_text(pilot), "tshark's columns and the findings")
    await until(pilot, lambda: (tree := screen.query_one(PacketTree).tree_shown) and tree.number == 16, "the tree")
    frames = screen.query_one(FrameList)  # where it scrolled to depends on how high it was when the first frame was chosen
    frames.scroll_to(y=max(frames.cursor - frames.height + 1, 0), animate=False, force=True)
    await pilot.pause()


@SIZES
def test_packets(snap_compare, size) -> None:
    async def before(pilot) -> None:
        await settled(pilot)
        await pilot.press("2", "G")
        await pilot.pause()

    assert snap_compare(app(), terminal_size=size, run_before=before)


def test_packets_with_a_wrong_filter(snap_compare) -> None:
    async def before(pilot) -> None:
        await settled(pilot)
        await pilot.press("slash", *"rpcx")
        await until(pilot, lambda: "rpcx is neither a field" in screen_text(pilot), "the error")

    assert snap_compare(app(), terminal_size=(80, 24), run_before=before)


def test_packets_stream(snap_compare) -> None:
    async def before(pilot) -> None:
        await settled(pilot)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, StreamScreen), "the stream")
        await pilot.press("x")
        await pilot.pause()

    assert snap_compare(app(), terminal_size=(80, 24), run_before=before)
