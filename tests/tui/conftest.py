"""No test of the interface reads or writes what its user has chosen, or waits until a question has been in sight for long enough; a key's whole effect is there when it has been pressed, and a picture is compared when it has come to rest."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension, normalize_svg
from syrupy.assertion import SnapshotAssertion
from textual.app import App
from textual.pilot import Pilot

from tshoot.tui.app import TshootApp
from tshoot.tui.widgets.question.bar import QuestionBar

_CHAIN = 6  # messages one after another from a key to what it changes: the app, the screen, a list, its parents, a field, its screen
_AT_REST = 60  # looks at a picture that is not the kept one
_TEXT = re.compile(r"<text [^>]*>([^<]*)</text>")


@pytest.fixture(autouse=True)
def _own_preferences(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings, empty."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who presses a key in a test has read the question; the tests of keys that come too early say so."""
    monkeypatch.setattr(QuestionBar, "quiet", 0.0)


@pytest.fixture(autouse=True)
def _whole_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's pilot waits until the processor is idle, which on a busy machine it seems to be too early, and for one message of each widget: here for a chain of them."""
    press = Pilot.press

    async def pressed(pilot: Pilot[int], *keys: str) -> None:
        await press(pilot, *keys)
        for _ in range(_CHAIN):
            await pilot.pause(0)

    monkeypatch.setattr(Pilot, "press", pressed)


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float | None]]:
    """What was said over the screen and for how many seconds, also what is gone by now."""
    said: list[tuple[str, float | None]] = []
    notify = App.notify

    def recorded(app: App[int], message: str, **how: Any) -> None:
        said.append((message, how.get("timeout")))
        notify(app, message, **how)

    monkeypatch.setattr(App, "notify", recorded)
    return said


@pytest.fixture
def snap_compare(snap_compare: Callable[..., bool], snapshot: SnapshotAssertion) -> Callable[..., bool]:
    """The plugin's own, of a picture that has come to rest: it is the kept one, or has stayed another for long. Where it differs, its lines are printed: a CI's record keeps no pages."""

    def compare(app: TshootApp, terminal_size: tuple[int, int], run_before: Callable[[Pilot[int]], Awaitable[None]]) -> bool:
        kept = SVGImageExtension().read_snapshot(test_location=snapshot.test_location, index=0, session_id="") or ""
        shown = ""

        async def before(pilot: Pilot[int]) -> None:
            nonlocal shown
            await run_before(pilot)
            looks = 0
            while (now := normalize_svg(app.export_screenshot(title=app.title, simplify=True))) != kept and looks < _AT_REST:
                looks = looks + 1 if now == shown else 0
                shown = now
                await pilot.pause(0.05)

        alike = snap_compare(app, terminal_size=terminal_size, run_before=before)
        if not alike:
            print(*_different(kept, shown), sep="\n")
        return alike

    return compare


def _different(kept: str, shown: str) -> list[str]:
    """The pieces of text that only one of two pictures has; nothing where they differ in colours alone."""
    before, after = ([html.unescape(text) for text in _TEXT.findall(picture)] for picture in (kept, shown))
    return [*(f"- {text}" for text in before if text not in after), *(f"+ {text}" for text in after if text not in before)]
