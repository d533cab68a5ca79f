"""What of a session is put into the index: its words, in pieces that say where they stand, and the names and addresses that it is about.

Bounded: the beginning and the end of a long output, a megabyte of a session. A session that cannot be read to its end is indexed as far as it can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
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
    NoteAdded,
    Ok,
    OperatorAnswered,
    RunStarted,
    VerdictReached,
)
from tshoot.model.text import clean, decode
from tshoot.session import codec_v1
from tshoot.session.evidence import Evidence
from tshoot.session.read import EVIDENCE, complete_lines
from tshoot.session.report.text import visible

MOST = 1 << 20  # characters of one session
_FIRST, _LAST = 100_000, 20_000  # characters of an output
_MOST_BYTES = 32 << 20  # of an output that is read at all
_MOST_ADDRESSES = 500
_DECISION = b'"event": "DecisionTaken"'
_ADDRESS = re.compile(r"(?<![\w.:])[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}(?![\w:])")


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
    """Never raises for what a session holds; a line that cannot be read is left out. What decisions tell, the verdict tells again."""
    reading = _Reading(folder)
    with suppress(SessionError):
        for number, raw in complete_lines(folder):
            if number > 1 and _DECISION not in raw[:200]:
                with suppress(SessionError):
                    event = codec_v1.decode(raw, reading.load).event
                    if event is not None:
                        reading.take(event)
    return reading.contents


def addresses_in(text: str) -> Iterator[str]:
    """Every IPv4 and IPv6 address, in its shortest form."""
    for found in _ADDRESS.finditer(text):
        word = found[0].rstrip(".")
        if word != "::" and (word.count(".") == 3 or word.count(":") >= 2):
            with suppress(ValueError):
                yield str(ip_address(word))


class _Reading:
    def __init__(self, folder: Path) -> None:
        self.contents = Contents()
        self._evidence = Evidence(folder / EVIDENCE)
        self._left = MOST
        self._seen: set[str] = set()
        self._asked: dict[str, str] = {}

    def load(self, sha256: str, size: int) -> bytes:
        """The bytes of an output the first time it is met; nothing where they are missing, too many, or have been read."""
        if sha256 in self._seen or size > _MOST_BYTES or self._left <= 0:
            return b""
        self._seen.add(sha256)
        with suppress(SessionError):
            return self._evidence.read(sha256, size)
        return b""

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
            case NoteAdded():
                self._add("note", event.author, event.text)
            case VerdictReached():
                self._concluded(event)

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
        text = storable(visible(text[: self._left]))
        if not text.strip():
            return
        self._left -= len(text)
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
