"""What a capture file is, judged by its bytes alone, and how much of it can be read.

`inspect` counts the packets in one pass with flat memory, keeps what a truncated file holds, and refuses what is
no capture. tshark and tcpdump read `readable`: the file itself, or the private copy of a compressed one, which
lives as long as the `with` block.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.foreign import foreign_format, survey_foreign
from tshoot.packets.inflate import compression_of, inflated
from tshoot.packets.pcap import is_pcap, survey_pcap
from tshoot.packets.pcapng import is_pcapng, survey_pcapng
from tshoot.packets.survey import Survey

_HEAD = 64
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
def inspect(path: Path, cancel: CancelToken) -> Iterator[Container]:
    """The capture at `path`. Raises CaptureFileError (not readable, not a capture, a bomb, no space), MissingProgram, Cancelled."""
    size, head = _opened(path)
    try:
        compression = compression_of(head)
    except CaptureFileError as error:
        raise CaptureFileError(f"{path}: {error.message}", error.hint) from error
    if not compression:
        yield _container(path, path, size, _survey(path, path, head, cancel))
        return
    with inflated(path, compression, cancel) as (copy, stopped):
        survey = _survey(path, copy, _head_of(copy), cancel)
        yield _container(path, copy, size, survey, f" ({compression})", stopped)


def _container(path: Path, readable: Path, size: int, survey: Survey, suffix: str = "", stopped: str = "") -> Container:
    remark = "; ".join(why for why in (stopped, survey.stopped) if why)
    return Container(path, readable, survey.format + suffix, survey.link_types, survey.packets, size, bool(remark), remark)


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


def _survey(path: Path, readable: Path, head: bytes, cancel: CancelToken) -> Survey:
    size = readable.stat().st_size
    with readable.open("rb") as file:
        if is_pcap(head):
            return survey_pcap(file, size, cancel.check)
        if is_pcapng(head):
            return survey_pcapng(file, size, cancel.check)
    if name := foreign_format(head):
        return survey_foreign(readable, name, cancel)
    raise CaptureFileError(f"{path}: not a capture file: {_looks_like(head)}", _KNOWN)


def _looks_like(head: bytes) -> str:
    if not head:
        return "nothing in it"
    text = head.isascii() and not any(byte < 9 for byte in head)
    return "it looks like text" if text else f"it starts with the bytes {head[:8].hex(' ')}"
