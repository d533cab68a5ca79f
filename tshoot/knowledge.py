"""All that tshoot knows beside the playbook: platforms, parsers, causes and detectors.

It is the engine's `Knowledge` (text to facts, causes) and the lint's `Catalogue` (what exists).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tshoot.model.events import CommandRan
from tshoot.model.facts import CommandText, Parsed, Span
from tshoot.model.text import decode
from tshoot.parsers import parse, parser_facts, parser_names
from tshoot.platforms.loader import known_rule, load_platform, platform_names
from tshoot.platforms.rules import CommandRule
from tshoot.playbook.causes import Cause, all_causes, cause


class ShippedKnowledge:
    """What ships with this version."""

    def parse(self, platform: str, command: str, parser: str | None, output: CommandRan) -> Parsed:
        """Facts of `command`'s output by `parser`, else by the one its platform names; no facts where there is none, or where it was refused."""
        name = parser or self.parser_of(platform, command)
        text = CommandText(command, decode(output.stdout), decode(output.stderr), output.exit_status)
        refused = load_platform(platform).refusal(text.stdout) if platform else ""
        if refused:
            line = next(number for number, said in enumerate(text.stdout.split("\n"), start=1) if refused in said)
            return Parsed(name or "", {}, {"refused": Span("stdout", line, line)}, refused=refused)
        return parse(name, text) if name else Parsed("", {})

    def cause(self, cause_id: str) -> Cause:
        return cause(cause_id)

    # --- what exists, for the lint ---

    def causes(self) -> Mapping[str, Cause]:
        return all_causes()

    def platforms(self) -> tuple[str, ...]:
        return platform_names()

    def parsers(self) -> tuple[str, ...]:
        return parser_names()

    def facts_of(self, parser: str) -> Mapping[str, str]:
        return parser_facts(parser)

    def rule(self, platform: str, command: str) -> CommandRule | None:
        """The pattern by which the platform knows the command to only read."""
        return known_rule(platform, command)

    def parser_of(self, platform: str, command: str) -> str | None:
        rule = self.rule(platform, command)
        return rule.parser if rule else None

    def can_capture(self, platform: str) -> bool:
        return load_platform(platform).capture is not None

    def detected(self, families: tuple[str, ...]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """What the detectors of `families` (empty: all) can find, and what they can count: id -> meaning."""
        from tshoot.packets.detect import detectors

        wanted = detectors(families)
        causes = {cause_id: meaning for detector in wanted for cause_id, meaning in detector.causes.items()}
        return causes, {name: meaning for detector in wanted for name, meaning in detector.seen.items()}

    def versions(self) -> Mapping[str, str]:
        """Parser name -> short hash of its source: which reading of the outputs a session was judged by."""
        return dict(_versions())


@cache
def _versions() -> Mapping[str, str]:
    """Read once: what a process runs does not change with its files."""
    import hashlib
    from importlib import resources

    folder = resources.files("tshoot.parsers")
    return {name: hashlib.sha256((folder / f"{name}.py").read_bytes()).hexdigest()[:12] for name in parser_names()}
