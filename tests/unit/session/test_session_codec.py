"""Every event goes to one line and comes back equal; what a newer version wrote is kept; what is broken is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
import session_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from tshoot.errors import SessionError
from tshoot.model.effects import Wait
from tshoot.model.events import EVENTS, CommandRan, EffectAnswered, EffectRequested, Event, NoteAdded, Ok, Progress, RunEnded, UnknownEvent
from tshoot.session.codec_v1 import Header, decode, decode_header, encode, encode_header, encode_seal
from tshoot.session.evidence import Evidence


class Memory:
    """Evidence that is kept in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def keep(self, data: bytes) -> tuple[str, int]:
        name = f"{len(self.kept):064x}"
        self.kept[name] = data
        return name, len(data)

    def load(self, sha256: str, size: int) -> bytes:
        assert len(self.kept[sha256]) == size
        return self.kept[sha256]


def round_trip(event: Event) -> Event | None:
    memory = Memory()
    raw = encode(7, event, "ab" * 32, memory.keep)
    assert raw.isascii() and raw.count(b"\n") == 1 and raw.endswith(b"\n")
    line = decode(raw, memory.load)
    assert (line.n, line.prev) == (7, "ab" * 32)
    return line.event


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_comes_back_equal(kind: type[Event]) -> None:
    @given(samples.of_type(kind))
    def check(event: Event) -> None:
        assert round_trip(event) == event

    check()


@given(samples.UNKNOWN)
def test_an_unknown_event_comes_back_equal(event: UnknownEvent) -> None:
    assert round_trip(event) == event


@given(samples.TIMES)
def test_a_time_is_exact(at: float) -> None:
    came_back = round_trip(NoteAdded(at, "", ""))
    assert came_back is not None and came_back.at == at


def test_a_time_reads_as_iso_8601() -> None:
    raw = encode(1, NoteAdded(samples.START, "", ""), "", Memory().keep)
    assert json.loads(raw)["at"] == "2026-11-21T03:41:07.123456Z"


def test_a_number_that_is_none_is_still_json() -> None:
    event = EffectRequested(1.0, Wait("k", "n", math.nan))
    came_back = round_trip(event)
    assert isinstance(came_back, EffectRequested) and isinstance(came_back.effect, Wait) and math.isnan(came_back.effect.seconds)


def test_raw_bytes_are_not_in_the_line() -> None:
    memory = Memory()
    answer = json.loads(encode(1, EffectAnswered(1.0, "k", Ok(CommandRan(0, b"secret", b"", 0.1))), "", memory.keep))["outcome"]["answer"]
    assert answer["stdout"] == {"sha256": "0" * 64, "size": 6} and answer["stderr"] == ""
    assert memory.kept == {"0" * 64: b"secret"}


def test_no_event_has_a_field_that_the_line_needs() -> None:
    names = {item.name for event in EVENTS for item in fields(event)} - {"at"}
    assert not names & {"n", "event", "prev", "sealed"}


def line(**body: object) -> bytes:
    return json.dumps({"n": 3, "at": "2026-11-21T03:41:07.000000Z", "prev": "x", **body}).encode() + b"\n"


def test_an_event_of_a_newer_version_is_kept() -> None:
    event = decode(line(event="PhaseEntered", phase={"type": "capture"}), Memory().load).event
    assert event == UnknownEvent(1795232467.0, "PhaseEntered", {"phase": {"type": "capture"}})


def test_a_known_event_with_an_unknown_class_inside_is_kept() -> None:
    effect = {"type": "SendPacket", "key": "k"}
    assert decode(line(event="EffectRequested", effect=effect), Memory().load).event == UnknownEvent(
        1795232467.0, "EffectRequested", {"effect": effect}
    )


def test_more_fields_are_ignored_and_missing_ones_take_their_default() -> None:
    event = decode(line(event="RunEnded", reason="finished", mood="good"), Memory().load).event
    assert event == RunEnded(1795232467.0, "finished", "")


