"""A device that prints without end neither freezes the keys nor fills the memory."""

from __future__ import annotations

import asyncio
import time

from textual.events import Key
from tui_helpers import region, screen_text, until

from tshoot.model.effects import RunCommand
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Ok, Progress
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.wiring import Opening

LINES = 200_000


async def test_keys_answer_during_a_flood() -> None:
    piece = b"".join(b"%06d the device prints and prints\n" % number for number in range(200))

    def work(bridge: Bridge) -> None:
        bridge(EffectRequested(0.0, RunCommand("flood/1@host", "flood", "host", "debug all")))
        for _ in range(LINES // 200):
            bridge(Progress("flood/1@host", "stdout", output=piece))
            time.sleep(0.001)
        bridge(EffectAnswered(1.0, "flood/1@host", Ok(CommandRan(0, piece * (LINES // 200), b"", 1.0))))

    app = TshootApp(Opening())
    async with app.run_test(size=(140, 40)) as pilot:
        app.show_work(work, "a flood")
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and "prints and prints" in screen_text(pilot), "the first lines")
        slowest, number = 0.0, 0
        while not app.screen.has_ended:
            await asyncio.sleep(0.01)
            number += 1
            name = ("path", "output")[number % 2]
            started = time.monotonic()
            app.post_message(Key("12"[number % 2], None))  # the pilot's own press waits until the machine is idle
            while not app.screen.query_one(f"#{name}").has_focus and not app.screen.has_ended:
                await asyncio.sleep(0.002)
            slowest = max(slowest, time.monotonic() - started)
        assert number > 20
        assert slowest < 2.0, f"a key took {slowest:.1f} s"
        view = app.screen.query_one("#output", LinesView)
        assert view.virtual_size.height < 250_000
        assert "exit 0" in region(pilot, "output")[-100:]


async def test_a_million_lines_scroll_at_once() -> None:
    from tshoot.tui.lines import output_line

    app = TshootApp(Opening())
    async with app.run_test(size=(80, 24)) as pilot:
        view = LinesView(wrap=False, follow=True, most=1_000_000)
        await app.screen.mount(view)
        view.put("all", [output_line(f"line {number}") for number in range(1_000_000)])
        await pilot.pause()
        started = time.monotonic()
        view.scroll_home(animate=False)
        await pilot.pause()
        view.scroll_end(animate=False)
        await pilot.pause()
        assert time.monotonic() - started < 2.0
        assert view.render_line(view.size.height - 1).text.startswith("line 999999")
