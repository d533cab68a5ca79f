"""What a playbook may refer to: the platforms, parsers, causes and detectors of this version, as the lint asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from tshoot.model.facts import Unknown
from tshoot.playbook.causes import Cause
from tshoot.playbook.evaluation import evaluate
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


_COMPUTED = ("1472", "192.0.2.1", "2001:db8::1", "192.0.2.0/24", "2001:db8::/64", "eth0")  # examples of what a device may have said


def sample_commands(playbook: Playbook, command: Template) -> Iterator[str]:
    """The command as it may look: an example of its type for each input, and each of some values for what a device says."""
    inputs = {name: example(spec) for name, spec in playbook.inputs.items()}
    parts = [part if isinstance(part, str) else evaluate(part, inputs).value for part in command.parts]
    for computed in _COMPUTED:
        yield "".join(computed if isinstance(part, Unknown) else str(part) for part in parts)
        if not any(isinstance(part, Unknown) for part in parts):
            return


def sample_command(playbook: Playbook, command: Template, platform: str, catalogue: Catalogue) -> str:
    """The first of the samples that the platform knows to only read; the first of all where it knows none."""
    samples = list(sample_commands(playbook, command))
    return next((sample for sample in samples if catalogue.reads_only(platform, sample)), samples[0])
