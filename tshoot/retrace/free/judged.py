"""What is in a recording: commands with their place in the session, devices, what was not understood, and the judges' verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tshoot.cancel import CancelToken
from tshoot.model.events import TargetSpec
from tshoot.platforms.loader import platform_names
from tshoot.retrace.free.playbook import TEXT_ROLE
from tshoot.retrace.free.verdict import Placed, verdict_of
from tshoot.transcripts.analysis import TranscriptAnalysis, judged_text
from tshoot.transcripts.commands import known_command
from tshoot.transcripts.foreign.recorded import Recorded
from tshoot.transcripts.foreign.typed import typed
from tshoot.transcripts.foreign.typed_piece import Typed
from tshoot.transcripts.hosts import guessed_hosts
from tshoot.transcripts.pieces import split
from tshoot.transcripts.reading import Reads, read
from tshoot.transcripts.text import TextFile
from tshoot.transcripts.times import clock_line


class Judged:
    """`placed` are the commands in the session's order; `times` and `not_understood` are for a person."""

    def __init__(self, recorded: Recorded, cancel: CancelToken) -> None:
        self.recorded = recorded
        self.commands, remarks = typed(recorded, cancel.check)
        text = _as_far_as(self.commands, recorded.dated(), remarks)
        self.roles = _roles(self.commands, text)
        self.placed = tuple(_placed(self.commands, self.roles))
        analysis = judged_text(text, cancel=cancel)
        self.verdict = verdict_of(analysis, self.placed)
        cited = {line for finding in analysis.findings for line in finding.lines}
        reads = read(text.lines, cancel.check)
        self.not_understood = tuple(_not_understood(self.commands, reads, cited))
        self.remarks = tuple(dict.fromkeys(filter(None, (*recorded.remarks, recorded.text.remark, *remarks))))
        self.shows_something = _shows_something(analysis, self.commands, reads)
        told = sum(one.at is not None for one in self.commands)
        self.times = f"{told} of {len(self.commands)} commands have a time" if told else "no times: every event carries that of the file"

    @property
    def counts(self) -> dict[str, int]:
        names = {spec.role: spec.host for spec in self.roles.values()}
        counts: dict[str, int] = {}
        for one in self.placed:
            if one.role != TEXT_ROLE:
                counts[names[one.role]] = counts.get(names[one.role], 0) + 1
        return counts


def _as_far_as(commands: Sequence[Typed], text: TextFile, remarks: Sequence[str]) -> TextFile:
    """The lines that were taken: what is left out of the session is not judged either, and said where that weakens the verdict."""
    last = max((one.lines[-1].number if one.lines else one.line for one in commands), default=0)
    if not any(line.text.strip() for line in text.lines[last:]):
        return text
    return replace(text, lines=text.lines[:last], remark="; ".join(filter(None, (text.remark, *remarks))))


def _shows_something(analysis: TranscriptAnalysis, commands: Sequence[Typed], reads: Reads) -> bool:
    """A command at a prompt of a device, or an answer or a log that a parser reads: prose has neither."""
    known = any(_is_known(one) for one in commands if one.command)
    return known or bool(analysis.findings) or any(analysis.seen.values()) or any(answer.facts for answer in (*reads.answers, *reads.logs))


def _is_known(one: Typed) -> bool:
    return one.kind in ("cli", "esxi", "bird") or any(known_command(name, one.command) for name in platform_names())


# --- devices ----------------------------------------------------------------------------------------


def _roles(commands: Iterable[Typed], text: TextFile) -> dict[str, TargetSpec]:
    """Host of a prompt -> the role that it has in the session: `router`, `host`, `router_2`. A role holds no name, so redaction may keep it."""
    guesses = guessed_hosts(split(text.lines).pieces)
    found: dict[str, TargetSpec] = {}
    taken = {TEXT_ROLE}
    for one in commands:
        key = one.host if one.command else None
        if key is None or key in found:
            continue
        stem = "router" if one.kind in ("cli", "bird") else "host"
        role = next(name for name in (stem, *(f"{stem}_{number}" for number in range(2, 100_000))) if name not in taken)
        taken.add(role)
        guess = guesses.get(one.host)
        found[key] = TargetSpec(role, one.host or "a device without a name", guess.platform if guess else "")
    return found


def _placed(commands: Sequence[Typed], roles: dict[str, TargetSpec]) -> Iterator[Placed]:
    """In the order of their times; what has none stays behind the one before it."""
    last = 0.0
    timed = []
    for one in commands:
        last = one.at if one.at is not None else last
        timed.append((last, one))
    for number, (_, one) in enumerate(sorted(timed, key=lambda pair: pair[0]), 1):
        role = roles[one.host].role if one.command else TEXT_ROLE
        yield Placed(f"own-{number}/1@{role}", role, one, hashlib.sha256(one.text.encode("utf-8", "replace")).hexdigest())


def _not_understood(commands: Sequence[Typed], reads: Reads, cited: set[int]) -> Iterator[str]:
    """What no parser reads and no judge cites, and what no prompt stands before."""
    understood = {answer.piece.line for answer in reads.answers if answer.facts}
    lines = cited.union(line.number for answer in (*reads.answers, *reads.logs) if answer.facts for line in answer.piece.lines)
    for one in commands:
        if any(line.number in lines or clock_line(line.text) is not None for line in one.lines) or not one.lines:
            continue
        if not one.command:
            yield f"lines {one.lines[0].number} to {one.lines[-1].number}: text without a prompt before it"
        elif one.line not in understood:
            yield f"line {one.line}: `{one.command[:120]}` on {one.host or 'a device without a name'}: no parser reads its answer"
