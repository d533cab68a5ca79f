"""Typed values that were read from what a device said, and `Unknown` where nothing was.

A fact is plain data (str, int, float, bool, None, list, dict) under a path such as `by_name.vmk0.mtu`.
`Parsed.lines` says for a path which lines of which stream it was read from, so that a verdict can cite
them; a path without an entry of its own inherits the nearest one above it. `Parsed.unread` names the
lines that the parser did not understand: they are shown, never swallowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Value = Any  # str | int | float | bool | None | list[Value] | dict[str, Value] | Unknown
Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why. It is neither true nor false."""

    reason: str

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown value has no truth: {self.reason}")


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `first` to `last` (1-based, inclusive) of one stream of a command's output."""

    stream: Stream
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class CommandText:
    """What a parser is given: the command as run, its streams decoded and cleaned of control characters."""

    command: str
    stdout: str
    stderr: str = ""
    exit_status: int | None = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser returns: facts, where each was read, and what was not understood.

    `refused` is the line by which the device refused the command; there are no facts then.
    """

    parser: str
    facts: Mapping[str, Value]
    lines: Mapping[str, Span] = field(default_factory=dict)
    unread: tuple[Span, ...] = ()
    refused: str = ""