BROKEN = {
    "no json": b"hello\n",
    "no object": b"[1]\n",
    "not utf-8": b'{"n": 1, "event": "\xff"}\n',
    "nan": b'{"n": NaN, "prev": "", "event": "x", "at": "2026-11-21T03:41:07.0Z"}\n',
    "no event": line(),
    "a field is missing": line(event="RunEnded"),
    "a field has the wrong type": line(event="RunEnded", reason={"a": 1}),
    "a number where text is due": line(event="NoteAdded", text=5, author="a"),
    "a time that is none": line(event="RunEnded", reason="finished", at="yesterday"),
    "a time that is a number": line(event="RunEnded", reason="finished", at=5),
    "the number is text": line(event="RunEnded", reason="finished", n="3"),
    "nested too deeply": b'{"n": 1, "prev": "", "event": ' + b"[" * 100_000 + b"\n",
    "a huge number": line(event="EffectRequested", effect={"type": "Wait", "key": "k", "node": "n", "seconds": 10**400}),
    "a class without its fields": line(event="EffectRequested", effect={"type": "Wait"}),
    "a class without its name": line(event="EffectRequested", effect={"key": "k"}),
    "text where an object is due": line(event="RunStarted", playbook="p", targets=[], inputs="x"),
    "a number where an object is due": line(event="RunStarted", playbook="p", targets=[], inputs=7),
    "text where a list is due": line(event="RunStarted", playbook="p", targets="abc", inputs={}),
    "a truth where a number is due": line(event="EffectRequested", effect={"type": "Wait", "key": "k", "node": "n", "seconds": True}),
    "a size that is none": line(
        event="EffectAnswered", key="k", outcome={"type": "Ok", "answer": {"type": "CommandRan", "stdout": {"sha256": "a", "size": False}}}
    ),
    "before 1970": line(event="RunEnded", reason="finished", at="1969-12-31T23:59:59.0Z"),
    "the end of time": line(event="RunEnded", reason="finished", at="9999-12-31T23:59:59.99999999Z"),
    "more values than fit": line(event="New", x=[{}] * 1_500_000),
    "bytes without size": line(event="EffectAnswered", key="k", outcome={"type": "Ok", "answer": {"type": "CommandRan", "stdout": {"sha256": "a"}}}),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_line_is_refused(raw: bytes) -> None:
    with pytest.raises(SessionError, match="the line cannot be read"):
        decode(raw, Memory().load)


@given(st.data())
def test_a_mutated_line_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(encode(1, samples.short_session()[8], "ab" * 32, Memory().keep))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(SessionError):
        decode(bytes(raw), lambda sha256, size: b"")


def wrong_type() -> Event:
    return NoteAdded(1.0, ["not", "text"], "a")  # type: ignore[arg-type]


UNRECORDABLE: dict[str, Callable[[], Event]] = {
    "wrong type": wrong_type,
    "progress": lambda: Progress("k"),  # type: ignore[arg-type, return-value]
    "an unknown event with a known name": lambda: UnknownEvent(1.0, "RunEnded", {}),
    "an unknown event that would overwrite the number": lambda: UnknownEvent(1.0, "New", {"n": 9}),
    "no time": lambda: NoteAdded(math.nan, "", ""),
}


@pytest.mark.parametrize("make", UNRECORDABLE.values(), ids=UNRECORDABLE.keys())
def test_what_does_not_fit_is_refused_before_it_is_written(make: Callable[[], Event]) -> None:
    with pytest.raises(SessionError, match="cannot be recorded"):
        encode(1, make(), "", Memory().keep)


HEADER = Header("0.1.0", "20261121T034107Z-nfs-mount-a1b2c3", "nfs-mount", "id: nfs-mount\n", "ab" * 32, {"vmkping": "1"}, samples.START)


def test_the_header_comes_back() -> None:
    assert decode_header(encode_header(HEADER)) == HEADER


def test_a_newer_format_is_named() -> None:
    newer = encode_header(HEADER).replace(b'"format": 1', b'"format": 2')
    with pytest.raises(SessionError, match=r"has format 2, this tshoot reads format 1") as error:
        decode_header(newer)
    assert "newer tshoot" in error.value.hint


@pytest.mark.parametrize("raw", [b"{}\n", b'{"n": 0, "format": 1}\n', b"\x00\n", encode_seal(0, "")])
def test_what_is_no_header_is_refused(raw: bytes) -> None:
    with pytest.raises(SessionError, match="the header cannot be read"):
        decode_header(raw)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ab", "A" * 64, "/" * 64, f"{'a' * 64}\n"])
def test_evidence_is_named_by_its_hash_only(tmp_path: Path, name: str) -> None:
    with pytest.raises(SessionError, match="is no sha256"):
        Evidence(tmp_path).read(name, 1)
