"""A session as one row of the list, in columns that fit the width, and as the lines beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.cells import cell_len, set_cell_size

from tshoot.model.verdicts import Verdict
from tshoot.session.archive.contents import host_alone
from tshoot.session.archive.search import Hit
from tshoot.session.archive.similar import Similar
from tshoot.session.glance import Glance
from tshoot.session.store import SessionEntry
from tshoot.tui.lines import BLANK, Line, Span, line, span
from tshoot.tui.paths import folded
from tshoot.tui.widgets.verdict.telling import similar_rows, verdict_lines

_SIGNS = {"fault": ("✗", "bad"), "healthy": ("✓", "good"), "inconclusive": ("?", "warn")}
_VERDICT, _WHEN, _TOOK = 14, 16, 8  # columns
_LEAST = {"cause": 18, "targets": 10, "playbook": 12}


def sign(entry: SessionEntry) -> Span:
    """`✗ fault`, `✓ healthy`, `? inconclusive`, or how it stands: `- interrupted`."""
    mark, style = _SIGNS.get(entry.verdict, ("!" if entry.state == "broken" else "▶" if entry.state == "running" else "-", "warn"))
    return (f"{mark} {span(entry.verdict or entry.state, '', 13)[0]}", style)


def columns(width: int) -> dict[str, int]:
    """The width of each column that has room, in order; what is left over is the cause's."""
    found = {"verdict": _VERDICT, "cause": _LEAST["cause"]}
    left = width - 2 - _VERDICT - _LEAST["cause"] - _WHEN - 3
    for name, least in (("took", _TOOK), ("targets", _LEAST["targets"]), ("playbook", _LEAST["playbook"])):
        if left >= least + 1:
            found[name] = least
            left -= least + 1
    for name, most in (("cause", 32), ("targets", 24), ("playbook", 18)):
        if name in found:
            more = min(max(left, 0), most - found[name])
            found[name], left = found[name] + more, left - more
    found["when"] = _WHEN
    return {name: found[name] for name in ("verdict", "cause", "playbook", "targets", "when", "took") if name in found}


def session_titles(width: int) -> list[Span]:
    return [(" ", ""), *((fitted(name, size) + " ", "heading") for name, size in columns(width).items())]


def session_row(entry: SessionEntry, seen: Glance | None, width: int, *, marked: bool) -> list[Span]:
    """One row of a list of `width` columns, without the sign of the cursor. `seen` is None while nobody has looked."""
    cells = {
        "verdict": sign(entry),
        "cause": span(_cause(entry), "strong"),
        "playbook": span(entry.playbook),
        "targets": span(" ".join(host_alone(target.host) for target in seen.targets[:9]) if seen else "…"),
        "when": (when(entry.started), ""),
        "took": (took(seen.seconds) if seen else "…", "dim"),
    }
    return [("*" if marked else " ", "accent"), *((fitted(cells[name][0], size) + " ", cells[name][1]) for name, size in columns(width).items())]


def _cause(entry: SessionEntry) -> str:
    """The cause, what is wrong with the session, and that it has not ended as it should where the sign does not say so."""
    told = entry.cause or entry.problem or ("" if entry.verdict else "no verdict")
    return f"{told} ({entry.state})".strip() if entry.verdict and entry.state != "finished" else told


def took(seconds: float | None) -> str:
    """`0.4 s`, `51 s`, `5:03`, `1:05:03`; "" where it is not known."""
    if seconds is None or seconds > 1e7:
        return ""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def when(started: float) -> str:
    try:
        return datetime.fromtimestamp(started).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):  # a log may say anything
        return "?"


def fitted(text: str, size: int) -> str:
    """Exactly `size` columns, cut with an ellipsis."""
    return set_cell_size(text, size) if cell_len(text) <= size else set_cell_size(text, size - 1) + "…"


def detail_lines(entry: SessionEntry, seen: Glance | None, verdict: Verdict | None, hit: Hit | None, similar: list[Similar]) -> Iterator[Line]:
    """What is known of one session: how it stands, where the words were found, the verdict, incidents like it."""
    yield line(sign(entry), ("  ", ""), span(entry.cause, "strong"))
    if hit and hit.snippet:
        yield from (BLANK, line(("Found", "heading"), ("  ", ""), span(hit.source or hit.kind, "dim"), hang=2))
        yield from (line(("  ", ""), span(hit.snippet), hang=2), BLANK)
    told = {
        "session": entry.id,
        "playbook": entry.playbook,
        "started": when(entry.started),
        "took": took(seen.seconds) if seen else "",
        "state": entry.state,
        "problem": entry.problem,
        **({target.role: f"{target.host} ({target.platform})" for target in seen.targets[:20]} if seen else {}),
        "kept in": folded(entry.path.parent),
    }
    for name, text in told.items():
        if text:
            yield line((f"{span(name, '', 10)[0]:<11}", "dim"), span(text), hang=11)
    if verdict:
        yield BLANK
        yield from verdict_lines(verdict)
    elif entry.state == "interrupted":
        yield from (BLANK, line(("r goes on with it where it stopped", "dim")))
    if similar:
        yield from (BLANK, line(("Incidents like this one", "heading")))
        for one in similar:
            yield from similar_rows(one)
