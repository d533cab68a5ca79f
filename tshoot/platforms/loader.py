"""A platform is one YAML file of this folder: which commands only read, how to parse them, how to capture.

`Platform.rule_for` is the read-only gate: None means that the command is not known to only read, and then it
runs only where the playbook says `changes: true` and the operator agrees. Files are checked as a whole: a
PlaybookError lists every problem as `file:line:column: message`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tshoot.errors import PlaybookError
from tshoot.platforms.rules import CommandRule

_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class CaptureRecipe:
    """How to capture on this platform. `arguments` has the places {interface} {snaplen} {packets} {path} {filter}.

    `free_space` is the command that says how much room there is, read by `free_space_parser` into `mounts.<path>.available_mb`;
    `keep_free_megabytes` must stay free; `settle_seconds` pass between start and trigger, and between the last packet and the stop.
    """

    program: str
    arguments: str
    directories: tuple[str, ...]
    free_space: str
    free_space_parser: str
    keep_free_megabytes: float
    settle_seconds: float


@dataclass(frozen=True)
class Platform:
    name: str
    title: str
    transport: Literal["ssh-exec"]
    commands: tuple[CommandRule, ...]
    capture: CaptureRecipe | None

    def rule_for(self, command: str) -> CommandRule | None:
        """The first rule that the command matches; None: not known to only read."""
        return next((rule for rule in self.commands if rule.matches(command)), None)


@cache
def platform_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@cache
def load_platform(name: str) -> Platform:
    """The platform `name`; PlaybookError where there is none or its file has problems."""
    if name not in platform_names():
        raise PlaybookError(f"there is no platform `{name}`", f"there are: {', '.join(platform_names())}")
    return read_platform(_FOLDER / f"{name}.yaml")


def read_platform(path: Path) -> Platform:
    """Read one platform file; its name is the file's."""
    from tshoot.platforms._document import read_document  # brings pydantic

    document = read_document(path)
    capture = None if document.capture is None else CaptureRecipe(**document.capture.model_dump())
    rules = tuple(CommandRule(command.match, command.parser) for command in document.commands)
    return Platform(path.stem, document.title, document.transport, rules, capture)
