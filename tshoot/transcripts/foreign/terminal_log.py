"""Logs that terminal programs write, and plain text: told apart by the lines that the programs add, which are no output.

PuTTY begins each session of a log with `=~=~= PuTTY log 2026.11.21 09:00:01 =~=~=` (PuTTY manual, 4.2; as in public logs). SecureCRT has no
fixed head: what stands upon connect and on each line is the user's custom log data (`[BEGIN] 2026/11/21 9:00:01`, `[2026-11-21 09:00:20] R2#`
are common, Xshell writes the first, too). Their dates say which day times of day below them are of; their zone they do not say. Sessions
are appended to one file: each has its head.
"""

from __future__ import annotations

import re
from calendar import timegm
from dataclasses import replace
from pathlib import Path

from tshoot.errors import SessionError
from tshoot.transcripts.foreign.recorded import Head, Recorded
from tshoot.transcripts.foreign.stream import epoch
from tshoot.transcripts.text import TextLine, text_of
from tshoot.transcripts.times import stamped

_PUTTY = re.compile(r"(?:=~){2,40}=? PuTTY log (\d{4})\.(\d\d)\.(\d\d) (\d\d):(\d\d):(\d\d) ?(?:=~){2,40}=?\s*$")
_BEGIN = re.compile(r"\[BEGIN\] (\d{4})[/-](\d{1,2})[/-](\d{1,2})[ T](\d{1,2}):(\d\d):(\d\d)\s*$")
_END = re.compile(r"\[END\] \d{4}[/-].{1,40}$")
_PACKETS = re.compile(r"(?:Incoming|Outgoing) (?:packet|raw data) (?:#0x|at )")
_LOOKED_AT = 5_000  # lines in which stamps are looked for
MOST_HEADS = 5_000


def read(path: Path, raw: bytes) -> Recorded:
    text = text_of(path, raw)
    kind, heads = "", list[Head]()
    lines: list[TextLine] = []
    for line in text.lines:
        head = _PUTTY.match(line.text) if line.text.startswith("=~") else _BEGIN.match(line.text) if line.text.startswith("[B") else None
        if head is not None:
            kind = kind or ("PuTTY log" if line.text.startswith("=~") else "SecureCRT log")
            if (at := _date(head)) is not None and len(heads) < MOST_HEADS:
                heads.append(Head(line.number, at))
        own = head is not None or (line.text.startswith("[END]") and _END.match(line.text))
        lines.append(TextLine(line.number, "") if own else line)
    if kind == "PuTTY log" and any(_PACKETS.match(line.text) for line in lines[:_LOOKED_AT]):
        raise SessionError(f"{path}: is a PuTTY log of SSH packets", "let PuTTY log `printable output` or `all session output`")
    found = Recorded(kind or _kind(lines), replace(text, lines=tuple(lines)))
    return replace(found, started=heads[0].at, heads=tuple(heads), zoned=False) if heads else found


def _kind(lines: list[TextLine]) -> str:
    filled = [line.text for line in lines[:_LOOKED_AT] if line.text.strip()]
    with_time = sum(stamped(text)[0] is not None for text in filled)
    return "log with time stamps" if filled and with_time * 2 > len(filled) else "text"


def _date(match: re.Match[str]) -> float | None:
    year, month, day, hour, minute, second = map(int, match.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24):
        return None
    return epoch(timegm((year, month, day, hour, minute, second)))
