"""What of a session is put into the index: its words, in pieces that say where they stand, and the names and addresses that it is about.

Bounded: the beginning and the end of a long output; of a long session its first and its last lines, and between them what is neither asked of nor
answered by a device (notes, verdicts). A session that cannot be read to its end is indexed as far as it can be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from itertools import islice
from pathlib import Path

from tshoot.errors import SessionError
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import (
    CommandRan,
    Decoded,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    FixVerified,
    MemberEnded,
    NoteAdded,
    Ok,
    OperatorAnswered,
    OperatorSteered,
    RunStarted,
    VerdictReached,
)
from tshoot.model.text import clean, decode
from tshoot.session import codec_v1
from tshoot.session.evidence import Evidence
from tshoot.session.files import disk_errors, read_regular
from tshoot.session.read import EVIDENCE, LOG, complete_lines, marked_lines
from tshoot.session.report.text import visible
from tshoot.session.steered_text import steered_words

MOST = 1 << 20  # characters of one session: three quarters for its first lines
_RESERVE = 100_000  # characters besides, for verdicts
_FIRST_LINES, _LAST_BYTES = 10_000, 1 << 20
_MOST_TOLD = 10_000  # lines between them
_FIRST, _LAST = 100_000, 20_000  # characters of an output
_MOST_BYTES = 32 << 20  # of an output that is read at all
_MOST_ADDRESSES = 5000
_DECISION = re.compile(rb'"event": "DecisionTaken"')
_TOLD = re.compile(rb'"event": "(?!EffectRequested"|EffectAnswered"|DecisionTaken")')
_HEAD = 200  # bytes of a line in which its event is named
# as programs write them: with a port (`192.0.2.50:2049`, `192.0.2.50.2049`), a path (`192.0.2.50:/vol`), a colon behind, a word and a colon before
_IPV4 = r"(?:(?<![\w.])|(?<=\.\.))(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:(?!\w|\.[0-9])|(?=\.[0-9]{1,5}(?::| >)))"
_IPV6 = r"(?:(?<![\w:.])|(?<=[G-Zg-z_]:))(?:[0-9A-Fa-f]{0,4}:){2,8}(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{1,4})?(?!\w)"
_ADDRESS = re.compile(f"{_IPV6}|{_IPV4}")


@dataclass(frozen=True, slots=True)
class Piece:
    """`kind`: session, command, output, note, question, finding, verdict. `source` says where: `host $ esxcfg-vmknic -l`."""

    kind: str
    source: str
    text: str


@dataclass(slots=True)
class Contents:
    """`terms` are (kind, value): target (host as typed, and without user and port), role, address (any that is mentioned), and
    key-address (of inputs, targets and the verdict: what the session is about)."""

    title: str = ""
    pieces: list[Piece] = field(default_factory=list)
    terms: dict[tuple[str, str], None] = field(default_factory=dict)


def contents_of(folder: Path) -> Contents:
    """A line that cannot be read is left out. What decisions tell, the verdict tells again."""
    reading, end = _Reading(folder), 0
    with suppress(SessionError):
        for number, raw in islice(complete_lines(folder), _FIRST_LINES):
            end += len(raw)
            if number > 1 and not _DECISION.search(raw, 0, _HEAD):
                reading.line(raw)
    with suppress(SessionError):
        for _, raw in islice(marked_lines(folder, _TOLD, end), _MOST_TOLD):
            reading.line(raw)
    reading.left += MOST // 4
    with suppress(SessionError):
        for raw in _last_lines(folder, end):
            if not _DECISION.search(raw, 0, _HEAD) and not _TOLD.search(raw, 0, _HEAD):
                reading.line(raw)
    return reading.contents


def _last_lines(folder: Path, end: int) -> list[bytes]:
    """The complete lines that begin behind `end` and lie in the last piece of the log."""
    path = folder / LOG
    with read_regular(path) as file, disk_errors("read", path):
        start = max(end, os.fstat(file.fileno()).st_size - _LAST_BYTES)
        file.seek(start)
        lines = file.read(_LAST_BYTES).splitlines(keepends=True)
    return [line for line in lines[0 if start == end else 1 :] if line.endswith(b"\n")]


def addresses_in(text: str) -> Iterator[str]:
    """Every IPv4 and IPv6 address, in its shortest form; of an IPv4-mapped one both."""
    for found in _ADDRESS.finditer(text):
        word = found[0] if found[0].endswith("::") else found[0].removesuffix(":")
        if word != "::":
            with suppress(ValueError):
                address = ip_address(word)
                yield str(address)
                if isinstance(address, IPv6Address) and address.ipv4_mapped:
                    yield str(address.ipv4_mapped)


class _Reading:
    def __init__(self, folder: Path) -> None:
        self.contents = Contents()
        self._evidence = Evidence(folder / EVIDENCE)
        self.left = MOST - MOST // 4
        self._reserve = _RESERVE
        self._seen: set[str] = set()
        self._asked: dict[str, str] = {}

    def load(self, sha256: str, size: int) -> bytes:
        """The bytes of an output the first time it is met; nothing where they are missing, too many, or have been read."""
        if sha256 in self._seen or size > _MOST_BYTES or self.left <= 0:
            return b""
        self._seen.add(sha256)
        with suppress(SessionError):
            return self._evidence.read(sha256, size)
        return b""

    def line(self, raw: bytes) -> None:
        """One line; nothing where it cannot be read."""
        with suppress(SessionError):
            event = codec_v1.decode(raw, self.load).event
            if event is not None:
                self.take(event)

    def take(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._started(event)
            case EffectRequested(effect=RunCommand() as effect):
                self._asked[effect.key] = f"{effect.target} $ {effect.command}"
                self._add("command", effect.target, f"{effect.command}\n{effect.why}")
            case EffectRequested(effect=AskOperator() as effect):
                self._asked[effect.key] = effect.question
            case EffectAnswered():
                self._answered(event)
            case OperatorSteered() if event.to or event.why:
                self._add("note", event.by, steered_words(event))
            case NoteAdded():
                self._add("note", event.author, event.text)
            case VerdictReached():
                self._concluded(event)
            case MemberEnded():
                told = f"{event.host} {event.state} {event.kind} {event.cause} {event.failure} {event.session}\n{event.title}\n{event.reason}"
                self._add("verdict", f"member {event.host}", told)
            case FixVerified(verification=told):
                self._add("verdict", "verification", f"{told.outcome} {told.cause}\n{told.reason}")

    def _started(self, event: RunStarted) -> None:
        for target in event.targets:
            self._term("role", target.role)
            self._term("target", target.host)
            self._term("target", host_alone(target.host))
            self._address("key-address", host_alone(target.host))
        for value in event.inputs.values():
            self._address("key-address", str(value))
        given = [f"{target.role} {target.host} {target.platform}" for target in event.targets]
        given += [f"{name} {value}" for name, value in event.inputs.items()]
        self._add("session", "targets and inputs", "\n".join([event.playbook, *given]))

    def _answered(self, event: EffectAnswered) -> None:
        source = self._asked.get(event.key, event.key)
        outcome = event.outcome
        if isinstance(outcome, Failed):
            self._add("output", source, f"{outcome.kind}: {outcome.detail}")
        answer = outcome.answer if isinstance(outcome, Ok) else outcome.partial
        match answer:
            case CommandRan():
                for stream in filter(None, (answer.stdout, answer.stderr)):
                    self._add("output", source, _cut(decode(stream)))
            case OperatorAnswered():
                self._add("question", source, f"{source}\n{answer.answer}")
            case Decoded():
                for finding in answer.findings:
                    self._add("finding", finding.cause, f"{finding.cause} {finding.title}\n{finding.explanation}")

    def _concluded(self, event: VerdictReached) -> None:
        verdict = event.verdict
        self.contents.title = clean(verdict.title or verdict.reason)[:300]
        for value in verdict.details.values():
            self._address("key-address", str(value))
        for found in list(addresses_in(verdict.reason))[:20]:
            self._term("key-address", found)
        told = [verdict.kind, verdict.cause, verdict.title, verdict.reason, verdict.owner, verdict.fix, verdict.verify, verdict.next_steps]
        told += [*verdict.missing, *(f"{out.cause}: {out.because}" for out in verdict.ruled_out)]
        self._add("verdict", verdict.cause or verdict.kind, "\n".join(filter(None, told)))

    def _add(self, kind: str, source: str, text: str) -> None:
        room = self.left + (self._reserve if kind == "verdict" else 0)
        text = storable(visible(text[: max(0, room)]))
        if not text.strip():
            return
        taken = min(len(text), max(0, self.left))
        self.left, self._reserve = self.left - taken, self._reserve - (len(text) - taken)
        self.contents.pieces.append(Piece(kind, storable(visible(source))[:300], text))
        for address in addresses_in(text):
            if len(self.contents.terms) >= _MOST_ADDRESSES:
                break
            self._term("address", address)

    def _address(self, kind: str, text: str) -> None:
        with suppress(ValueError):
            self._term(kind, str(ip_address(text.strip("[]").partition("%")[0])))

    def _term(self, kind: str, value: str) -> None:
        value = storable(visible(value)).strip().lower()[:200]
        if value:
            self.contents.terms[kind, value] = None


def host_alone(host: str) -> str:
    """`esx01` of `root@esx01:22`; `2001:db8::1` of `[2001:db8::1]:22`."""
    host = host.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def storable(text: str) -> str:
    """Text that SQLite takes: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _cut(text: str) -> str:
    return text if len(text) <= _FIRST + _LAST else f"{text[:_FIRST]}\n{text[-_LAST:]}"
