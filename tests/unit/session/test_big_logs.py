"""A log of any length is opened by what tells of it: lines that are decoded are counted, seconds are the benchmark's (bench/big_log.py)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from session_samples import START, VERDICT

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, SessionError
from tshoot.model.effects import Wait
from tshoot.model.events import EffectAnswered, EffectRequested, Event, NoteAdded, Ok, RunEnded, RunStarted, TargetSpec, VerdictReached, Waited
from tshoot.session import codec_v1, read, store, verify
from tshoot.session.archive.contents import contents_of
from tshoot.session.codec_v1 import encode, encode_seal
from tshoot.session.log import SessionLog
from tshoot.session.read import line_hash, marked_lines, read_events
from tshoot.session.replay import replay
from tshoot.session.store import entry_of, verdict_of

EVENTS = 40_000


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Waits by the ten thousand, a note in the middle, a verdict at the end."""
    with SessionLog.create(tmp_path_factory.mktemp("big"), "bgp-walker-flap", "id: bgp-walker-flap\n", {}, started=START) as log:
        log.append(RunStarted(START, "bgp-walker-flap", (TargetSpec("router", "r1", "frr"),), {}))
    path = log.folder / "session.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)[:-1]
    prev = line_hash(lines[-1])
    for event in events():
        lines.append(encode(len(lines), event, prev, lambda data: ("", 0)))
        prev = line_hash(lines[-1])
    path.write_bytes(b"".join([*lines, encode_seal(len(lines), prev)]))
    return log.folder


def events() -> Iterator[Event]:
    for number in range(EVENTS // 2):
        key = f"route:wait-{number}/1@router"
        yield EffectRequested(START + number, Wait(key, "route", 2.0))
        yield EffectAnswered(START + number, key, Ok(Waited(2.0)))
        if number == EVENTS // 4:
            yield NoteAdded(START + number, "the elephant was here", "anna")
    yield VerdictReached(START + EVENTS, VERDICT)
    yield RunEnded(START + EVENTS, "finished")


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    lines: list[bytes] = []
    real = codec_v1.decode
    for module in (codec_v1, read, store, verify):
        monkeypatch.setattr(module, "decode", lambda line, load: lines.append(line) or real(line, load))
    return lines


def test_the_list_decodes_the_lines_that_tell(big: Path, decoded: list[bytes]) -> None:
    entry = entry_of(big)
    assert (entry.state, entry.verdict, entry.cause) == ("finished", "fault", "nfs.mount-denied")
    assert len(decoded) == 3


def test_its_verdict_is_found_and_the_log_is_whole(big: Path, decoded: list[bytes], tmp_path: Path) -> None:
    assert verdict_of(big) == VERDICT and len(decoded) <= 2
    altered = tmp_path / "altered"
    altered.mkdir()
    raw = (big / "session.jsonl").read_bytes()
    (altered / "session.jsonl").write_bytes(raw.replace(b"the elephant", b"the Elephant"))
    with pytest.raises(SessionError, match="does not follow line"):
        verdict_of(altered)


def test_the_index_reads_the_beginning_the_end_and_what_people_said(big: Path, decoded: list[bytes]) -> None:
    contents = contents_of(big)
    texts = " ".join(piece.text for piece in contents.pieces)
    assert "elephant" in texts and VERDICT.reason in texts and contents.title
    assert len(decoded) < 20_000


def test_the_words_of_the_end_are_found_however_much_was_said_before(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path, "x", "id: x\n", {}) as log:
        for number in range(30):
            log.append(NoteAdded(START, f"{number} " + "word " * 10_000, "anna"))
        log.append(VerdictReached(START, VERDICT))
    pieces = contents_of(log.folder).pieces
    assert VERDICT.reason in pieces[-1].text and sum(len(piece.text) for piece in pieces) < 1_300_000


def test_it_is_replayed_without_being_held(big: Path) -> None:
    """However many events there are, no more of them are alive than the few at hand."""
    alive = 0

    def view(event: object) -> None:
        nonlocal alive
        seen[0] += 1
        if seen[0] % 10_000 == 0:
            alive = max(alive, sum(isinstance(one, EffectAnswered | EffectRequested) for one in gc.get_objects()))

    seen, before = [0], sum(isinstance(one, EffectAnswered | EffectRequested) for one in gc.get_objects())
    replay(big, view, cancel=CancelToken())
    assert seen[0] == EVENTS + 4 and alive <= before + 10


def test_a_long_verification_tells_how_far_it_is_and_can_be_stopped(big: Path) -> None:
    told: list[int] = []
    assert verify.verify(big, CancelToken(), told.append) == []
    assert told == [20_000, 40_000]
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        verify.verify(big, cancel, lambda lines: cancel.cancel())


def test_lines_are_found_by_their_mark_wherever_the_pieces_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    lines = [b"%d %s\n" % (number, b"mark" if number % 7 == 0 else b"x" * (number % 50)) for number in range(300)]
    (tmp_path / "session.jsonl").write_bytes(b"".join(lines) + b"torn mark")
    expected = [(sum(map(len, lines[:number])), lines[number]) for number in range(0, 300, 7)]
    for piece in (1, 2, 3, 7, 64, 1000, 1 << 20):
        monkeypatch.setattr(read, "_PIECE", piece)
        assert list(marked_lines(tmp_path, re.compile(b"mark"))) == expected
        assert list(marked_lines(tmp_path, re.compile(b"mark"), expected[3][0], expected[9][0])) == expected[3:9]
    monkeypatch.setattr(read, "MAX_LINE", 20)
    with pytest.raises(SessionError, match="longer than"):
        monkeypatch.setattr(read, "_PIECE", 5)
        list(marked_lines(tmp_path, re.compile(b"nothing")))


def test_a_log_that_is_gone_on_with_is_checked_by_its_chain(big: Path, decoded: list[bytes], tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(big, copy)
    with SessionLog.reopen(copy) as log:
        assert decoded == [], "nothing is decoded for it"
        log.append(NoteAdded(START, "more", "anna"))
    assert sum(1 for _ in read_events(copy)) == EVENTS + 5
    raw = (copy / "session.jsonl").read_bytes()
    for old, new in ((b'"n": 500,', b'"n": 501,'), (b"wait-300/", b"wait-301/")):
        (copy / "session.jsonl").write_bytes(raw.replace(old, new, 1))
        with pytest.raises(SessionError, match="does not follow line"):
            SessionLog.reopen(copy)
