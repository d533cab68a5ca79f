"""A query looks at few logs: new and replaced folders, those that may still change, the newest; and it misses nothing that tshoot itself writes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import report_samples as samples
from session_samples import START, short_session

from tshoot.model.events import NoteAdded
from tshoot.session.archive import freshness, index
from tshoot.session.archive.contents import contents_of
from tshoot.session.archive.index import Archive, archived_sessions, with_archive
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.search import search
from tshoot.session.log import SessionLog
from tshoot.session.store import list_sessions


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten finished sessions and an interrupted one, the oldest; only the newest two are looked at for nothing."""
    monkeypatch.setattr(freshness, "LOOKED_AT", 2)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    root = tmp_path / "sessions"
    for number in range(10):
        samples.write_session(root, samples.incident(START + number * 100), START + number * 100)
    samples.write_session(root, short_session()[:3], START - 100)
    archived_sessions(root)
    return root


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    looked: list[str] = []
    real = freshness.signature
    monkeypatch.setattr(freshness, "signature", lambda folder: looked.append(folder.name) or real(folder))
    return looked


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []
    monkeypatch.setattr(index, "contents_of", lambda folder: read.append(folder.name) or contents_of(folder))
    return read


def folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir())


def words(root: Path, query: str) -> int:
    return with_archive(root, lambda archive: search(archive, parse_query(query, START)))[1]


def test_only_what_may_have_changed_is_looked_at(root: Path, looked: list[str], read: list[str]) -> None:
    assert len(archived_sessions(root)) == 11
    oldest, *_, last_but_one, last = (folder.name for folder in folders(root))
    assert (sorted(looked), read) == ([oldest, last_but_one, last], [])


def test_one_more_session_costs_no_look_at_the_settled_ones(root: Path, looked: list[str], read: list[str]) -> None:
    new = samples.write_session(root, samples.incident(START + 5000), START + 5000)
    assert len(archived_sessions(root)) == 12
    assert read == [new.name] and len(set(looked)) == 4
    shutil.rmtree(folders(root)[3])
    assert archived_sessions(root) == list_sessions(root)
    assert read == [new.name]


def test_a_settled_session_that_is_gone_on_with_is_looked_at_until_it_is_settled_again(root: Path, read: list[str]) -> None:
    old = folders(root)[3]
    log = SessionLog.reopen(old)
    assert words(root, "elephant") == 0
    log.append(NoteAdded(START, "the elephant", "anna"))
    assert words(root, "elephant") == 1
    log.append(NoteAdded(START, "and the giraffe", "anna"))
    assert words(root, "giraffe elephant") == 1
    os.close(log._descriptor)  # as a kill would
    assert archived_sessions(root) == list_sessions(root)
    read.clear()
    assert words(root, "giraffe") == 1 and read == []


def test_a_session_gone_on_with_between_its_reading_and_its_writing_stays_unsettled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = samples.write_session(root, samples.incident(START - 50), START - 50)
    real = index._insert

    def late(database: object, one: object) -> None:
        monkeypatch.setattr(index, "_insert", real)
        with (new / "session.jsonl").open("ab") as log:  # by a process whose word to the index was lost
            log.write(b"{}\n")
        real(database, one)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "_insert", late)
    archived_sessions(root)
    settled = "SELECT settled FROM session WHERE folder = ?"
    assert with_archive(root, lambda archive: archive.database.execute(settled, (os.fsencode(new.name),)).fetchone()) == (1,), "read once more"
    assert archived_sessions(root) == list_sessions(root)


def test_a_folder_that_was_replaced_is_read_again(root: Path, read: list[str]) -> None:
    old, other = folders(root)[3:5]
    away = root.parent / "away"
    shutil.copytree(other, away)
    shutil.rmtree(old)
    away.rename(old)
    archived_sessions(root)
    assert read == [old.name]


def test_what_is_edited_by_hand_is_read_by_a_new_index(root: Path, read: list[str]) -> None:
    log = folders(root)[3] / "session.jsonl"
    log.write_bytes(b"{}\n")
    archived_sessions(root)
    assert read == []
    assert [entry.state for entry in with_archive(root, Archive.entries, reindex=True) if entry.path == log.parent] == ["broken"]


def test_going_on_with_a_session_needs_no_index(root: Path) -> None:
    (root / "index.sqlite").write_bytes(b"damaged")
    with SessionLog.reopen(folders(root)[3]) as log:
        log.append(NoteAdded(START, "the elephant", "anna"))
    assert words(root, "elephant") == 1
    (root / "index.sqlite").unlink()
    with SessionLog.reopen(folders(root)[4]):
        assert not (root / "index.sqlite").exists()
