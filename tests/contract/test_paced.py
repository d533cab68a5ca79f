"""The pace of a device: busy ones are waited for and never logged into twice, places and commands are bounded, on real servers where there is one."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from tests.contract.odd_server import Manners, OddServer
from tests.sshd import Operator, Sshd, free_port
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.model.events import CommandRan
from tshoot.platforms.loader import PaceRecipe, load_platform, platform_names
from tshoot.transports.base import TargetBusy
from tshoot.transports.busy import says_busy
from tshoot.transports.choose import transport_for
from tshoot.transports.login.credentials import Credentials
from tshoot.transports.pace import Pace
from tshoot.transports.paced import Approach, Paced
from tshoot.transports.settings import SshSettings

LINUX = load_platform("linux")


def quick(folder=None, **changes) -> Pace:
    return Pace(folder, **({"first_pause": 0.1, "patience": 3.0, "place_patience": 0.5} | changes))


def paced(server, pace=None, operator=None, notes=None, **changes):
    settings = server.settings(pace=pace or quick(), **changes)
    return transport_for(LINUX, server.host, operator or Operator(), settings, (notes if notes is not None else []).append)


def stranger(pace: Pace) -> SshSettings:
    return SshSettings(config_file=None, known_hosts=(), global_known_hosts=(), default_keys=(), use_agent=False, pace=pace)


def held_open(server) -> socket.socket:
    """A connection that never logs in."""
    sock = socket.create_connection(("127.0.0.1", server.port))
    assert sock.recv(100).startswith(b"SSH-2.0-")
    return sock


# --- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "Exceeded MaxStartups",
        "Not allowed at this time",
        "% Connection refused; all lines in use",
        "% No more VTY lines available",
        "All VTY lines are in use",
        "Too many open sessions",
        "Too many connections",
        "too many authenticated connections",
        "Maximum number of sessions reached",
        "Session limit exceeded",
        "\x1b[1mServer is too busy\x1b[0m, try again later",
    ],
)
def test_words_of_a_busy_device(said):
    assert says_busy(said)


@pytest.mark.parametrize(
    "said",
    ["", "SSH-2.0-OpenSSH_9.2", "Too many authentication failures", "Permission denied", "no matching host key type", "x" * 10_000 + "server busy"],
)
def test_words_that_say_nothing_of_the_kind(said):
    assert not says_busy(said)


@pytest.mark.parametrize("name", platform_names())
def test_every_platform_states_its_pace(name):
    pace = load_platform(name).pace
    assert 1 <= pace.connections <= 8
    assert 1 <= pace.commands_per_second <= 50


def test_the_page_states_them_too():
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z_, ]+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    told = {name: (int(connections), float(commands)) for names, connections, commands in rows for name in names.split(", ")}
    paces = {name: load_platform(name).pace for name in platform_names()}
    assert told == {name: (pace.connections, pace.commands_per_second) for name, pace in paces.items()}


# --- a busy device ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["paramiko", "openssh"])
def test_maxstartups_is_waited_for_and_then_logged_in_once(tmp_path, name):
    notes: list[str] = []
    with Sshd(tmp_path / "sshd", options="MaxStartups 1\nLogLevel VERBOSE") as server:
        holder = held_open(server)
        transport = paced(server, notes=notes, transports={"": name})
        threading.Timer(0.5, holder.close).start()
        transport.connect(CancelToken())
        assert transport.run("echo in", timeout=60, cancel=CancelToken()).stdout == b"in\n"
        transport.close()
        assert notes
        assert all(note.startswith(server.host) and "is busy" in note and "trying again in" in note for note in notes)
        log = server.log.read_text()
        assert log.count("Accepted publickey") == 1
        assert "Failed" not in log


def test_a_device_that_stays_busy_is_given_up_in_words(tmp_path):
    notes: list[str] = []
    with Sshd(tmp_path / "sshd", options="MaxStartups 1") as server, held_open(server):
        transport = paced(server, quick(patience=0.8), notes=notes)
        started = time.monotonic()
        with pytest.raises(TargetError) as caught:
            transport.connect(CancelToken())
        assert time.monotonic() - started < 15
        assert caught.value.kind == "closed"
        assert "never as far as a login" in caught.value.message
        assert f"tried {len(notes) + 1} times" in caught.value.message
        with pytest.raises(TargetError) as again:
            transport.run("true", timeout=60, cancel=CancelToken())
        assert again.value is caught.value, "later calls fail at once"
        transport.close()


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_the_wait_for_a_busy_device_can_be_ended(tmp_path, end):
    with Sshd(tmp_path / "sshd", options="MaxStartups 1") as server, held_open(server):
        notes: list[str] = []
        transport, cancel = paced(server, quick(first_pause=20, patience=60), notes=notes), CancelToken()
        act = cancel.cancel if end == "cancel" else transport.close
        threading.Thread(target=lambda: (wait_until(lambda: notes), act())).start()
        started = time.monotonic()
        with pytest.raises(Cancelled if end == "cancel" else TargetError):
            transport.connect(cancel)
        assert time.monotonic() - started < 15
        transport.close()


class Greeter:
    """A device that says one line and closes, `times` times; then it does not listen any more."""

    def __init__(self, said: bytes) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.said, self.calls = self.listener.getsockname()[1], said, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            with sock, suppress(OSError):
                sock.sendall(self.said)
                sock.shutdown(socket.SHUT_WR)
                sock.recv(1000)


@pytest.mark.parametrize("said", [b"Not allowed at this time\r\n", b"% Connection refused; no more VTY lines\r\n", b"", b"Exceeded MaxStartups\r\n"])
def test_what_a_device_says_before_its_greeting(said):
    greeter, notes = Greeter(said), []
    settings = stranger(quick(patience=0.5))
    transport = transport_for(LINUX, f"root@127.0.0.1:{greeter.port}", Operator(), settings, notes.append)
    with pytest.raises(TargetError) as caught:
        transport.connect(CancelToken())
    greeter.listener.close()
    assert caught.value.kind == "closed"
    assert greeter.calls == len(notes) + 1 >= 2
    if said:
        assert said.decode().strip() in notes[0]


@pytest.mark.parametrize(
    "manners", [Manners(methods="password", password="s3cret"), Manners(methods="keyboard-interactive")], ids=["password", "interactive"]
)
def test_a_rejected_login_is_no_busy_device(tmp_path, manners):
    with OddServer(tmp_path / "odd", manners) as server:
        notes: list[str] = []
        transport = paced(server, operator=Operator(answers={"assword": "wrong"}), notes=notes)
        with pytest.raises(TargetError) as caught:
            transport.connect(CancelToken())
        assert caught.value.kind == "auth-rejected"
        assert (len(server.attempts), len(server.transports), notes) == (1, 1, [])
        transport.close()


def test_a_connection_refused_is_told_at_once():
    settings = stranger(quick())
    notes: list[str] = []
    transport = transport_for(LINUX, f"root@127.0.0.1:{free_port()}", Operator(), settings, notes.append)
    with pytest.raises(TargetError) as caught:
        transport.connect(CancelToken())
    assert (caught.value.kind, notes) == ("refused", [])


# --- one attempt per target and credential ----------------------------------------------------------------


def test_a_shared_password_is_asked_once_for_three_targets(tmp_path):
    operator, credentials, pace = Operator(answers={"assword": "s3cret"}), Credentials(share=True), quick()
    for number in range(3):
        with OddServer(tmp_path / f"odd{number}", Manners(methods="password", password="s3cret")) as server:
            transport = paced(server, pace, operator, credentials=credentials)
            assert transport.run("echo in", timeout=60, cancel=CancelToken()).stdout == b"in\n"
            transport.close()
            assert server.attempts == ["password"]
    assert len(operator.asked) == 1


def test_after_the_first_rejection_no_further_device_sees_the_password(tmp_path):
    class Once(Operator):
        def secret(self, prompt, host, echo):
            answer = super().secret(prompt, host, echo)
            return answer if len(self.asked) == 1 else None

    operator, credentials, pace = Once(answers={"assword": "wrong"}), Credentials(share=True), quick()
    servers = [OddServer(tmp_path / f"odd{number}", Manners(methods="password", password="s3cret")) for number in range(3)]
    errors: list[TargetError] = []

    def log_in(server):
        transport = paced(server, pace, operator, credentials=credentials)
        try:
            transport.connect(CancelToken())
        except TargetError as error:
            errors.append(error)
        transport.close()

    for server in servers:
        server.__enter__()
    try:
        threads = [threading.Thread(target=log_in, args=(server,)) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sum(len(server.attempts) for server in servers) == 1
        guilty = next(server for server in servers if server.attempts)
        assert [error.kind for error in errors] == ["auth-rejected"] * 3
        stopped = [error.message for error in errors if "not logged in" in error.message]
        assert len(stopped) == 2
        assert all(f"was rejected by {guilty.host}" in message for message in stopped)
    finally:
        for server in servers:
            server.__exit__()


def test_a_code_is_asked_at_each_device(tmp_path):
    rounds = [("", "", [("Password: ", False)]), ("", "", [("Verification code: ", False)])]
    operator, credentials, pace = Operator(answers={"Password": "s3cret", "Verification": "123456"}), Credentials(share=True), quick()
    for number in range(2):
        manners = Manners(methods="keyboard-interactive", rounds=rounds, answers=[["s3cret"], ["123456"]])
        with OddServer(tmp_path / f"odd{number}", manners) as server:
            transport = paced(server, pace, operator, credentials=credentials)
            transport.connect(CancelToken())
            transport.close()
            assert server.responses == [["s3cret"], ["123456"]]
    assert [prompt.strip() for prompt, _, _ in operator.asked] == ["Password:", "Verification code:", "Verification code:"]


# --- connections and commands -----------------------------------------------------------------------------


class Quiet:
    """A transport that connects to nothing."""

    host = "quiet"

    def __init__(self, fails: TargetError | None = None) -> None:
        self.fails = fails
        self.ran: list[float] = []

    def connect(self, cancel) -> None:
        if self.fails is not None:
            raise self.fails

    def run(self, command, *, timeout, cancel, on_output=None) -> CommandRan:
        if self.fails is not None:
            raise self.fails
        self.ran.append(time.monotonic())
        return CommandRan(0, b"", b"", 0.0)

    def close(self) -> None: ...


def quiet(pace: Pace, inner: Quiet, limits=PaceRecipe(), notes=print, host="quiet") -> Paced:  # noqa: B008
    device = pace.device(host, 22)
    return Paced(host, lambda cancel: Approach(lambda: inner, device, device), limits, notes)


def test_commands_of_all_runs_together_keep_to_the_rate():
    pace, inner = quick(), Quiet()
    both = [quiet(pace, inner, PaceRecipe(4, 10)) for _ in range(2)]
    threads = [threading.Thread(target=lambda one=one: [one.run("true", timeout=1, cancel=CancelToken()) for _ in range(10)]) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    turns = list(pace.device("quiet", 22)._commands)
    assert len(inner.ran) == len(turns) == 20
    assert all(ran >= turn for ran, turn in zip(sorted(inner.ran), turns, strict=True)), "none before its turn"
    assert all(later - earlier > 0.999 for earlier, later in zip(turns, turns[10:], strict=False)), "no more than 10 in any second"
    assert min(later - earlier for earlier, later in pairwise(turns[:10])) < 0.05, "the first come at once"


def test_a_wait_for_a_turn_can_be_cancelled():
    pace, inner, cancel = quick(), Quiet(), CancelToken()
    transport = quiet(pace, inner, PaceRecipe(4, 0.1))
    transport.run("true", timeout=1, cancel=cancel)
    threading.Timer(0.2, cancel.cancel).start()
    with pytest.raises(Cancelled):
        transport.run("true", timeout=1, cancel=cancel)
    assert len(inner.ran) == 1


@pytest.mark.parametrize("folder", ["", "connections", "not-writable"])
def test_places_are_given_back(tmp_path, folder):
    if folder == "not-writable":
        (tmp_path / folder).write_text("a file where the folder would be")
    pace = quick(tmp_path / folder if folder else None)
    notes: list[str] = []
    first, second, third = (quiet(pace, Quiet(), PaceRecipe(2), notes.append) for _ in range(3))
    for transport in (first, second):
        transport.connect(CancelToken())
    with pytest.raises(TargetError, match="2 connections to it already") as caught:
        third.connect(CancelToken())
    assert caught.value.kind == "refused"
    assert "waiting" in notes[0]
    first.close()
    first.close()
    fourth = quiet(pace, Quiet(), PaceRecipe(2))
    fourth.connect(CancelToken())
    for transport in (second, fourth):
        transport.close()
    if folder == "connections":
        assert list((tmp_path / folder).iterdir()) == []


def test_the_wait_for_a_place_ends_with_the_transport():
    pace, notes = quick(place_patience=60), []
    holder, waiting = quiet(pace, Quiet(), PaceRecipe(1)), quiet(pace, Quiet(), PaceRecipe(1), notes.append)
    holder.connect(CancelToken())
    threading.Thread(target=lambda: (wait_until(lambda: notes), waiting.close())).start()
    with pytest.raises(TargetError, match="closed here"):
        waiting.connect(CancelToken())
    assert notes == ["quiet: waiting: tshoot has 1 connection to it already, as many as it makes to such a device"]
    holder.close()


def test_the_ssh_config_is_read_when_it_is_connected_and_a_cancel_ends_that(tmp_path):
    """Its `Match exec` may take its time."""
    config = tmp_path / "config"
    config.write_text(f'Match exec "touch {tmp_path}/began; sleep 60"\n Port 1\n')
    config.chmod(0o600)
    settings = SshSettings(config_file=config, known_hosts=(), use_agent=False, default_keys=(), pace=quick())
    transport = transport_for(LINUX, "host", Operator(), settings, print)
    assert not (tmp_path / "began").exists()
    cancel = CancelToken()
    threading.Thread(target=lambda: (wait_until((tmp_path / "began").exists), cancel.cancel())).start()
    with pytest.raises(Cancelled):
        transport.connect(cancel)
    transport.close()


def test_what_was_agreed_holds_while_a_busy_device_is_waited_for(tmp_path):
    """The way is one for the system's ssh; the device takes no connection at first."""
    config = tmp_path / "config"
    config.write_text("BindInterface lo\n")
    config.chmod(0o600)
    operator, notes = Operator(agrees=True), []
    with Sshd(tmp_path / "sshd", options="MaxStartups 1") as server, held_open(server) as held:
        transport = paced(server, quick(patience=60), operator, notes, config_file=config)
        threading.Thread(target=lambda: (wait_until(lambda: sum("is busy" in note for note in notes) >= 2), held.close())).start()
        transport.connect(CancelToken())
        assert len(operator.questions) == 1
        transport.close()


