"""Following a stream: what both ends of a TCP connection or a UDP exchange said, put in order by tshark.

Bounded: of a long conversation the part that is nearest to the chosen frame, of its contents the first `MOST_BYTES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tshoot.cancel import CancelToken
from tshoot.errors import TshootError, UsageError
from tshoot.model.text import clean_line
from tshoot.packets.browse.context import Excerpt
from tshoot.packets.browse.tshark import Tsharks

MOST_BYTES = 1 << 20
MOST_FRAMES = 20_000
_KINDS = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Said:
    """`by` 0: the first of the `Stream.ends`, 1: the other one."""

    by: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """`ends` are `address:port` as tshark writes them; `display_filter` shows its frames ("" in an excerpt, where numbers differ)."""

    kind: str
    ends: tuple[str, str]
    said: tuple[Said, ...]
    display_filter: str = ""
    remark: str = ""


def follow(tsharks: Tsharks, source: Excerpt, number: int, cancel: CancelToken) -> Stream:
    """The stream of frame `number`, which `source` has. Raises UsageError where it belongs to none, MissingProgram, Cancelled."""
    kind, stream = _stream_of(tsharks, source, number, cancel)
    options = ["-r", str(source.chosen.path.resolve()), "-q", "-z", f"follow,{kind},raw,{stream}"]
    ends, said, size, full = ["", ""], list[Said](), 0, False
    with tsharks.run(options, cancel) as running:
        for line in _lines(running.pieces()):
            if line.startswith(b"Node ") and line[5:6] in (b"0", b"1"):
                ends[int(line[5:6])] = clean_line(line.partition(b": ")[2].decode("utf-8", "replace"))[:80]
            elif data := _payload(line):
                full = size + len(data) > MOST_BYTES
                said.append(Said(int(line.startswith(b"\t")), data[: MOST_BYTES - size]))
                size += len(data)
            if full:
                break
        if not full and (why := running.refused()) and not said and not any(ends):
            raise TshootError(f"the stream cannot be followed: {why}", "look at its frames one by one")
    remarks = [source.remark] if source.remark else []
    if full:
        remarks.append(f"only the first {MOST_BYTES >> 20} MB of it")
    return Stream(kind, (ends[0], ends[1]), tuple(said), f"{kind}.stream == {stream}" if source.whole else "", "; ".join(remarks))


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lines of at most twice `MOST_BYTES` and a little: longer ones are cut."""
    rest: list[bytes] = []
    size = 0
    for piece in pieces:
        first, *others = piece.split(b"\n")
        if size <= 2 * MOST_BYTES + 4096:
            rest.append(first)
            size += len(first)
        for other in others:
            yield b"".join(rest)
            rest, size = [other], len(other)
    if rest:
        yield b"".join(rest)


def _payload(line: bytes) -> bytes:
    text = line.strip()
    try:
        return bytes.fromhex(text[: len(text) & ~1].decode("ascii"))
    except (ValueError, UnicodeDecodeError):  # a line about the stream
        return b""


def _stream_of(tsharks: Tsharks, source: Excerpt, number: int, cancel: CancelToken) -> tuple[str, int]:
    own = source.own([number])
    fields = [option for kind in _KINDS for option in ("-e", f"{kind}.stream")]
    options = [
        "-r",
        str(source.chosen.path.resolve()),
        "-Y",
        f"frame.number == {own[0] if own else 0}",
        "-T",
        "fields",
        *fields,
        "-E",
        "occurrence=l",
    ]
    with tsharks.run(options, cancel) as running:
        answer = b"".join(running.pieces())[:4096].decode("ascii", "replace").strip("\n").split("\t")
    for kind, text in zip(_KINDS, answer, strict=False):
        if text.isdecimal():
            return kind, int(text)
    raise UsageError(f"frame {number} belongs to no TCP or UDP stream", "choose a frame of TCP or UDP")
