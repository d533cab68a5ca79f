"""A picture of a run: its events, told to the real screen without a terminal, as SVG."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path

from tshoot.model.events import Event, VerdictReached
from tshoot.model.verdicts import Verdict
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge, Work
from tshoot.tui.screens.run import RunScreen
from tshoot.wiring import Opening

_LEADING = re.compile(r'(<text [^>]*?x=")([\d.]+)("[^>]*?textLength=")([\d.]+)("[^>]*>)((?:&#160;)+)([^<]*)(</text>)')


def draw(events: Iterable[Event], title: str, size: tuple[int, int], out: Path, *, remark: str = "", keys: tuple[str, ...] = ()) -> None:
    """Write the screen of a run after `events` (for example `Session.events()`) to `out`; `size` is columns and rows.

    `keys` are pressed before the picture is taken ("2": the output instead of the verdict).
    """
    told = list(events)

    def work(bridge: Bridge) -> Verdict | None:
        for event in told:
            bridge(event)
        return next((event.verdict for event in told if isinstance(event, VerdictReached)), None)

    out.write_text(asyncio.run(_drawn(work, title, size, remark, keys)), encoding="utf-8")


async def _drawn(work: Work, title: str, size: tuple[int, int], remark: str, keys: tuple[str, ...]) -> str:
    app = TshootApp(Opening(), clock=lambda: 0.0)
    async with app.run_test(size=size) as pilot:
        app.show_work(work, title, remark)
        while not isinstance(app.screen, RunScreen) or not app.screen.has_ended:
            await pilot.pause(0.02)
        await pilot.press(*keys)
        await pilot.pause()
        return unindented(app.export_screenshot(title="tshoot"))


def unindented(svg: str) -> str:
    """The same picture for renderers that drop the spaces at the start of a text: they become its position."""

    def moved(match: re.Match[str]) -> str:
        before, x, between, length, after, spaces, text, end = match.groups()
        count, blanks = len(spaces) // len("&#160;"), len(re.sub(r"&[^;]+;", "_", spaces + text))
        step = float(length) / blanks if blanks else 0.0
        return f"{before}{float(x) + count * step:.2f}{between}{float(length) - count * step:.2f}{after}{text}{end}" if text else ""

    return _LEADING.sub(moved, svg)
