"""One interactive session on a device: opened, prepared, and then one command after the other.

A session that was interrupted is `unsettled` until `settle` has seen its prompt again; one whose device ended it is `closed`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import CommandRan
from tshoot.model.text import clean_line, decode
from tshoot.platforms.loader import CliRecipe
from tshoot.transports.base import OnOutput
from tshoot.transports.cli.dialogue import ENTER, Dialogue
from tshoot.transports.cli.prompt import PromptShape, plain
from tshoot.transports.cli.terminal import ESCAPE, INTERRUPT
from tshoot.transports.link import LineTerminal

_TICK = 0.02
_ANY_PROMPT = re.compile(rb"[^\s#>][^\r\n]{0,200}[#>] ?\Z|[#>] ?\Z")
_LONGEST_PROMPT = 128
_TAIL = 4096  # of what stands before the first prompt: banners are long


class TimedOut(Exception):
    """`ran` is what the command printed so far."""

    def __init__(self, ran: CommandRan) -> None:
        super().__init__()
        self.ran = ran


class Ended(TimedOut):
    """The device ended the session during the command."""


class CliSession:
    """`prepare` first, in a bounded thread; then `run` from one thread at a time."""

    def __init__(self, terminal: LineTerminal, recipe: CliRecipe, host: str) -> None:
        self._terminal, self._recipe, self._host = terminal, recipe, host
        self._prompt = PromptShape("")
        self.unsettled = False
        self.last_line = ""  # of what stood before the prompt
        self.unprivileged = ""  # why `enable` did not work

    @property
    def closed(self) -> bool:
        return self._terminal.closed

    def close(self) -> None:
        self._terminal.close()

    # --- preparing ---------------------------------------------------------------------------------

    def prepare(self, ask_secret: Callable[[], str | None], heard: Callable[[], None]) -> None:
        """TargetError where no prompt can be made out; EOFError where the device ends the session. `heard` is called for each piece of a banner."""
        from netmiko.exceptions import NetmikoBaseException, NetmikoTimeoutException

        from tshoot.transports.cli.by_netmiko import prepared

        self._await_prompt(heard)
        try:
            connection = prepared(self._terminal, self._recipe.device_type, self._host, ask_secret)
            if self._recipe.enable:
                self._enable(connection)
            self._find_prompt(connection)
        except (NetmikoBaseException, NetmikoTimeoutException, ValueError) as error:
            why = clean_line(str(error))[:200]
            hint = "log in by hand and look at its prompt; is it the platform that was named?"
            raise TargetError("unresponsive", f"{self._host}: its command line shows no prompt that can be made out: {why}", hint) from error

    def _await_prompt(self, heard: Callable[[], None]) -> None:
        """Past the banner, however long: to a line that ends as a prompt does and is followed by silence. Who calls bounds the time."""
        tail, nudged = b"", time.monotonic()
        while True:
            data = self._terminal.read(0.3)
            tail = (tail + data)[-_TAIL:]
            if data:
                nudged = time.monotonic()
                heard()
            elif _ANY_PROMPT.search(plain(tail.rpartition(b"\n")[2])):
                self._terminal.put_back(tail.rpartition(b"\n")[2])  # netmiko wants to see it, too
                return
            elif time.monotonic() - nudged > 3.0:  # some print the prompt only after a key
                self._terminal.write(ENTER)
                nudged = time.monotonic()
            self.last_line = clean_line(decode(tail[-300:].rstrip().rpartition(b"\n")[2]))

    def _enable(self, connection: Any) -> None:
        from netmiko.exceptions import NetmikoBaseException

        from tshoot.transports.cli.by_netmiko import EnableRefused

        try:
            connection.enable()
        except EnableRefused as refused:
            self.unprivileged = refused.message
        except (NetmikoBaseException, ValueError):  # no such command, or no prompt of an enabled session
            self.unprivileged = "`enable` did not lead to a privileged prompt"

    def _find_prompt(self, connection: Any) -> None:
        """The prompt that netmiko found, seen twice by ourselves: a log line may have deceived it."""
        for attempt in range(3):
            if attempt:
                connection.set_base_prompt()
            self._prompt = PromptShape(connection.base_prompt)
            if 0 < len(connection.base_prompt) <= _LONGEST_PROMPT and self._await_settled(4.0):
                return
        raise ValueError(f"`{connection.base_prompt[:80]}` is not printed again after an empty line")

    # --- commands ----------------------------------------------------------------------------------

    def run(self, command: str, *, timeout: float, limit: int, cancel: CancelToken, on_output: OnOutput | None) -> CommandRan:
        """TimedOut or Ended with what there is; where it leaves early for any reason, the device was told to stop printing."""
        started = time.monotonic()
        tell: OnOutput = on_output or (lambda stream, data: None)
        dialogue = Dialogue(command, self._prompt, limit=limit, on_output=lambda data: tell("stdout", data), now=started)

        def ran() -> CommandRan:
            return CommandRan(None, dialogue.output(), b"", time.monotonic() - started, dialogue.truncated)

        try:
            self._drop_what_is_left()
            self._terminal.write(command.encode("ascii") + ENTER)
            while not self._step(dialogue):
                cancel.check()
                if time.monotonic() - started > timeout:
                    raise TimedOut(ran())
        except EOFError:
            self.close()
            raise Ended(ran()) from None
        except BaseException:
            self._interrupt(INTERRUPT)
            raise
        return ran()

    def _step(self, dialogue: Dialogue) -> bool:
        """Read what comes within a moment, answer it; True when the dialogue has ended."""
        data = self._terminal.read(_TICK)
        now = time.monotonic()
        if data:
            dialogue.take(data, now)
        if answer := dialogue.answer(now):
            self._terminal.write(answer)
        return dialogue.ended

    def _drop_what_is_left(self) -> None:
        """Log lines and prompts printed while nothing was asked; bounded, for a device may print without end."""
        for _ in range(64):
            if not self._terminal.read(0.001):
                return

    def _interrupt(self, key: bytes) -> None:
        self.unsettled = True
        try:
            self._terminal.write(key)
        except EOFError:
            self.close()

    def settle(self, patience: float, cancel: CancelToken) -> bool:
        """After an interruption: True when the prompt is back within `patience` seconds. Older IOS wants another key."""
        for key in (b"", INTERRUPT, ESCAPE):
            if key:
                self._interrupt(key)
            if self._await_settled(patience / 3, cancel):
                self.unsettled = False
                return True
        return False

    def _await_settled(self, seconds: float, cancel: CancelToken | None = None) -> bool:
        end = time.monotonic() + seconds
        dialogue = Dialogue("", self._prompt, limit=0, on_output=lambda data: None, now=time.monotonic())
        try:
            self._terminal.write(ENTER)
            while not self._step(dialogue):
                if cancel is not None:
                    cancel.check()
                if time.monotonic() > end:
                    return False
        except EOFError:
            self.close()
            return False
        return True
