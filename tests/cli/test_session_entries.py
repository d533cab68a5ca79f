"""A session is told of in one way by every document, found through the index, and read from its file as from its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.commandline import Home
from tshoot.cancel import CancelToken
from tshoot.cli import rejudge
from tshoot.session.archive import index
from tshoot.session.archive.index import archived_sessions
from tshoot.shipped import shipped

RECORDED = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
FIRST, SECOND = "20261121T045943Z-nfs-mount-44386f", "20261121T045943Z-nfs-mount-abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    for name in (FIRST, SECOND):
        shutil.copytree(RECORDED, home.sessions / name)
        for path in (home.sessions / name, *(home.sessions / name).rglob("*")):  # as tshoot writes them; a checkout opens them to others
            path.chmod(0o700 if path.is_dir() else 0o600)
    return home


def test_list_search_and_similar_tell_the_same_of_a_session(home: Home) -> None:
    listed = home.run("sessions", "list", "--json").document()["sessions"][0]
    found = home.run("sessions", "search", "vmk1", "--json").document()["hits"][0]
    alike = home.run("sessions", "similar", "44386f", "--json").document()["similar"][0]
    keys = ("id", "started", "playbook", "verdict", "cause", "state")
    assert [listed[key] for key in keys] == [found[key] for key in keys] == [alike[key] for key in keys]
    assert listed["started"] == "2026-11-21T04:59:43.816881Z"


def test_judging_all_again_finds_them_through_the_index(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = archived_sessions(home.sessions)
    read: list[Path] = []
    monkeypatch.setattr(index, "entry_of", read.append)
    monkeypatch.setattr(rejudge, "list_sessions", read.append)
    assert rejudge._entries(home.sessions, CancelToken()) == expected and len(expected) == 2
    assert read == []


@pytest.mark.parametrize("form", ["md", "html", "json", "cast", "junit"])
def test_a_session_file_is_reported_as_its_session_is(home: Home, form: str) -> None:
    assert home.run("sessions", "export", "44386f", "-o", "incident.tshoot").code == 0
    shared, own = (home.run("sessions", "report", name, "--format", form) for name in ("incident.tshoot", "44386f"))
    assert (shared.code, shared.error) == (0, b"") and shared.out == own.out != b""
    assert {path.name for path in home.folder.iterdir()} == {"data", "incident.tshoot"}


def test_the_newest_of_the_list(home: Home) -> None:
    both = home.run("sessions", "list", "--json").document()["sessions"]
    assert home.run("sessions", "list", "--limit", "1", "--json").document()["sessions"] == both[:1]
    assert home.run("sessions", "list", "--limit", "0").code == 2
