"""One device of a scenario: what it answers to a command, and how its login and its captures behave.

The first command that fits wins: the scenario's own come before those it includes. What no entry fits
is answered as a shell answers an unknown command, or as the command line of a router does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tshoot.model.events import CommandRan, Failed, FailureKind, Ok, Outcome
from tshoot.simulator.dialects import dialect
from tshoot.simulator.programs.turns import Turn, printed

LOGIN_METHODS = ("password", "keyboard-interactive", "publickey")
_CAPTURE_PROGRAMS = {"vmware_esxi": "tcpdump-uw"}
_PRIVILEGED = re.compile(r"show (running|startup)-config\b")  # what a router's user mode does not have


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """What one command does: `text` is the exact command, or a regular expression for the whole of it.

    `turns` are its outputs one after the other; what always prints the same is one turn that stays.
    """

    text: str
    is_pattern: bool
    turns: tuple[Turn, ...]
    stderr: bytes
    exit_status: int
    seconds: float
    fails: FailureKind | None

    def fits(self, command: str) -> bool:
        return re.fullmatch(self.text, command) is not None if self.is_pattern else command == self.text

    def outcome(self, command: str, at: float, on_cli: bool) -> Outcome:
        """As a transport brings it: a command line has no status, and its lines end as a terminal's."""
        output = printed(self.turns, at)
        stdout = Cli.screen(output) if on_cli else output
        ran = CommandRan(None if self.fails or on_cli else self.exit_status, stdout, self.stderr, self.seconds)
        if not self.fails:
            return Ok(ran)
        return Failed(self.fails, f"{command}: {_COMMAND_FAILURES[self.fails]}", partial=ran if stdout or self.stderr else None)


@dataclass(frozen=True, slots=True)
class CaptureEntry:
    """What a capture on the device holds (`file`, a pcap), or why it cannot start."""

    file: Path | None
    fails: FailureKind | None
    closes: bool


@dataclass(frozen=True, slots=True)
class Cli:
    """The login is a command line of its own, no shell. Without a password nobody gets from user mode to privileged mode."""

    starts_privileged: bool = True
    enable_password: str = ""

    @staticmethod
    def screen(output: bytes) -> bytes:
        """`output` as a terminal gets it: each line ends in CR LF, the last one too."""
        lines = output.removesuffix(b"\n").split(b"\n") if output else []
        return b"".join(line.rstrip(b"\r") + b"\r\n" for line in lines)


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
    cli: Cli | None = None

    @property
    def capture_program(self) -> str:
        return _CAPTURE_PROGRAMS.get(self.platform, "tcpdump")

    def entry(self, command: str, privileged: bool = True) -> CommandEntry | None:
        """The first entry that fits. A command line folds blanks, and has less in user mode; a shell's line stays as it is."""
        wanted = " ".join(command.split()) if self.cli else command.strip()
        if not privileged and _PRIVILEGED.match(wanted):
            return None
        return next((entry for entry in self.commands if entry.fits(wanted)), None)

    def prompt(self, privileged: bool) -> str:
        return f"{self.name}{'#' if privileged else '>'}"

    def unusable(self) -> Failed | None:
        """Why nothing at all can be asked of the device, if so."""
        if self.port_closed:
            return Failed("refused", f"{self.name}: connection refused")
        if set(self.refused_logins) >= set(LOGIN_METHODS):
            return Failed("auth-rejected", f"{self.name}: login refused")
        if self.hangs:
            return Failed("unresponsive", f"{self.name}: nothing is answered after the login")
        return None

    def run(self, command: str, at: float = 0.0) -> Outcome:
        """What `command` comes to `at` seconds after the scenario began. No shell: pipes and lists only where an entry spells them out."""
        privileged = self.cli is None or self.cli.starts_privileged
        entry = self.entry(command, privileged)
        if self.cli and entry is None:
            return Ok(CommandRan(None, Cli.screen(self.refusal(" ".join(command.split()), privileged).encode()), b"", 0.0))
        if entry:
            return entry.outcome(command, at, on_cli=self.cli is not None)
        name = command.split(maxsplit=1)[0] if command.strip() else ""
        return Ok(CommandRan(127, b"", f"sh: {name}: not found\n".encode(), 0.0))

    def refusal(self, command: str, privileged: bool) -> str:
        """What the device's command line prints for a command that it does not know; wrong is the first word that no entry has there."""
        if not command:
            return ""
        known = [entry.text.split() for entry in self.commands if privileged or not _PRIVILEGED.match(entry.text)]
        wrong = len(command)
        for at, word in enumerate(re.finditer(r"\S+", command)):
            known = [words for words in known if words[at : at + 1] == [word[0]]]
            if not known:
                wrong = word.start()
                break
        return dialect(self.platform).refusal(command, len(self.prompt(privileged)), wrong)


_COMMAND_FAILURES: dict[FailureKind, str] = {
    "timeout": "no end within the time allowed",
    "closed": "the device closed the connection",
    "permission-denied": "the device does not allow this command",
}
