"""The parts without a screen: wrapping, matching symptoms, joining pieces of output."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_helpers import small_events, small_playbook

from tshoot.model.events import Progress
from tshoot.playbook.causes import all_causes
from tshoot.playbook.loader import load_playbook, shipped_playbooks
from tshoot.tui.lines import Line, line, span, wrapped
from tshoot.tui.matching import matches
from tshoot.tui.outlook import outlook_lines
from tshoot.tui.picture import draw
from tshoot.tui.story import Story
from tshoot.tui.widgets.output.arriving import Arriving


@given(st.text(max_size=200), st.integers(2, 60), st.integers(0, 12))
def test_wrapping_loses_nothing_and_never_overflows(text: str, width: int, hang: int) -> None:
    logical = line(span(text), hang=hang)
    rows = list(wrapped(logical, width))
    assert all(row.width <= width for row in rows)
    assert "".join(row.text for row in rows).replace(" ", "") == logical.text.replace(" ", "")


def test_whole_lines_are_cut_not_broken() -> None:
    (row,) = wrapped(Line((("column one   column two", ""),), whole=True), 12)
    assert row.text == "column one …"


@pytest.mark.parametrize("words", ["mount denied", "MOUNT DENIED by nas", "sysinfo", "esxi datastore", "nfs"])
def test_a_symptom_finds_its_playbook(words: str) -> None:
    playbooks = [load_playbook(path) for path in shipped_playbooks()]
    assert matches(words, playbooks, all_causes())[0].playbook.id == "nfs-mount"


def test_words_that_fit_nothing_find_nothing() -> None:
    playbooks = [load_playbook(path) for path in shipped_playbooks()]
    assert matches("zzz qqq", playbooks, all_causes()) == []
    assert len(matches("", playbooks, all_causes())) == len(playbooks)


def test_the_outlook_fills_in_what_is_known() -> None:
    rows = [row.text for row in outlook_lines(small_playbook(), {"host": "esx01"}, {"server": "not an address"})]
    assert "host is esx01  linux" in rows
    assert any("ping -c 3 ‹server›" in row for row in rows)
    rows = [row.text for row in outlook_lines(small_playbook(), {}, {"server": "192.0.2.50"})]
    assert any("ping -c 3 192.0.2.50" in row for row in rows)
    assert any(row.startswith("✓ changes nothing") for row in rows)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_pieces_of_output_give_whole_lines(pieces: list[bytes]) -> None:
    arriving = Arriving()
    lines = [text for piece in pieces for text in arriving.lines(piece)]
    assert len(lines) == b"".join(pieces).count(b"\n")


def test_an_endless_line_is_given_out() -> None:
    assert len(Arriving().lines(b"x" * 100_000)) == 1


def test_what_arrives_is_replaced_by_the_complete_output() -> None:
    events, story = small_events(), Story(lambda: 0.0)
    changes = [change for event in events[:2] for change in story.after(event)]
    live = list(story.after(Progress("reach/1@host", "stdout", output=b"PING 192.0.2.50\n")))
    assert [row.text for change in live for row in change.lines] == ["  PING 192.0.2.50"]
    assert live[0].section in {change.section for change in changes}
    (whole,) = (change for change in story.after(events[2]) if change.region == "output")
    assert whole.section == live[0].section
    assert not whole.append
    assert "3 packets transmitted" in whole.lines[2].text


def test_a_picture_of_a_run(tmp_path: Path) -> None:
    draw(small_events(), "small: A share cannot be mounted", (100, 30), tmp_path / "run.svg", remark="recorded")
    svg = (tmp_path / "run.svg").read_text(encoding="utf-8")
    assert "nfs.mount-denied" in svg.replace("&#160;", " ")
    assert ">&#160;" not in svg
