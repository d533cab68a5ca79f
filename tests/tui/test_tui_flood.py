"""A device that prints without end: how much work it makes, counted. How long a key takes meanwhile is measured by bench/tui.py."""

from __future__ import annotations

import gc
import hashlib
from pathlib import Path

import pytest
from tui_helpers import region, screen_text, until

from tshoot.model.effects import RunCommand
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Ok, Progress, RunStarted
from tshoot.session import secrets
from tshoot.session.log import SessionLog
from tshoot.session.masking import masked
from tshoot.tui import rows
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.messages import RunMoved
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.widgets.lines.search import Search
from tshoot.tui.widgets.lines.sections import Sections
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.wiring import Opening

PIECES = 1100  # of 200 lines
KEPT = 205_000  # lines: the ring and what may come before it gives up
PIECE = b"".join(b"%06d the device prints and prints\n" % number for number in range(200))
COMMAND = RunCommand("flood/1@host", "flood", "host", "debug all")


async def test_a_flood_makes_few_messages_and_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    made, told, most = [0], [0], [0]
    whole = rows._printed_line

    def counted(kept: bytes) -> object:
        made[0] += 1
        return whole(kept)

    def moved(self: RunMoved, *told_of: object, __init__=RunMoved.__init__) -> None:
        told[0] += 1
        __init__(self, *told_of)

    monkeypatch.setattr(rows, "_printed_line", counted)
    monkeypatch.setattr(RunMoved, "__init__", moved)

    def work(bridge: Bridge) -> None:
        bridge(EffectRequested(0.0, COMMAND))
        for _ in range(PIECES):
            bridge(Progress(COMMAND.key, "stdout", output=PIECE))
        bridge(EffectAnswered(1.0, COMMAND.key, Ok(CommandRan(0, PIECE * PIECES, b"", 1.0))))

    app = TshootApp(Opening())
    async with app.run_test(size=(140, 40)) as pilot:
        app.show_work(work, "a flood")
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and "prints and prints" in screen_text(pilot), "the first lines")
        run, view = app.screen, app.screen.query_one("#output", LinesView)

        def ended() -> bool:
            most[0] = max(most[0], view.virtual_size.height)
            return run.has_ended

        await until(pilot, ended, "its end")
        assert most[0] <= KEPT
        assert told[0] < PIECES / 20, "a message for every piece"
        assert made[0] < 200 * (told[0] + 20), "lines are made that nobody sees"
        assert "exit 0" in region(pilot, "output")[-100:]


def test_rows_of_a_device_cost_the_garbage_collection_nothing() -> None:
    sections, search = Sections(200_000, wrap=False), Search("199 the device")
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(PIECES):
        sections.put("flood", rows.Rows(rows.printed_rows("stdout", PIECE.splitlines())), True)
        sections.settle()
        assert sections.rows <= KEPT
    gc.collect()
    assert len(gc.get_objects()) - before < 200
    while not search.complete:
        search.scan(sections)
    assert search.count == sections.rows // 200
    assert sections.row(sections.rows - 1).text == "  000199 the device prints and prints"


@pytest.mark.parametrize("secret", [b"", b"snmp-server community hidden-word RO\n"])
def test_megabytes_are_masked_in_pieces_and_whole_in_the_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: bytes) -> None:
    pieces: list[int] = []
    look = secrets._masked_piece
    monkeypatch.setattr(secrets, "_masked_piece", lambda piece, within: (pieces.append(len(piece)), look(piece, within))[1])
    printed = PIECE * 300 + secret + PIECE * 300
    kept = printed.replace(b"hidden-word", b"***********")
    answered = masked(EffectAnswered(1.0, COMMAND.key, Ok(CommandRan(0, printed, b"", 1.0))))
    assert answered.outcome.answer.stdout == kept
    assert (answered.outcome.answer.stdout is printed) == (not secret), "what holds no secret is not copied"
    assert max(pieces) < 70_000
    with SessionLog.create(tmp_path, "flood", "", {}) as log:
        log.append(RunStarted(0.0, "flood", (), {}))
        log.append(EffectRequested(0.0, COMMAND))
        log.append(answered)
    assert log.evidence_path(hashlib.sha256(kept).hexdigest()).read_bytes() == kept


async def test_a_million_lines_scroll_without_being_drawn() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=(80, 24)) as pilot:
        view = LinesView(wrap=False, follow=True, most=1_000_000)
        await app.screen.mount(view)
        view.put("all", rows.Rows(rows.printed_rows("stdout", [b"line %d" % number for number in range(1_000_000)])))
        await pilot.pause()
        drawn: list[int] = []
        row = view.sections.row
        view.sections.row = lambda number: (drawn.append(number), row(number))[1]
        view.scroll_home(animate=False)
        await pilot.pause()
        view.scroll_end(animate=False)
        await pilot.pause()
        assert 0 < len(drawn) < 200
        assert view.render_line(view.size.height - 1).text.startswith("  line 999999")
