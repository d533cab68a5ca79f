"""A platform is one YAML file of this folder: which commands only read, how to parse them, how to capture.

`Platform.rule_for` is the read-only gate: None means that the command is not known to only read, and then it
runs only where the playbook says `changes: true` and the operator agrees. Files are checked as a whole: a
PlaybookError lists every problem as `file:line:column: message`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal

from tshoot.errors import PlaybookError
from tshoot.model.text import clean_line
from tshoot.platforms.rules import CommandRule, words_of

_FOLDER = Path(__file__).resolve().parent
_REFUSED_WITHIN, _LONGEST_REFUSAL = 30, 500  # lines, characters: what a device says about a command it says at once


@dataclass(frozen=True)
class CaptureRecipe:
    """How to capture on this platform. `arguments` has the places {interface} {snaplen} {packets} {path} {filter}.

    `free_space` is the command that says how much room there is, read by `free_space_parser` into `mounts.<path>.available_mb`;
    `keep_free_megabytes` must stay free; `settle_seconds` pass between start and trigger, and between the last packet and the stop.
    `free_kilobytes`, run with the capture's folder behind it, says in the fourth word of its second line how many kB are free ("": nobody looks
    while it captures). `processes` lists all processes with their whole command lines ("": nobody looks for other captures). Before a capture
    its interface is measured for `sample_seconds` (0: not); `sample_counts` says which of the program's two counts are the packets that matched.
    """

    program: str
    arguments: str
    directories: tuple[str, ...]
    free_space: str
    free_space_parser: str
    keep_free_megabytes: float
    settle_seconds: float
    free_kilobytes: str = ""
    processes: str = ""
    sample_seconds: float = 0.0
    sample_counts: Literal["captured", "received"] = "captured"


@dataclass(frozen=True)
class CliRecipe:
    """How to talk to this command line: netmiko's name for it, and whether `enable` is wanted where the prompt is `>`.

    `pipes` are patterns of what may follow a `|` after every `show` command without one of its own.
    """

    device_type: str
    enable: bool
    pipes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaceRecipe:
    """What a device of this platform is spared: `connections` of tshoot's at once, over all its runs, and commands started in any one second."""

    connections: int = 4
    commands_per_second: float = 10.0


@dataclass(frozen=True)
class Platform:
    """`cli` is there where `transport` is ssh-cli. `refusals` tell the lines by which the device refuses a command.

    `version` is the command whose first line says what runs there, "" where none does; it is one of `commands`. `recognise` is found in a line
    that it prints on this platform, and on no other. `base` is the platform that its file includes, "" where it includes none.
    """

    name: str
    title: str
    transport: Literal["ssh-exec", "ssh-cli"]
    commands: tuple[CommandRule, ...]
    capture: CaptureRecipe | None
    cli: CliRecipe | None = None
    refusals: tuple[re.Pattern[str], ...] = ()
    version: str = ""
    recognise: re.Pattern[str] | None = None
    base: str = ""
    pace: PaceRecipe = PaceRecipe()

    @cached_property
    def piped(self) -> tuple[CommandRule, ...]:
        """What only reads does so when the device leaves out some of its lines; no parser reads what was left."""
        shows = [rule for rule in self.commands if rule.pattern.startswith("show ") and " | " not in rule.pattern]
        pipes = self.cli.pipes if self.cli else ()
        return tuple(CommandRule(f"{rule.pattern} | {pipe}", None, "cli", rule.place) for rule in shows for pipe in pipes)

    def rule_for(self, command: str) -> CommandRule | None:
        """The first rule that the command matches; None: not known to only read."""
        words = words_of(command, "cli" if self.cli else "shell")
        rules = () if words is None else chain(self.commands, self.piped if len(words) > 1 else ())
        return next((rule for rule in rules if words is not None and rule.fits(words)), None)

    def recognised(self, output: str) -> str:
        """The line of what `version` printed by which it is this platform, looked for in the first 30 lines; "" where there is none."""
        lines = (clean_line(line[:_LONGEST_REFUSAL]).strip() for line in output.split("\n", _REFUSED_WITHIN)[:_REFUSED_WITHIN])
        return next((said for said in lines if self.recognise is not None and self.recognise.search(said)), "")

    def refusal(self, output: str) -> str:
        """The line by which the device refused the command, looked for in the first 30 lines; "" where there is none."""
        for line in output.split("\n", _REFUSED_WITHIN)[:_REFUSED_WITHIN]:
            said = clean_line(line[:_LONGEST_REFUSAL]).strip()
            if any(refusal.search(said) for refusal in self.refusals):
                return said
        return ""


