"""The index is a cache: it says what the folders say, whatever happened to it, to them, or beside it at the same time."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import report_samples as samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_samples import START, of_type, short_session

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, SessionError
from tshoot.model.events import EVENTS, Event, NoteAdded
from tshoot.session.archive import contents, database, index
from tshoot.session.archive.database import FILE
from tshoot.session.archive.index import Archive, archived_sessions, with_archive
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.search import search
from tshoot.session.log import SessionLog
from tshoot.session.store import list_sessions


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(4):
        samples.write_session(tmp_path / "sessions", samples.incident(START + number * 86400, f"esx0{number}"), START + number * 86400)
    return tmp_path / "sessions"


def found(root: Path, query: str) -> list[str]:
    """The hosts of the sessions that fit, newest first."""
    hits, total = with_archive(root, lambda archive: search(archive, parse_query(query, START + 90 * 86400), 100))
    assert total == len(hits)
    return [hit.entry.id[:8] for hit in hits]


def as_the_folders_say(root: Path) -> bool:
    return archived_sessions(root) == list_sessions(root)


def test_the_index_lists_what_the_folders_hold(root: Path) -> None:
    (root / "empty-folder").mkdir()
    (root / "20260101T000000Z-x-ffffff").mkdir()
    (root / "20260101T000000Z-x-ffffff" / "session.jsonl").write_text('{"n": 0, "format": 9}\n')
    (root / os.fsdecode(b"bytes-\xff")).mkdir()
    samples.write_session(root, short_session()[:3], START - 5)
    assert as_the_folders_say(root)
    assert as_the_folders_say(root), "from the index, the second time"
    assert {entry.state for entry in archived_sessions(root)} == {"finished", "interrupted", "broken"}


def test_only_what_changed_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archived_sessions(root)
    read: list[str] = []
    monkeypatch.setattr(index, "contents_of", lambda folder: read.append(folder.name) or contents.contents_of(folder))
    archived_sessions(root)
    assert read == []
    folder = sorted(root.iterdir())[0]
    with SessionLog.reopen(folder) as log:
        log.append(NoteAdded(START + 10, "the elephant was here", "anna"))
    new = samples.write_session(root, samples.incident(START + 9e6), START + 9e6)
    assert found(root, "elephant") == ["20261121"]
    assert sorted(read) == sorted([folder.name, new.name])


def test_a_removed_session_vanishes_with_its_words(root: Path) -> None:
    assert len(found(root, "vmk0")) == 4
    shutil.rmtree(sorted(root.iterdir())[0])
    assert len(found(root, "vmk0")) == 3 and as_the_folders_say(root)
    with sqlite3.connect(root / FILE) as opened:
        assert opened.execute("SELECT count(*) FROM words").fetchone()[0] == 3
        opened.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        assert opened.execute("SELECT count(DISTINCT session) FROM piece").fetchone()[0] == 3


def test_what_was_removed_does_not_linger_in_the_index(root: Path) -> None:
    folder = samples.write_session(root, [NoteAdded(START, "the passphrase is xylophonequartz", "anna")], START + 7)
    assert len(found(root, "xylophonequartz")) == 1
    shutil.rmtree(folder)
    assert found(root, "xylophonequartz") == []
    assert not any(b"xylophonequartz" in file.read_bytes() for file in root.glob(f"{FILE}*"))


def damage_header(file: Path) -> None:
    file.write_bytes(b"this is no database" * 1000)


def damage_middle(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    for place in range(4096, len(raw), 4096):
        raw[place : place + 200] = b"\xa5" * 200
    file.write_bytes(raw)


def cut(file: Path) -> None:
    os.truncate(file, 5000)


def other_version(file: Path) -> None:
    with sqlite3.connect(file) as opened:
        opened.execute("PRAGMA user_version = 999")


def foreign(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as opened:
        opened.execute("CREATE TABLE other (x)")


def lost_table(file: Path) -> None:
    with sqlite3.connect(file) as opened:
        opened.execute("DROP TABLE piece")


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("how", [damage_header, damage_middle, cut, other_version, foreign, lost_table, empty])
def test_an_index_that_is_not_sound_is_made_anew(root: Path, how: Callable[[Path], None]) -> None:
    archived_sessions(root)
    for name in (f"{FILE}-wal", f"{FILE}-shm"):
        (root / name).unlink(missing_ok=True)
    how(root / FILE)
    assert len(found(root, "vmk0 verdict:fault")) == 4
    assert as_the_folders_say(root)
    with sqlite3.connect(root / FILE) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute("SELECT count(*) FROM session").fetchone() == (4,)


def a_folder(file: Path) -> None:
    file.mkdir()


def a_link(file: Path) -> None:
    file.symlink_to("/etc/passwd")


def a_pipe(file: Path) -> None:
    os.mkfifo(file)


@pytest.mark.parametrize("what", [a_folder, a_link, a_pipe])
def test_where_no_index_can_be_kept_it_is_made_in_memory(root: Path, what: Callable[[Path], None]) -> None:
    what(root / FILE)
    before = Path("/etc/passwd").read_bytes()
    assert as_the_folders_say(root) and len(found(root, "vmk0")) == 4
    assert Path("/etc/passwd").read_bytes() == before
    assert (root / FILE).is_symlink() or not (root / FILE).is_file(), "what lies there is left alone"


def test_an_index_that_cannot_be_written_is_still_used(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archived_sessions(root)
    real = os.open

    def refuse(path: object, flags: int, *rest: object, **more: object) -> int:
        if str(path).endswith(FILE) and flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)
    read: list[Path] = []
    monkeypatch.setattr(index, "contents_of", lambda folder: read.append(folder) or contents.contents_of(folder))
    samples.write_session(root, samples.incident(START + 5), START + 5)
    assert as_the_folders_say(root) and len(read) == 1


def test_nothing_is_made_where_there_are_no_sessions(tmp_path: Path) -> None:
    assert archived_sessions(tmp_path / "nowhere") == [] and not (tmp_path / "nowhere").exists()


def test_the_index_is_private(root: Path) -> None:
    before = os.umask(0)
    try:
        archived_sessions(root)
    finally:
        os.umask(before)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in root.glob(f"{FILE}*"))


def test_a_running_session_is_seen_to_run_and_to_end(root: Path) -> None:
    log = SessionLog.create(root, "nfs-mount", "id: nfs-mount\n", {}, started=START + 1e6)
    log.append(short_session()[0])
    states = lambda: {entry.path: entry.state for entry in archived_sessions(root)}  # noqa: E731
    assert states()[log.folder] == "running" and states()[log.folder] == "running"
    assert found(root, "state:running") == [log.folder.name[:8]]
    os.close(log._descriptor)  # as a kill would: no line is written, no time of the file changes
    assert states()[log.folder] == "interrupted"


def count(root: Path) -> int:
    return len(archived_sessions(root))


def test_many_at_once_do_not_disturb_each_other(root: Path) -> None:
    for number in range(40):
        samples.write_session(root, samples.incident(START + number), START + number)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(count, [root] * 12, chunksize=1) == [44] * 12
    with sqlite3.connect(root / FILE) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute("SELECT count(*), count(DISTINCT folder) FROM session").fetchone() == (44, 44)


def test_a_cancelled_reading_keeps_what_it_has(root: Path) -> None:
    for number in range(60):
        samples.write_session(root, samples.incident(START + number), START + number)
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        with_archive(root, Archive.entries, tell=lambda done, total: cancel.cancel() if done else None, cancel=cancel)
    with sqlite3.connect(root / FILE) as opened:
        assert opened.execute("SELECT count(*) FROM session").fetchone() == (32,)
    assert as_the_folders_say(root)


def test_reindex_reads_everything_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archived_sessions(root)
    read: list[Path] = []
    monkeypatch.setattr(index, "contents_of", lambda folder: read.append(folder) or contents.contents_of(folder))
    assert len(with_archive(root, Archive.entries, reindex=True)) == len(read) == 4


def test_an_sqlite_without_full_text_search_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_TABLES", "CREATE VIRTUAL TABLE words USING fts5000 (text);\n")
    with pytest.raises(SessionError, match="no such module") as error:
        archived_sessions(root)
    assert "FTS5" in error.value.hint


def test_a_hostile_session_is_indexed_like_any_other(tmp_path: Path) -> None:
    samples.write_session(tmp_path, samples.hostile_session())
    hits, _ = with_archive(tmp_path, lambda archive: search(archive, parse_query("everyone alert", START), 5))
    assert len(hits) == 1 and hits[0].snippet.isprintable() and hits[0].source.isprintable()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(events=st.lists(st.one_of([of_type(event) for event in EVENTS]), max_size=5))
def test_no_session_breaks_the_index(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    root = tmp_path_factory.mktemp("any")
    samples.write_session(root, events)
    assert as_the_folders_say(root) and as_the_folders_say(root)
    assert (root / FILE).is_file(), "and not in memory"
    with sqlite3.connect(root / FILE) as opened:
        assert opened.execute("SELECT count(*) FROM session").fetchone() == (1,)


def test_one_session_that_cannot_be_indexed_hides_no_other(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours, over one of them."""
    bad = min(root.glob("*-*-*"))

    def read(folder: Path) -> contents.Contents:
        if folder == bad:
            raise AttributeError("'str' object has no attribute 'values'")
        return contents.contents_of(folder)

    monkeypatch.setattr(index, "contents_of", read)
    entries = {entry.path: entry.problem for entry in archived_sessions(root)}
    assert len(entries) == 4 and "its words cannot be read: AttributeError" in entries.pop(bad) and not any(entries.values())
    assert len(found(root, "denied")) == 3


def test_a_huge_output_is_indexed_at_both_ends_only(tmp_path: Path) -> None:
    output = b"alpha first\n" + b"filler words here\n" * 600_000 + b"omega last\n"
    samples.write_session(tmp_path, samples.fault("cat", output, 1, 1))
    assert found(tmp_path, "omega alpha") == ["20261121"]
    assert (tmp_path / FILE).stat().st_size < 4 << 20
