"""The contract of every transport (tshoot/transports/base.py), held against each kind of transport and server."""

from __future__ import annotations

import threading
import time

import pytest

from tests.contract.kinds import BY_SSH, KINDS
from tests.contract.odd_server import OddServer
from tests.sshd import Operator, make_key
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.transports.base import CommandTimeout

LINES = b"Cisco IOS Software, fictive\r\nuptime is 3 days\r\n"


def pytest_generate_tests(metafunc):
    if "kind" in metafunc.fixturenames:
        name = metafunc.function.__name__.removeprefix("test_")
        metafunc.parametrize("kind", [kind for kind in KINDS if kind not in BY_SSH or name in BY_SSH[kind]], indirect=True, scope="module")


@pytest.fixture(scope="module")
def kind(request):
    return KINDS[request.param]


@pytest.fixture(scope="module")
def server(kind, tmp_path_factory):
    with kind.server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def transport(kind, server):
    transport = kind.transport(server, max_output=500_000)
    yield transport
    transport.close()


@pytest.fixture
def cancel():
    return CancelToken()


def test_output(kind, transport, cancel):
    ran = transport.run(kind.commands["lines"], timeout=60, cancel=cancel)
    assert (ran.stdout, ran.stderr, ran.truncated) == (LINES, b"", False)
    assert ran.exit_status in (0, None)
    assert 0 < ran.seconds < 10


def test_bytes_are_raw(kind, transport, cancel):
    assert transport.run(kind.commands["bytes"], timeout=60, cancel=cancel).stdout == b"\xff\x00\x1b[31mred\x1b[0m\t.\r\n"


def test_output_arrives_while_it_is_printed(kind, transport, cancel):
    seen: list[tuple[str, bytes, float]] = []
    transport.connect(cancel)
    transport.run(kind.commands["twice"], timeout=60, cancel=cancel, on_output=lambda stream, data: seen.append((stream, data, time.monotonic())))
    assert [(stream, data) for stream, data, _ in seen] == [("stdout", b"first\r\n"), ("stdout", b"second\r\n")]
    assert seen[1][2] - seen[0][2] > 0.4


def test_output_beyond_the_bound_is_dropped_and_said(kind, transport, cancel):
    passed: list[int] = []
    ran = transport.run(kind.commands["million"], timeout=30, cancel=cancel, on_output=lambda _, data: passed.append(len(data)))
    assert (len(ran.stdout), ran.truncated, sum(passed)) == (500_000, True, 500_000)


def test_more_output_than_a_window_is_whole(kind, server, cancel):
    transport = kind.transport(server, max_output=5_000_000)
    ran = transport.run(kind.commands["million"], timeout=30, cancel=cancel)
    assert (ran.truncated, ran.stdout.count(b"x"), ran.stdout.count(b"\n")) == (False, 980_000, 10_000)
    transport.close()


def test_time_out_keeps_what_was_printed_and_the_connection(kind, transport, cancel):
    with pytest.raises(CommandTimeout) as caught:
        transport.run(kind.commands["hang"], timeout=2, cancel=cancel)
    assert caught.value.kind == "timeout"
    assert caught.value.message == f"{transport.host}: `{kind.commands['hang']}` did not end within 2 s".replace("\\r\\n", r"\r\n")
    assert caught.value.partial.stdout == b"waiting\r\n"
    assert transport.run(kind.commands["lines"], timeout=60, cancel=cancel).stdout == LINES


def test_endless_output_times_out(kind, transport, cancel):
    with pytest.raises(CommandTimeout) as caught:
        transport.run(kind.commands["endless"], timeout=1, cancel=cancel)
    assert caught.value.partial.stdout.count(b"0123456789") > 100
    assert len(caught.value.partial.stdout) <= 500_000
    assert transport.run(kind.commands["lines"], timeout=60, cancel=cancel).stdout == LINES


@pytest.mark.parametrize("what", ["hang", "endless"])
def test_cancel_returns_at_once(kind, transport, cancel, what):
    transport.connect(cancel)
    threading.Timer(0.3, cancel.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        transport.run(kind.commands[what], timeout=60, cancel=cancel)
    assert time.monotonic() - started < 10
    assert transport.run(kind.commands["lines"], timeout=60, cancel=CancelToken()).stdout == LINES


def test_cancelled_before_it_starts(kind, transport, cancel):
    cancel.cancel()
    with pytest.raises(Cancelled):
        transport.run(kind.commands["lines"], timeout=60, cancel=cancel)


def test_several_threads_share_it(kind, transport, cancel):
    outputs: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: outputs.append(transport.run(kind.commands["lines"], timeout=30, cancel=cancel).stdout)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == [LINES] * 6


def test_one_login(kind, transport, server, cancel):
    def logins() -> int:
        return server.attempts.count("publickey") if isinstance(server, OddServer) else server.log.read_text().count("Accepted")

    before = logins()
    transport.connect(cancel)
    transport.connect(cancel)
    transport.run(kind.commands["lines"], timeout=60, cancel=cancel)
    assert logins() == before + 1


def test_close_leaves_no_thread(kind, server, cancel):
    def ours() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if type(thread).__name__ in ("HopClient", "Timer") or thread.name == "tshoot-ssh"}

    before = ours()
    transport = kind.transport(server)
    transport.run(kind.commands["lines"], timeout=60, cancel=cancel)
    transport.close()
    wait_until(lambda: ours() <= before, what="the end of all threads")
    with pytest.raises(TargetError, match="was closed here"):
        transport.run(kind.commands["lines"], timeout=60, cancel=cancel)


# --- logging in: the very same code, whatever speaks over it -------------------------------------------


def refusal(transport) -> TargetError:
    with pytest.raises(TargetError) as caught:
        transport.connect(CancelToken())
    with pytest.raises(TargetError) as again:
        transport.run("show version", timeout=60, cancel=CancelToken())
    assert again.value is caught.value, "a failed login is never tried again"
    transport.close()
    return caught.value


def test_unknown_host_key_is_asked_about_and_refused(kind, server):
    operator = Operator()
    assert refusal(kind.transport(server, operator, known_hosts=())).kind == "host-key-unknown"
    assert [key.fingerprint[:7] for key in operator.keys] == ["SHA256:"]


def test_changed_host_key_is_refused_unasked(kind, server, tmp_path):
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{server.port} {make_key(tmp_path / 'other').with_suffix('.pub').read_text()}")
    operator = Operator(accept=True)
    assert refusal(kind.transport(server, operator, known_hosts=(file,))).kind == "host-key-changed"
    assert operator.keys == []


def test_a_key_that_the_server_does_not_know(kind, server, tmp_path):
    error = refusal(kind.transport(server, identity_files=(make_key(tmp_path / "stranger"),)))
    assert error.kind == "auth-rejected"
    assert server.host in error.message


def test_ssh_config_is_followed(kind, server, tmp_path, cancel):
    user, _, place = server.host.partition("@")
    (tmp_path / "config").write_text(
        f"Host r1\n  HostName 127.0.0.1\n  Port {place.rpartition(':')[2]}\n  User {user}\n  IdentityFile {server.user_key}\n"
    )
    known = tmp_path / "known_hosts"
    known.write_text(server.known_hosts())
    transport = kind.transport(server, host="r1", config_file=tmp_path / "config", known_hosts=(known,), identity_files=(), default_keys=())
    assert transport.run(kind.commands["lines"], timeout=60, cancel=cancel).stdout == LINES
    transport.close()
