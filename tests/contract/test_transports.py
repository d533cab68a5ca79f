"""What `exec` over SSH gives beside the contract of every transport (test_every_transport), held against each kind of server."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from pathlib import Path

import pytest

from tests.contract.odd_server import OddServer
from tests.sshd import Operator, Sshd
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.transports.base import CommandTimeout
from tshoot.transports.openssh.transport import OpenSshTransport
from tshoot.transports.ssh.transport import SshTransport

SERVERS = {
    "openssh": (Sshd, SshTransport),
    "openssh-without-sftp": (lambda folder: Sshd(folder, options=""), SshTransport),
    "paramiko-server": (OddServer, SshTransport),
    "openssh-by-ssh": (Sshd, OpenSshTransport),
}


@pytest.fixture(scope="module", params=SERVERS)
def place(request, tmp_path_factory):
    server, transport = SERVERS[request.param]
    with server(tmp_path_factory.mktemp("server")) as running:
        yield running, transport


@pytest.fixture
def server(place):
    return place[0]


@pytest.fixture
def made(place):
    """Makes a transport to the server, as settings are changed."""
    running, transport = place
    return lambda **changes: transport(running.host, prompter=Operator(), settings=running.settings(**changes))


@pytest.fixture
def transport(made):
    transport = made(max_output=1_000_000)
    yield transport
    transport.close()


@pytest.fixture
def cancel():
    return CancelToken()


def test_exit_status_and_streams_apart(transport, cancel):
    ran = transport.run("echo out; echo err >&2; exit 3", timeout=60, cancel=cancel)
    assert (ran.exit_status, ran.stdout, ran.stderr, ran.truncated) == (3, b"out\n", b"err\n", False)
    assert 0 < ran.seconds < 10


def test_bytes_are_raw(transport, cancel):
    ran = transport.run(r"printf '\000\033[31m\377\r\n'", timeout=60, cancel=cancel)
    assert ran.stdout == b"\x00\x1b[31m\xff\r\n"


def test_standard_input_is_at_its_end(transport, cancel):
    assert transport.run("cat; echo over", timeout=60, cancel=cancel).stdout == b"over\n"


def test_output_arrives_while_it_is_printed(transport, cancel, tmp_path):
    """The second line is printed once the first was seen here."""
    seen: list[tuple[str, bytes]] = []

    def see(stream: str, data: bytes) -> None:
        seen.append((stream, data))
        (tmp_path / "seen").touch()

    transport.run(f"echo first; until [ -e {tmp_path}/seen ]; do sleep 0.05; done; echo second >&2", timeout=60, cancel=cancel, on_output=see)
    assert seen == [("stdout", b"first\n"), ("stderr", b"second\n")]


def test_more_output_than_a_window_is_whole(transport, cancel):
    ran = transport.run("head -c 900000 /dev/zero; head -c 700000 /dev/zero >&2", timeout=60, cancel=cancel)
    assert (len(ran.stdout), len(ran.stderr), ran.truncated) == (900_000, 700_000, False)


def test_output_beyond_the_bound_is_dropped_and_said(transport, cancel):
    passed: list[int] = []
    ran = transport.run("head -c 5000000 /dev/zero; exit 4", timeout=60, cancel=cancel, on_output=lambda _, data: passed.append(len(data)))
    assert (len(ran.stdout), ran.truncated, ran.exit_status, sum(passed)) == (1_000_000, True, 4, 1_000_000)


def test_time_out_keeps_what_was_printed_and_the_connection(transport, cancel):
    with pytest.raises(CommandTimeout) as caught:
        transport.run("echo before; sleep 30", timeout=2, cancel=cancel)
    assert caught.value.kind == "timeout"
    assert caught.value.message == f"{transport.host}: `echo before; sleep 30` did not end within 2 s"
    assert caught.value.partial.stdout == b"before\n"
    assert transport.run("echo after", timeout=60, cancel=cancel).stdout == b"after\n"


def test_cancel_returns_at_once(transport, cancel):
    transport.connect(cancel)
    threading.Timer(0.3, cancel.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        transport.run("sleep 30", timeout=60, cancel=cancel)
    assert time.monotonic() - started < 10
    assert transport.run("echo on", timeout=60, cancel=CancelToken()).stdout == b"on\n"


def test_several_threads_share_it_and_only_four_commands_run_at_once(transport, cancel, tmp_path):
    """Each command counts itself in and out; more than four never are in."""
    command = f"mkdir {tmp_path}/in.$$; ls -d {tmp_path}/in.* | wc -l; sleep 0.3; rmdir {tmp_path}/in.$$"
    counts: list[int] = []

    def work():
        counts.append(int(transport.run(command, timeout=60, cancel=cancel).stdout))

    threads = [threading.Thread(target=work) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 9
    assert 2 <= max(counts) <= 4


def test_what_lasts_keeps_no_command_waiting(transport, cancel):
    """As many captures as there may be: the command that ends one of them finds a place all the same; one more is refused in words."""
    lasting = [transport.spawn("echo up; exec sleep 60", cancel=cancel) for _ in range(4)]
    assert [process.read_line(20) for process in lasting] == ["up"] * 4
    assert transport.run("echo in", timeout=60, cancel=cancel).stdout == b"in\n"
    with pytest.raises(TargetError, match="4 captures or other lasting commands run there") as caught:
        transport.spawn("echo up; exec sleep 60", cancel=cancel)
    assert caught.value.kind == "declined"
    lasting.pop().close()
    another = transport.spawn("echo up; exec sleep 60", cancel=cancel)
    assert another.read_line(20) == "up"
    for process in (*lasting, another):
        process.close()


def test_process_lines_and_end(transport, cancel):
    process = transport.spawn("echo one; sleep 0.2; printf two; echo e >&2; exit 5", cancel=cancel)
    assert process.read_line(5) == "one"
    assert process.read_line(5) == "two"
    assert process.wait(60)
    assert process.exit_status == 5
    assert process.output() == (b"one\ntwo", b"e\n")
    assert process.read_line(0.1) is None
    process.close()
    process.close()


def test_process_that_goes_on(transport, cancel):
    process = transport.spawn("echo up; exec sleep 30", cancel=cancel)
    assert process.read_line(20) == "up"
    started = time.monotonic()
    assert process.read_line(0.3) is None
    assert not process.wait(0.2)
    assert process.exit_status is None
    assert 0.45 < time.monotonic() - started < 15
    process.close()


def test_closing_a_process_ends_its_standard_input(transport, cancel, tmp_path):
    process = transport.spawn(f"echo up; cat >/dev/null; touch {tmp_path}/ended", cancel=cancel)
    assert process.read_line(20) == "up"
    assert not (tmp_path / "ended").exists()
    process.close()
    wait_until((tmp_path / "ended").exists)


def test_processes_give_their_places_back(transport, cancel):
    for _ in range(10):
        transport.spawn("cat", cancel=cancel).close()
    assert transport.run("echo still", timeout=60, cancel=cancel).stdout == b"still\n"


def test_fetch(transport, cancel, tmp_path):
    content = os.urandom(3_000_000)
    remote = tmp_path / "it's a $(file)"
    remote.write_bytes(content)
    into, progress = io.BytesIO(), []
    assert transport.fetch(str(remote), into, cancel=cancel, on_bytes=lambda *at: progress.append(at)) == len(content)
    assert into.getvalue() == content
    assert progress[-1] == (len(content), len(content))
    assert len(progress) > 3
    assert all(total == len(content) for _, total in progress)


def test_fetch_of_an_empty_file(transport, cancel, tmp_path):
    (tmp_path / "empty").touch()
    assert transport.fetch(str(tmp_path / "empty"), io.BytesIO(), cancel=cancel) == 0


def test_fetch_of_a_missing_file(transport, cancel):
    with pytest.raises(TargetError, match=r"no-such-file: .*No such file") as caught:
        transport.fetch("/no-such-file", io.BytesIO(), cancel=cancel)
    assert caught.value.kind == "not-found"
    assert transport.run("echo on", timeout=60, cancel=cancel).stdout == b"on\n"


def test_fetch_more_than_is_allowed(made, cancel, tmp_path):
    (tmp_path / "big").write_bytes(bytes(200_000))
    transport = made(max_fetch=100_000)
    with pytest.raises(TargetError, match="200000 bytes are more than") as caught:
        transport.fetch(str(tmp_path / "big"), io.BytesIO(), cancel=cancel)
    assert caught.value.kind == "unreadable"
    transport.close()


def test_cancelled_fetch(transport, cancel, tmp_path):
    os.mkfifo(tmp_path / "fifo")  # whose reader waits for ever
    transport.connect(cancel)
    threading.Timer(0.3, cancel.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        transport.fetch(str(tmp_path / "fifo"), io.BytesIO(), cancel=cancel)
    assert time.monotonic() - started < 10
    for _ in range(20):  # let the server's side go, which may come to the pipe only now
        with contextlib.suppress(OSError):  # nobody reads
            os.close(os.open(tmp_path / "fifo", os.O_WRONLY | os.O_NONBLOCK))
        time.sleep(0.05)


def test_close_leaves_no_thread_and_no_descriptor(made, server, cancel):
    threads, descriptors = _client_threads(), _descriptors()
    transport = made()
    transport.run("true", timeout=60, cancel=cancel)
    transport.fetch("/etc/hostname", io.BytesIO(), cancel=cancel)
    transport.spawn("cat", cancel=cancel)
    transport.close()
    wait_until(lambda: _client_threads() <= threads, what="the end of all threads")
    if not isinstance(server, OddServer):  # whose own sockets are in this process
        assert _descriptors() <= descriptors
    with pytest.raises(TargetError, match="was closed here"):
        transport.run("true", timeout=60, cancel=cancel)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _client_threads() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if type(thread).__name__ in ("HopClient", "Timer") or thread.name == "tshoot-ssh" or "refetch" in thread.name
    }


def test_connect_twice_logs_in_once(transport, server, cancel):
    transport.connect(cancel)
    before = _logins(server)
    transport.connect(cancel)
    transport.run("true", timeout=60, cancel=cancel)
    assert _logins(server) == before


def _logins(server) -> int:
    return server.attempts.count("publickey") if isinstance(server, OddServer) else server.log.read_text().count("Accepted")
