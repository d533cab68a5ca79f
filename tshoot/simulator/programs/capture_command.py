"""Stands in for tcpdump or tcpdump-uw on a simulated device: copies a recorded capture as if it were live.

    capture_command.py STATE NAME -i INTERFACE -w FILE [-s N] [-c N] [-n] [-U] [-p] [-Z USER] FILTER…

The file's header is written at once; `delay` seconds later (the mount is retried while the capture runs) the
recorded frames that the filter takes follow, each written through, gaps no longer than 0.05 s. It ends at the
count or at SIGINT, SIGTERM or SIGHUP, with tcpdump's three lines and status 0. The filter is tcpdump's own, where
this machine has one; else everything is taken. Frames keep their recorded times, so that what is pulled is the
recorded file bit for bit (without a filter, count or snap length that cuts), with the same frame numbers.
To standard output (`-w -`) it ends after the last frame, and never cuts the connection.
"""

from __future__ import annotations

import getopt
import json
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

LONGEST_GAP = 0.05
MAXIMUM = 262144  # bytes of a frame, as tcpdump has it
_LINK_TYPES = {1: "EN10MB (Ethernet)", 101: "RAW (Raw IP)", 113: "LINUX_SLL (Linux cooked v1)", 276: "LINUX_SLL2 (Linux cooked v2)"}
_FORMATS = {  # byte order and unit of the time, by the first four bytes
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_ERRORS = {
    "no-space": "No space left on device",
    "permission-denied": "You don't have permission to capture on that device",
    "not-found": "No such device exists\n(No such device exists)",
}
_Options = dict[str, str]


def main(state_file: str, name: str, *arguments: str) -> int:
    ending = Ending()
    state = json.loads(Path(state_file).read_text(encoding="utf-8"))
    try:
        options, words = read_options(list(arguments))
        content = recorded(state["capture"], state["tcpdump"], options, " ".join(words))
        with Path("/dev/stdout" if options["w"] == "-" else options["w"]).open("wb") as file:
            with ending.after():  # whoever sees the header may end it at once, and is told the counts
                file.write(content[:24])
                file.flush()
                ending.listening = True
                sys.stderr.write(f"{name}: listening on {options['i']}, link-type {link_type(content)}, capture size {options['s']} bytes\n")
                sys.stderr.flush()
            copy(content, file, options, state["capture"]["delay"], ending)
            if options["w"] == "-":  # a sample, which is taken before the capture: it has seen what there is
                ending.end()
            if state["capture"]["closes"]:
                Path(state["control"]).write_bytes(b"c")
            while True:
                signal.pause()
    except getopt.GetoptError as error:
        problem = f"{error.msg}\nusage: {name} -i interface -w file [-s snaplen] [-c count] [-nUp] [filter]"
    except Refused as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}"
    sys.stderr.write(f"{name}: {problem}\n")
    return 1


class Refused(Exception):
    """Why no capture starts, in tcpdump's words."""


def read_options(arguments: list[str]) -> tuple[_Options, list[str]]:
    """The options by letter, and the words of the filter. An interface and a file are demanded: nothing is printed here."""
    given, words = getopt.gnu_getopt(arguments, "i:s:c:w:Z:nUp")
    options = {"s": str(MAXIMUM), "c": "0", **{letter[1:]: value for letter, value in given}}
    if "i" not in options or "w" not in options:
        raise getopt.GetoptError("an interface (-i) and a file (-w) are needed")
    for letter in "sc":
        if not options[letter].isdecimal() or len(options[letter]) > 9:
            raise getopt.GetoptError(f"invalid number for -{letter}: {options[letter]}")
    return options, words


def recorded(capture: dict[str, Any], tcpdump: str | None, options: _Options, expression: str) -> bytes:
    """The pcap of what the filter takes of the recorded capture; of nothing where the device has none."""
    if capture["fails"]:
        about = options["w"] if capture["fails"] == "no-space" else options["i"]
        raise Refused(f"{about}: {_ERRORS[capture['fails']]}")
    content = Path(capture["file"]).read_bytes() if capture["file"] else struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, MAXIMUM, 1)
    if tcpdump and expression:
        # by standard input and output: as root, tcpdump would open files as another user
        ran = subprocess.run([tcpdump, "-n", "-r", "-", "-w", "-", expression], input=content, capture_output=True)
        if ran.returncode != 0:
            raise Refused(ran.stderr.decode("utf-8", "replace").strip().splitlines()[-1].removeprefix("tcpdump: "))
        content = ran.stdout
    if len(content) < 24 or content[:4] not in _FORMATS:
        raise Refused(f"{options['i']}: the recorded capture is no pcap")
    return content


def frames(content: bytes, order: str, fraction: float) -> Iterator[tuple[float, bytes, bytes]]:
    """Time, record header and data of each frame of a pcap."""
    at = 24
    while at + 16 <= len(content):
        seconds, part, captured, _ = struct.unpack_from(order + "IIII", content, at)
        if at + 16 + captured > len(content):
            return
        yield seconds + part * fraction, content[at : at + 16], content[at + 16 : at + 16 + captured]
        at += 16 + captured


def link_type(content: bytes) -> str:
    number = struct.unpack_from(_FORMATS[content[:4]][0] + "I", content, 20)[0]
    return _LINK_TYPES.get(number, str(number))


def copy(content: bytes, file: BinaryIO, options: _Options, delay: float, ending: Ending) -> None:
    """Write the frames of `content` one by one, until the count is reached."""
    order, fraction = _FORMATS[content[:4]]
    snaplen, count = int(options["s"]) or MAXIMUM, int(options["c"])
    time.sleep(delay)
    before: float | None = None
    for at, header, data in frames(content, order, fraction):
        time.sleep(min(max(at - (at if before is None else before), 0), LONGEST_GAP))
        before = at
        with ending.after():
            file.write(header[:8] + struct.pack(order + "I", min(len(data), snaplen)) + header[12:] + data[:snaplen])
            file.flush()
            ending.frames += 1
        if ending.frames == count:
            ending.end()


class Ending:
    """How a capture ends: at a signal, but never within a frame, with tcpdump's three lines where it has begun."""

    def __init__(self) -> None:
        self.frames, self.listening = 0, False
        self._writing = self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # as tcpdump: even where a shell had them ignored
            signal.signal(number, self._stop)

    def _stop(self, *_: object) -> None:
        self._asked = True
        if not self._writing:
            self.end()

    @contextmanager
    def after(self) -> Iterator[None]:
        """Within the block a signal waits for its end."""
        self._writing = True
        yield
        self._writing = False
        if self._asked:
            self.end()

    def end(self) -> NoReturn:
        if self.listening:
            for number, what in ((self.frames, "captured"), (self.frames, "received by filter"), (0, "dropped by kernel")):
                sys.stderr.write(f"{number} packet{'' if number == 1 else 's'} {what}\n")
        raise SystemExit(0)


if __name__ == "__main__":
    for deadly in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them; tcpdump ends
        signal.signal(deadly, signal.SIG_DFL)
    sys.exit(main(*sys.argv[1:]))
