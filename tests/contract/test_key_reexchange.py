"""A server that begins to exchange keys anew (RFC 4253, section 9) and then stands still: nothing can be sent, and nobody waits for it."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path

import paramiko
import pytest
from paramiko.common import MSG_KEXINIT

from tests.contract.kinds import exec_transport
from tests.contract.odd_server import OddServer
from tests.sshd import Sshd
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError


class Stalled:
    """`server` in the middle of a key exchange, until `go_on`."""

    def __init__(self, server: OddServer, client: paramiko.Transport) -> None:
        self.ours, self.theirs = client, server.transports[0]
        self.over = threading.Event()
        exchange = self.theirs._handler_table[MSG_KEXINIT]
        self.theirs._handler_table[MSG_KEXINIT] = lambda message: (self.over.wait(60), exchange(message))
        self.theirs._send_kex_init()
        wait_until(lambda: not client.clear_to_send.is_set(), what="the key exchange")

    def go_on(self) -> None:
        self.over.set()
        wait_until(self.ours.clear_to_send.is_set, what="the end of the key exchange")


@pytest.fixture
def connected(tmp_path, request):
    """A server and a transport to it with one place for commands; a parameter is its time for a new channel, in seconds."""
    with OddServer(tmp_path / "odd") as server:
        transport = exec_transport(server, max_channels=1, channel_timeout=getattr(request, "param", 30.0))
        transport.connect(CancelToken())
        yield server, transport
        transport.close()


def client_of(transport) -> paramiko.Transport:
    return transport._link.client(CancelToken())


def test_a_command_is_cancelled_at_once_and_ended_when_it_goes_on(connected):
    server, transport = connected
    cancel, stalls = CancelToken(), []

    def stall_and_cancel():
        stalls.append(Stalled(server, client_of(transport)))
        cancelled.append(time.monotonic())
        cancel.cancel()

    cancelled = []
    with pytest.raises(Cancelled):
        transport.run("echo here; sleep 60", timeout=60, cancel=cancel, on_output=lambda *_: threading.Thread(target=stall_and_cancel).start())
    assert time.monotonic() - cancelled[0] < 30
    session = next(iter(server.transports[0]._channels.values()))
    assert not session.closed
    stalls[0].go_on()
    wait_until(lambda: session.closed, what="the end of its session on the server")
    assert transport.run("echo on", timeout=60, cancel=CancelToken()).stdout == b"on\n", "and its place is free"


def test_what_has_arrived_is_read_in_full_when_it_goes_on(connected):
    """Reading tells the server that it may send more: neither that nor what was read is lost."""
    server, transport = connected
    client_of(transport).default_window_size = 40_000
    process = transport.spawn("head -c 100000 /dev/zero", cancel=CancelToken())
    wait_until(lambda: len(process._channel.in_buffer) == 40_000, what="a full window")
    stalled = Stalled(server, client_of(transport))
    assert process.pump(0) is False
    stalled.go_on()
    assert process.wait(60)
    assert len(process.output()[0]) == 100_000
    process.close()


@pytest.mark.parametrize("connected", [2.0], indirect=True)
def test_a_new_command_is_told_that_the_host_no_longer_answers(connected):
    server, transport = connected
    stalled = Stalled(server, client_of(transport))
    with pytest.raises(TargetError) as caught:
        transport.run("true", timeout=60, cancel=CancelToken())
    assert (caught.value.kind, caught.value.message) == ("unresponsive", f"{server.host}: no longer answers (tried `true`)")
    stalled.go_on()


def test_a_new_command_is_cancelled_at_once(connected):
    server, transport = connected
    stalled, cancel = Stalled(server, client_of(transport)), CancelToken()
    threading.Timer(0.3, cancel.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        transport.run("true", timeout=60, cancel=cancel)
    assert time.monotonic() - started < 15, "sooner than the channel's own time is over"
    stalled.go_on()


def test_a_command_line_is_left_at_once(tmp_path, monkeypatch):
    """What is typed waits for its short while, so that an interrupt does not hold a cancelled command; closing waits for nothing."""
    monkeypatch.setattr("tshoot.transports.ssh.link._LINE", 0.3)
    with Sshd(tmp_path / "sshd") as server:
        transport = exec_transport(server)
        terminal = transport._link.open_terminal(CancelToken())
        client_of(transport).clear_to_send.clear()
        started = time.monotonic()
        with pytest.raises(EOFError):
            terminal.write(b"show version\n")
        terminal.close()
        assert time.monotonic() - started < 20
        wait_until(lambda: terminal._channel.closed, what="its end on this side")
        transport.close()


class Files(paramiko.SFTPServerInterface):
    def stat(self, path):
        return paramiko.SFTPAttributes.from_stat(Path(path).stat())

    def open(self, path, flags, attr):
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = io.BytesIO(Path(path).read_bytes())
        return handle


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_copy_outlives_a_long_one(connected, tmp_path, monkeypatch):
    """By SFTP, which asks for the next pieces all the time: bytes that are on a slow way already come before the keys."""
    server, transport = connected
    (tmp_path / "file").write_bytes(bytes(12_000_000))
    server.transports[0].set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
    monkeypatch.setattr(server, "run", lambda channel, command: channel.close())  # so it is not had by `cat`
    stalls = []

    def stall(done: int, total: int) -> None:
        if not stalls:
            stalls.append(Stalled(server, client_of(transport)))
            threading.Timer(6.0, stalls[0].go_on).start()

    into = io.BytesIO()
    assert transport.fetch(str(tmp_path / "file"), into, cancel=CancelToken(), on_bytes=stall) == 12_000_000
    assert stalls[0].over.is_set()
