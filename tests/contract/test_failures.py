"""Every way in which a target cannot be used: its kind, and words that name the host, what happened and what to do."""

from __future__ import annotations

import errno
import io
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from tests.contract.odd_server import Manners, OddServer
from tests.sshd import Operator, Sshd, free_port, make_key
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError, UsageError
from tshoot.transports.base import CommandTimeout
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.transport import SshTransport


def transport_to(host, operator=None, **changes):
    bounds = {"config_file": None, "known_hosts": (), "global_known_hosts": (), "use_agent": False, "connect_timeout": 0.7}
    return SshTransport(host, prompter=operator or Operator(), settings=SshSettings(**(bounds | changes)))


def failure(transport) -> TargetError:
    with pytest.raises(TargetError) as caught:
        transport.connect(CancelToken())
    with pytest.raises(TargetError) as again:
        transport.run("true", timeout=60, cancel=CancelToken())
    assert again.value is caught.value, "later calls fail at once"
    transport.close()
    assert caught.value.hint
    return caught.value


class Peer:
    """A TCP server that says `greeting` (once, or `endless`ly) and then holds or closes the connection."""

    def __init__(self, greeting: bytes = b"", endless: bool = False, close: bool = False) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.greeting, self.endless, self.close = greeting, endless, close
        self.thread = threading.Thread(target=self.serve)
        self.over = threading.Event()

    def serve(self) -> None:
        sock, _ = self.listener.accept()
        with sock:
            try:
                sock.sendall(self.greeting)
                while self.endless and not self.over.is_set():
                    sock.sendall(self.greeting)
            except OSError:
                return
            if not self.close:
                self.over.wait(60)

    def __enter__(self) -> Peer:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.listener.close()
        self.thread.join()


SSH = b"SSH-2.0-of another tongue\r\n"


def packet(body: bytes) -> bytes:
    """As sent before any key exchange (RFC 4253, section 6)."""
    padding = 4 + -(len(body) + 9) % 8
    return struct.pack(">IB", len(body) + padding + 1, padding) + body + bytes(padding)


def text(said: bytes) -> bytes:
    return struct.pack(">I", len(said)) + said


def disconnect(reason: bytes) -> bytes:
    return packet(bytes([1]) + struct.pack(">I", 2) + text(reason) + text(b""))


def lists(kex: bytes) -> bytes:
    offered = (kex, b"ssh-ed25519", b"aes128-ctr", b"aes128-ctr", b"hmac-sha2-256", b"hmac-sha2-256", b"none", b"none", b"", b"")
    return packet(bytes([20]) + bytes(16) + b"".join(map(text, offered)) + bytes(5))


def test_name_unknown():
    error = failure(transport_to("no-such-host.invalid"))
    assert error.kind == "name-unknown"
    assert error.message == "no-such-host.invalid: the name `no-such-host.invalid` cannot be resolved"


def test_refused():
    port = free_port()
    error = failure(transport_to(f"127.0.0.1:{port}"))
    assert error.kind == "refused"
    assert error.message == f"127.0.0.1 (127.0.0.1 port {port}): the connection was refused"
    assert "ESXi" in error.hint


