"""What a device prints after one command, told apart: the echo, the output, questions of a pager, the prompt. Pure: bytes in, bytes to send out.

A prompt looks like output and output may look like a prompt. So a line that has the prompt's shape is believed only
when the device, asked by an empty line, prints it once more; until then all of it is output. Log lines that the device
throws in stay where they are: in the output, or, where they follow the prompt, cause one more empty line to be sent.
Memory is bounded: `limit` bytes of output, one unfinished line, a few lines in which the echo is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tshoot.transports.cli.prompt import PromptShape, plain

ENTER = b"\n"

_SETTLE = 0.03  # seconds of silence after which a line may be a prompt or a pager's question; more where the device stutters within lines
_STUTTERS = 3.0
_DOUBT = 1.0  # … where it stands at the end of other text, or lies behind a log line
_NO_ECHO = 2.0  # … where the echo of the command was not seen
_LONGEST_LINE = 8 * 1024
_ECHO_WITHIN = 40  # lines
_PAGER = re.compile(rb"(?:[-<]{1,4} ?more ?[->]{1,4})(?: ?\([^()\r\n]{1,12}\))?[ .]{0,3}\Z", re.IGNORECASE)
_LATE = rb"[->]{0,4}(?: ?\([^()\r\n]{1,12}\))?[ .]{0,3}"  # the end of a pager's question, where it came after the answer
_ERASED = re.compile(rb"\A" + _LATE + rb"(?:\x08+ *\x08*|\r *\r(?!\n)|\r?\x1b\[[0-9;]{0,8}[JK]|\r(?![\r\n]))+")  # … and what wipes the question out


class Dialogue:
    """`take` what arrives, send what `answer` gives, until `ended`. An empty `command` waits for the next prompt.

    `on_output` is told each piece of the output as soon as it cannot be anything else. Times are of one monotonic clock.
    """

    def __init__(self, command: str, prompt: PromptShape, *, limit: int, on_output: Callable[[bytes], None], now: float) -> None:
        self.ended = self.truncated = False
        self._command = b"".join(command.encode().split())
        self._prompt, self._limit, self._on_output = prompt, limit, on_output
        self._kept = bytearray()
        self._line = bytearray()
        self._begun = False  # the unfinished line's beginning is output already
        self._early: list[bytes] | None = [] if command else None  # lines before the echo; None: it was seen
        self._held: list[bytes] | None = None  # lines since an empty line was sent to make sure; None: not sent
        self._passed = False  # a prompt went by, and something came after it
        self._unanswered = 0  # empty lines that were sent into the output of a command that went on: a prompt each, at its end
        self._paged = False
        self._last = now
        self._settle = _SETTLE
        self._asked = False  # something was sent since the last piece

    def output(self) -> bytes:
        """What is known to be output; before the end also what may turn out to be a prompt."""
        return bytes(self._kept) + (b"" if self.ended else self._pending()[: max(0, self._limit - len(self._kept))])

    def _pending(self) -> bytes:
        return b"".join(self._early or []) + b"".join(self._held or []) + bytes(self._line)

    # --- what arrives ------------------------------------------------------------------------------

    def take(self, data: bytes, now: float) -> None:
        if self._line and not self._asked:
            self._settle = min(_DOUBT, max(self._settle, _STUTTERS * (now - self._last)))
        self._last, self._asked = now, False
        self._line += data
        end = self._line.rfind(b"\n") + 1
        if end:
            lines = bytes(self._line[:end])
            del self._line[:end]
            self._take_lines(lines)
            self._begun = False
        if len(self._line) > _LONGEST_LINE:
            self._flush_line()

    def _take_lines(self, lines: bytes) -> None:
        if self._paged:
            lines, self._paged = _ERASED.sub(b"", lines, count=1), False
        if self._early is None and self._held is None:
            self._emit(lines)
            return
        rest = re.findall(rb"[^\n]*\n", lines)
        for at, line in enumerate(rest):
            if self._early is not None:
                self._look_for_echo(line, self._early)
            elif self._held is not None:
                self._hold(line, self._held)
            else:
                self._emit(b"".join(rest[at:]))
                return

    def _look_for_echo(self, line: bytes, early: list[bytes]) -> None:
        shown = b"".join(plain(line).split())
        before = shown.removesuffix(self._command) if shown.endswith(self._command) else None
        if before is not None and (not before or self._prompt.is_whole(before)):
            self._early = None
            self._emit(b"".join(kept for kept in early if plain(kept).strip() and not self._prompt.is_whole(plain(kept))))
            return
        early.append(line)
        if len(early) > _ECHO_WITHIN:
            self._give_up_echo()

    def _give_up_echo(self) -> None:
        early, self._early = self._early or [], None
        self._emit(b"".join(early))

    def _hold(self, line: bytes, held: list[bytes]) -> None:
        """A line after the empty line: it goes on being a prompt, or all of it was output."""
        held.append(line)
        shown = plain(line)
        if (shown.strip() and not self._prompt.is_whole(shown)) or len(held) > _ECHO_WITHIN:
            self._held, self._passed = None, True
            self._unanswered += 1
            self._emit(b"".join(held))

    def _flush_line(self) -> None:
        """The unfinished line is output, whatever comes."""
        line = bytes(self._line)
        self._line.clear()
        if self._early is not None:
            self._give_up_echo()
        if self._held is not None:
            held, self._held = self._held, None
            self._unanswered += 1
            self._emit(b"".join(held))
        if self._paged:
            line, self._paged = _ERASED.sub(b"", line, count=1), False
        self._emit(line)
        self._begun = True

    def _emit(self, data: bytes) -> None:
        self._passed = self._passed or self._prompt.went_by(data)
        room = self._limit - len(self._kept)
        self.truncated = self.truncated or len(data) > room
        data = data[: max(0, room)]
        self._kept += data
        if data:
            self._on_output(data)

    # --- what is answered --------------------------------------------------------------------------

    def answer(self, now: float) -> bytes:
        """What to send now; empty: nothing. Called after each piece, and again while nothing arrives."""
        quiet = now - self._last
        if self.ended or quiet < self._settle:
            return b""
        keys = self._keys(quiet, now)
        self._asked = self._asked or bool(keys)
        return keys

    def _keys(self, quiet: float, now: float) -> bytes:
        shown = plain(bytes(self._line))
        question = _PAGER.search(shown)
        if question is not None and self._early is None:
            return self._turn_page(shown[: question.start()])
        if self._prompt.is_whole(shown) and (not self._begun or quiet >= _DOUBT):
            return self._make_sure(quiet)
        if self._line and quiet >= _DOUBT:
            return self._look_again(shown)
        if not self._line and self._passed and quiet >= _DOUBT:
            self._last, self._passed = now, False
            return ENTER
        return b""

    def _turn_page(self, before: bytes) -> bytes:
        """Answer a pager; text before its question on the same line is output."""
        self._line.clear()
        self._paged = True
        if before.strip():
            self._emit(before)
            self._begun = True
        return b" "

    def _make_sure(self, quiet: float) -> bytes:
        if self._early is not None and quiet < _NO_ECHO:
            return b""
        if self._early is not None:
            self._give_up_echo()
        if self._held:
            self._end()
            return b""
        if self._held is None or quiet >= _DOUBT:  # devices may throw away what was typed too early
            self._held = []
            self._last += quiet
            return ENTER
        return b""

    def _end(self) -> None:
        self.ended, self._held = True, None
        self._line.clear()
        if self.truncated:
            return
        for _ in range(self._unanswered):
            last = self._kept.rfind(b"\n", 0, -1) + 1
            if len(self._kept) - last > _LONGEST_LINE or not self._prompt.is_whole(plain(bytes(self._kept[last:]))):
                return
            del self._kept[last:]

    def _look_again(self, shown: bytes) -> bytes:
        """An unfinished line in a silence: output without an end of line before the prompt, a question, or dots of progress."""
        at = self._prompt.begin_in(shown)
        if at and self._early is None:
            self._emit(shown[:at])
            self._line[:] = shown[at:]
            self._begun = False
            return self._make_sure(_DOUBT)
        if not self._prompt.may_begin(shown) and self._early is None:
            self._flush_line()
        return b""
