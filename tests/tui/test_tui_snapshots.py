"""Pictures of the screens at 80x24 and 140x40. `pytest tests/tui --snapshot-update` draws them anew: look at them before they are kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tui_helpers import asked, ended, screen_text, small_events, small_playbook, told, until

from tshoot.model.effects import AskOperator
from tshoot.model.events import EffectRequested
from tshoot.session.store import SessionEntry
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.wiring import Opening

SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
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
    monkeypatch.setattr("tshoot.tui.screens.setup.last_used", lambda root, playbook: None)
    monkeypatch.setattr("tshoot.tui.screens.setup.earlier_hosts", lambda root: ())
    monkeypatch.setattr("tshoot.transports.ssh_config.named_hosts", lambda config: ())
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
