"""Whatever is changed in a session afterwards is found, and where."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from session_samples import START, short_session

from tshoot.errors import SessionError
from tshoot.model.events import CaptureTaken, EffectAnswered, Ok
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events
from tshoot.session.verify import verify

LINES = 13  # header, ten events, one capture, seal


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recorded")
    with SessionLog.create(root, "nfs-mount", "id: nfs-mount\n", {}, started=START) as log:
        for event in short_session():
            log.append(event)
        (root / "pulled").write_bytes(b"frames" * 1000)
        log.append(EffectAnswered(START + 60, "trace:stop", Ok(CaptureTaken(log.add_capture(root / "pulled"), "operator", 12.0))))
    return log.folder


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "session"))


def located(folder: Path) -> set[int]:
    return {problem.line for problem in verify(folder) if not problem.remark}


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "session.jsonl").read_bytes().splitlines(keepends=True)


def write(folder: Path, lines: list[bytes]) -> None:
    (folder / "session.jsonl").write_bytes(b"".join(lines))


def test_an_untouched_copy_is_intact(folder: Path) -> None:
    assert len(lines_of(folder)) == LINES
    assert verify(folder) == []


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_a_changed_line_is_found(folder: Path, number: int) -> None:
    lines = lines_of(folder)
    lines[number - 1] = lines[number - 1].replace(b": ", b":  ", 1)  # still the same JSON
    write(folder, lines)
    assert located(folder) == {number}


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_a_destroyed_line_is_found(folder: Path, number: int) -> None:
    lines = lines_of(folder)
    lines[number - 1] = b"\xff" * 20 + b"\n"
    write(folder, lines)
    assert number in located(folder)


@pytest.mark.parametrize("number", range(2, LINES))
def test_a_removed_line_is_found(folder: Path, number: int) -> None:
    lines = lines_of(folder)
    del lines[number - 1]
    write(folder, lines)
    assert located(folder) & {number - 1, number}


@pytest.mark.parametrize("number", range(2, LINES))
def test_a_repeated_line_is_found(folder: Path, number: int) -> None:
    lines = lines_of(folder)
    lines.insert(number, lines[number - 1])
    write(folder, lines)
    assert number + 1 in located(folder)


def test_a_lost_end_is_remarked(folder: Path) -> None:
    write(folder, lines_of(folder)[:-1])
    assert [str(problem) for problem in verify(folder)] == ["remark: the session has no orderly end, so a change to its last line would not show"]


def test_every_changed_piece_of_evidence_is_found(folder: Path) -> None:
    pieces = sorted((folder / "evidence").iterdir())
    assert len(pieces) == 3
    for piece in pieces:
        before = piece.read_bytes()
        piece.write_bytes(before[:-1] + b"!")
        problems = verify(folder)
        assert len(problems) == 1 and piece.name in problems[0].text and piece.name.encode() in lines_of(folder)[problems[0].line - 1]
        piece.write_bytes(before)
    assert verify(folder) == []


@pytest.mark.parametrize("how", ["missing", "a link", "a pipe", "a folder", "longer"])
def test_evidence_that_is_no_longer_what_it_was_is_found(folder: Path, how: str) -> None:
    piece = next(path for path in (folder / "evidence").iterdir() if path.stat().st_size == 4)
    if how == "longer":
        piece.write_bytes(piece.read_bytes() + b"x")
    else:
        piece.rename(folder.parent / "the same bytes")
    if how == "a link":
        piece.symlink_to(folder.parent / "the same bytes")
    if how == "a pipe":
        os.mkfifo(piece)
    if how == "a folder":
        piece.mkdir()
    assert located(folder) == {6}
    with pytest.raises(SessionError):
        list(read_events(folder))


def test_a_wrong_size_in_the_log_is_found(folder: Path) -> None:
    lines = lines_of(folder)
    lines[5] = lines[5].replace(b'"size": 4', b'"size": 5')
    write(folder, lines)
    assert located(folder) == {5 + 1}


def test_a_playbook_that_was_swapped_is_found(folder: Path) -> None:
    lines = lines_of(folder)
    lines[0] = lines[0].replace(b"id: nfs-mount", b"id: nfs-count")
    write(folder, lines)
    assert any("playbook" in problem.text for problem in verify(folder) if problem.line == 1)


def test_open_permissions_are_a_remark(folder: Path) -> None:
    (folder / "session.jsonl").chmod(0o644)
    problems = verify(folder)
    assert [problem.remark for problem in problems] == [True]
    assert "session.jsonl is 0644" in problems[0].text


def test_a_folder_that_is_no_session_is_a_problem(tmp_path: Path) -> None:
    assert [problem.line for problem in verify(tmp_path)] == [1]


def test_reading_stops_at_the_change_and_says_where(folder: Path) -> None:
    lines = lines_of(folder)
    lines[4] = lines[4].replace(b": ", b":  ", 1)
    write(folder, lines)
    seen = []
    with pytest.raises(SessionError, match=r"session\.jsonl:6: does not follow line 5"):
        for number, _ in read_events(folder):
            seen.append(number)
    assert seen == [2, 3, 4, 5]
