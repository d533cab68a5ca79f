"""netmiko on a terminal that is ours: it prepares the session as each family of devices wants it, and knows their `enable`.

netmiko neither connects nor logs in here, and it does not read the outputs of commands: its reading ends at the first
text that looks like the prompt, keeps everything, and turns bytes into text. `dialogue` does that.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from netmiko.base_connection import BaseConnection
from netmiko.channel import Channel
from netmiko.ssh_dispatcher import CLASS_MAPPER

from tshoot.errors import TshootError, UsageError
from tshoot.model.text import clean_line, decode
from tshoot.transports.cli.prompt import PromptShape, plain
from tshoot.transports.cli.terminal import INTERRUPT
from tshoot.transports.link import LineTerminal

_LOG = logging.getLogger("netmiko")
_LOG.addHandler(logging.NullHandler())  # else its errors reach the terminal through logging's last resort
_MOST = 256 * 1024  # what a device may print while its session is prepared
_PATIENCE = 10.0  # seconds for the answer to a secret; devices delay it
_PASSWORD = re.compile(rb"(?:ssword|asscode|secret)[^\r\n]{0,40}: ?\Z", re.IGNORECASE)


class EnableRefused(TshootError):
    """`enable` did not work; the session goes on unprivileged."""


class _OnTerminal(Channel):
    """netmiko's idea of a channel. Reading waits a little, so that netmiko's loops do not spin."""

    def __init__(self, terminal: LineTerminal) -> None:
        self._terminal, self._seen = terminal, 0

    def read_buffer(self) -> str:
        return self.read_channel()

    def read_channel(self) -> str:
        data = self._terminal.read(0.02)
        self._seen += len(data)
        if self._seen > _MOST:
            raise ValueError(f"it printed more than {_MOST} bytes where a prompt was due")
        return data.decode("utf-8", "replace")

    def write_channel(self, out_data: str) -> None:
        self._terminal.write(out_data.encode())


class _Prepared(BaseConnection):
    """Goes before a class of netmiko: `enable` asks for the secret when the device does, and sends it once."""

    terminal: LineTerminal
    ask_secret: Callable[[], str | None]

    def enable_secret_handler(self, pattern: str, output: str, re_flags: int = re.IGNORECASE) -> str:
        if not re.search(pattern, output, flags=re_flags):
            return ""
        secret = self.ask_secret()
        if secret is None:
            self._leave_question(b"")
            raise EnableRefused("the enable secret was not given")
        self.terminal.write(secret.encode() + b"\n")  # not by netmiko's write_channel, which logs
        said, prompt = self._await_answer(_PATIENCE)
        if not prompt.endswith(b"#"):
            self._leave_question(prompt)
            words = next((line for line in decode(said).splitlines() if line.strip().startswith("%")), "")
            raise EnableRefused(f"the enable secret was rejected{f': {clean_line(words)[:120]}' if words else ''}")
        return decode(said)

    def _await_answer(self, seconds: float) -> tuple[bytes, bytes]:
        """What was said, and the prompt or question at its end (empty: none in time)."""
        shape = PromptShape(self.base_prompt)
        said, end, quiet = b"", time.monotonic() + seconds, 0
        while time.monotonic() < end:
            data = self.terminal.read(0.05)
            said, quiet = (said + data)[-4096:], 0 if data else quiet + 1
            last = plain(said.rpartition(b"\n")[2])
            if quiet >= 2 and b"\n" in said and (shape.is_whole(last) or _PASSWORD.search(last)):
                return said, last.strip()
        return said, b""

    def _leave_question(self, prompt: bytes) -> None:
        """Back to the prompt from a password's question: interrupt, and where that is not heard, empty answers."""
        shape = PromptShape(self.base_prompt)
        for key in (INTERRUPT, b"\n", b"\n"):
            if shape.is_whole(prompt):
                return
            self.terminal.write(key)
            prompt = self._await_answer(3.0)[1]


def prepared(terminal: LineTerminal, device_type: str, host: str, ask_secret: Callable[[], str | None]) -> Any:
    """netmiko's connection for `device_type` on `terminal`, its session prepared: paging off, wide lines, `base_prompt` known.

    Whatever netmiko raises goes through: ValueError and its own exceptions; EOFError where the device ended the session.
    """
    known = CLASS_MAPPER.get(device_type)
    if known is None or device_type.endswith(("_telnet", "_serial")):
        raise UsageError(f"netmiko knows no device type `{clean_line(device_type)}` over SSH", "correct `cli.device_type` of the platform file")
    connection = type("Prepared", (_Prepared, known), {})(host=host, device_type=device_type, auto_connect=False)
    _LOG.removeFilter(connection._secrets_filter)  # it was given none
    connection.terminal, connection.channel = terminal, _OnTerminal(terminal)
    connection.ask_secret = ask_secret
    connection.session_preparation()
    return connection
