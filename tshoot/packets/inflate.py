"""A compressed capture as a private file that tshark and tcpdump can read.

gzip (several members too) and zstd are inflated in pieces, so memory stays flat. The bound against
bombs: 256 MB, or 200 times the compressed size where that is more; captures seldom reach 20 times. A stream
that ends early or is damaged gives what it held until there, and the reason.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.private_file import no_room, private_file

if TYPE_CHECKING:
    from tshoot.packets.pace import OnRead

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BOUND, RATIO = 256 << 20, 200
_PIECE = 2048  # bytes given to the inflater at once: even the worst zstd block makes 64 MB of them, no more
_UNSUPPORTED = {b"BZh": "bzip2 -d", b"\xfd7zXZ\0": "xz -d", b"\x04\x22\x4d\x18": "lz4 -d", b"PK\x03\x04": "unzip"}


def compression_of(head: bytes) -> str:
    """ "gzip", "zstd" or "" for none; CaptureFileError for a compression that tshoot does not undo."""
    for magic, command in _UNSUPPORTED.items():
        if head.startswith(magic):
            raise CaptureFileError("compressed in a way that tshoot does not undo", f"run: {command} FILE, and give tshoot the result")
    return "gzip" if head.startswith(GZIP) else "zstd" if head.startswith(ZSTD) else ""


def beginning(path: Path, compression: str) -> bytes:
    """The first bytes of what `path` holds, at most 8,192; nothing where it cannot be inflated."""
    try:
        with path.open("rb") as source:
            return bytes((_zstd if compression == "zstd" else _gzip)().decompress(source.read(_PIECE))[:8192])
    except Exception:  # OSError, zlib.error, ZstdError
        return b""


@contextmanager
def inflated(path: Path, compression: str, cancel: CancelToken, on_read: OnRead | None = None) -> Iterator[tuple[Path, str]]:
    """A temporary copy (0600, removed at the end) of what `path` holds, and why it ends early, if it does."""
    with private_file(path) as copy:
        try:
            stopped = _inflate(path, copy, _zstd if compression == "zstd" else _gzip, cancel, on_read)
            copy.flush()
        except OSError as error:
            raise no_room(path, error) from error
        yield Path(copy.name), stopped


def _inflate(path: Path, copy: Any, start: Callable[[], Any], cancel: CancelToken, on_read: OnRead | None) -> str:
    size, done = path.stat().st_size, 0
    bound = max(BOUND, RATIO * size)
    inflater, fresh = start(), True
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            cancel.check()
            done += len(piece)
            if on_read and not done & 0xFFFFF:
                on_read("inflating", done, size, 0)
            while piece:
                if inflater.eof:
                    inflater, fresh = start(), True
                try:
                    out = inflater.decompress(piece)
                except Exception as error:  # zlib.error, ZstdError
                    # What follows a complete member (padding) is no damage.
                    return "" if fresh and copy.tell() else f"the compressed data is damaged near byte {source.tell()}: {error}"
                copy.write(out)
                if copy.tell() > bound:
                    raise CaptureFileError(f"{path}: inflates to more than {bound >> 20} MB", "decompress it yourself if you trust it")
                fresh, piece = False, inflater.unused_data if inflater.eof else b""
    return "" if inflater.eof else "the compressed data is cut short"


def _gzip() -> Any:
    return zlib.decompressobj(wbits=31)


def _zstd() -> Any:
    import zstandard

    return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
