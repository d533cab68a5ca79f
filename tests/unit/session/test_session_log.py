"""What was appended is there, private, chained and whole, whatever the umask, the disk and the process's fate do."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from session_samples import START, VMKNIC, short_session

from tshoot.errors import SessionError
from tshoot.model.events import CommandRan, EffectAnswered, Event, NoteAdded, Ok
from tshoot.session.log import SessionLog, is_being_written
from tshoot.session.read import complete_lines, read_events, read_header
from tshoot.session.verify import Problem, verify


def create(root: Path) -> SessionLog:
    return SessionLog.create(root, "nfs-mount", "id: nfs-mount\n", {"vmkping": "1"}, started=START)


def events_in(folder: Path) -> list[Event]:
    return [event for _, event in read_events(folder)]


def wrong(folder: Path) -> list[Problem]:
    return [problem for problem in verify(folder) if not problem.remark]


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    with create(tmp_path / "not" / "there" / "yet") as log:
        for event in short_session():
            log.append(event)
        assert events_in(log.folder) == short_session()  # before the end too
    assert events_in(log.folder) == short_session()
    assert verify(log.folder) == []


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        for event in short_session():
            log.append(event)
    lines = (log.folder / "session.jsonl").read_bytes().splitlines()
    assert [number for number, _ in read_events(log.folder)] == list(range(2, 12))
    assert b"RunStarted" in lines[1] and b"sealed" in lines[11]


def test_the_folder_and_the_header_name_the_session(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        header = read_header(log.folder)
    assert log.folder.name == header.session
    assert header.session.startswith("20261121T034107Z-nfs-mount-")
    assert (header.playbook, header.playbook_text, header.started, header.parsers) == ("nfs-mount", "id: nfs-mount\n", START, {"vmkping": "1"})
    assert header.playbook_sha256 == hashlib.sha256(b"id: nfs-mount\n").hexdigest()


def test_a_playbook_cannot_lead_the_folder_elsewhere(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path, "../../etc/\x1b[2Jcron\n", "", {}) as log:
        assert log.folder.parent == tmp_path and log.folder.name.isprintable()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_everything_is_private(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with create(tmp_path / "data") as log:
            log.append(short_session()[2])
            (tmp_path / "pulled.pcap").write_bytes(b"frames")
            log.add_capture(tmp_path / "pulled.pcap")
    finally:
        os.umask(before)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert len(made) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        for number in range(3):
            log.append(EffectAnswered(float(number), "k", Ok(CommandRan(0, VMKNIC, VMKNIC, 0.1))))
    sha256 = hashlib.sha256(VMKNIC).hexdigest()
    assert [path.name for path in (log.folder / "evidence").iterdir()] == [sha256]
    assert log.evidence_path(sha256).read_bytes() == VMKNIC


def test_a_capture_moves_into_evidence(tmp_path: Path) -> None:
    pulled, data = tmp_path / "pulled.pcap", os.urandom(3 << 20)
    pulled.write_bytes(data)
    with create(tmp_path / "data") as log:
        ref = log.add_capture(pulled, "esx01 vmk0")
    assert not pulled.exists()
    assert (ref.sha256, ref.size, ref.kind, ref.origin) == (hashlib.sha256(data).hexdigest(), len(data), "capture", "esx01 vmk0")
    assert log.evidence_path(ref.sha256).read_bytes() == data


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    with create(tmp_path) as log:

        def write(author: int) -> None:
            for number in range(25):
                log.append(EffectAnswered(float(number), f"{author}", Ok(CommandRan(0, b"%d" % number, b"", 0.1))))

        threads = [threading.Thread(target=write, args=(author,)) for author in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert verify(log.folder) == []
    keys = [event.key for event in events_in(log.folder) if isinstance(event, EffectAnswered)]
    assert sorted(keys) == sorted(f"{author}" for author in range(4) for _ in range(25))


def test_a_closed_log_takes_nothing_more(tmp_path: Path) -> None:
    log = create(tmp_path)
    log.close()
    log.close()
    with pytest.raises(SessionError, match="is closed"):
        log.append(short_session()[0])
    assert verify(log.folder) == []


# --- one writer ----------------------------------------------------------------------------------


def test_a_second_writer_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        log.append(short_session()[0])
        assert is_being_written(log.folder)
        with pytest.raises(SessionError, match="another tshoot is writing this session"):
            SessionLog.reopen(log.folder)
    assert not is_being_written(log.folder)
    with SessionLog.reopen(log.folder) as again:
        again.append(NoteAdded(START + 99, "looked at it again", "anna"))
    assert events_in(log.folder) == [short_session()[0], NoteAdded(START + 99, "looked at it again", "anna")]
    assert verify(log.folder) == []


def test_a_broken_log_is_not_gone_on_with(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        log.append(short_session()[0])
        log.append(short_session()[1])
    path = log.folder / "session.jsonl"
    path.write_bytes(path.read_bytes().replace(b"esx01", b"esx02"))
    with pytest.raises(SessionError, match=r"session\.jsonl:3: does not follow line 2"):
        SessionLog.reopen(log.folder)


# --- killed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("acknowledged", [0, 1, 2, 3, 5, 8, 13, 40])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path, acknowledged: int) -> None:
    writer = Path(__file__).with_name("session_writer.py")
    with subprocess.Popen([sys.executable, writer, tmp_path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().decode().strip())
        for _ in range(acknowledged):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().splitlines(keepends=True)
    # the kill lands anywhere; what was printed to the end counts
    last = acknowledged + sum(line.endswith(b"\n") for line in lines)
    events = events_in(folder)
    assert last <= len(events) <= last + 1
    assert [event.at for event in events] == [float(number) for number in range(len(events))]
    assert wrong(folder) == []
    with SessionLog.reopen(folder) as log:
        log.append(NoteAdded(1.0, "resumed", ""))
    assert len(events_in(folder)) == len(events) + 1 and verify(folder) == []


def test_a_write_that_stopped_at_any_byte_costs_that_line_only(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        for event in short_session()[:4]:
            log.append(event)
    path = log.folder / "session.jsonl"
    whole = path.read_bytes()
    before = len(b"".join(line for _, line in list(complete_lines(log.folder))[:4]))
    for end in range(before, before + 200, 3):
        path.write_bytes(whole[:end])
        assert events_in(log.folder) == short_session()[:3]
        assert wrong(log.folder) == []
    path.write_bytes(whole[: before + 50] + b"\0" * 5000)  # what a power cut leaves on some file systems
    assert events_in(log.folder) == short_session()[:3]


# --- several at once -----------------------------------------------------------------------------


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were made durable, by name; `broken` in it makes the disk keep nothing of the log."""
    made: list[str] = []
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        if "broken" in made and name == "session.jsonl":
            raise OSError(errno.EIO, "Input/output error")
        made.append(name)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return made


