"""Reading a session: the header, and its events one by one, whatever state the writer left it in.

A last line without its newline is a write that never finished: it is left out. Nothing else is tolerated:
a line that is broken, missing or changed raises a SessionError that names it. Line numbers count from 1, as an editor shows them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from tshoot.errors import SessionError
from tshoot.model.events import Event
from tshoot.session.codec_v1 import MAX_LINE, Header, Line, decode, decode_header
from tshoot.session.evidence import Evidence
from tshoot.session.files import disk_errors, read_regular
from tshoot.session.values import Load

LOG = "session.jsonl"
EVIDENCE = "evidence"
_PIECE = 1 << 20


def read_header(folder: Path) -> Header:
    """The header line; SessionError where there is none or it is of a newer format."""
    for _, line in complete_lines(folder):
        try:
            return decode_header(line)
        except SessionError as error:
            raise _at(folder, 1, error) from error
    raise SessionError(f"{folder / LOG}: has no header", "its writer was stopped before the session began: the folder can be removed")


def read_events(folder: Path) -> Iterator[tuple[int, Event]]:
    """(line number, event) in order, with raw bytes fetched from evidence and checked."""
    for number, line in read_lines(folder, Evidence(folder / EVIDENCE).read):
        if line.event is not None:
            yield number, line.event


def read_lines(folder: Path, load: Load) -> Iterator[tuple[int, Line]]:
    """(line number, line) after the header, each checked to follow the one before. `load` fetches raw bytes."""
    read_header(folder)
    prev = ""
    for number, raw in complete_lines(folder):
        if number > 1:
            yield number, _follow(folder, number, raw, prev, load)
        prev = line_hash(raw)


def complete_lines(folder: Path) -> Iterator[tuple[int, bytes]]:
    """(line number, bytes with the newline) of every line that was written to its end, undecoded."""
    path = folder / LOG
    with read_regular(path) as file, disk_errors("read", path):
        number = 0
        while (line := file.readline(MAX_LINE + 1)).endswith(b"\n"):
            number += 1
            yield number, line
        if len(line) > MAX_LINE:
            raise SessionError(f"{path}:{number + 1}: the line is longer than {MAX_LINE} bytes", "this is no session, or it was damaged")


def chained_lines(folder: Path) -> Iterator[tuple[int, bytes]]:
    """`complete_lines`, each checked by its number and hash to follow the one before; nothing is decoded, so the form of an event is not judged."""
    prev = ""
    for number, raw in complete_lines(folder):
        if number > 1 and not (raw.endswith(f'"prev": "{prev}"}}\n'.encode()) and raw.startswith(b'{"n": %d,' % (number - 1))):
            _follow(folder, number, raw, prev, lambda sha256, size: b"")  # its fields may stand in another order
        yield number, raw
        prev = line_hash(raw)


def marked_lines(folder: Path, mark: re.Pattern[bytes], start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(byte at which it begins, line) of the complete lines from `start` on, and before `stop`, that hold `mark`; a mark holds no newline.

    It reads the log in large pieces and decodes nothing: the few lines that tell are found among a million others in a fraction of a second.
    """
    for begin, whole in pieces(folder, start):
        yield from ((at, line) for at, line in _marked(whole, mark, begin) if stop is None or at < stop)
        if stop is not None and begin + len(whole) >= stop:
            return


def pieces(folder: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """(byte at which it begins, complete lines as they stand there) of the log from `start` on, about a MB at a time."""
    path = folder / LOG
    with read_regular(path) as file, disk_errors("read", path):
        file.seek(start)
        rest = b""
        while piece := file.read(_PIECE):
            whole, newline, rest = (rest + piece).rpartition(b"\n") if b"\n" in piece else (b"", b"", rest + piece)
            if len(rest) > MAX_LINE:
                raise SessionError(f"{path}: a line is longer than {MAX_LINE} bytes", "this is no session, or it was damaged")
            if newline:
                yield start, whole + newline
                start += len(whole) + 1


def _marked(whole: bytes, mark: re.Pattern[bytes], start: int) -> Iterator[tuple[int, bytes]]:
    end = 0
    for found in mark.finditer(whole):
        if found.start() >= end:
            begin, end = whole.rfind(b"\n", 0, found.start()) + 1, whole.index(b"\n", found.start()) + 1
            yield start + begin, whole[begin:end]


def line_hash(line: bytes) -> str:
    """What the next line has as `prev`."""
    return hashlib.sha256(line).hexdigest()


def _follow(folder: Path, number: int, raw: bytes, prev: str, load: Load) -> Line:
    try:
        line = decode(raw, load)
    except SessionError as error:
        raise _at(folder, number, error) from error
    if line.n != number - 1 or line.prev != prev:
        raise SessionError(
            f"{folder / LOG}:{number}: does not follow line {number - 1}: a line was changed, removed or added",
            "`tshoot sessions verify` lists all that was changed",
        )
    return line


def _at(folder: Path, number: int, error: SessionError) -> SessionError:
    return SessionError(f"{folder / LOG}:{number}: {error.message}", error.hint)
