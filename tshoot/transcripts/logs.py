"""Lines that a device wrote by itself, wherever they stand: syslog, debug output, the logs of FRR, BIRD and a kernel.

Told by what every such line has: `%BGP-5-ADJCHANGE:`, `BGP(1):`, `BGP: `, `<RMT>`; so they are found in the middle of an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tshoot.transcripts.text import TextLine
from tshoot.transcripts.times import stamped

Source = Literal["ios", "frr", "bird", "kernel"]

_IOS = re.compile(
    r"%[A-Z][A-Z0-9_]{1,30}-(?:[A-Z0-9_]{1,30}-){0,2}[0-7]-[A-Z0-9_]{2,40}\s?:"
    r"|(?:BGP|BGPnsr)(?:\(\d{1,2}\))?: |nettable_walker|IPv6RT\d?\[|RT(?:\([^)]{1,30}\))?: |ICMPv6-ND"
)
_FRR = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? [A-Z0-9]{2,8}: ")
_FRR_SYSLOG = re.compile(r"(?:bgpd|zebra)\[\d{1,9}\]: ")
_BIRD = re.compile(r"<(?:TRACE|RMT|INFO|WARN|ERR|AUTH|DBG|BUG|FATAL)> |bird6?(?:\[\d{1,9}\])?: ")
_KERNEL = re.compile(r"IPv6: (?:\S{1,40}: )?(?:IPv6 )?duplicate address|ICMPv6: (?:NA: |\S{1,40}: IPv6 duplicate)")


@dataclass(frozen=True, slots=True)
class LogLine:
    """`at` is the line's own time, None where it has none."""

    host: str
    source: Source
    number: int
    text: str
    at: float | None


def log_line(line: TextLine, host: str) -> LogLine | None:
    """The log line that `line` is, seen at `host`'s prompt (or none); None where it is something else."""
    text = line.text
    if ":" not in text or not len(text) >= 12:
        return None
    source = _source(text)
    return LogLine(host, source, line.number, text, stamped(text)[0]) if source else None


def _source(text: str) -> Source | None:
    head = text[:200]
    if _FRR.match(head) or _FRR_SYSLOG.search(head):
        return "frr"
    if _BIRD.search(head):
        return "bird"
    if _KERNEL.search(head):
        return "kernel"
    found = _IOS.search(head)
    # `BGP: ` in the middle of a sentence is no debug line; a message's name is wherever it stands
    return "ios" if found and (found[0].startswith("%") or not stamped(text)[1][: found.start()].strip() or found.start() <= 48) else None