@cache
def platform_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@lru_cache(maxsize=4096)
def known_rule(platform: str, command: str) -> CommandRule | None:
    """`rule_for`, remembered: for whoever asks which parser reads a command, of each of a hundred targets. The gate asks anew."""
    return load_platform(platform).rule_for(command)


@cache
def load_platform(name: str) -> Platform:
    """The platform `name`; PlaybookError where there is none or its file has problems."""
    if name not in platform_names():
        raise PlaybookError(f"there is no platform `{name}`", f"there are: {', '.join(platform_names())}")
    return read_platform(_FOLDER / f"{name}.yaml")


def read_platform(path: Path, *, included: bool = False) -> Platform:
    """Read one platform file; its name is the file's. A file that it includes stands beside it, and includes none itself."""
    from tshoot.platforms._document import read_document  # brings pydantic

    document, lines = read_document(path)
    base = None if document.includes is None else _base(path, document.includes, included)
    capture = None if document.capture is None else CaptureRecipe(**document.capture.model_dump())
    cli = None if document.cli is None else CliRecipe(**document.cli.model_dump())
    rules = tuple(
        CommandRule(command.match, command.parser, "cli" if cli else "shell", f"{path.name}:{line}")
        for command, line in zip(document.commands, lines, strict=True)
    )
    refusals = tuple(map(re.compile, document.refusals))
    if base is not None:
        rules, capture, refusals = rules + _others(base.commands, rules), capture or base.capture, refusals + base.refusals
    version = document.version or (base.version if base is not None else "")
    pace = PaceRecipe(**document.pace.model_dump()) if document.pace else base.pace if base else PaceRecipe()
    recognise = re.compile(document.recognise) if document.recognise else None
    platform = Platform(
        path.stem, document.title, document.transport, rules, capture, cli, refusals, version, recognise, document.includes or "", pace=pace
    )
    if version and platform.rule_for(version) is None:
        raise PlaybookError(f"{path}: version: `{version}` fits none of its commands", "add its pattern, or name a command that has one")
    return platform


def _others(base: tuple[CommandRule, ...], own: tuple[CommandRule, ...]) -> tuple[CommandRule, ...]:
    """What the platform has of the one that it includes: a pattern that both have is its own, with its own parser."""
    patterns = {rule.pattern for rule in own}
    return tuple(rule for rule in base if rule.pattern not in patterns)


@cache
def _shipped_base(path: Path) -> Platform:
    return read_platform(path, included=True)


def _base(path: Path, name: str, included: bool) -> Platform:
    """The platform whose commands, refusals and, where `path` has none, capture count for `path` too."""
    other = path.with_name(f"{name}.yaml")
    if included or other == path or not other.is_file():
        why = "a file that is included may include none" if included or other == path else "there is no such platform"
        raise PlaybookError(f"{path}: includes {name}: {why}", "name a platform of this folder that includes none")
    base = _shipped_base(other) if other.parent == _FOLDER else read_platform(other, included=True)
    if base.transport != "ssh-exec":
        raise PlaybookError(f"{path}: includes {name}: it has another transport", "name a platform with `transport: ssh-exec`")
    return base
