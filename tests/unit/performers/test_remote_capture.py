"""Captures over a real OpenSSH: real tcpdump on `lo` as root, elsewhere a program of the recipe that behaves like it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sshd import Operator, Sshd
from tests.unit.performers.local_target import stand_in
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError, UsageError
from tshoot.model.effects import StartCapture, StopCapture
from tshoot.performers.capture_script import capture_script, file_name
from tshoot.performers.journal import CaptureJournal, CaptureRecord, leftovers
from tshoot.performers.leftovers import sweep
from tshoot.performers.remote_capture import RemoteCapture
from tshoot.platforms.loader import CaptureRecipe, load_platform
from tshoot.transports.ssh.transport import SshTransport

TCPDUMP = replace(load_platform("linux").capture, processes="")  # others capture on lo at the same time, without asking
STOP = StopCapture("trace:stop", "trace", "host", "trace/1@host")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    with Sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def transport(sshd):
    transport = SshTransport(sshd.host, prompter=Operator(), settings=sshd.settings())
    yield transport
    transport.close()


@pytest.fixture
def recipe(tmp_path):
    """The stand-in, which needs no rights."""
    program = stand_in(tmp_path / "stand in", dropped=3)
    (tmp_path / "target").mkdir()
    return CaptureRecipe(
        str(program), "-i {interface} -s {snaplen} -c {packets} -w {path} {filter}", (str(tmp_path / "target"),), "df -kP", "df", 1.0, 0.1
    )


@pytest.fixture
def journal(tmp_path):
    journal = CaptureJournal(tmp_path / "journal", "abc123")
    yield journal
    journal.close()


@pytest.fixture
def capture(transport, journal):
    capture = RemoteCapture(transport, journal, "abc123")
    yield capture
    capture.abandon()


def start(**changes) -> StartCapture:
    bounds = {"seconds": 30.0, "packets": 10_000, "megabytes": 5.0}
    return StartCapture("trace/1@host", "trace", "host", "lo", "udp port 9", 9014, **(bounds | changes))


def on_target(recipe) -> list[Path]:
    return sorted(Path(recipe.directories[0]).iterdir())


def running(path: str) -> list[str]:
    return subprocess.run(["pgrep", "-f", "--", f"-w {path}"], capture_output=True, text=True).stdout.split()


def test_started_stopped_pulled_and_removed(capture, recipe, journal, tmp_path):
    started = capture.start(start(), recipe, None, CancelToken())
    assert started.remote_path == f"{recipe.directories[0]}/{file_name('abc123', 'trace/1@host')}"
    assert re.fullmatch(r"tshoot-abc123-[0-9a-f]{8}\.pcap", Path(started.remote_path).name)
    assert Path(started.remote_path).stat().st_mode & 0o777 == 0o600
    assert str(started.pid) in running(started.remote_path)
    progress = []
    taken = capture.stop(STOP, tmp_path / "pulled", CancelToken(), lambda *at: progress.append(at))
    content = (tmp_path / "pulled").read_bytes()
    assert (tmp_path / "pulled").stat().st_mode & 0o777 == 0o600
    assert taken.capture.sha256 == hashlib.sha256(content).hexdigest()
    assert taken.capture.size == len(content) > 24
    assert taken.capture.origin == "host: lo udp port 9"
    assert (taken.stopped_by, taken.dropped, taken.removed) == ("operator", 3, True)
    assert taken.received == (len(content) - 24) // 76
    assert progress[-1] == (len(content), len(content))
    assert on_target(recipe) == []
    assert running(started.remote_path) == []
    journal.close()
    assert list((tmp_path / "journal").iterdir()) == []


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [({"packets": 20}, "packets"), ({"seconds": 1.0}, "seconds"), ({"megabytes": 0.01}, "megabytes")],
    ids=["packets", "seconds", "megabytes"],
)
def test_bounds_hold_on_the_target(capture, recipe, tmp_path, bounds, reason):
    started = capture.start(start(**bounds), recipe, None, CancelToken())
    wait_until(lambda: not running(started.remote_path), what="the end by itself")
    taken = capture.stop(STOP, tmp_path / "pulled", CancelToken())
    assert (taken.stopped_by, taken.removed) == (reason, True)
    assert taken.received is not None


def test_a_capture_that_was_killed_is_not_told_as_whole(capture, recipe, tmp_path):
    """Who ended it is not known, but it was neither its bound nor tshoot; and its time ends with it, not where it is asked for."""
    started = capture.start(start(seconds=2.0), recipe, None, CancelToken())
    os.kill(started.pid, signal.SIGKILL)
    one = capture._running["trace/1@host"]
    wait_until(lambda: one.ended, what="that its end is seen")
    wait_until(lambda: time.monotonic() - one.started > 2.5, what="a time beyond its bound")
    taken = capture.stop(STOP, tmp_path / "pulled", CancelToken())
    assert (taken.stopped_by, taken.seconds) == ("closed", one.ended - one.started)


def test_the_kernel_bounds_the_size_where_a_second_is_too_long(capture, recipe, tmp_path):
    fast = tmp_path / "fast"
    fast.write_text(Path(recipe.program).read_text().replace("time.sleep(0.01)", "file.write(bytes(1 << 20))"))
    fast.chmod(0o755)
    started = capture.start(start(megabytes=3.0), replace(recipe, program=str(fast)), None, CancelToken())
    wait_until(lambda: not running(started.remote_path), what="the end by itself")
    assert Path(started.remote_path).stat().st_size <= (3.0 * 1.1 + 1) * 2**20
    assert capture.stop(STOP, tmp_path / "pulled", CancelToken()).stopped_by == "megabytes"


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("tcpdump"), reason="capturing on lo with tcpdump needs root")
def test_real_tcpdump_keeps_a_packet_sent_just_before_the_stop(capture, tmp_path):
    capture.start(start(), TCPDUMP, str(tmp_path), CancelToken())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"trigger", ("127.0.0.1", 9))
    taken = capture.stop(STOP, tmp_path / "pulled", CancelToken())
    content = (tmp_path / "pulled").read_bytes()
    assert b"trigger" in content
    assert struct.unpack("<I", content[:4]) == (0xA1B2C3D4,)
    assert (taken.received, taken.dropped, taken.stopped_by) == (2, 0, "operator") or taken.received >= 1
    assert list(tmp_path.glob("*.pcap")) == []


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("tcpdump"), reason="capturing on lo with tcpdump needs root")
@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [({"interface": "nope0"}, "not-found", "No such device"), ({"filter": "port and and"}, "internal", "syntax error")],
)
def test_real_tcpdump_that_does_not_start(capture, journal, tmp_path, changes, kind, words):
    with pytest.raises(TargetError, match=words) as caught:
        capture.start(replace(start(), **changes), replace(TCPDUMP, sample_seconds=0.0), str(tmp_path), CancelToken())
    assert caught.value.kind == kind
    assert list(tmp_path.glob("*.pcap")) == []


def test_no_room(capture, recipe, journal, tmp_path):
    with pytest.raises(TargetError, match=r"target has \d+ MB; needed are \d+ MB \(6 MB and 1000000000 MB kept free\)") as caught:
        capture.start(start(), replace(recipe, keep_free_megabytes=1e9), None, CancelToken())
    assert caught.value.kind == "no-space"
    assert on_target(recipe) == []
    assert leftovers(tmp_path / "journal", capture._transport.host) == []


def test_the_first_directory_with_room_is_taken(capture, recipe, tmp_path):
    table = "Filesystem 1024-blocks Used Available Capacity Mounted on\\na 1 1 20000000 1%% /\\nb 1 1 10 99%% /full\\n"
    crowded = replace(recipe, directories=("/full", *recipe.directories), free_space=f"printf '{table}'")
    assert capture.start(start(), crowded, None, CancelToken()).remote_path.startswith(f"{recipe.directories[0]}/")
    with pytest.raises(TargetError, match="/full/below has 0 MB"):
        capture.start(replace(start(), key="other"), crowded, "/full/below", CancelToken())


def test_room_that_nobody_tells(capture, recipe):
    with pytest.raises(TargetError, match="did not say how much room") as caught:
        capture.start(start(), replace(recipe, free_space="echo hello"), None, CancelToken())
    assert caught.value.kind == "unreadable"


def test_missing_program(capture, recipe):
    with pytest.raises(TargetError, match="no-such-tcpdump") as caught:
        capture.start(start(), replace(recipe, program="no-such-tcpdump"), None, CancelToken())
    assert caught.value.kind == "missing-program"
    assert on_target(recipe) == []


@pytest.mark.parametrize("refused", ["You don't have permission to capture on that device", "socket: Operation not permitted"])
def test_no_permission(capture, recipe, tmp_path, refused):
    (tmp_path / "refuses").write_text(f'#!/bin/sh\necho "tcpdump: {refused}" >&2\nexit 1\n')
    (tmp_path / "refuses").chmod(0o755)
    with pytest.raises(TargetError, match="may not capture") as caught:
        capture.start(start(), replace(recipe, program=str(tmp_path / "refuses")), None, CancelToken())
    assert caught.value.kind == "permission-denied"


def test_a_file_of_that_name_is_never_overwritten(capture, recipe):
    planted = Path(recipe.directories[0]) / file_name("abc123", "trace/1@host")
    planted.symlink_to("/etc/hostname")
    with pytest.raises(TargetError, match="exists"):
        capture.start(start(), recipe, None, CancelToken())
    assert Path("/etc/hostname").exists()


def test_cancelled_while_it_settles_leaves_nothing(capture, recipe, journal, tmp_path):
    cancel = CancelToken()
    threading.Thread(target=lambda: (wait_until(lambda: on_target(recipe)), cancel.cancel())).start()
    with pytest.raises(Cancelled):
        capture.start(start(), replace(recipe, settle_seconds=20.0), None, cancel)
    assert on_target(recipe) == []
    assert not running(recipe.directories[0])
    journal.close()
    assert leftovers(tmp_path / "journal", capture._transport.host) == []


def test_abandoned_captures_are_ended_and_removed(capture, recipe):
    started = [capture.start(replace(start(), key=key), recipe, None, CancelToken()) for key in ("a", "b")]
    capture.abandon()
    assert on_target(recipe) == []
    assert not any(running(one.remote_path) for one in started)


@pytest.mark.parametrize(
    "changes", [{"interface": "lo; reboot"}, {"interface": "-w"}, {"interface": ""}, {"filter": "-w /etc/passwd"}, {"filter": "-z/bin/sh"}]
)
def test_values_that_could_be_read_as_something_else(recipe, changes):
    with pytest.raises(UsageError):
        capture_script(replace(start(), **changes), recipe, "/tmp/x.pcap")


def test_quoting(capture, recipe, tmp_path):
    place = tmp_path / "it's $(touch hacked) `x`"
    place.mkdir()
    hostile = replace(start(), filter="host 'a' $(touch hacked); touch hacked")
    capture.start(hostile, recipe, str(place), CancelToken())
    taken = capture.stop(STOP, tmp_path / "pulled", CancelToken())
    assert taken.removed
    assert list(tmp_path.rglob("hacked")) == []
    assert not (Path.home() / "hacked").exists()


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_script_is_for_every_posix_shell(shell, recipe, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not here")
    path = tmp_path / "x.pcap"
    words = [shell, "sh"] if shell == "busybox" else [shell]
    (tmp_path / "sh").write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
    (tmp_path / "sh").chmod(0o755)
    command = capture_script(start(), recipe, str(path))
    process = subprocess.Popen(
        command,
        shell=True,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert re.fullmatch(rb"pid \d+\n", process.stdout.readline())
    wait_until(path.exists)
    process.stdin.close()  # the connection ends
    assert process.wait(60) == 0
    assert b"packets captured" in process.stderr.read()


# --- pulls that fail, runs that die -----------------------------------------------------------------------


def test_a_pull_that_fails_keeps_the_file_for_the_next_connect(capture, recipe, journal, transport, tmp_path, monkeypatch):
    started = capture.start(start(), recipe, None, CancelToken())

    def broken(*_, **__):
        raise TargetError("unreadable", "the disk there is broken", "see its log")

    with monkeypatch.context() as patch:
        patch.setattr(transport, "fetch", broken)
        with pytest.raises(TargetError) as caught:
            capture.stop(STOP, tmp_path / "pulled", CancelToken())
    assert (caught.value.kind, caught.value.message) == ("unreadable", "the disk there is broken")
    assert started.remote_path in caught.value.hint
    content = Path(started.remote_path).read_bytes()
    assert leftovers(tmp_path / "journal", transport.host) == [], "the run that owns it lives"
    journal.close()
    left = leftovers(tmp_path / "journal", transport.host)
    assert [one.record for one in left] == [CaptureRecord(transport.host, started.remote_path, "unpulled", started.pid)]
    (said,) = sweep(transport, left, CancelToken(), tmp_path / "rescued")
    assert "was removed; it is kept as" in said
    assert (tmp_path / "rescued" / Path(started.remote_path).name).read_bytes() == content
    assert on_target(recipe) == []
    assert list((tmp_path / "journal").iterdir()) == []


RUN = """
import os, sys, time
from pathlib import Path
from tshoot.cancel import CancelToken
from tshoot.model.effects import StartCapture
from tshoot.performers.journal import CaptureJournal
from tshoot.performers.remote_capture import RemoteCapture
from tshoot.platforms.loader import CaptureRecipe
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.transport import SshTransport
host, journal, known, key, program, place = sys.argv[1:]
settings = SshSettings(config_file=None, known_hosts=(Path(known),), global_known_hosts=(), identity_files=(Path(key),), use_agent=False)
recipe = CaptureRecipe(program, "-i {interface} -s {snaplen} -c {packets} -w {path} {filter}", (place,), "df -kP", "df", 1.0, 0.0)
capture = RemoteCapture(SshTransport(host, prompter=None, settings=settings), CaptureJournal(Path(journal), "dead01"), "dead01")
started = capture.start(StartCapture("k", "n", "host", "lo", "", 100, 60, 100000, 5), recipe, None, CancelToken())
print(started.remote_path, started.pid, flush=True)
time.sleep(60)
"""


def test_killed_tshoot_leaves_a_capture_that_ends_and_is_found(sshd, transport, recipe, tmp_path):
    known = sshd.settings().known_hosts[0]
    arguments = [sshd.host, tmp_path / "journal", known, sshd.user_key, recipe.program, recipe.directories[0]]
    victim = subprocess.Popen([sys.executable, "-c", RUN, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    path, pid = victim.stdout.readline().split()
    assert pid in running(path)
    assert leftovers(tmp_path / "journal", sshd.host) == [], "its owner lives"
    killed = time.monotonic()
    victim.kill()
    victim.wait()
    wait_until(lambda: not running(path), what="the end of the capture")
    assert time.monotonic() - killed < 20
    assert Path(path).exists()
    left = leftovers(tmp_path / "journal", f"127.0.0.1:{sshd.port}")
    assert [(one.record.path, one.record.pid, one.record.state) for one in left] == [(path, int(pid), "running")]
    assert leftovers(tmp_path / "journal", "127.0.0.2") == []
    assert sweep(transport, left, CancelToken()) == [f"{sshd.host}: {path}: a capture of an earlier run was removed"]
    assert not Path(path).exists()
    assert leftovers(tmp_path / "journal", sshd.host) == []
    assert list((tmp_path / "journal").iterdir()) == []


def test_sweep_ends_a_capture_that_still_runs_but_no_stranger(transport, tmp_path):
    """A capture whose watchdog died with the network, and a pid that belongs to someone else by now."""
    ours, theirs = tmp_path / "tshoot-a-00000000.pcap", tmp_path / "tshoot-b-00000000.pcap"
    runs = [subprocess.Popen(["sh", "-c", f"trap '' INT; while :; do sleep 0.1; done # -w {word}"]) for word in (ours, "other")]
    for path, process in zip((ours, theirs), runs, strict=True):
        path.touch()
        journal = CaptureJournal(tmp_path / "journal", path.stem[-10:-9] + "x")
        journal.note(CaptureRecord(transport.host, str(path), "running", process.pid))
        journal.close()
    try:
        waiter = threading.Thread(target=runs[0].wait)
        waiter.start()
        sweep(transport, leftovers(tmp_path / "journal", transport.host), CancelToken())
        waiter.join(60)
        assert runs[0].poll() == -signal.SIGTERM
        assert runs[1].poll() is None
        assert not ours.exists()
        assert not theirs.exists()
    finally:
        for process in runs:
            process.kill()
            process.wait()


def test_journal_that_was_torn_or_forged(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    good = '{"host": "h", "path": "/tmp/tshoot-a-1.pcap", "state": "running", "pid": 77}\n'
    forged = [
        '{"host": "h", "path": "/etc/passwd", "state": "running", "pid": 77}\n',
        '{"host": "h", "path": "/tmp/../etc/x; rm -rf ~/tshoot-a-1.pcap\\n", "state": "running", "pid": 77}\n',
        '{"host": "h", "path": "/tmp/tshoot-a-2.pcap", "state": "running", "pid": 1}\n',
        '{"host": "h", "path": "/tmp/tshoot-a-3.pcap", "state": "running", "pid": true}\n',
        '{"host": "h", "path": "/tmp/tshoot-a-4.pcap", "state": "else", "pid": 77}\n',
        '[]\n"x"\n{}\n\xff\n' + "[" * 5000 + "\n",
    ]
    (folder / "one.jsonl").write_text("".join(forged) + good + good[:30])
    os.mkfifo(folder / "fifo.jsonl")
    (folder / "link.jsonl").symlink_to(folder / "one.jsonl")
    assert [one.record.path for one in leftovers(folder, "h")] == ["/tmp/tshoot-a-1.pcap"]
    assert leftovers(tmp_path / "absent", "h") == []


def test_journal_also_in_the_session_folder(tmp_path):
    journal = CaptureJournal(tmp_path / "journal", "s", tmp_path / "captures.jsonl")
    journal.note(CaptureRecord("h", "/tmp/tshoot-a-1.pcap", "started"))
    assert (tmp_path / "captures.jsonl").read_text() == '{"host": "h", "path": "/tmp/tshoot-a-1.pcap", "state": "started", "pid": null}\n'
    assert (tmp_path / "captures.jsonl").stat().st_mode & 0o777 == 0o600
    journal.close()
    assert len(leftovers(tmp_path / "journal", "root@h:22")) == 1
