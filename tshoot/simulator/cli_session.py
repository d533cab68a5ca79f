"""A session on a device whose login is a command line: prompt, echo, pages, `enable`, `exit`, and the scenario's answers.

Commands are expected in full words; only blanks are folded. What sets up a session (`terminal length 0`) is accepted;
what no entry fits is refused in the platform's words. Answers come from the scenario in this process: no shell,
no program and no file is in reach of whoever types.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from contextlib import suppress

import paramiko

from tshoot.simulator.clock import ServedClock
from tshoot.simulator.device import Cli, CommandEntry, Device
from tshoot.simulator.dialects import dialect
from tshoot.simulator.keys import Keys, Left
from tshoot.simulator.line_editor import LineEditor
from tshoot.simulator.programs.turns import printed

_MORE = b" --More-- "
_WIPE = b"\x08" * len(_MORE) + b" " * len(_MORE) + b"\x08" * len(_MORE)
_PASSWORDS = 3  # tries for `enable`
_LENGTH = 24  # lines of a page until the client says otherwise, whatever its window is


class CliSession:
    """One channel. `cut` closes the device's connections, where a command's failure is that."""

    def __init__(self, channel: paramiko.Channel, device: Device, clock: ServedClock, cut: Callable[[], None]) -> None:
        self._channel, self._device, self._clock, self._cut = channel, device, clock, cut
        self._cli = device.cli or Cli()
        self._privileged = self._cli.starts_privileged
        self._dialect = dialect(device.platform)
        self._keys = Keys(channel)
        self._length = _LENGTH

    def interact(self) -> None:
        """Prompt after prompt until the client leaves; for a thread of its own."""
        with suppress(Left, OSError, EOFError, paramiko.SSHException):
            editor = LineEditor()
            self._channel.sendall(b"\r\n")
            while True:
                line = " ".join(self._line(editor, self._prompt).split())
                if line in ("exit", "logout", "quit"):
                    break
                self._do(line)
        self._leave()

    def run_once(self, command: str) -> None:
        """One command of an exec request: its output, without prompt, pages and exit status; for a thread of its own."""
        with suppress(Left, OSError, EOFError, paramiko.SSHException):
            self._length = 0
            self._channel.sendall(b"\r\n")
            self._do(" ".join(command.split()))
        self._leave()

    def _leave(self) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):  # the connection may be gone
            self._channel.close()

    @property
    def _prompt(self) -> str:
        return self._device.prompt(self._privileged)

    def _line(self, editor: LineEditor, prompt: str) -> str:
        """The next line typed after `prompt`."""
        screen, line = bytearray(prompt.encode()), None
        while line is None:
            if screen and not self._keys.waiting:
                self._channel.sendall(bytes(screen))
                screen.clear()
            shown, line = editor.typed(self._keys.next())
            screen += shown
        self._channel.sendall(bytes(screen))
        return line

    def _do(self, line: str) -> None:
        if not line or line == "end":
            return
        if line in ("enable", "disable"):
            self._privileged = line == "enable" and (self._privileged or self._enabled())
            return
        entry = self._device.entry(line, self._privileged)
        if entry is not None:
            self._answer(entry)
            return
        setting = self._dialect.setting(line)
        if setting is None:
            self._print(self._device.refusal(line, self._privileged).encode(), 0.0)
            return
        if length := re.fullmatch(r"terminal length (\d{1,3})", line):
            self._length = int(length[1])
        self._print(setting.encode(), 0.0)

    def _enabled(self) -> bool:
        if not self._cli.enable_password:
            self._channel.sendall(b"% No password set\r\n")
            return False
        for _ in range(_PASSWORDS):
            given = self._line(LineEditor(echo=False), "Password: ")
            if hmac.compare_digest(given.encode(), self._cli.enable_password.encode()):
                return True
        self._channel.sendall(b"% Bad secrets\r\n\r\n")
        return False

    def _answer(self, entry: CommandEntry) -> None:
        ended = self._print(printed(entry.turns, self._clock.now()), entry.seconds)
        if entry.fails == "closed":
            self._cut()
        if entry.fails and ended:
            self._keys.interrupted(None)

    def _print(self, output: bytes, seconds: float) -> bool:
        """Line by line over `seconds`, page by page; False where the client broke it off."""
        lines = Cli.screen(output).splitlines(keepends=True) or ([b""] if seconds else [])
        room = self._page if self._length else len(lines)
        for line in lines:
            if room == 0:
                room = self._more()
                if room == 0:
                    return False
            if seconds and self._keys.interrupted(seconds / len(lines)):
                return False
            self._channel.sendall(line)
            room -= 1
        return True

    @property
    def _page(self) -> int:
        return max(self._length - 1, 1)

    def _more(self) -> int:
        """How many lines may follow: a page, one, or none."""
        self._channel.sendall(_MORE)
        key = self._keys.next()
        self._channel.sendall(_WIPE)
        if key == ord(" "):
            return self._page
        return 1 if key in b"\r\n" else 0
