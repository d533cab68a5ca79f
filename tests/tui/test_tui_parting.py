"""What stands in the shell when the interface has gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tshoot.errors import TshootError
from tshoot.model.verdicts import Verdict
from tshoot.tui import app as app_module
from tshoot.tui.app import TshootApp, run_tui
from tshoot.tui.bridge import Bridge
from tshoot.tui.messages import RunClosed
from tshoot.tui.parting import parting_lines
from tshoot.wiring import Opening

FAULT = Verdict("fault", "it answers 13", cause="nfs.mount-denied", title="The server \x1b[2Jrefuses\nthe mount")


def run(session: str, closed: RunClosed | None, *, on_targets: bool = True) -> Bridge:
    bridge = Bridge(lambda bridge: None, on_targets=on_targets)
    bridge.session, bridge.closed = session, closed
    return bridge


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        (RunClosed(FAULT, None), "FAULT nfs.mount-denied: The server refuses the mount"),
        (RunClosed(Verdict("healthy", "all is well"), None), "HEALTHY all is well"),
        (RunClosed(None, None), "STOPPED before a verdict"),
        (RunClosed(None, TshootError("esx01: the disk\r is full")), "FAILED esx01: the disk is full"),
        (None, "STOPPED it was left before all was cleaned up"),
    ],
)
def test_how_the_last_run_ended_and_where_it_is_kept(closed: RunClosed | None, said: str) -> None:
    lines = parting_lines([run("first", RunClosed(None, None)), run("s-1", closed), run("shown", RunClosed(FAULT, None), on_targets=False)], None)
    assert lines == [said, "session s-1: tshoot sessions show last"]


def test_another_folder_of_sessions_is_named() -> None:
    assert parting_lines([run("s-1", None)], Path("/tmp/a b"))[1].endswith("show last --record '/tmp/a b'")


def test_nothing_was_run() -> None:
    assert parting_lines([run("", RunClosed(None, TshootError("no such host"))), run("shown", None, on_targets=False)], None) == []


def test_it_is_said_after_the_screen_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    left = TshootApp(Opening())
    left.bridges.append(run("s-1", RunClosed(FAULT, None)))
    monkeypatch.setattr(app_module, "make_app", lambda opening: left)
    monkeypatch.setattr(left, "run", lambda: order.append("screen"))
    monkeypatch.setattr(left, "end_runs", lambda: order.append("cleaned up"))
    assert run_tui(Opening(), lambda *lines: order.extend(lines)) == 1
    assert order[:2] == ["screen", "cleaned up"]
    assert order[2].startswith("FAULT") and order[3].startswith("session s-1")
