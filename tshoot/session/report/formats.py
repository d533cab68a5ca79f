"""The formats of a report by name: what `tshoot sessions report --format` offers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tshoot.session.report.build import build_report, no_times
from tshoot.session.report.cast import IDLE, cast_lines
from tshoot.session.report.clock import Clock
from tshoot.session.report.document import document
from tshoot.session.report.html import html
from tshoot.session.report.junit import junit
from tshoot.session.report.markdown import markdown
from tshoot.session.report.model import Report
from tshoot.session.report.proof import FrameTimes
from tshoot.session.report.ticket import ticket
from tshoot.session.store import Session

_RENDERINGS: Mapping[str, Callable[[Report, Clock], str]] = {
    "md": markdown,
    "html": html,
    "json": lambda report, clock: json.dumps(document(report), indent=2) + "\n",
    "junit": lambda report, clock: junit(report),
    "ticket": ticket,
}
FORMATS = (*_RENDERINGS, "cast")


def report_text(session: Session, format_: str, *, frame_times: FrameTimes = no_times, clock: Clock | None = None, idle: float = IDLE) -> str:
    """The whole document, ending in a newline. `format_` is one of FORMATS; SessionError where the session cannot be read."""
    if format_ == "cast":
        return "".join(f"{line}\n" for line in cast_lines(session.header.session, session.header.started, session.events(), idle))
    return _RENDERINGS[format_](build_report(session.folder, frame_times), clock or Clock())
