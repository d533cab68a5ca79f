"""Sessions are listed newest first, whatever lies among them, and found by what a person types."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from session_samples import START, short_session

from tshoot.errors import SessionError, UsageError
from tshoot.model.events import Event, NoteAdded, RunEnded
from tshoot.session.archive.index import archived_sessions
from tshoot.session.log import SessionLog
from tshoot.session.store import default_root, list_sessions, open_session


def record(root: Path, started: float, events: list[Event], playbook: str = "nfs-mount") -> Path:
    with SessionLog.create(root, playbook, "", {}, started=started) as log:
        for event in events:
            log.append(event)
    return log.folder


def test_data_home_is_honoured_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_root() == tmp_path / "tshoot" / "sessions"


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_without_data_home_the_user_s_own_place_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", value)
    root = default_root()
    assert root.is_relative_to(tmp_path) and root.parts[-2:] == ("tshoot", "sessions")


def test_no_folder_is_no_session(tmp_path: Path) -> None:
    assert list_sessions(tmp_path / "none") == []


def test_the_list_is_newest_first_and_says_how_each_went(tmp_path: Path) -> None:
    record(tmp_path, START, short_session())
    record(tmp_path, START + 10, short_session()[:5], "ndp-source-mac")
    record(tmp_path, START + 20, [*short_session()[:2], RunEnded(START, "cancelled")])
    record(tmp_path, START + 30, [*short_session(), NoteAdded(START + 90, '"event": "RunStarted"', "a note ends nothing")])
    running = SessionLog.create(tmp_path, "nfs-mount", "", {}, started=START + 40)
    entries = list_sessions(tmp_path)
    assert [(entry.started - START, entry.state, entry.verdict, entry.cause) for entry in entries] == [
        (40, "running", "", ""),
        (30, "finished", "fault", "nfs.mount-denied"),
        (20, "interrupted", "", ""),
        (10, "interrupted", "", ""),
        (0, "finished", "fault", "nfs.mount-denied"),
    ]
    assert entries[3].playbook == "ndp-source-mac" and not any(entry.problem for entry in entries)
    running.close()
    assert list_sessions(tmp_path)[0].state == "interrupted"


def test_a_link_that_leads_nowhere_hides_no_session(tmp_path: Path) -> None:
    record(tmp_path, START, short_session())
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (entry,) = list_sessions(tmp_path)
    assert entry.state == "finished" and archived_sessions(tmp_path) == [entry]
    assert open_session(tmp_path, "last").folder == entry.path


def test_broken_folders_are_listed_with_their_problem(tmp_path: Path) -> None:
    good = record(tmp_path, START, short_session())
    newer = record(tmp_path, START + 1, [])
    log = newer / "session.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"format": 1', b'"format": 2'))
    damaged = record(tmp_path, START + 2, short_session()) / "session.jsonl"
    damaged.write_bytes(damaged.read_bytes().replace(b'"event": "VerdictReached"', b'"event": "VerdictReached" \xff'))
    for name in ("empty", "no-log", "pipe", "link", "evil\x1b[2J\nname"):
        (tmp_path / name).mkdir()
    (tmp_path / "empty" / "session.jsonl").touch()
    os.mkfifo(tmp_path / "pipe" / "session.jsonl")
    (tmp_path / "link" / "session.jsonl").symlink_to("/dev/zero")
    (tmp_path / "a-file").touch()
    (tmp_path / ".hidden").mkdir()
    entries = {entry.id: entry for entry in list_sessions(tmp_path)}
    assert len(entries) == 8
    assert entries.pop(good.name).state == "finished"
    assert all(entry.state == "broken" and entry.problem for entry in entries.values())
    assert "format 2" in entries[newer.name].problem and "cannot be read" in entries[damaged.parent.name].problem
    assert all(entry.id.isprintable() and entry.problem.isprintable() for entry in entries.values())


def test_a_session_is_opened_by_what_names_it(tmp_path: Path) -> None:
    old, new = record(tmp_path, START, short_session()), record(tmp_path, START + 86400, [])
    short_id = old.name.rpartition("-")[2]
    for name in (old.name, old.name[:8], short_id, str(old), f"{old}/"):
        session = open_session(tmp_path, name)
        assert session.folder == old and list(session.events()) == short_session()
    assert open_session(tmp_path, "last").folder == new


def test_a_path_opens_a_session_that_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = record(tmp_path / "elsewhere", START, [])
    monkeypatch.chdir(folder.parent)
    assert open_session(tmp_path / "root", folder.name).header.session == folder.name


def test_an_ambiguous_name_lists_what_it_fits(tmp_path: Path) -> None:
    folders = [record(tmp_path, START + number, []) for number in range(2)]
    with pytest.raises(UsageError, match="fits 2 sessions") as error:
        open_session(tmp_path, "20261121")
    assert all(folder.name in error.value.message for folder in folders)


@pytest.mark.parametrize("name", ["", "nope", "\x1b[2J", "\0"])
def test_a_name_that_fits_nothing_is_an_error(tmp_path: Path, name: str) -> None:
    record(tmp_path, START, [])
    with pytest.raises(UsageError, match="no session is named") as error:
        open_session(tmp_path, name)
    assert error.value.message.isprintable()


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no session yet"):
        open_session(tmp_path, "last")


def test_a_path_without_a_session_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="cannot be read"):
        open_session(tmp_path, str(tmp_path / "nope"))
