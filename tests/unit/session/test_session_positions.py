"""The index of a log says where everything stands, and reads any stretch of it as the whole reading would; what was changed is not read past."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_samples import START, UNKNOWN, of_type, short_session

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, SessionError, UsageError
from tshoot.model.effects import RunCommand
from tshoot.model.events import EVENTS, CommandRan, EffectAnswered, EffectRequested, Event, FixVerified, NoteAdded, Ok, RunStarted, VerificationBegan
from tshoot.model.verification import Verification
from tshoot.session import indexing, read
from tshoot.session.glance import glance, last_verdict
from tshoot.session.indexing import read_positions
from tshoot.session.log import SessionLog
from tshoot.session.places import place_of
from tshoot.session.positions import ANSWER, CHAPTERS, LONGEST_GAP, OTHER, REQUEST, TELLING, Positions
from tshoot.session.read import read_events
from tshoot.session.replay import replay
from tshoot.shipped import shipped

GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"


def written(root: Path, events: list[Event]) -> Path:
    with SessionLog.create(root, "nfs-mount", "id: nfs-mount\n", {}, started=START) as log:
        for event in events:
            log.append(event)
    return log.folder


@pytest.fixture(scope="module")
def golden() -> Positions:
    return read_positions(GOLDEN)


def test_every_stretch_is_what_the_whole_reading_gives(golden: Positions) -> None:
    whole = [event for _, event in read_events(GOLDEN)]
    assert len(golden) == len(whole)
    assert list(golden.times) == [event.at for event in whole]
    for first in range(len(whole) + 1):
        for last in (first, first + 1, first + 5, len(whole), None):
            assert [event for _, event in golden.events(first, last)] == whole[first:last]
    assert [number for number, _ in golden.events(7, 9)] == [7, 8]


def test_landmarks_are_nodes_decisions_and_ends(golden: Positions) -> None:
    assert [mark.name for mark in golden.of("node")][:4] == ["interfaces", "routes", "ping_full", "nfsd_port"]
    decisions = golden.of("decision")
    assert (decisions[0].leads_to, decisions[-1].leads_to) == ("routes", "conclude nfs.mount-denied")
    assert [mark.event for mark in golden.of("verdict")] == [len(golden) - 2]
    assert golden.chapter(0) is None and golden.chapter(5).name == "routes"
    assert golden.after(3, "decision").event == 6 and golden.before(3, "decision") is None
    assert golden.before(7, "node").name == "routes" and golden.after(len(golden), "node") is None


def test_kinds_tell_what_only_the_output_shows(tmp_path: Path) -> None:
    found = read_positions(written(tmp_path, short_session()))
    assert list(found.kinds) == [OTHER, REQUEST, ANSWER, REQUEST, TELLING, REQUEST, ANSWER, OTHER, OTHER, OTHER]


@pytest.mark.parametrize(
    ("typed", "event"),
    [
        ("start", 0),
        ("end", 35),
        ("verdict", 34),
        ("event 12", 11),
        ("decision 2", 6),
        ("decision:9", 33),
        ("Decision #1", 3),
        ("routes", 4),
        ("routes/1", 4),
        ("rout", 4),
        ("portmapper", 13),
        ("+0", 0),
        ("+2 s", 23),
        ("+0:02", 23),
        ("+1:00:00", 35),
        ("04:59:45", 11),
        ("00:00:00", 0),
        ("2026-11-21T04:59:45", 11),
        ("2026-11-21 04:59:45 UTC", 11),
        ("2030-01-01", 35),
    ],
)
def test_a_place_is_found_as_it_is_typed(golden: Positions, typed: str, event: int) -> None:
    assert place_of(golden, typed) == event


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "no place"),
        ("p", "no place"),  # two nodes begin so
        ("rouets", "`routes`"),
        ("decision 10", "it has 9 decisions"),
        ("note 1", "no note 1"),
        ("event 0", "no event 0"),
        ("routes/2", "entered 1 times"),
        ("2026-99-99", "no time"),
        ("+", "no place"),
        ("\x1b[31m[/bold]" * 99, "no place"),
    ],
)
def test_what_is_no_place_is_said(golden: Positions, typed: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        place_of(golden, typed)
    told = f"{error.value.message} {error.value.hint}"
    assert said in told and "\x1b" not in told


def test_a_clock_past_midnight_is_of_the_next_day(tmp_path: Path) -> None:
    midnight = START - START % 86400 + 86400
    notes: list[Event] = [NoteAdded(midnight - 30 + number * 20, "n", "a") for number in range(4)]
    found = read_positions(written(tmp_path, [RunStarted(midnight - 40, "p", (), {}), *notes]))
    assert place_of(found, "00:00:05") == 3 and place_of(found, "23:59:40") == 2 and place_of(found, "note 4") == 4


def test_pauses_are_shortened_and_a_clock_that_jumps_back_costs_nothing(tmp_path: Path) -> None:
    at = [START, START + 1, START + 500, START + 400, START + 401]
    found = read_positions(written(tmp_path, [NoteAdded(one, "n", "a") for one in at]))
    assert list(found.played) == [0.0, 1.0, 1 + LONGEST_GAP, 1 + LONGEST_GAP, 2 + LONGEST_GAP]


def test_visits_of_a_node_are_counted_and_survive_a_log_gone_on_with(tmp_path: Path) -> None:
    decided = short_session()[7]
    request = EffectRequested(START, RunCommand('we"ird\\/1@host', 'we"ird\\', "host", "date", "why"))
    folder = written(tmp_path, [short_session()[0], request, decided, request, decided])
    with SessionLog.reopen(folder) as log:  # a seal in the middle
        log.append(request)
        log.append(NoteAdded(START, "gone on", "anna"))
    found = read_positions(folder)
    assert [(mark.name, mark.number, mark.event) for mark in found.of("node")] == [('we"ird\\', number, 2 * number - 1) for number in (1, 2, 3)]
    assert [event for _, event in found.events(5)] == [request, NoteAdded(START, "gone on", "anna")]
    assert place_of(found, 'we"ird\\/3') == 5


def test_a_verification_is_a_chapter_of_its_own(tmp_path: Path) -> None:
    request = EffectRequested(START, RunCommand("check/1@host", "check", "host", "date", "why"))
    answer = EffectAnswered(START, "check/1@host", Ok(CommandRan(0, b"", b"", 0.1)))
    began = VerificationBegan(START, "nfs.mount-denied", (), "anna@jump1", "1.0")
    verified = FixVerified(START, Verification("fixed", "", "the mount works", ()))
    run = short_session()
    found = read_positions(written(tmp_path, [*run, began, request, answer, verified, began, request]))
    count = len(run)
    assert [(mark.event, mark.number) for mark in found.of("verification")] == [(count, 1), (count + 4, 2)]
    assert [mark.event for mark in found.of("verified")] == [count + 3]
    assert found.chapter(count + 2).kind == "verification" and found.chapter(count - 1).kind == "node"
    assert found.after(count - 1, *CHAPTERS) == found.of("verification")[0]
    assert place_of(found, "verification") == count + 4 and place_of(found, "verification 1") == count and place_of(found, "verified") == count + 3
    with pytest.raises(UsageError, match="no verification 3"):
        place_of(found, "verification 3")


def test_a_session_that_was_not_verified_says_so(golden: Positions) -> None:
    with pytest.raises(UsageError, match="no verification"):
        place_of(golden, "verification")


@pytest.mark.parametrize("at", [0, 1, 4, 8])
def test_a_changed_line_is_not_read_past(tmp_path: Path, at: int) -> None:
    folder = written(tmp_path, short_session())
    log = folder / "session.jsonl"
    lines = log.read_bytes().split(b"\n")
    lines[at + 1] = lines[at + 1].replace(b'"at": "2026', b'"at": "2027')
    log.write_bytes(b"\n".join(lines))
    found = read_positions(folder)
    assert len(list(found.events(0, at + 1))) == at + 1
    with pytest.raises(SessionError, match=f"event {at + 2} does not follow"):
        list(found.events(at + 1, at + 2))


def test_a_log_that_is_cut_off_while_it_is_read_is_said(tmp_path: Path) -> None:
    folder = written(tmp_path, short_session())
    found = read_positions(folder)
    (folder / "session.jsonl").write_bytes((folder / "session.jsonl").read_bytes()[: found.offsets[6]])
    with pytest.raises(SessionError, match="ends before event 7"):
        list(found.events(3))


@pytest.mark.parametrize("line", [b"{}", b"[" * 9999, b'{"n": 1, "at": "2026-13-45T99:99:99.0Z", "event": "NoteAdded"}', b"\xff\xfe"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: bytes) -> None:
    folder = written(tmp_path, short_session()[:2])
    with (folder / "session.jsonl").open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(SessionError, match=r"session\.jsonl:5"):
        read_positions(folder)


def test_other_writers_may_order_the_fields_as_they_like(tmp_path: Path) -> None:
    folder = written(tmp_path, short_session())
    log = folder / "session.jsonl"
    header, *lines = log.read_bytes().splitlines()
    turned = [json.dumps(dict(reversed(json.loads(line).items()))).encode() for line in lines]
    log.write_bytes(b"\n".join([header, *turned]) + b"\n")
    found = read_positions(folder)
    assert [mark.kind for mark in found.landmarks] == [mark.kind for mark in read_positions(written(tmp_path, short_session())).landmarks]
    assert len(found) == len(short_session())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.one_of(UNKNOWN, *(of_type(event) for event in EVENTS)), max_size=12), first=st.integers(0, 12), piece=st.integers(50, 3000))
def test_any_log_is_indexed_as_it_is_read(tmp_path: Path, events: list[Event], first: int, piece: int) -> None:
    folder = written(tmp_path, events)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "_PIECE", piece)
        found = read_positions(folder)
    whole = [event for _, event in read_events(folder)]
    assert len(found) == len(whole)
    assert [event.at for event in whole] == pytest.approx(list(found.times))
    assert len(found.played) == len(found.kinds) == len(found.offsets) == len(found.times)
    assert repr([event for _, event in found.events(first)]) == repr(whole[first:])


def test_a_log_of_nothing_but_notes_has_bounded_landmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "MOST_LANDMARKS", 5)
    found = read_positions(written(tmp_path, [NoteAdded(START, "n", "a")] * 9))
    assert len(found.landmarks) == 5 and len(found) == 9


def test_the_reading_tells_and_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_TOLD_EVERY", 2)
    monkeypatch.setattr(read, "_PIECE", 100)
    folder, told, begun, cancel = written(tmp_path, short_session()), list[int](), list[tuple[int, list[Event]]](), CancelToken()
    found = read_positions(folder, cancel, told.append, lambda so_far: begun.append((len(so_far), [event for _, event in so_far.events(0, 1)])))
    assert told == [1, 3, 5, 7, 9, 10] and len(found) == 10
    assert begun == [(1, short_session()[:1])], "the first event can be read while the rest of the log was not looked at"
    cancel.cancel()
    with pytest.raises(Cancelled):
        read_positions(folder, cancel)


def test_a_replay_of_a_stretch_keeps_its_pauses(golden: Positions) -> None:
    shown, waited = list[Event](), list[float]()
    replay(GOLDEN, shown.append, speed=2.0, cancel=CancelToken(), wait=waited.append, stretch=(golden, 26, 30))
    assert shown == [event for _, event in golden.events(26, 30)]
    assert sum(waited) == pytest.approx((golden.played[29] - golden.played[26]) / 2)


# --- a glance ------------------------------------------------------------------------------------


def test_a_glance_tells_targets_duration_and_verdict(tmp_path: Path) -> None:
    folder = written(tmp_path, short_session())
    seen = glance(folder)
    assert [target.host for target in seen.targets] == ["esx01.example"]
    assert seen.seconds == pytest.approx(51.0)
    assert last_verdict(folder) == short_session()[8].verdict
    assert last_verdict(written(tmp_path, short_session()[:6])) is None


@pytest.mark.parametrize("content", [b"", b"\0" * 99, b"{}\n", b"x" * 400_000, b"\n" * 400_000])
def test_a_glance_at_anything_tells_nothing_and_fails_not(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "session.jsonl").write_bytes(content)
    assert glance(tmp_path).targets == () and last_verdict(tmp_path) is None
    assert glance(tmp_path / "nowhere").seconds is None


def test_a_glance_reads_the_ends_alone(tmp_path: Path) -> None:
    big = [EffectAnswered(START + number, "k", Ok(CommandRan(0, b"", b"", 0.1))) for number in range(4000)]
    folder = written(tmp_path, [short_session()[0], *big])
    assert (folder / "session.jsonl").stat().st_size > 300_000
    assert glance(folder).seconds == pytest.approx(3999.0)
