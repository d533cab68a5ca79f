"""Lines of a region without a screen: what is kept, which row shows what, what is found, where a goal stands."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tshoot.model.events import CommandRan
from tshoot.model.evidence import AnswerCitation, FrameCitation, LineCitation
from tshoot.tui.goals import FramesGoal, NodeGoal, OutputGoal, goal_of
from tshoot.tui.lines import Line, line, output_line
from tshoot.tui.rawtext import visible
from tshoot.tui.widgets.lines.search import Search
from tshoot.tui.widgets.lines.sections import Place, Sections
from tshoot.tui.widgets.output.places import place_of
from tshoot.tui.widgets.output.printed import newest, printed

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc", "Cf")), max_size=30)
CHANGES = st.lists(st.tuples(st.sampled_from("abc"), st.lists(TEXT, max_size=12), st.booleans()), max_size=12)


def sections_of(changes, most: int = 1000, *, wrap: bool = False, width: int = 0) -> Sections:
    sections = Sections(most, wrap=wrap)
    sections.lay_out(width)
    for name, texts, append in changes:
        sections.put(name, [line((text, "")) for text in texts], append)
        sections.settle()
    return sections


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.booleans(), st.integers(3, 20))
def test_every_row_knows_its_line_and_every_line_its_rows(changes, wrap: bool, width: int) -> None:
    sections = sections_of(changes, wrap=wrap, width=width)
    shown = [sections.place(row) for row in range(sections.rows)]
    assert shown == sorted(shown, key=lambda place: ([name for name, _ in sections.shown].index(place.section), place.number))
    for place, kept in sections.lines():
        rows = sections.rows_of(place)
        assert [sections.place(row) for row in rows] == [place] * len(rows)
        assert "".join(sections.row(row).text for row in rows).replace(" ", "") == kept.text.replace(" ", "")


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.text("abAB 1", min_size=1, max_size=2))
def test_what_is_found_is_what_is_there(changes, words: str) -> None:
    sections, search = sections_of(changes), Search(words)
    while not search.complete:
        search.scan(sections)
    fold = (lambda text: text.lower()) if words == words.lower() else (lambda text: text)
    expected = [place for place, kept in sections.lines() if words in fold(kept.text)]
    assert search.count == len(expected)
    at, found = None, []
    for _ in expected:
        at = search.after(at, 1)
        found.append(at)
    assert found == expected
    assert [search.position(place) for place in expected] == list(range(1, len(expected) + 1))


def test_a_search_sees_what_comes_later_and_forgets_what_was_replaced() -> None:
    sections, search = sections_of([("a", ["needle", "hay"], False)]), Search("needle")
    search.scan(sections)
    sections.put("a", [line(("a needle more", ""))], True)
    sections.settle()
    search.scan(sections)
    assert search.count == 2
    sections.put("a", [line(("hay", ""))], False)
    sections.settle()
    search.scan(sections)
    assert search.count == 0


def test_a_flood_gives_up_its_own_oldest_lines_only() -> None:
    sections = sections_of([("small", [f"small {n}" for n in range(50)], False)], most=1000)
    for start in range(0, 20_000, 100):
        sections.put("flood", [output_line(f"line {n}") for n in range(start, start + 100)], True)
        sections.settle()
        assert sections.rows <= 1000 + 100
    assert sections.rows_of(Place("small", 0)) == range(1)
    assert sections.line(Place("flood", 19_999)).text == "line 19999", "a number stays that of its line"
    assert sections.line(Place("flood", 10)) is None
    assert sections.given_up == 20_050 - sections.rows


def test_plain_lines_are_kept_as_text_and_given_back_as_lines() -> None:
    sections = sections_of([])
    styled = Line((("! ", "warn"), ("stderr", "")), goal=NodeGoal("n"))
    sections.put("a", [Line((("  ", ""), ("plain", ""))), styled], False)
    sections.settle()
    assert [type(kept) for kept in dict(sections.everything)["a"].lines] == [str, Line]
    assert sections.row(0).text == "  plain"
    assert sections.row(1) == styled
    assert dict(sections.everything)["a"].goals == [(1, NodeGoal("n"))]


@given(st.lists(st.binary(max_size=6).map(lambda row: row.replace(b"\n", b"")), max_size=30), st.integers(1, 12), st.booleans())
def test_the_newest_lines_of_an_output(rows: list[bytes], most: int, ended: bool) -> None:
    raw = b"\n".join(rows) + (b"\n" if ended and rows else b"")
    expected = raw.removesuffix(b"\n").split(b"\n") if raw else []
    assert newest(raw, most) == (expected[-most:], max(0, len(expected) - most))


def test_lines_of_a_long_output_are_found_by_their_number() -> None:
    raw = b"".join(b"line %d\n" % number for number in range(1, 100_101))
    ran = CommandRan(0, raw, b"oops\n", 1.0)
    sections = sections_of([], most=200_000)
    sections.put("1@host", [line(("head", ""), goal=NodeGoal("look", "look/1@host")), *printed("look/1@host", ran)], False)
    sections.settle()
    sha256 = hashlib.sha256(raw).hexdigest()
    found = place_of(OutputGoal("", sha256, "stdout", 100_000, 100_001), sections)
    assert [sections.line(Place(found.section, number)).text for number in (found.first, found.last)] == ["  line 100000", "  line 100001"]
    assert place_of(OutputGoal("", sha256, "stdout", 3, 3), sections) is None, "that line is not on the screen"
    stderr = place_of(OutputGoal("", hashlib.sha256(b"oops\n").hexdigest(), "stderr", 1, 1), sections)
    assert sections.line(Place(stderr.section, stderr.first)).text == "! oops"
    assert place_of(OutputGoal("other/1@host", sha256, "stdout", 100_000, 100_000), sections) is None
    assert place_of(NodeGoal("look"), sections) == ("1@host", 0, 0)
    assert place_of(NodeGoal("nowhere"), sections) is None


@pytest.mark.parametrize(
    ("citation", "goal"),
    [
        (LineCitation("n", "t", "c", "stderr", 3, 4, "x", "f", "v", "ab"), OutputGoal("", "ab", "stderr", 3, 4)),
        (FrameCitation("n", "t", 16, "f", "v", "x", "cd"), FramesGoal("cd", (16,))),
        (AnswerCitation("n", "q", "a"), NodeGoal("n")),
    ],
)
def test_a_citation_leads_to_its_place(citation, goal) -> None:
    assert goal_of(citation) == goal


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b"plain\ttext", "plain\ttext"),
        (b"\x1b]0;title\x07", "␛]0;title␇"),
        (b"cr\r", "cr␍"),
        (b"\xff\x00", "\\xff␀"),
        (b"\x7f", "␡"),
        ("a\u202eb\x9b31m".encode(), "a<U+202E>b<U+009B>31m"),
    ],
)
def test_control_characters_are_made_visible(raw: bytes, seen: str) -> None:
    assert visible(raw) == seen
    assert not [c for c in visible(raw) if not c.isprintable() and c != "\t"]


@given(st.binary(max_size=60))
def test_nothing_raw_reaches_the_terminal(raw: bytes) -> None:
    assert all(c.isprintable() or c == "\t" or c in "\u3000\u00a0\u1680\u202f\u205f" or c.isspace() for c in visible(raw))
    assert not any(ord(c) < 32 and c != "\t" for c in visible(raw))
