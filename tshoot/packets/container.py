"""What a capture file is, judged by its bytes alone, and how much of it can be read.

`inspect` counts the packets in one pass with flat memory, keeps what a truncated file holds, and refuses what is
no capture. tshark and tcpdump read `readable`: the file itself, or a private copy that lives as long as the
`with` block: of a compressed file, or of the sound part of a small file that is torn (tshark guesses the
variant of a format from the first records, and a torn one misleads it; in a large file it stops there by itself).
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.foreign import as_pcapng, foreign_format, survey_foreign
from tshoot.packets.inflate import compression_of, inflated
from tshoot.packets.pcap import is_pcap, survey_pcap
from tshoot.packets.pcapng import is_pcapng, survey_pcapng
from tshoot.packets.private_file import no_room, private_file
from tshoot.packets.survey import Survey

if TYPE_CHECKING:
    from tshoot.packets.batches import Batch, Visit
    from tshoot.packets.pace import OnRead

_HEAD = 64
_SMALL = 8 << 20
_KNOWN = "tshoot reads pcap, pcapng and what tshark knows by its first bytes (snoop, ERF, …), also compressed by gzip or zstd"


@dataclass(frozen=True, slots=True)
class Container:
    """`bytes` is the size of the file as given; `remark` says where and why reading ended early (`partial`)."""

    path: Path
    readable: Path
    format: str
    link_types: tuple[str, ...]
    packets: int
    bytes: int
    partial: bool = False
    remark: str = ""


@contextmanager
def inspect(path: Path, cancel: CancelToken, visit: Visit | None = None, on_read: OnRead | None = None) -> Iterator[Container]:
    """The capture at `path`; `visit` sees its packets as they are counted, and `on_read` is told how far that is.

    Raises CaptureFileError (not readable, not a capture, a bomb, no space), MissingProgram, Cancelled.
    """
    size, head = _opened(path)
    try:
        compression = compression_of(head)
    except CaptureFileError as error:
        raise CaptureFileError(f"{path}: {error.message}", error.hint) from error
    with ExitStack() as stack:
        readable, stopped, form = path, "", ""
        if compression:
            readable, stopped = stack.enter_context(inflated(path, compression, cancel, on_read))
            head, form = _head_of(readable), f" ({compression})"
        survey = _survey(path, readable, head, cancel, _told(visit, readable, on_read) if visit and on_read else visit)
        if survey.stopped and 0 < survey.whole <= _SMALL:
            readable = stack.enter_context(_sound_part(readable, survey.whole))
        remark = "; ".join(why for why in (stopped, survey.stopped) if why)
        yield Container(path, readable, survey.format + form, survey.link_types, survey.packets, size, bool(remark), remark)


@contextmanager
def _sound_part(path: Path, length: int) -> Iterator[Path]:
    with private_file(path) as copy:
        try:
            with path.open("rb") as source:
                copy.write(source.read(length))
            copy.flush()
        except OSError as error:
            raise no_room(path, error) from error
        yield Path(copy.name)


def _opened(path: Path) -> tuple[int, bytes]:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise CaptureFileError(f"{path}: a directory, no capture file", "name the files in it")
        if not stat.S_ISREG(found.st_mode):
            raise CaptureFileError(f"{path}: not a regular file", "write what it delivers into a file first")
        if not found.st_size:
            raise CaptureFileError(f"{path}: the file is empty (0 bytes)", "copy it again, or take the capture again")
        return found.st_size, _head_of(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CaptureFileError(f"{path}: cannot be read: {why}", "check the path and its permissions") from error


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _survey(path: Path, readable: Path, head: bytes, cancel: CancelToken, visit: Visit | None) -> Survey:
    size = readable.stat().st_size
    with readable.open("rb", buffering=0) as file:
        if is_pcap(head):
            return survey_pcap(file, size, cancel.check, visit)
        if is_pcapng(head):
            return survey_pcapng(file, size, cancel.check, visit)
    if name := foreign_format(head):
        found = survey_foreign(readable, name, cancel)
        if visit:
            with as_pcapng(readable, cancel) as (copy, written), copy.open("rb", buffering=0) as file:
                if written:
                    survey_pcapng(file, copy.stat().st_size, cancel.check, visit)
        return found
    raise CaptureFileError(f"{path}: not a capture file: {_looks_like(head)}", _KNOWN)


def _told(visit: Visit, readable: Path, on_read: OnRead) -> Visit:
    size = readable.stat().st_size

    def shown(batch: Batch) -> None:
        visit(batch)
        on_read("reading", batch.base + (int(batch.records[-1]) if len(batch) else 0), size, batch.first + len(batch) - 1)

    return shown


def walk(readable: Path, cancel: CancelToken, visit: Visit) -> None:
    """Show the packets of a `Container.readable` to `visit` once more."""
    _survey(readable, readable, _head_of(readable), cancel, visit)


def _looks_like(head: bytes) -> str:
    if not head:
        return "nothing in it"
    text = head.isascii() and not any(byte < 9 for byte in head)
    return "it looks like text" if text else f"it starts with the bytes {head[:8].hex(' ')}"
