"""A capture with other addresses and names: the same frames at the same times, with the same lengths and findings.

Everything that is understood is mapped or kept; everything else is zeroed. Two passes: the first takes note of streams, calls and
fragments, the second writes. Frame numbers, times, snapped lengths and wrong checksums stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.rewriting.disguise import Disguise
from tshoot.packets.rewriting.files import write
from tshoot.packets.rewriting.links import rewrite_frame
from tshoot.packets.rewriting.shared import Rewriting
from tshoot.packets.rewriting.streams import Streams


def rewrite_capture(source: Path, target: BinaryIO, disguise: Disguise, cancel: CancelToken) -> int:
    """Write the pcap or pcapng file `source` to `target` as `disguise` shows it; how many packets there were.

    CaptureFileError where `source` is no such file (a compressed one is none) or cannot be read, Cancelled.
    """
    run = Rewriting(disguise, Streams(disguise))

    def change(link: int, packet: bytes) -> bytes:
        return rewrite_frame(link, packet, run)

    try:
        with source.open("rb") as file, Path("/dev/null").open("wb") as nowhere:
            write(file, nowhere, change, cancel.check)
            run.streams.finish()
            run.learning = False
            return write(file, target, change, cancel.check)
    except CaptureFileError as error:
        raise CaptureFileError(f"{source}: {error.message}", error.hint) from error
