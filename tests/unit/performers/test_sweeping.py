"""What a sweep leaves alone: what a run has again, what cannot be kept here, other hosts with the same address behind another way."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.performers.local_target import LocalTarget
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.performers.capture_place import place_of
from tshoot.performers.journal import CaptureJournal, CaptureRecord, all_leftovers, leftovers, live_captures
from tshoot.performers.leftovers import Look, clear, sweep
from tshoot.performers.sweeping import Sweeping
from tshoot.transports.settings import SshSettings


def note(folder: Path, session: str, state: Any = "unpulled", host: str = "here", **more: Any) -> Path:
    path = folder / f"tshoot-{session}-00aa11bb.pcap"
    path.write_bytes(b"packets" * 9)
    journal = CaptureJournal(folder / "journal", session)
    journal.note(CaptureRecord(host, str(path), state, **more))
    journal.close()
    return path


@pytest.fixture
def sweeping(tmp_path: Path) -> Sweeping:
    made = Sweeping(tmp_path, tmp_path / "sessions", SshSettings(config_file=None), lambda cancel: None, lambda text: None)  # type: ignore[arg-type,return-value]
    made._transports["here"] = LocalTarget()  # type: ignore[assignment]
    return made


def test_what_a_run_has_again_while_somebody_was_asked_is_left_alone(sweeping: Sweeping, tmp_path: Path) -> None:
    path, other = note(tmp_path, "aaa111"), note(tmp_path, "bbb222")
    looked = sweeping.looked_at(sweeping.left(), CancelToken())
    assert [one.look for one in looked] == [Look(63, False)] * 2
    with next((tmp_path / "journal").glob("aaa111*")).open() as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        assert sweeping.live == 1
        done = list(sweeping.cleared(looked, CancelToken()))
    assert [one.removed for one in done] == [False, True]
    assert "a run has it again" in done[0].said
    assert path.exists() and not other.exists()


def test_a_file_that_is_gone_is_settled_and_a_cancelled_sweep_goes_no_further(sweeping: Sweeping, tmp_path: Path) -> None:
    note(tmp_path, "aaa111", "running").unlink()
    stays = note(tmp_path, "bbb222", "running")
    looked = sweeping.looked_at(sweeping.left(), CancelToken())
    assert looked[0].look == Look(None, False)
    cancel = CancelToken()
    done = sweeping.cleared(looked, cancel)
    assert next(done).removed
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(done)
    assert stays.exists()
    assert [one.record.session for one in all_leftovers(tmp_path / "journal")] == ["bbb222"]


def test_what_cannot_be_kept_here_stays_on_the_target_and_in_the_journal(tmp_path: Path) -> None:
    path = note(tmp_path, "aaa111")
    (tmp_path / "rescued").write_text("no folder")
    (said,) = sweep(LocalTarget(), leftovers(tmp_path / "journal", "here"), CancelToken(), tmp_path / "rescued")  # type: ignore[arg-type]
    assert "stays there, it cannot be kept here" in said
    assert path.exists()
    assert len(leftovers(tmp_path / "journal", "here")) == 1


@pytest.mark.parametrize(
    "error",
    [
        Cancelled(),
        OSError(28, "No space left on device"),
        *(TargetError(kind, "here: no whole copy") for kind in ("timeout", "unreadable", "permission-denied")),
    ],
)
def test_a_rescue_that_ends_early_leaves_no_half_copy(error: Exception, tmp_path: Path) -> None:
    path, target = note(tmp_path, "aaa111"), LocalTarget()

    def half(remote: str, into: Any, **_: Any) -> int:
        into.write(b"pack")
        raise error

    target.fetch = half  # type: ignore[method-assign]
    (left,) = leftovers(tmp_path / "journal", "here")
    if isinstance(error, Cancelled):
        with pytest.raises(Cancelled):
            clear(target, left, CancelToken(), tmp_path / "rescued")  # type: ignore[arg-type]
    else:
        assert not clear(target, left, CancelToken(), tmp_path / "rescued").removed  # type: ignore[arg-type]
    assert list((tmp_path / "rescued").iterdir()) == []
    assert path.exists()
    assert len(leftovers(tmp_path / "journal", "here")) == 1


def test_a_copy_of_the_same_name_is_never_overwritten(tmp_path: Path) -> None:
    path = note(tmp_path, "aaa111")
    (tmp_path / "rescued").mkdir()
    earlier = tmp_path / "rescued" / path.name
    earlier.write_bytes(b"an earlier one")
    (left,) = leftovers(tmp_path / "journal", "here")
    done = clear(LocalTarget(), left, CancelToken(), tmp_path / "rescued")  # type: ignore[arg-type]
    assert done.removed
    assert done.copy == earlier.with_stem(f"{earlier.stem}-2")
    assert not path.exists()
    assert earlier.read_bytes() == b"an earlier one"
    assert sorted(one.name for one in (tmp_path / "rescued").iterdir()) == sorted((earlier.name, done.copy.name))


@pytest.mark.parametrize("state", ["started", "running", "unpulled"])
@pytest.mark.parametrize(("size", "kept"), [(24, False), (25, True)])
def test_what_a_killed_run_captured_is_kept(tmp_path: Path, state: str, size: int, kept: bool) -> None:
    """Also what still captured when its run was killed: nobody has seen it. A file that has only its header is nothing to keep."""
    path = note(tmp_path, "aaa111", state)
    path.write_bytes(bytes(size))
    (left,) = leftovers(tmp_path / "journal", "here")
    done = clear(LocalTarget(), left, CancelToken(), tmp_path / "rescued")  # type: ignore[arg-type]
    assert done.removed
    assert not path.exists()
    assert [one.read_bytes() for one in (tmp_path / "rescued").iterdir()] == [bytes(size)] * kept


def test_what_is_gone_is_settled_without_a_copy(tmp_path: Path) -> None:
    note(tmp_path, "aaa111").unlink()
    (left,) = leftovers(tmp_path / "journal", "here")
    done = clear(LocalTarget(), left, CancelToken(), tmp_path / "rescued")  # type: ignore[arg-type]
    assert done.removed
    assert done.copy is None
    assert "was not there any more" in done.said


def test_a_target_that_fails_is_tried_once(sweeping: Sweeping, tmp_path: Path) -> None:
    for session in ("aaa111", "bbb222"):
        note(tmp_path, session)
    tried = []

    def refuses(cancel: CancelToken) -> None:
        tried.append(1)
        raise TargetError("refused", "here: nobody listens \x1b[31m")

    sweeping._transports["here"].connect = refuses  # type: ignore[method-assign]
    looked = sweeping.looked_at(sweeping.left(), CancelToken())
    assert len(tried) == 1
    assert [(one.look, one.problem) for one in looked] == [(None, "here: nobody listens")] * 2
    assert list(sweeping.cleared(looked, CancelToken())) == []


@pytest.mark.parametrize(
    ("hosts", "logins"),
    [((), ["adm@192.0.2.9", "root@192.0.2.9"]), (("root@192.0.2.9",), ["root@192.0.2.9"]), (("192.0.2.9",), ["adm@192.0.2.9", "root@192.0.2.9"])],
)
def test_a_target_is_logged_in_to_as_its_run_was_or_as_it_is_typed(
    sweeping: Sweeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...], logins: list[str]
) -> None:
    for session, host in (("aaa111", "root@192.0.2.9"), ("bbb222", "adm@192.0.2.9"), ("ccc333", "root@192.0.2.9")):
        note(tmp_path, session, host=host, place="192.0.2.9:22")
    connected: list[str] = []
    monkeypatch.setattr("tshoot.transports.choose.transport_for", lambda platform, host, *rest: connected.append(host) or LocalTarget())
    looked = sweeping.looked_at(sweeping.left(hosts), CancelToken())
    assert len(looked) == 3
    assert sorted(connected) == logins


# --- names ------------------------------------------------------------------------------------------------

CONFIG = """
Host esx esx01.example.net
  HostName 192.0.2.1
