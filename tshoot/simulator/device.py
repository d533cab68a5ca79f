"""One device of a scenario: what it answers to a command, and how its login and its captures behave.

The first command that fits wins: the scenario's own come before those it includes. What no entry fits
is answered as a shell answers an unknown command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tshoot.model.events import CommandRan, Failed, FailureKind, Ok, Outcome

LOGIN_METHODS = ("password", "keyboard-interactive", "publickey")
_CAPTURE_PROGRAMS = {"vmware_esxi": "tcpdump-uw"}


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """What one command does: `text` is the exact command, or a regular expression for the whole of it."""

    text: str
    is_pattern: bool
    stdout: bytes
    stderr: bytes
    exit_status: int
    seconds: float
    fails: FailureKind | None

    def fits(self, command: str) -> bool:
        return re.fullmatch(self.text, command) is not None if self.is_pattern else command == self.text

    def outcome(self, command: str) -> Outcome:
        ran = CommandRan(None if self.fails else self.exit_status, self.stdout, self.stderr, self.seconds)
        if not self.fails:
            return Ok(ran)
        return Failed(self.fails, f"{command}: {_COMMAND_FAILURES[self.fails]}", partial=ran if self.stdout or self.stderr else None)


@dataclass(frozen=True, slots=True)
class CaptureEntry:
    """What a capture on the device holds (`file`, a pcap), or why it cannot start."""

    file: Path | None
    fails: FailureKind | None
    closes: bool


@dataclass(frozen=True, slots=True)
class Device:
    platform: str
    name: str
    commands: tuple[CommandEntry, ...]
    capture: CaptureEntry | None = None
    refused_logins: tuple[str, ...] = ()
    port_closed: bool = False
    hangs: bool = False
    sftp: bool = True

    @property
    def capture_program(self) -> str:
        return _CAPTURE_PROGRAMS.get(self.platform, "tcpdump")

    def entry(self, command: str) -> CommandEntry | None:
        return next((entry for entry in self.commands if entry.fits(command.strip())), None)

    def unusable(self) -> Failed | None:
        """Why nothing at all can be asked of the device, if so."""
        if self.port_closed:
            return Failed("refused", f"{self.name}: connection refused")
        if set(self.refused_logins) >= set(LOGIN_METHODS):
            return Failed("auth-rejected", f"{self.name}: login refused")
        if self.hangs:
            return Failed("unresponsive", f"{self.name}: nothing is answered after the login")
        return None

    def run(self, command: str) -> Outcome:
        """What `command` comes to, with no shell: pipes and lists only where an entry spells them out."""
        entry = self.entry(command)
        if entry:
            return entry.outcome(command)
        name = command.split(maxsplit=1)[0] if command.strip() else ""
        return Ok(CommandRan(127, b"", f"sh: {name}: not found\n".encode(), 0.0))


_COMMAND_FAILURES: dict[FailureKind, str] = {
    "timeout": "no end within the time allowed",
    "closed": "the device closed the connection",
    "permission-denied": "the device does not allow this command",
}
