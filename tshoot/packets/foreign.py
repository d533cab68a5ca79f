"""Capture files of other makers that tshark reads: told apart by their first bytes, counted by tshark.

tshark also opens pictures, XML and plain text; so only a format that is known here is handed to it.
Source of the magic numbers: Wireshark's wiretap readers.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, MissingProgram
from tshoot.packets.private_file import private_file
from tshoot.packets.programs import run
from tshoot.packets.survey import Survey

_MAGIC = {
    b"snoop\0\0\0": "snoop",
    b"btsnoop\0": "btsnoop",
    b"iptrace 1.0": "AIX iptrace",
    b"iptrace 2.0": "AIX iptrace",
    b"TRSNIFF data    \x1a": "Sniffer",
    b"XCP\0": "NetXRay",
    b"RTSS": "Microsoft Network Monitor 1",
    b"GMBU": "Microsoft Network Monitor 2",
    b"\x05VNF": "Visual Networks",
    b"\xaa\xaa\xaa\xaa": "5Views",
    b"ObserverPktBuffe": "Observer",
    b"\x00\x00\x02\x00\x12\x05\x00\x10": "K12",
    b"\x1c\x00\x01\xac": "Ixia lcap",
    b"\x1c\x00\x01\xab": "Ixia lcap",
    b"\xac\x01\x00\x1c": "Ixia lcap",
    b"\xab\x01\x00\x1c": "Ixia lcap",
    b"\x54\x52\x00\x64\x00": "nettl",
    b"\x7fver": "Packet Master",
}
_ENCAPSULATIONS = {"1": "Ethernet", "98": "Extensible Record Format", "99": "Bluetooth"}


def foreign_format(head: bytes) -> str | None:
    """The name of the format that `head` (64 bytes or more) begins, None where it is none that is known."""
    named = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    return named or ("ERF" if _is_erf(head) else None)


def _is_erf(head: bytes) -> bool:
    if len(head) < 18 or not any(byte < 9 for byte in head):  # too short, or text
        return False
    kind, _, record, _, wire = struct.unpack(">BBHHH", head[8:16])
    seconds = struct.unpack("<I", head[4:8])[0]
    return bool(1 <= kind & 0x7F <= 48 and record >= 18 and wire > 0 and seconds > 631_152_000)  # 1990


def survey_foreign(path: Path, name: str, cancel: CancelToken) -> Survey:
    """Let tshark count the frames; CaptureFileError where it finds none and complains."""
    program = shutil.which("tshark")
    if program is None:
        raise MissingProgram(f"{path}: a {name} file, which only tshark can read: it is not installed here", "apt-get install tshark")
    ran = run([program, "-n", "-r", str(path.resolve()), "-T", "fields", "-e", "frame.encap_type"], cancel)
    kinds = ran.said.split()
    links = dict.fromkeys(_ENCAPSULATIONS.get(kind, f"encapsulation {kind}") for kind in kinds)
    if ran.status and not kinds:
        raise CaptureFileError(f"{path}: no readable capture: {ran.complaint}", "check that the whole file was copied")
    stopped = f"reading ends after packet {len(kinds)}: {ran.complaint}" if ran.status else ""
    return Survey(name, tuple(links), len(kinds), stopped)


@contextmanager
def as_pcapng(path: Path, cancel: CancelToken) -> Iterator[tuple[Path, bool]]:
    """The packets of a foreign file, in the same order, as pcapng; and whether tshark could write them (not every link type has a number there)."""
    with private_file(path) as copy:
        ran = run([shutil.which("tshark") or "tshark", "-n", "-r", str(path.resolve()), "-F", "pcapng", "-w", copy.name], cancel)
        yield Path(copy.name), ran.status == 0
