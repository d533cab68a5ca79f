"""What the trial of a target came to, in words, for the place under its field."""

from __future__ import annotations

from textual.content import Content

from tshoot.model.text import clean_line
from tshoot.performers.connection import Tried
from tshoot.platforms.loader import load_platform


def doing(what: str) -> Content:
    return Content(f"… {clean_line(what)}   (ctrl+t or escape ends it)")


def outcome(tried: Tried) -> Content:
    if tried.kind:
        return Content.assemble((f"✗ {clean_line(tried.problem)}", "bold"), f"\n  {clean_line(tried.hint)}")
    version = f": {clean_line(tried.version)}" if tried.version else ""
    remarks = "".join(f"\n  ! {clean_line(remark)}" for remark in tried.remarks)
    platforms = f"\n  it is {load_platform(tried.platforms[0]).title} ({', '.join(tried.platforms)})" if tried.platforms and not remarks else ""
    return Content.assemble((f"✓ logged in within {tried.seconds:.1f} s", "bold"), f"{version}{platforms}{remarks}")


def left_out(why: str) -> Content:
    return Content(f"- {clean_line(why)}")