Host esx-odd
  HostName 192.0.2.1
  Port 2222
Host esx-far
  HostName 192.0.2.1
  ProxyJump bastion
Host esx-behind
  HostName 192.0.2.1
  ProxyCommand corkscrew %h %p
"""


def test_an_alias_and_an_address_are_one_target_unless_the_way_differs(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG)
    ssh = SshSettings(config_file=tmp_path / "config")
    names = ("esx", "root@esx01.example.net", "192.0.2.1", "esx-odd", "esx-far", "esx-behind")
    places = {name: place_of(name, ssh) for name in names}
    assert len({places[name] for name in names[:3]}) == 1
    assert len(set(places.values())) == 4
    assert place_of("esx", SshSettings(config_file=tmp_path / "none")) == "esx:22"
    (tmp_path / "config").write_text("Host *\n  Port none\n")
    assert place_of("esx", ssh) == ""
    path = note(tmp_path, "aaa111", "running", "esx", place=places["esx"])
    found = [name for name in names if leftovers(tmp_path / "journal", name, places[name])]
    assert found == list(names[:3])
    assert path.exists()


def test_older_journals_are_read_and_a_running_owner_is_told_from_a_dead_one(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "old.jsonl").write_text('{"host": "h", "path": "/tmp/tshoot-a-1.pcap", "state": "running", "pid": 77}\n')
    journal = CaptureJournal(tmp_path / "journal", "new")
    journal.note(CaptureRecord("h", "/tmp/tshoot-new-1.pcap", "running", os.getpid(), "linux", "h:22", 5.0))
    (old,) = all_leftovers(tmp_path / "journal")
    assert (old.record.platform, old.record.place, old.record.at, old.record.session) == ("", "", 0.0, "a")
    (new,) = live_captures(tmp_path / "journal")
    assert (new.platform, new.place, new.at, new.session) == ("linux", "h:22", 5.0, "new")
    journal.close()
    assert live_captures(tmp_path / "journal") == []
