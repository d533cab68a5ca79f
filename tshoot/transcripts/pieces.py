"""Lines to pieces: who was asked what, when, and which lines are the answer.

A piece ends where the next prompt stands. Log and debug lines are taken out of answers, whose lines keep their numbers, and
kept by host. A clock (`show clock`, `date`, the time that IOS prints before an answer) dates the answer that follows it;
in a loop that prints the time, each time begins a piece of its own. Stamps of lines that a command printed date nothing: they
say when that happened, not when somebody asked for it. What stands before any prompt is a piece without a
command. A command that the terminal wrapped is joined again where only the joined one is known (see reading.py).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tshoot.transcripts.logs import LogLine, log_line
from tshoot.transcripts.prompts import Prompt, prompt_of, router_prompts
from tshoot.transcripts.text import TextLine
from tshoot.transcripts.times import clock_line, names_zone, stamped

MOST_PIECES = 50_000
MOST_LOG_LINES = 200_000
LONGEST_ANSWER = 20_000  # lines of one piece that are kept
_LOAD = re.compile(r"Load for five secs: ")
_CLOCKS = re.compile(r"(?:do )?(?:sh(?:o|ow)? clo(?:c|ck)?|date)\b", re.IGNORECASE)
_LOOP = re.compile(r"\b(?:while|for|until|watch)\b")
_ASKS_TIME = re.compile(r"\b(?:date|clo(?:c|ck)?|time|while|for|until|watch)\b", re.IGNORECASE)
_READS = re.compile(r"\b(?:z?cat|z?grep|egrep|head|tail|less|more|awk|sed|cut|wc|stat|ls|find|sysctl|vsish|esxcli|journalctl|dmesg|ausearch)\b")
_SSH_FLAGS = "bcDEeFIiJLlmOopQRSWw"  # options of ssh that take a value


@dataclass(slots=True)
class Piece:
    """`at` is the time of the answer (see times.py), None where none is told. `line` is that of the command, 0 without one."""

    host: str
    kind: str  # of the prompt: cli, shell, esxi, bird; empty without one
    command: str
    line: int
    at: float | None = None
    zoned: bool = False  # whether that time names its zone
    lines: list[TextLine] = field(default_factory=list)
    width: int = 0
    cut: bool = False
    repeated: bool = False  # one answer of a loop

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(slots=True)
class Transcript:
    """`remarks` say what was left out; `last_open` is the piece that the file ends in, without a prompt after it."""

    pieces: list[Piece] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def split(lines: Sequence[TextLine]) -> Transcript:
    """The pieces and log lines of a text, in the order of the file."""
    routers = router_prompts(line.text for line in lines)
    reading = _Reading()
    for line in lines:
        prompt = prompt_of(line.text, routers)
        if prompt is not None:
            reading.asked(prompt, line)
        else:
            reading.said(line)
        if reading.full:
            reading.transcript.remarks.append(f"only the first {MOST_PIECES} answers were read (to line {line.number})")
            break
    if any(piece.cut for piece in reading.transcript.pieces):
        reading.transcript.remarks.append(f"answers of more than {LONGEST_ANSWER} lines were read in part")
    return reading.transcript


class _Reading:
    def __init__(self) -> None:
        self.transcript = Transcript()
        self._piece = self._begin(Piece("", "", "", 0))
        self._logs_cut = False
        self._clock: dict[str, tuple[float, bool]] = {}  # host -> a time told that no answer has taken yet, and whether its zone is

    @property
    def full(self) -> bool:
        return len(self.transcript.pieces) >= MOST_PIECES

    def _begin(self, piece: Piece) -> Piece:
        self.transcript.pieces.append(piece)
        self._piece = piece
        return piece

    def asked(self, prompt: Prompt, line: TextLine) -> None:
        host, kind, command = prompt.host, str(prompt.kind), prompt.command
        if kind in {"shell", "esxi"}:
            host, command = _over_ssh(host, command)
        elif command.lower().startswith("do "):
            command = command[3:].strip()
        at, zoned = prompt.time, prompt.time is not None and names_zone(line.text)
        if at is None and command and not _CLOCKS.match(command):
            at, zoned = self._clock.pop(host, (None, False))
        self._begin(Piece(host, kind, command, line.number, at, zoned, width=prompt.width))

    def said(self, line: TextLine) -> None:
        piece = self._piece
        if (log := log_line(line, piece.host)) is not None:
            if len(self.transcript.logs) < MOST_LOG_LINES:
                self.transcript.logs.append(log)
            elif not self._logs_cut:
                self._logs_cut = True
                self.transcript.remarks.append(f"only the first {MOST_LOG_LINES} lines of logs were read (to line {line.number})")
        elif _may_tell_time(piece) and (time := clock_line(line.text)) is not None:
            self._told_time(time, names_zone(line.text))
        elif _LOAD.match(line.text):
            if any(other.text for other in piece.lines) and not piece.command:
                self._begin(Piece(piece.host, piece.kind, "", 0))
        elif len(piece.lines) < LONGEST_ANSWER:
            if piece.at is None and not piece.lines and not piece.line:
                piece.at, piece.zoned = stamped(line.text)[0], names_zone(line.text)  # of text without a prompt
            piece.lines.append(line)
        else:
            piece.cut = True

    def _told_time(self, time: float, zoned: bool) -> None:
        piece = self._piece
        if _CLOCKS.match(piece.command) and not _LOOP.search(piece.command) and ";" not in piece.command:
            self._clock[piece.host] = time, zoned
        elif any(line.text.strip() for line in piece.lines):
            piece.repeated = True
            self._begin(Piece(piece.host, piece.kind, piece.command, piece.line, time, zoned, repeated=True))
        else:
            piece.at, piece.zoned = time, zoned


def _may_tell_time(piece: Piece) -> bool:
    """What reads files, logs and counters prints dates, and numbers of ten digits, that are not the time of its answer."""
    return piece.kind not in {"shell", "esxi"} or not _READS.search(piece.command) or _ASKS_TIME.search(piece.command) is not None


def _over_ssh(host: str, command: str) -> tuple[str, str]:
    """`ssh r2 'show ipv6 route'` typed at a shell: the host that answers, and what it was asked."""
    if not command.startswith("ssh "):
        return host, command
    try:
        words = shlex.split(command)[1:]
    except ValueError:
        return host, command
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if len(flag) == 2 and flag[1] in _SSH_FLAGS and words:
            words.pop(0)
    if len(words) < 2:
        return host, command
    return words[0].rpartition("@")[2], " ".join(words[1:])


def forward(times: Iterable[float | None]) -> list[float | None]:
    """Times of one host made to run forward: past midnight where only the time of day is told."""
    offset, last = 0.0, None
    moved: list[float | None] = []
    for time in times:
        if time is None:
            moved.append(None)
            continue
        if last is not None and time < 86_400 and time + offset < last - 43_200:
            offset += 86_400
        last = time + offset if time < 86_400 else time
        moved.append(last)
    return moved