def test_no_answer_at_all():
    """A listener whose queue is full leaves a SYN unanswered, as a firewall that drops does."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        error = failure(transport_to(f"127.0.0.1:{full.getsockname()[1]}"))
        for one in waiting:
            one.close()
    assert error.kind == "unreachable"
    assert "no answer" in error.message


def test_no_route():
    error = failure(transport_to("255.255.255.255:22"))
    assert error.kind == "unreachable"


@pytest.mark.parametrize(
    ("peer", "kind", "words"),
    [
        (Peer, "unresponsive", "accepts the connection and says nothing"),
        (lambda: Peer(b"SSH-2.0-half a greeting"), "unresponsive", "says nothing but the beginning of its greeting, `SSH-2.0-half a greeting`"),
        (lambda: Peer(b"SSH-2.0-half a greeting", close=True), "closed", "closed the connection before the login"),
        (lambda: Peer(b"Who are \x1b[31myou?"), "unreachable", "answers, but not with SSH; it says `Who are you?`"),
        (lambda: Peer(b"Zutritt f\xfcr\r\nUnbefugte\r\nSSH-2.0-ger\xe4t\r\n", close=True), "closed", "closed the connection before the login"),
        (lambda: Peer(SSH + disconnect(b"gesperrt f\xfcr immer")), "closed", "the key exchange failed: gesperrt f\ufffdr immer"),
        (lambda: Peer(SSH + lists(b"kex\xff")), "no-common-algorithm", "for the key exchange it offers only kex\ufffd"),
        (lambda: Peer(close=True), "closed", "closed the connection before the login"),
        (lambda: Peer(b"SSH-2.0-quits\r\n", close=True), "closed", "closed the connection before the login"),
        (lambda: Peer(b"HTTP/1.1 400 Bad \x1b[31mRequest\r\n\r\n"), "unreachable", "answers, but not with SSH; it says `HTTP/1.1 400 Bad Request`"),
        (lambda: Peer(b"x" * 4096, endless=True), "unreachable", "answers, but not with SSH"),
        (lambda: Peer(b"SSH-2.0-then silence\r\n"), "unresponsive", "no answer within 0.7 s while exchanging keys"),
        (lambda: Peer(b"SSH-2.0-then garbage\r\n" + b"\xff" * 3000, close=True), "closed", ""),
        (lambda: Peer(b"SSH-1.0-ancient\r\n"), "no-common-algorithm", "Incompatible version (1.0 instead of 2.0)"),
    ],
    ids=[
        "silent",
        "half",
        "half-closes",
        "text",
        "latin-1-greeting",
        "latin-1-reason",
        "latin-1-lists",
        "closes",
        "quits",
        "http",
        "flood",
        "no-kex",
        "garbage",
        "ssh1",
    ],
)
def test_peers_that_are_no_proper_ssh_server(peer, kind, words):
    before = set(threading.enumerate())
    with peer() as running:
        started = time.monotonic()
        error = failure(transport_to(f"127.0.0.1:{running.port}"))
        assert time.monotonic() - started < 15
        before.add(running.thread)
    assert error.kind == kind, error.message
    assert words in error.message
    assert f"127.0.0.1 port {running.port}" in error.message
    wait_until(lambda: set(threading.enumerate()) <= before, what="the end of all threads")


def test_no_common_algorithm(tmp_path):
    """OpenSSH offering only what old devices have."""
    with Sshd(tmp_path / "sshd", options="KexAlgorithms diffie-hellman-group14-sha1") as server:
        error = failure(SshTransport(server.host, prompter=Operator(), settings=server.settings()))
    assert error.kind == "no-common-algorithm"
    assert "no acceptable kex algorithm" in error.message
    assert "SHA-1" in error.hint


def test_cancelled_connect():
    with Peer() as peer:
        cancel = CancelToken()
        transport = transport_to(f"127.0.0.1:{peer.port}", connect_timeout=30)
        threading.Timer(0.3, cancel.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            transport.connect(cancel)
        assert time.monotonic() - started < 10
        transport.close()


# --- host keys ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    with Sshd(tmp_path_factory.mktemp("sshd"), host_key_types=("ed25519", "rsa")) as server:
        yield server


def test_unknown_host_key_is_refused_with_its_fingerprint(sshd):
    error = failure(SshTransport(sshd.host, prompter=Operator(), settings=sshd.settings(known="# nobody\n")))
    assert error.kind == "host-key-unknown"
    assert "its ssh-ed25519 host key is unknown: SHA256:" in error.message
    assert f"ssh -p {sshd.port} {sshd.user}@127.0.0.1" in error.hint
    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1 >> {sshd.settings().known_hosts[0]}" in error.hint


def test_accepted_host_key_is_remembered_privately(sshd, tmp_path):
    file = tmp_path / "home" / ".ssh" / "known_hosts"
    operator = Operator(accept=True)
    for _ in range(2):
        transport = SshTransport(sshd.host, prompter=operator, settings=sshd.settings(known_hosts=(file,)))
        transport.connect(CancelToken())
        transport.close()
    assert [(key.host, key.port, key.key_type) for key in operator.keys] == [("127.0.0.1", sshd.port, "ssh-ed25519")]
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.read_text().split()[:2] == [f"[127.0.0.1]:{sshd.port}", "ssh-ed25519"]


def test_known_by_another_type_of_key_is_asked_for_that_one(sshd):
    transport = SshTransport(sshd.host, prompter=Operator(), settings=sshd.settings(known=sshd.known_hosts("rsa")))
    transport.connect(CancelToken())
    transport.close()


def test_changed_host_key_is_never_asked_about(sshd, tmp_path):
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    operator = Operator(accept=True)
    error = failure(SshTransport(sshd.host, prompter=operator, settings=sshd.settings(known=f"[127.0.0.1]:{sshd.port} {other}")))
    assert error.kind == "host-key-changed"
    assert error.message.count("SHA256:") == 2
    assert "known_hosts:1" in error.message
    assert "ssh-keygen -R" in error.hint
    assert operator.keys == []


def test_revoked_host_key(sshd):
    known = sshd.known_hosts("ed25519")
    error = failure(
        SshTransport(sshd.host, prompter=Operator(accept=True), settings=sshd.settings(known=f"{known}@revoked * {known.split(' ', 1)[1]}"))
    )
    assert (error.kind, "revoked" in error.message) == ("host-key-changed", True)


# --- after the login ----------------------------------------------------------------------------------


def odd(tmp_path, **manners):
    return OddServer(tmp_path / "odd", Manners(**manners))


def odd_transport(server, **changes):
    return SshTransport(server.host, prompter=Operator(), settings=server.settings(**changes))


def test_closed_in_the_middle_of_a_command(tmp_path):
    with odd(tmp_path, on_exec="close") as server:
        transport = odd_transport(server)
        with pytest.raises(CommandTimeout) as caught:
            transport.run("show tech", timeout=60, cancel=CancelToken())
        assert caught.value.kind == "closed"
        assert caught.value.message == f"{server.host}: the connection was lost during `show tech`"
        assert caught.value.partial.stdout == b"first line\n"
        with pytest.raises(TargetError) as again:
            transport.run("true", timeout=60, cancel=CancelToken())
        assert (again.value.kind, again.value.message) == ("closed", caught.value.message)
        assert len(server.transports) == 1, "no second login"
        transport.close()


@pytest.mark.parametrize("manners", [{"on_exec": "hang"}, {"open_channels": "hang"}])
def test_server_that_hangs_after_the_login(tmp_path, manners):
    with odd(tmp_path, **manners) as server:
        transport = odd_transport(server, channel_timeout=0.6)
        started = time.monotonic()
        with pytest.raises(TargetError) as caught:
            transport.run("true", timeout=30, cancel=CancelToken())
        assert (caught.value.kind, "no longer answers (tried `true`)" in caught.value.message) == ("unresponsive", True)
        assert time.monotonic() - started < 15
        transport.close()


def test_host_that_falls_silent_during_a_command(tmp_path):
    """Stopped processes stand for a hung host: its kernel still acknowledges, nobody answers."""
    with Sshd(tmp_path / "sshd") as server:
        transport = odd_transport(server)
        transport.connect(CancelToken())
        children = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True).stdout.split()
        with pytest.raises(CommandTimeout) as caught:
            transport.run(
                "echo last words; sleep 30",
                timeout=4,
                cancel=CancelToken(),
                on_output=lambda _stream, _data: [os.kill(int(child), signal.SIGSTOP) for child in children],
            )
        for child in children:
            os.kill(int(child), signal.SIGCONT)
        assert caught.value.kind == "unresponsive"
        assert caught.value.partial.stdout == b"last words\n"
        transport.close()


def test_cancel_while_the_server_hangs(tmp_path):
    with odd(tmp_path, on_exec="hang") as server:
        transport, cancel = odd_transport(server, channel_timeout=20), CancelToken()
        transport.connect(cancel)
        threading.Timer(0.3, cancel.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            transport.run("true", timeout=30, cancel=cancel)
        assert time.monotonic() - started < 10
        transport.close()


def test_channel_that_is_never_closed_after_the_exit_status(tmp_path):
    with odd(tmp_path, on_exec="status-only") as server:
        transport = odd_transport(server)
        ran = transport.run("true", timeout=60, cancel=CancelToken())
        assert (ran.exit_status, ran.stdout) == (0, b"done\n")
        assert ran.seconds < 4
        transport.close()


@pytest.mark.parametrize(
    ("manners", "words"),
    [({"open_channels": "refuse"}, "refused another session for `true`"), ({"on_exec": "refuse"}, "does not let this user run `true`")],
)
def test_commands_that_the_server_refuses(tmp_path, manners, words):
    with odd(tmp_path, **manners) as server:
        transport = odd_transport(server, channel_timeout=0.5)
        for _ in range(5):  # and no place is lost
            with pytest.raises(TargetError, match=words) as caught:
                transport.run("true", timeout=60, cancel=CancelToken())
            assert caught.value.kind == "permission-denied"
        transport.close()


def test_standing_copy(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with Sshd(tmp_path / "sshd", options="") as server:
        transport = odd_transport(server, stall_timeout=0.6)
        with pytest.raises(TargetError, match="the copy stands still after 0 of 0 bytes") as caught:
            transport.fetch(str(tmp_path / "fifo"), io.BytesIO(), cancel=CancelToken())
        assert caught.value.kind == "timeout"
        assert transport.run("echo on", timeout=60, cancel=CancelToken()).stdout == b"on\n"
        transport.close()
        os.close(os.open(tmp_path / "fifo", os.O_RDWR | os.O_NONBLOCK))


class FullDisk(io.BytesIO):
    def write(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_copy_that_cannot_be_written_here_gives_its_place_back(tmp_path):
    """By `cat`, for there is no SFTP: what is left of the file cannot be written either."""
    (tmp_path / "large").write_bytes(bytes(1_000_000))
    with Sshd(tmp_path / "sshd", options="") as server:
        transport, cancel = odd_transport(server, max_channels=1), CancelToken()
        with pytest.raises(UsageError, match="cannot be written here: No space left on device"):
            transport.fetch(str(tmp_path / "large"), FullDisk(), cancel=CancelToken())
        giving_up = threading.Timer(10, cancel.cancel)
        giving_up.start()
        assert transport.run("echo on", timeout=60, cancel=cancel).stdout == b"on\n"
        giving_up.cancel()
        transport.close()


def test_unreadable_file(tmp_path):
    with Sshd(tmp_path / "sshd") as server:
        transport = odd_transport(server)
        with pytest.raises(TargetError, match="Is a directory") as caught:
            transport.fetch(str(tmp_path), io.BytesIO(), cancel=CancelToken())
        assert caught.value.kind == "unreadable"
        transport.close()
