"""The rows of the home screen's lists, and what stands beside them. Nothing here knows the screen."""

from __future__ import annotations

import re
from datetime import datetime

from textual.content import Content

from tshoot.model.text import clean_line
from tshoot.session.store import SessionEntry
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.matching import Match
from tshoot.tui.paths import Choice, Place, folded

SIGNS = {"fault": "✗", "healthy": "✓", "inconclusive": "?"}
_SOURCES = {"symptom": "symptom", "title": "title", "cause": "can prove", "description": "description", "text": "in the text of"}
_LONGEST = 110  # characters of a text beside a playbook: two rows
_WORD = re.compile(r"[A-Za-z0-9]+")


def playbook_row(match: Match) -> Content:
    """Its name and title; below it why it fits, the words that were found made strong and underlined."""
    name = Content.assemble((clean_line(match.playbook.id), "bold"), "  ", clean_line(match.playbook.title))
    if not match.because:
        return name
    source = _SOURCES.get(match.source, match.source)
    return Content.assemble(name, (f"\n  {source}: ", "dim"), *_marked(_around(clean_line(match.because), match), match))


def _around(text: str, match: Match) -> str:
    """The part of a long text that begins a little before the first word that fits."""
    first = next((found.start() for found in _WORD.finditer(text) if found[0].lower() in match.fitting), 0)
    start = 0 if first < _LONGEST // 2 else text.rfind(" ", 0, first - 20) + 1
    shown = text[start : start + _LONGEST]
    return f"{'… ' * bool(start)}{shown}{' …' * (start + _LONGEST < len(text))}"


def _marked(text: str, match: Match) -> list[tuple[str, str]]:
    pieces, at = list[tuple[str, str]](), 0
    for found in _WORD.finditer(text):
        if found[0].lower() in match.fitting:
            pieces += [(text[at : found.start()], "dim"), (found[0], "bold underline")]
            at = found.end()
    pieces.append((text[at:], "dim"))
    return [piece for piece in pieces if piece[0]]


def fit_lines(match: Match) -> list[Line]:
    """Why it fits, beside the list."""
    if not match.because:
        return []
    found = ", ".join(match.fitting)
    missing = f"; found nowhere: {', '.join(match.missing)}" if match.missing else ""
    source = _SOURCES.get(match.source, match.source)
    return [
        line(
            ("fits by ", "dim"),
            span(found, "accent"),
            span(missing, "warn"),
            (f"   ({source}: ", "dim"),
            span(_around(match.because, match)),
            (")", "dim"),
            hang=8,
        ),
        BLANK,
    ]


def session_row(entry: SessionEntry) -> Content:
    outcome = entry.cause or entry.verdict or entry.state
    return Content.assemble(
        f"{SIGNS.get(entry.verdict, '-')} ",
        (span(outcome, longest=200)[0], "bold"),
        "  ",
        (f"{span(entry.playbook, longest=100)[0]}  {when(entry)}", "dim"),
    )


def session_lines(entry: SessionEntry) -> list[Line]:
    outcome = " ".join(filter(None, (SIGNS.get(entry.verdict, "-"), entry.verdict or entry.state, entry.cause)))
    rows = {"session": entry.id, "playbook": entry.playbook, "started": when(entry), "state": entry.state, "problem": entry.problem}
    rows["kept in"] = folded(entry.path.parent)
    told = [line((f"{name:10}", "dim"), span(text), hang=10) for name, text in rows.items() if text]
    again = "it cannot be shown; the others can" if entry.state == "broken" else "enter shows it again, from its log alone"
    return [line(span(outcome, "strong")), *told, BLANK, line((again, "dim"))]


def when(entry: SessionEntry) -> str:
    """In the operator's own time."""
    return datetime.fromtimestamp(entry.started).strftime("%Y-%m-%d %H:%M")


def choice_row(choice: Choice) -> Content:
    return Content.assemble(
        (span(choice.name, longest=300)[0] + "/" * choice.folder, "bold"), ("" if choice.folder else f"  {size(choice.bytes)}", "dim")
    )


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB" if count >= 1e4 else f"{count} bytes"


def place_lines(place: Place) -> list[Line]:
    """What lies at the path that is typed, and what Enter does with it."""
    does = {
        "capture": "enter opens it: its packets, without any target",
        "text": "enter judges it, as `tshoot analyze` does, without any target",
        "session": "enter shows it again, from its log alone",
        "folder": "tab completes; the list holds what is in it",
        "wrong": "tab completes as far as there is one way; the list holds what is there",
    }
    sign = ("! ", "warn") if place.kind == "wrong" else ("", "")
    return [line(span(place.path, "strong")), BLANK, line(sign, span(place.said), hang=2), BLANK, line((does[place.kind], "dim"))]
