"""A capture with other addresses and names: the same frames at the same times, with the same lengths and findings.

Everything that is understood is mapped or kept; everything else is zeroed. Two passes: the first takes note of streams, calls and
fragments, the second writes. Frame numbers, times, snapped lengths and wrong checksums stay as they are. A file that is no pcap or pcapng
is first unpacked (gzip, xz, …), or made pcapng by tshark (snoop, ERF, …), as `tshoot analyze` reads it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, MissingProgram
from tshoot.packets.foreign import as_pcapng, foreign_format
from tshoot.packets.inflate import compression_of, inflated
from tshoot.packets.rewriting.disguise import Disguise
from tshoot.packets.rewriting.files import write
from tshoot.packets.rewriting.links import rewrite_frame
from tshoot.packets.rewriting.shared import Rewriting
from tshoot.packets.rewriting.streams import Streams


def rewrite_capture(source: Path, target: BinaryIO, disguise: Disguise, cancel: CancelToken) -> int:
    """Write the capture `source` to `target` as `disguise` shows it, as pcap or pcapng; how many packets there were.

    CaptureFileError where `source` is no capture, or cannot be read or made pcapng, MissingProgram, Cancelled.
    """
    run = Rewriting(disguise, Streams(disguise))

    def change(link: int, packet: bytes) -> bytes:
        return rewrite_frame(link, packet, run)

    try:
        with _readable(source, cancel) as path, path.open("rb") as file, Path("/dev/null").open("wb") as nowhere:
            write(file, nowhere, change, cancel.check)
            run.streams.finish()
            run.learning = False
            return write(file, target, change, cancel.check)
    except CaptureFileError as error:
        raise CaptureFileError(f"{source}: {error.message.removeprefix(f'{source}: ')}", error.hint) from error


@contextmanager
def _readable(source: Path, cancel: CancelToken) -> Iterator[Path]:
    """`source` itself, or a private copy of it that is pcap or pcapng and gone with the block."""
    with ExitStack() as stack:
        with source.open("rb") as file:
            compression = compression_of(file.read(64))
        path = stack.enter_context(inflated(source, compression, cancel))[0] if compression else source
        with path.open("rb") as file:
            name = foreign_format(file.read(64))
        if name is not None:
            if shutil.which("tshark") is None:
                raise MissingProgram(f"{source}: a {name} file, which only tshark can read: it is not installed here", "apt-get install tshark")
            path, written = stack.enter_context(as_pcapng(path, cancel))
            if not written:
                raise CaptureFileError(f"a {name} file that tshark cannot write as pcapng", "no other format holds its packets: leave it out")
        yield path