def test_several_events_cost_one_flush_and_are_chained_as_any(tmp_path: Path, flushes: list[str]) -> None:
    with create(tmp_path) as log:
        flushes.clear()
        for event in short_session()[:4]:
            log.write(event)
        assert "session.jsonl" not in flushes
        assert events_in(log.folder) == short_session()[:4], "in the log, though a power failure may still take them"
        log.sync()
        log.sync()
        assert flushes.count("session.jsonl") == 1
        log.write(short_session()[4])
        log.append(short_session()[5])
        assert flushes.count("session.jsonl") == 2
    assert verify(log.folder) == []


def test_evidence_is_durable_before_the_line_that_speaks_of_it(tmp_path: Path, flushes: list[str]) -> None:
    with create(tmp_path) as log:
        flushes.clear()
        log.write(EffectAnswered(1.0, "k", Ok(CommandRan(0, b"kept", b"", 0.1))))
        assert len(flushes) == 2 and flushes[0].endswith(".part") and flushes[1] == "evidence"


def test_what_the_disk_does_not_keep_is_not_in_the_log(tmp_path: Path, flushes: list[str]) -> None:
    first, *rest = short_session()
    with create(tmp_path) as log:
        log.append(first)
        log.write(rest[0])
        log.write(rest[1])
        flushes.append("broken")
        with pytest.raises(SessionError, match=r"session\.jsonl: cannot be written: Input/output error"):
            log.sync()
        assert events_in(log.folder) == [first]
        with pytest.raises(SessionError, match="cannot be written"):
            log.append(rest[0])
        flushes.remove("broken")
        log.append(NoteAdded(2.0, "the disk is back", ""))
    assert events_in(log.folder) == [first, NoteAdded(2.0, "the disk is back", "")]
    assert verify(log.folder) == []


# --- full ----------------------------------------------------------------------------------------


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_line_that_does_not_fit_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        log.append(short_session()[0])
        size = (log.folder / "session.jsonl").stat().st_size
        with files_of_at_most(size + 100), pytest.raises(SessionError, match=r"session\.jsonl: cannot be written: File too large") as error:
            log.append(NoteAdded(1.0, "x" * 500, ""))
        assert error.value.hint
        assert (log.folder / "session.jsonl").stat().st_size == size
        log.append(NoteAdded(2.0, "there is room again", ""))
    assert events_in(log.folder) == [short_session()[0], NoteAdded(2.0, "there is room again", "")]
    assert verify(log.folder) == []


def test_evidence_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        with files_of_at_most(4096), pytest.raises(SessionError, match="evidence: cannot be written"):
            log.append(EffectAnswered(1.0, "k", Ok(CommandRan(0, b"x" * 10_000, b"", 0.1))))
        assert list((log.folder / "evidence").iterdir()) == []
    assert events_in(log.folder) == [] and verify(log.folder) == []


def test_a_session_that_cannot_begin_leaves_no_folder(tmp_path: Path) -> None:
    with files_of_at_most(10), pytest.raises(SessionError, match="cannot be written"):
        create(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_said_and_the_log_stays_readable(tiny_disk: Path) -> None:
    outputs = [os.urandom(3000) for _ in range(1000)]
    written: list[Event] = []
    with create(tiny_disk) as log:
        with pytest.raises(SessionError, match="No space left on device") as error:
            for number, output in enumerate(outputs):
                event = EffectAnswered(float(number), f"k{number}", Ok(CommandRan(0, output, b"", 0.1)))
                log.append(event)
                written.append(event)
        assert "XDG_DATA_HOME" in error.value.hint
        assert written and events_in(log.folder) == written and wrong(log.folder) == []
        log.evidence_path(hashlib.sha256(outputs[0]).hexdigest()).unlink()  # room for the seal
    assert [problem.line for problem in verify(log.folder)] == [2]
