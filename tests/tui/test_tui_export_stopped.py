"""What the sessions screen writes and reads in threads ends when the screen is left, and leaves no file."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input
from tui_helpers import until

from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.session.evidence import Evidence
from tshoot.session.packed import export
from tshoot.session.read import read_header
from tshoot.session.store import Session
from tshoot.session.verify import verify
from tshoot.shipped import shipped
from tshoot.tui import session_actions
from tshoot.tui.app import TshootApp
from tshoot.tui.screens.sessions import SessionsScreen
from tshoot.wiring import Opening, Settings

GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"


class Slow:
    """Stands in for work that takes its time: it ends only by its token."""

    def __init__(self, where: Callable[..., CancelToken]) -> None:
        self._token_of = where
        self.begun, self.stopped = threading.Event(), threading.Event()

    def __call__(self, *words: object, **named: object) -> object:
        token = self._token_of(*words, **named)
        self.begun.set()
        if token.wait(60):
            self.stopped.set()
            raise Cancelled
        return 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "sessions"
    folder.mkdir()
    shutil.copytree(GOLDEN, folder / read_header(GOLDEN).session)
    return folder


async def asked_for_path(pilot, key: str, path: Path, give: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: pilot.app.screen.query("#path-asked"), "which file")
    pilot.app.screen.query_one("#path-asked", Input).value = str(path)
    await pilot.press(give)


@pytest.mark.parametrize("leave", ["q", "ctrl+c"])
@pytest.mark.parametrize("what", ["export", "import", "look into", "verify"])
async def test_leaving_stops_what_is_under_way(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notices: list[tuple[str, float | None]], what: str, leave: str
) -> None:
    packed = tmp_path / "a.tshoot"
    export.export_session(Session(GOLDEN, read_header(GOLDEN)), packed, force=False, cancel=CancelToken())
    slow = Slow(lambda *words, **named: named.get("cancel") or next(word for word in words if isinstance(word, CancelToken)))
    name = {"export": "export_session", "import": "import_session", "look into": "unpacked", "verify": "verify"}[what]
    monkeypatch.setattr(session_actions, name, slow)
    app = TshootApp(Opening(settings=Settings(root, tmp_path / "state")), first=lambda app: (app.show_home(), app.show_sessions()))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and app.screen.archived.chosen, "the session")
        if what == "export":
            await asked_for_path(pilot, "e", tmp_path / "b.tshoot", "enter")
        elif what == "verify":
            await pilot.press("v")
        else:
            await asked_for_path(pilot, "i", packed, "enter" if what == "import" else "ctrl+o")
        await until(pilot, slow.begun.is_set, "its beginning")
        if what == "export":
            assert any("leaving this screen stops it" in text for text, _ in notices)
        await pilot.press(leave)
        if leave == "q":
            await until(pilot, slow.stopped.is_set, "its end")
    assert slow.stopped.wait(60), "with the whole interface it ends, too"


def test_an_export_that_is_cancelled_at_its_last_byte_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, pack = CancelToken(), export._pack

    def packed_and_cancelled(*words: object) -> None:
        pack(*words)  # type: ignore[arg-type]
        token.cancel()

    monkeypatch.setattr(export, "_pack", packed_and_cancelled)
    with pytest.raises(Cancelled):
        export.export_session(Session(GOLDEN, read_header(GOLDEN)), tmp_path / "x.tshoot", force=False, cancel=token)
    assert list(tmp_path.iterdir()) == []


def test_one_large_piece_of_evidence_is_left_in_the_middle(tmp_path: Path) -> None:
    data = bytes(5 << 20)
    sha256 = hashlib.sha256(data).hexdigest()
    (tmp_path / sha256).write_bytes(data)
    pieces = 0

    def check() -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 2:
            raise Cancelled

    assert Evidence(tmp_path).problem(sha256, len(data)) == ""
    with pytest.raises(Cancelled):
        Evidence(tmp_path).problem(sha256, len(data), check)
    assert pieces == 2


def test_verifying_asks_while_it_reads_evidence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, problem = CancelToken(), Evidence.problem
    begun = threading.Event()

    def cancelled_meanwhile(self: Evidence, sha256: str, size: int, check: Callable[[], None] = lambda: None) -> str:
        begun.set()
        token.cancel()
        return problem(self, sha256, size, check)

    monkeypatch.setattr(Evidence, "problem", cancelled_meanwhile)
    with pytest.raises(Cancelled):
        verify(root / read_header(GOLDEN).session, token)
    wait_until(begun.is_set, "evidence")
