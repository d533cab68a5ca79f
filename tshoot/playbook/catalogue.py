"""What a playbook may refer to: the platforms, parsers, causes and detectors of this version, as the lint asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tshoot.playbook.causes import Cause
from tshoot.playbook.expressions import Template
from tshoot.playbook.inputs import example
from tshoot.playbook.tree import Playbook


class Catalogue(Protocol):
    """What exists in this version of tshoot."""

    def causes(self) -> Mapping[str, Cause]: ...
    def platforms(self) -> tuple[str, ...]: ...
    def parsers(self) -> tuple[str, ...]: ...
    def facts_of(self, parser: str) -> Mapping[str, str]: ...
    def reads_only(self, platform: str, command: str) -> bool: ...
    def parser_of(self, platform: str, command: str) -> str | None: ...
    def can_capture(self, platform: str) -> bool: ...
    def detected(self, families: tuple[str, ...]) -> tuple[Mapping[str, str], Mapping[str, str]]: ...


def sample_command(playbook: Playbook, command: Template) -> str:
    """The command with an example of its type for each input and a number for whatever is computed: for matching patterns."""
    pieces = []
    for part in command.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        name = part.reads[0][0] if len(part.reads) == 1 and len(part.reads[0]) == 1 else ""
        spec = playbook.inputs.get(name)
        pieces.append(example(spec) if spec else "1472")
    return "".join(pieces)