def test_those_who_wait_for_a_busy_device_come_back_one_by_one():
    device = quick(first_pause=5.0).device("busy", 22)
    device.busy()
    assert len({round(device.pause(), 3) for _ in range(20)}) > 10


def test_a_failed_login_keeps_no_place():
    pace = quick()
    for _ in range(3):
        transport = quiet(pace, Quiet(TargetError("auth-rejected", "no")), PaceRecipe(1))
        with pytest.raises(TargetError, match="no"):
            transport.connect(CancelToken())


def test_other_processes_keep_their_places_until_they_die(tmp_path):
    hold = (
        "import sys, time; from pathlib import Path; from tshoot.cancel import CancelToken; from tshoot.transports.pace import Pace\n"
        "place = Pace(Path(sys.argv[1])).device('Quiet', 22).place(1, CancelToken(), print); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path / "c")], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"held\n"
        transport = quiet(quick(tmp_path / "c"), Quiet(), PaceRecipe(1))
        with pytest.raises(TargetError, match="1 connection to it already"):
            transport.connect(CancelToken())
    finally:
        process.kill()
        process.wait()
    quiet(quick(tmp_path / "c"), Quiet(), PaceRecipe(1)).connect(CancelToken())
    assert [(path.stat().st_mode & 0o777) for path in (tmp_path / "c").iterdir()] == [0o600]


def test_what_was_lost_or_busy_is_left_alone_by_everybody():
    pace = quick(first_pause=0.4)
    inner = Quiet()
    transport = quiet(pace, inner)
    transport.connect(CancelToken())
    inner.fails = TargetError("closed", "lost")
    started = time.monotonic()
    with pytest.raises(TargetError, match="lost"):
        transport.run("true", timeout=1, cancel=CancelToken())
    quiet(pace, Quiet()).connect(CancelToken())
    assert time.monotonic() - started > 0.25
    pauses = [pace.device("other", 22).busy() for _ in range(8)]
    assert pauses[0] < pauses[2] < pauses[4]
    assert max(pauses) <= 15 * 1.25


def test_one_login_at_a_time():
    class Slow(Quiet):
        inside = most = 0

        def connect(self, cancel):
            Slow.inside += 1
            Slow.most = max(Slow.most, Slow.inside)
            time.sleep(0.05)
            Slow.inside -= 1

    pace = quick()
    threads = [threading.Thread(target=lambda: quiet(pace, Slow(), PaceRecipe(8)).connect(CancelToken())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Slow.most == 1


def test_busy_words_are_cleaned_and_bounded():
    notes: list[str] = []
    busy = TargetBusy("quiet: busy", "wait", "x" * 500)
    with pytest.raises(TargetError):
        quiet(quick(patience=0.05), Quiet(busy), notes=notes.append).connect(CancelToken())
    assert all(len(note) < 200 for note in notes)
