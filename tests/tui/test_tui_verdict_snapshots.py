"""Pictures of what follows the verdict: the report's export, the ticket's comment, the fix verified. Look at them before they are kept (`--snapshot-update`)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tui_helpers import screen_text, until

from tests.unit.retrace.retraced import events_of, write
from tests.unit.retrace.verifying import recorded, verified_by
from tshoot.errors import TshootError
from tshoot.model.verification import Verification
from tshoot.retrace.verification import checks_of
from tshoot.shipped import shipped
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.export_report import ExportReport
from tshoot.tui.screens.ticket import TicketComment
from tshoot.tui.screens.verify_fix import VerifyFix
from tshoot.wiring import Opening, Settings

GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
HOME = Path("/home/ada")
FAULT, MENDED = "nfs-mount/export-policy", "nfs-mount/mount-works"
SIZES = pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)], ids=["80x24", "100x30", "160x50"])
SMALL = pytest.mark.parametrize("size", [(80, 24)], ids=["80x24"])
Before = Callable[[object], Awaitable[None]]


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("tshoot.tui.catalogue.shipped_playbooks", lambda: ())
    monkeypatch.setattr("tshoot.tui.catalogue.all_causes", dict)
    monkeypatch.setattr("tshoot.tui.catalogue.archived_sessions", lambda root: [])
    monkeypatch.setattr("tshoot.tui.screens.ticket.written", lambda session, text: HOME / f"ticket-{session}.md")
    monkeypatch.setattr("textual.widgets.Input.cursor_blink", False)
    with monkeypatch.context() as context:
        context.setattr(Path, "cwd", classmethod(lambda cls: HOME))
        context.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def app() -> TshootApp:
    return TshootApp(Opening(settings=Settings(HOME / "sessions")), clock=lambda: 0.0)


@SIZES
def test_the_report_s_export(snap_compare, size) -> None:
    async def before(pilot) -> None:
        pilot.app.push_screen(ExportReport(GOLDEN))
        await until(pilot, lambda: "enter writes it" in screen_text(pilot), "the formats")
        await pilot.press("down")

    assert snap_compare(app(), terminal_size=size, run_before=before)


@SMALL
def test_an_export_that_cannot_be_written(snap_compare, size) -> None:
    async def before(pilot) -> None:
        pilot.app.push_screen(ExportReport(GOLDEN))
        await until(pilot, lambda: "enter writes it" in screen_text(pilot), "the formats")
        await pilot.press("tab", *"/nowhere", "enter")
        await until(pilot, lambda: "is not there" in screen_text(pilot), "the problem")

    assert snap_compare(app(), terminal_size=size, run_before=before)


@SIZES
def test_the_ticket_s_comment(snap_compare, size) -> None:
    async def before(pilot) -> None:
        pilot.app.push_screen(TicketComment(GOLDEN))
        await until(pilot, lambda: "written to" in screen_text(pilot), "the comment")

    assert snap_compare(app(), terminal_size=size, run_before=before)


def verify(folder: Path) -> VerifyFix:
    return VerifyFix(folder, Settings(HOME / "sessions"), lambda: 0.0, lambda bridge: None)


@SIZES
def test_what_a_verification_would_ask(snap_compare, size) -> None:
    async def before(pilot) -> None:
        pilot.app.push_screen(verify(GOLDEN))
        await until(pilot, lambda: "was decided at" in screen_text(pilot), "the plan")

    assert snap_compare(app(), terminal_size=size, run_before=before)


@SIZES
@pytest.mark.parametrize("later", [MENDED, FAULT], ids=["fixed", "not-fixed"])
def test_before_and_after(snap_compare, size, later, tmp_path, monkeypatch) -> None:
    found, _ = verified_by(recorded(tmp_path, FAULT), later)

    def verifying(folder: Path, settings: Settings, result: list[Verification], hosts: object) -> Callable[[Bridge], None]:
        return lambda bridge: result.append(found)

    monkeypatch.setattr("tshoot.tui.screens.verify_fix.verifying", verifying)

    async def before(pilot) -> None:
        pilot.app.push_screen(verify(GOLDEN))
        await until(pilot, lambda: "was decided at" in screen_text(pilot), "the plan")
        await pilot.press("y")
        await until(pilot, lambda: "Before and after" in screen_text(pilot), "the result")

    assert snap_compare(app(), terminal_size=size, run_before=before)


@SMALL
def test_a_verification_that_is_refused(snap_compare, size, tmp_path, monkeypatch) -> None:
    session = write(tmp_path, MENDED, events_of(MENDED))
    with pytest.raises(TshootError) as refused:
        checks_of(session, {})
    refused.value.message = refused.value.message.replace(session.folder.name, "20261121T045943Z-nfs-mount-44386f")

    def refuse(*rest: object) -> None:
        raise refused.value

    monkeypatch.setattr("tshoot.tui.screens.verify_fix.checks_of", refuse)

    async def before(pilot) -> None:
        pilot.app.push_screen(verify(session.folder))
        await until(pilot, lambda: "cannot be verified" in screen_text(pilot), "the refusal")

    assert snap_compare(app(), terminal_size=size, run_before=before)
