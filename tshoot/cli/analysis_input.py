"""What `tshoot analyze` was given, file by file: folders opened, standard input kept in a private file, each file once.

In a folder, whatever begins as a capture or as plain text is taken, files of other kinds are named as skipped; hidden ones and links
to other folders are passed over. At most `MOST_FILES` files are taken and `MOST_SEEN` are looked at.
"""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError

MOST_FILES, MOST_SEEN, DEEPEST = 1_000, 20_000, 16
MOST_PIPED = 8 << 30  # bytes of standard input
NAMED = 10  # skipped files that are named one by one
_NO_TERMINAL_TEXT = frozenset(
    (".py", ".js", ".css", ".html", ".htm", ".xml", ".json", ".yaml", ".yml", ".toml", ".ini", ".md", ".csv", ".svg", ".sh", ".sql", ".pem", ".key")
)


@dataclass(slots=True)
class Given:
    """`files` in the order they are judged; `told` are lines about what is not, or not twice."""

    files: list[Path] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    errors: list[tuple[Path, CaptureFileError]] = field(default_factory=list)


def given(names: Iterable[str], cancel: CancelToken) -> Given:
    """`names` are files, folders, or "-"."""
    found, known = Given(), dict[tuple[int, int], Path]()
    again: dict[Path, int] = {}
    for name in names:
        path = Path(name)
        for file in _in_folder(path, found, cancel) if name != "-" and path.is_dir() else [path]:
            first = known.setdefault(_identity(file), file)
            if first is file:
                found.files.append(file)
            else:
                again[first] = again.get(first, 0) + 1
    found.told += [f"{path}: the same file was named {times + 1} times; it is judged once" for path, times in again.items()]
    return found


def _identity(file: Path) -> tuple[int, int]:
    """What two names of one file have in common; of a file that is not there, or is no file, the name itself."""
    try:
        about = file.stat()
    except (OSError, ValueError):
        return (-1, hash(str(file)))
    return (about.st_dev, about.st_ino) if str(file) != "-" else (-1, 0)


def _in_folder(folder: Path, found: Given, cancel: CancelToken) -> list[Path]:
    taken: list[Path] = []
    skipped: list[str] = []
    for seen, file in enumerate(_below(folder, cancel), 1):
        if seen > MOST_SEEN or len(taken) >= MOST_FILES:
            found.told.append(f"{folder}: only the first {len(taken)} captures and texts of {seen - 1} files were taken; name a folder within it")
            break
        (taken.append(file) if (why := _unfit(file)) is None else skipped.append(f"{file} ({why})"))
    for name in skipped[:NAMED]:
        found.told.append(f"skipped: {name}")
    if len(skipped) > NAMED:
        found.told.append(f"skipped: {len(skipped) - NAMED} more files in {folder} that are neither capture nor text")
    if not taken:
        found.errors.append((folder, CaptureFileError(f"{folder}: a directory with no capture and no text in it", "name another, or the files")))
    return taken


def _below(folder: Path, cancel: CancelToken) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        cancel.check()
        deep = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if deep < DEEPEST else []
        yield from (Path(place) / name for name in sorted(files) if not name.startswith("."))


def _unfit(file: Path) -> str | None:
    """Why a file of a folder is not judged, None where it is."""
    from tshoot.packets.foreign import foreign_format
    from tshoot.packets.inflate import GZIP, ZSTD
    from tshoot.packets.pcap import is_pcap
    from tshoot.packets.pcapng import is_pcapng
    from tshoot.transcripts.text import is_text

    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return "no regular file"
        with file.open("rb") as opened:
            head = opened.read(64)
    except (OSError, ValueError) as error:
        return f"cannot be read: {error.strerror if isinstance(error, OSError) else error}"
    if not head:
        return "empty"
    if is_pcap(head) or is_pcapng(head) or head.startswith((GZIP, ZSTD)) or foreign_format(head):
        return None
    if not is_text(file):
        return "neither capture nor text"
    return "text of another kind" if file.suffix.lower() in _NO_TERMINAL_TEXT else None


@contextmanager
def standard_input(cancel: CancelToken) -> Iterator[Path]:
    """What is pasted or piped in, in a private file; to its end or to the first interrupt."""
    from tshoot.packets.private_file import no_room, private_file

    with private_file(Path("-")) as copy:
        try:
            size = _copied(copy, cancel)
            copy.flush()
        except OSError as error:
            raise no_room(Path("-"), error) from error
        if not size:
            raise CaptureFileError("-: standard input is empty", "paste text and end it with Ctrl-D, or name a file")
        yield Path(copy.name)


def _copied(copy: IO[bytes], cancel: CancelToken) -> int:
    size = 0
    while sys.stdin is not None:
        cancel.check()
        if select.select([sys.stdin.fileno()], [], [], 0.2)[0]:
            piece = os.read(sys.stdin.fileno(), 1 << 18)
            if not piece:
                break
            copy.write(piece)
            size += len(piece)
            if size > MOST_PIPED:
                raise CaptureFileError(f"-: more than {MOST_PIPED >> 30} GB on standard input", "write it into a file, and name that")
    return size
