"""Is a session as it was recorded? Every line's hash, order and form, and every piece of evidence.

The chain shows accidents and careless edits, and where; someone who recomputes every hash can forge a session.
All that is wrong is listed, not only the first.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.session.codec_v1 import decode, encode_seal
from tshoot.session.evidence import Evidence
from tshoot.session.files import disk_errors, read_regular
from tshoot.session.read import EVIDENCE, LOG, complete_lines, line_hash, read_header
from tshoot.session.references import references

_OFTEN, _TOLD_EVERY = 100, 20_000  # lines


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and at which line of the log (from 1; 0: of no line). A `remark` leaves the session intact."""

    line: int
    text: str
    remark: bool = False

    def __str__(self) -> str:
        place = f"{LOG}:{self.line}: " if self.line else ""
        return f"{place}{'remark: ' if self.remark else ''}{self.text}"


_REMARK = re.compile(rf"(?:{re.escape(LOG)}:\d+: )?remark: ")  # what `Problem` begins with where it is one


def verify(folder: Path, cancel: CancelToken | None = None, tell: Callable[[int], None] = lambda lines: None) -> list[Problem]:
    """Every problem, in the order of the lines; no problem but remarks means that the session is intact.

    `tell` hears now and then how many lines were read. Raises Cancelled when the token is set.
    """
    try:
        header = read_header(folder)
        problems = list(_lines(folder, _Pace(cancel or CancelToken(), tell)))
    except SessionError as error:
        return [Problem(1, error.message)]
    if hashlib.sha256(header.playbook_text.encode("utf-8", "surrogatepass")).hexdigest() != header.playbook_sha256:
        problems.append(Problem(1, "the playbook's text does not have the hash that the header names"))
    return sorted([*problems, *_open_to_others(folder)], key=lambda problem: problem.line)


def refuse_altered(folder: Path, refusal: str, cancel: CancelToken) -> None:
    """SessionError with the first problem of a session that is not intact; `refusal` says what is not done with it. Cancelled."""
    if altered := first_alteration(folder, cancel):
        raise SessionError(f"{folder}: {altered}", f"{refusal}: `tshoot sessions verify` lists all that was")


def first_alteration(folder: Path, cancel: CancelToken) -> Problem | None:
    """The first problem that is more than a remark; None of a session that is intact."""
    return next((problem for problem in verify(folder, cancel) if not problem.remark), None)


def is_remark(told: str) -> bool:
    """Whether a problem, told as text, leaves the session intact."""
    return _REMARK.match(told) is not None


class _Pace:
    """Looks now and then whether to stop, and says how far it is."""

    def __init__(self, cancel: CancelToken, tell: Callable[[int], None]) -> None:
        self.check, self._tell = cancel.check, tell

    def step(self, lines: int) -> None:
        if not lines % _OFTEN:
            self.check()
        if not lines % _TOLD_EVERY:
            self._tell(lines)


def _lines(folder: Path, pace: _Pace) -> Iterator[Problem]:
    evidence, known = Evidence(folder / EVIDENCE), dict[tuple[str, int], str]()
    before, n, sealed, end = b"", 0, False, 0
    for number, raw in complete_lines(folder):
        end += len(raw)
        pace.step(number)
        if number > 1:
            try:
                line = decode(raw, lambda sha256, size: b"")
            except SessionError as error:
                yield Problem(number, error.message)
                n, before, sealed = n + 1, raw, False
                continue
            if line.n != n + 1:
                yield Problem(number, f"is numbered {line.n} where {n + 1} is due: lines were removed, added or swapped")
            if line.prev != line_hash(before):
                yield Problem(number - 1, f"was changed, or its hash in line {number} was")
            sealed = line.event is None
            if sealed and raw != encode_seal(line.n, line.prev):
                yield Problem(number, "the seal was changed")
            yield from (Problem(number, text) for text in _evidence(raw, evidence, known, pace.check))
            n = line.n
        before = raw
    yield from _end(folder, end, sealed)


def _evidence(raw: bytes, evidence: Evidence, known: dict[tuple[str, int], str], check: Callable[[], None]) -> Iterator[str]:
    """What is wrong with the evidence that a line names; each piece is read once."""
    if b'"sha256"' not in raw:
        return
    for sha256, size in references(json.loads(raw)):
        if (sha256, size) not in known:
            known[sha256, size] = evidence.problem(sha256, size, check)
        if known[sha256, size]:
            yield known[sha256, size]


def _end(folder: Path, end: int, sealed: bool) -> Iterator[Problem]:
    with read_regular(folder / LOG) as file:
        torn = os.fstat(file.fileno()).st_size - end
    if torn:
        yield Problem(0, f"the last write never finished: its {torn} bytes are left out", remark=True)
    if not sealed:
        yield Problem(0, "the session has no orderly end, so a change to its last line would not show", remark=True)


def _open_to_others(folder: Path) -> Iterator[Problem]:
    with disk_errors("read", folder):
        paths = [folder, *sorted(folder.glob("*")), *sorted((folder / EVIDENCE).glob("*"))]
        modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in paths}
    open_ = [path for path, mode in modes.items() if mode & 0o077]
    if open_:
        first = f"{open_[0].name} is {modes[open_[0]]:04o}"
        yield Problem(0, f"{len(open_)} of its files and folders are open to others ({first}): chmod -R go= {folder}", remark=True)
