"""What a playbook may refer to: the platforms, parsers, causes and detectors of this version, as the lint asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tshoot.playbook.causes import Cause
from tshoot.playbook.expressions import Template
from tshoot.playbook.safety import Rule, samples
from tshoot.playbook.tree import Playbook


class Catalogue(Protocol):
    """What exists in this version of tshoot."""

    def causes(self) -> Mapping[str, Cause]: ...
    def platforms(self) -> tuple[str, ...]: ...
    def parsers(self) -> tuple[str, ...]: ...
    def facts_of(self, parser: str) -> Mapping[str, str]: ...
    def reads_only(self, platform: str, command: str) -> bool: ...
    def rule(self, platform: str, command: str) -> Rule | None: ...
    def parser_of(self, platform: str, command: str) -> str | None: ...
    def can_capture(self, platform: str) -> bool: ...
    def detected(self, families: tuple[str, ...]) -> tuple[Mapping[str, str], Mapping[str, str]]: ...


def sample_command(playbook: Playbook, command: Template, platform: str, catalogue: Catalogue) -> str:
    """The first of the samples that the platform knows to only read; the first of all where it knows none."""
    found = [sample for sample, _ in samples(playbook, command)]
    return next((sample for sample in found if catalogue.reads_only(platform, sample)), found[0] if found else command.source)
