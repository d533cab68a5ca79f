"""Incidents alike, with their reasons; and old sessions that go, but never one that is not ours, is needed, or is running."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import report_samples as samples
from session_samples import START, short_session

from tshoot.errors import SessionError
from tshoot.session.archive.index import with_archive
from tshoot.session.archive.prune import Kept, Prunable, prunable, remove
from tshoot.session.archive.similar import Similar, similar_sessions
from tshoot.session.log import SessionLog
from tshoot.session.store import list_sessions

STORIES = {
    "twin": ("esx01", "nfs.mount-denied", "192.0.2.10"),
    "same-cause": ("esx09", "nfs.mount-denied", "192.0.2.77"),
    "same-target": ("root@esx01:22", "path.loop", "192.0.2.78"),
    "same-server": ("esx08", "path.loop", "192.0.2.10"),
    "same-family": ("esx07", "nfs.export-not-found", "192.0.2.79"),
    "stranger": ("esx06", "bgp.periodic-flap", "192.0.2.80"),
}


def alike(root: Path, folder: Path) -> list[Similar]:
    return with_archive(root, lambda archive: similar_sessions(archive, folder))


def test_incidents_alike_are_ranked_with_reasons(tmp_path: Path) -> None:
    own = samples.write_session(tmp_path, samples.incident(START, "esx01", "nfs.mount-denied", "192.0.2.10"), START, "own")
    for number, (name, story) in enumerate(STORIES.items()):
        samples.write_session(tmp_path, samples.incident(START - number * 1000, *story), START - number * 1000, name)
    found = alike(tmp_path, own)
    assert [one.entry.playbook for one in found] == ["twin", "same-cause", "same-target", "same-server"]
    assert found[0].reasons == ("same cause nfs.mount-denied", "same target esx01", "same address 192.0.2.10")
    assert [one.reasons for one in found[1:]] == [("same cause nfs.mount-denied",), ("same target esx01",), ("same address 192.0.2.10",)]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_of_equals_the_newer_comes_first(tmp_path: Path) -> None:
    own = samples.write_session(tmp_path, samples.incident(START), START)
    ids = [samples.write_session(tmp_path, samples.incident(START + age), START + age).name for age in (-5000, 5000, -100)]
    assert [one.entry.id for one in alike(tmp_path, own)] == [ids[1], ids[2], ids[0]]


def test_an_address_that_is_the_target_counts_once(tmp_path: Path) -> None:
    own = samples.write_session(tmp_path, samples.incident(START, "192.0.2.5", "a.b", "192.0.2.1"), START)
    samples.write_session(tmp_path, samples.incident(START + 1, "root@192.0.2.5:22", "c.d", "192.0.2.2"), START + 1)
    assert [one.reasons for one in alike(tmp_path, own)] == [("same target 192.0.2.5",)]


def test_a_session_that_is_kept_elsewhere_is_like_none(tmp_path: Path) -> None:
    samples.write_session(tmp_path / "root", samples.incident(START), START)
    other = samples.write_session(tmp_path / "other", samples.incident(START), START)
    shutil.copytree(other, tmp_path / "other" / sorted((tmp_path / "root").iterdir())[0].name)
    assert alike(tmp_path / "root", other) == []
    assert alike(tmp_path / "root", tmp_path / "other" / sorted((tmp_path / "root").glob("2*"))[0].name) == []


# --- prune ---------------------------------------------------------------------------------------


def choose(root: Path, before: float, *keep: str, needed: str = "") -> tuple[list[Prunable], list[Kept]]:
    return prunable(list_sessions(root), before, frozenset(keep), lambda folder: needed)


def test_what_is_old_goes_and_what_was_asked_to_stay_stays(tmp_path: Path) -> None:
    fault = samples.write_session(tmp_path, samples.incident(START), START)
    healthy = samples.write_session(tmp_path, samples.incident(START, kind="healthy", cause=""), START + 1)
    none = samples.write_session(tmp_path, short_session()[:2], START + 2)
    samples.write_session(tmp_path, samples.incident(START + 100), START + 100)
    assert {one.entry.path for one in choose(tmp_path, START + 50)[0]} == {fault, healthy, none}
    assert {one.entry.path for one in choose(tmp_path, START + 50, "fault")[0]} == {healthy, none}
    assert {one.entry.path for one in choose(tmp_path, START + 50, "fault", "none")[0]} == {healthy}
    (one,) = choose(tmp_path, START + 50, "fault", "none")[0]
    assert one.bytes == sum(file.stat().st_size for file in healthy.rglob("*") if file.is_file())


def test_what_is_still_needed_stays_and_says_why(tmp_path: Path) -> None:
    samples.write_session(tmp_path, samples.incident(START), START)
    going, kept = choose(tmp_path, START + 50, needed="a capture may still lie on esx01")
    assert going == [] and [one.why for one in kept] == ["a capture may still lie on esx01"]


def test_only_sessions_of_ours_go(tmp_path: Path) -> None:
    outside = samples.write_session(tmp_path / "outside", samples.incident(START), START)
    root = tmp_path / "root"
    ours = samples.write_session(root, samples.incident(START), START)
    (root / "photos").mkdir()
    (root / "photos" / "session.jsonl").write_text('{"n": 0, "format": "mine"}\n')
    (root / "empty").mkdir()
    (root / "linked").symlink_to(outside)
    going, kept = choose(root, 1e12)
    assert [one.entry.path for one in going] == [ours]
    assert {one.entry.path.name for one in kept} == {"photos", "empty", "linked"}
    for name in ("photos", "empty", "linked"):
        with pytest.raises(SessionError, match="is not removed"):
            remove(root / name)
    assert (outside / "session.jsonl").is_file() and (root / "photos" / "session.jsonl").is_file()


def test_a_link_inside_is_removed_not_followed(tmp_path: Path) -> None:
    folder = samples.write_session(tmp_path / "root", samples.incident(START), START)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (folder / "evidence" / "link").symlink_to(precious)
    (folder / "link").symlink_to(precious / "file")
    remove(folder)
    assert not folder.exists() and (precious / "file").exists()


def test_a_running_session_never_goes(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path, "nfs-mount", "id: nfs-mount\n", {}, started=START) as log:
        log.append(short_session()[0])
        going, kept = choose(tmp_path, 1e12)
        assert going == [] and [one.why for one in kept] == ["it is being written"]
        with pytest.raises(SessionError, match="being written"):
            remove(log.folder)
    remove(log.folder)
    assert not log.folder.exists()


def test_one_that_began_again_after_it_was_chosen_stays(tmp_path: Path) -> None:
    folder = samples.write_session(tmp_path, samples.incident(START), START)
    (chosen,) = choose(tmp_path, 1e12)[0]
    with SessionLog.reopen(folder), pytest.raises(SessionError, match="being written"):
        remove(chosen.entry.path)
    assert (folder / "session.jsonl").is_file()
