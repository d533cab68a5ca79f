"""Display filters: whether tshark understands one, and which frames it matches.

tshark's own parser judges, over an empty file, so what is said here is what Wireshark would say. A filter that only names frames is
answered without tshark, in no time, whatever the size of the capture.
"""

from __future__ import annotations

import re
import tempfile
from array import array
from collections.abc import Iterator

from tshoot.cancel import CancelToken
from tshoot.errors import TshootError, UsageError
from tshoot.model.text import clean_line
from tshoot.packets.browse.context import Excerpt
from tshoot.packets.browse.tshark import Tsharks

LONGEST = 4_000  # characters of a filter
_ONE = re.compile(r"\s*\(?\s*frame\.number\s*==\s*(\d{1,9})\s*\)?\s*")
_SOME = re.compile(r"\s*\(?\s*frame\.number\s+in\s*\{([\d,.\s]{1,3900})\}\s*\)?\s*")
_MOST_NAMED = 1_000_000


def named_frames(expression: str) -> list[int] | None:
    """The frames that an expression such as `frame.number in {14, 16..18}` names; None for any other."""
    if found := _ONE.fullmatch(expression):
        return [int(found[1])]
    if not (found := _SOME.fullmatch(expression)):
        return None
    numbers: list[int] = []
    for part in found[1].split(","):
        ends = part.split("..")
        if len(ends) > 2 or not all(end.strip().isdecimal() for end in ends):
            return None
        first, last = int(ends[0]), int(ends[-1])
        if not first <= last < first + _MOST_NAMED or len(numbers) > _MOST_NAMED:
            return None
        numbers += range(first, last + 1)
    return numbers


def problem(tsharks: Tsharks, expression: str, cancel: CancelToken) -> str:
    """What tshark has against `expression`, in one line, "" where it understands it. Raises MissingProgram, Cancelled."""
    if len(expression) > LONGEST:
        return f"longer than {LONGEST:,} characters"
    if not expression.strip() or named_frames(expression) is not None:
        return ""
    if "\0" in expression:
        return "it holds a NUL character"
    with tempfile.NamedTemporaryFile(prefix="tshoot-", suffix=".pcap") as empty, tsharks.run(["-r", empty.name, "-Y", expression], cancel) as running:
        for _ in running.pieces():
            pass
        return _worded(running.complaint, expression) if running.status else ""


def _worded(complaint: tuple[str, ...], expression: str) -> str:
    """`"1.2" is not a valid hostname or IPv4 address, at column 12`."""
    said = clean_line(complaint[0])[:300].rstrip(".") if complaint else "tshark refuses it"
    marked = next((index for index, line in enumerate(complaint) if set(line.strip()) <= set("^~") and "^" in line), 0)
    if marked and complaint[marked - 1].strip() == expression.strip():
        column = complaint[marked].index("^") - (len(complaint[marked - 1]) - len(complaint[marked - 1].lstrip()))
        said += f", at column {column + 1 + len(expression) - len(expression.lstrip())}"
    return said


def matching(tsharks: Tsharks, source: Excerpt, expression: str, cancel: CancelToken) -> Iterator[array[int]]:
    """The numbers of the frames of `source` that match, in pieces, as tshark finds them.

    Raises UsageError for a filter that tshark refuses, TshootError where it gave up, MissingProgram, Cancelled.
    """
    options = ["-r", str(source.chosen.path.resolve()), "-Y", expression, "-T", "fields", "-e", "frame.number", "-l"]
    with tsharks.run([*(["-2"] if source.chosen.count < 20_000 else []), *options], cancel) as running:
        rest = b""
        for piece in running.pieces():
            *lines, rest = (rest + piece).split(b"\n")
            yield array("i", [int(line) for line in lines if line.isdigit() and len(line) < 10])
        if (why := running.refused()) and "cut short" not in why:
            raise UsageError(why, "correct the display filter") if running.status and running.status > 0 else TshootError(why, "try again")
