"""Pictures of the screens at 80x24, 100x30 and 160x50: home, set-up, a run in its main states, dialogs, help, palette, themes.

`pytest tests/tui --snapshot-update` draws them anew: look at them before they are kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tui_helpers import asked, ended, region, screen_text, small_events, small_playbook, told, until

from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import EffectRequested, TargetSpec
from tshoot.session.store import SessionEntry
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.typed import Typed
from tshoot.tui.widgets.steering.branching import Branching
from tshoot.tui.widgets.steering.own import OwnCommand
from tshoot.tui.widgets.steering.pasted import Pasted
from tshoot.wiring import Opening

SIZES = pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)], ids=["80x24", "100x30", "160x50"])
SMALL = Path(__file__).parent / "data" / "small.yaml"


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = Path("/home/ada/sessions")
    entries = [
        SessionEntry("c", folder / "c", 1_700_000_000.0, "small", "finished", "fault", "nfs.mount-denied"),
        SessionEntry("b", folder / "b", 1_699_900_000.0, "small", "finished", "healthy"),
        SessionEntry("a", folder / "a", 1_699_800_000.0, "small", "interrupted"),
    ]
    monkeypatch.setattr("tshoot.tui.catalogue.shipped_playbooks", lambda: (SMALL,))
    monkeypatch.setattr("tshoot.tui.catalogue.all_causes", dict)
    monkeypatch.setattr("tshoot.tui.catalogue.archived_sessions", lambda root: entries)
    monkeypatch.setattr("tshoot.tui.screens.setup.last_used", lambda root, playbook, known: None)
    monkeypatch.setattr("tshoot.tui.screens.setup.earlier_hosts", lambda root: ())
    monkeypatch.setattr("tshoot.transports.config.resolving.named_hosts", lambda config: ())
    monkeypatch.setattr("textual.widgets.Input.cursor_blink", False)
    with monkeypatch.context() as context:
        context.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def frozen_app(opening: Opening | None = None) -> TshootApp:
    return TshootApp(opening or Opening(), clock=lambda: 0.0)


@SIZES
def test_home(snap_compare, size) -> None:
    async def before(pilot) -> None:
        await until(pilot, lambda: "small" in screen_text(pilot) and "nfs.mount-denied" in screen_text(pilot), "the lists")
        await pilot.press(*"mount denied")

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


@SIZES
def test_set_up(snap_compare, size) -> None:
    async def before(pilot) -> None:
        pilot.app.set_up(small_playbook())
        await until(pilot, lambda: "What it will do" in screen_text(pilot), "the plan")
        await pilot.press(*"esx01", "enter", *"192.0.2.999")

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


@SIZES
def test_run_with_a_question(snap_compare, size) -> None:
    events = small_events()
    question = next(index for index, event in enumerate(events) if isinstance(event, EffectRequested) and isinstance(event.effect, AskOperator))

    def ask(bridge: Bridge) -> None:
        effect = events[question].effect
        bridge.ask(effect, bridge.cancel)

    async def before(pilot) -> None:
        pilot.app.show_work(told(events[: question + 1], ask), "small: A share cannot be mounted", "a recorded fault")
        await until(pilot, lambda: asked(pilot) and "waiting for your answer" in screen_text(pilot), "the question")

    app = frozen_app()
    try:
        assert snap_compare(app, terminal_size=size, run_before=before)
    finally:
        app.end_runs()


@SIZES
def test_verdict(snap_compare, size) -> None:
    async def before(pilot) -> None:
        pilot.app.show_work(told(small_events()), "small: A share cannot be mounted", "a recorded fault")
        await until(pilot, lambda: ended(pilot) and "FAULT  nfs.mount-denied" in screen_text(pilot), "the verdict")

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


@SIZES
@pytest.mark.parametrize("number", [1, 2, 3], ids=["path", "output", "evidence"])
def test_the_regions_of_a_run(snap_compare, size, number) -> None:
    async def before(pilot) -> None:
        pilot.app.show_work(told(small_events()), "small: A share cannot be mounted", "a recorded fault")
        await until(pilot, lambda: ended(pilot) and "FAULT  nfs.mount-denied" in screen_text(pilot), "the verdict")
        await pilot.press(str(number), "k", "k")
        await pilot.pause()

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


@SIZES
def test_a_step_that_is_asked_for(snap_compare, size) -> None:
    command = RunCommand("reach/1@host", "reach", "host", "ping -c 3 192.0.2.50", why="does the server answer at all?")

    async def before(pilot) -> None:
        pilot.app.show_work(told(small_events()[:1], lambda bridge: bridge.approve(command, bridge.cancel)), "small: A share cannot be mounted")
        await until(pilot, lambda: asked(pilot) and "$ ping" in screen_text(pilot) and "host is" in region(pilot, "output"), "the question")
        await pilot.pause()

    app = frozen_app()
    try:
        assert snap_compare(app, terminal_size=size, run_before=before)
    finally:
        app.end_runs()


@SIZES
def test_help(snap_compare, size) -> None:
    async def before(pilot) -> None:
        pilot.app.show_work(told(small_events()), "small: A share cannot be mounted", "a recorded fault")
        await until(pilot, lambda: ended(pilot) and "FAULT  nfs.mount-denied" in screen_text(pilot), "the verdict")
        await pilot.press("question_mark")
        await until(pilot, lambda: "A region of lines" in screen_text(pilot), "the help")

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


@SIZES
def test_palette(snap_compare, size) -> None:
    async def before(pilot) -> None:
        await until(pilot, lambda: "small" in screen_text(pilot) and "nfs.mount-denied" in screen_text(pilot), "the lists")
        await pilot.press("ctrl+p", *"theme")
        await until(pilot, lambda: "colour-blind" in screen_text(pilot), "the themes")
        await pilot.pause(0.3)

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


@pytest.mark.parametrize("theme", ["tshoot-light", "tshoot-colour-blind"])
def test_themes(snap_compare, theme) -> None:
    async def before(pilot) -> None:
        pilot.app.choose_theme(theme)
        pilot.app.show_work(told(small_events()), "small: A share cannot be mounted", "a recorded fault")
        await until(pilot, lambda: ended(pilot) and "FAULT  nfs.mount-denied" in screen_text(pilot), "the verdict")

    assert snap_compare(frozen_app(), terminal_size=(100, 30), run_before=before)


DIALOGS = {
    "stop": lambda: Confirm("Stop this run and leave? A capture under way is stopped and removed from its target; the session is kept."),
    "note": lambda: Typed("A note", "It stands in the session with the time and your name."),
    "branch": lambda: Branching(small_playbook(), "trace"),
    "own": lambda: OwnCommand([TargetSpec("host", "esx01", "linux")], lambda role, command: None),
    "pasted": lambda: Pasted("ping -c 3 192.0.2.50"),
}


@pytest.mark.parametrize("dialog", DIALOGS)
def test_dialogs(snap_compare, dialog, monkeypatch) -> None:
    monkeypatch.setattr("textual.widgets.TextArea.cursor_blink", False)

    async def before(pilot) -> None:
        await until(pilot, lambda: "small" in screen_text(pilot) and "nfs.mount-denied" in screen_text(pilot), "the lists")
        await pilot.app.push_screen(DIALOGS[dialog]())
        await pilot.pause(0.3)

    assert snap_compare(frozen_app(), terminal_size=(80, 24), run_before=before)
