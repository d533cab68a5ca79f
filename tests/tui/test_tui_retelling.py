"""The picture after any number of events is the same however one came there: forwards, backwards, by a jump, in a log that is too long to be told whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tui_helpers import small_events

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.model.effects import RunCommand
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Event, Ok
from tshoot.session.indexing import read_positions
from tshoot.session.log import SessionLog
from tshoot.session.positions import Positions
from tshoot.session.read import read_events
from tshoot.shipped import shipped
from tshoot.tui.story import Story, recorded_playbook
from tshoot.tui.widgets.timeline import retelling
from tshoot.tui.widgets.timeline.drawing import Drawing
from tshoot.tui.widgets.timeline.retelling import Retelling

GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
Picture = dict[tuple[str, str], list[str]]


@pytest.fixture(scope="module")
def golden() -> Positions:
    return read_positions(GOLDEN)


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried is reading."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def told(events: list[Event], folder: Path) -> Picture:
    """What a live run has on the screen after these events."""
    story, picture = Story(lambda: 0.0, recorded_playbook(folder)), Picture()
    for event in events:
        for change in story.after(event):
            picture[change.region, change.section] = [row.text for row in change.lines]
    return picture


def shown(of: Retelling) -> Picture:
    return {(change.region, change.section): [row.text for row in change.lines] for change in of.picture}


def long_session(root: Path, commands: int) -> Path:
    """The small run with many more commands in its first node."""
    events = small_events()
    answers = [event for event in events if isinstance(event, EffectAnswered)]
    between: list[Event] = []
    for number in range(commands):
        effect = RunCommand(f"more-{number}/1@host", answers[0].key.partition("/")[0], "host", f"echo {number}", "more")
        between += [
            EffectRequested(events[1].at, effect),
            EffectAnswered(events[1].at, effect.key, Ok(CommandRan(0, b"%d\n" % number, b"", 0.1))),
        ]
    with SessionLog.create(root, "small", "id: small\n", {}, started=events[0].at) as log:
        for event in [*events[:3], *between, *events[3:]]:
            log.append(event)
    return log.folder


@pytest.mark.parametrize("apart", [1, 60, 10_000])
def test_every_place_shows_what_the_live_run_showed(golden: Positions, monkeypatch: pytest.MonkeyPatch, apart: int) -> None:
    monkeypatch.setattr(retelling, "_APART", apart)
    events = [event for _, event in read_events(GOLDEN)]
    live = [told(events[:count], GOLDEN) for count in range(len(events) + 1)]
    replayed = Retelling(golden, CancelToken())
    places = [*range(len(events) + 1), *reversed(range(len(events) + 1)), *random.Random(7).choices(range(len(events) + 1), k=40)]
    for place in places:
        replayed.go_to(place)
        assert shown(replayed) == live[place], place
        assert replayed.at == place
        assert (replayed.verdict is not None) == (place >= 35)
        assert bool(replayed.under_way) == any(isinstance(event, EffectRequested) for event in events[:place]) or not replayed.under_way


def test_checkpoints_are_few_however_long_it_plays(golden: Positions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retelling, "_APART", 1)
    monkeypatch.setattr(retelling, "_MOST_CHECKPOINTS", 4)
    replayed, events = Retelling(golden, CancelToken()), [event for _, event in read_events(GOLDEN)]
    replayed.go_to(len(golden))
    assert len(replayed._checkpoints) <= 4
    replayed.go_to(5)
    assert shown(replayed) == told(events[:5], GOLDEN)


def test_a_log_that_is_too_long_is_told_from_a_window_and_all_else_is_whole(tmp_path: Path) -> None:
    folder = long_session(tmp_path, 300)
    positions = read_positions(folder)
    events = [event for _, event in read_events(folder)]
    live, replayed = told(events, folder), Retelling(positions, CancelToken(), window=50)
    anew, _ = replayed.go_to(len(positions))
    assert anew
    end = shown(replayed)
    for region in ("path", "evidence", "verdict"):
        assert {place: rows for place, rows in end.items() if place[0] == region} == {p: rows for p, rows in live.items() if p[0] == region}, region
    output = [row for (region, _), rows in end.items() if region == "output" for row in rows]
    assert "earlier events" in output[0] and any("echo 299" in row for row in output) and not any("echo 10" in row for row in output)
    replayed.go_to(60)
    output = [row for (region, _), rows in shown(replayed).items() if region == "output" for row in rows]
    assert any("echo 20" in row for row in output), "going back shows what was left out"


def test_playing_on_keeps_no_more_than_two_windows(tmp_path: Path) -> None:
    positions = read_positions(long_session(tmp_path, 300))
    replayed = Retelling(positions, CancelToken(), window=50)
    for place in range(0, len(positions) + 1, 10):
        replayed.go_to(place)
        assert len([section for region, section in shown(replayed) if region == "output"]) <= 110


def test_telling_can_be_stopped(golden: Positions) -> None:
    cancel = CancelToken()
    replayed = Retelling(golden, cancel)
    cancel.cancel()
    with pytest.raises(Cancelled):
        replayed.go_to(5)


# --- the line ------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 12, 40, 78, 118, 250])
def test_the_line_fits_and_shows_where_one_is(golden: Positions, width: int) -> None:
    drawing, places = Drawing(golden), []
    for at in range(len(golden) + 1):
        state, line, names = drawing.rows(at, width, playing=False, speed=1.0)
        assert line.width == max(width, 10) and names.width <= max(width, 10)
        assert line.text.count("●") == 1
        places.append(line.text.index("●"))
        chapter = golden.chapter(max(at, 1) - 1)
        if at and chapter and width >= 40:
            assert f"[{chapter.name}]" in names.text
        if width >= 78:
            assert f"event {at} of 36" in state.text and state.width <= width
    assert places == sorted(places)


def test_pointing_at_a_column_finds_the_event_there(golden: Positions) -> None:
    drawing = Drawing(golden)
    for event in range(len(golden)):
        assert drawing._column(drawing.event_at(drawing._column(event, 118), 118), 118) == drawing._column(event, 118)
    assert drawing.event_at(0, 118) == 0 and drawing.event_at(999, 118) == len(golden) - 1


def test_a_session_without_an_event_has_a_line_too(tmp_path: Path) -> None:
    SessionLog.create(tmp_path, "small", "id: small\n", {}).release()
    drawing = Drawing(read_positions(next(tmp_path.iterdir())))
    assert "no event" in drawing.rows(0, 80, playing=True, speed=1.0)[0].text and drawing.event_at(3, 80) == 0
