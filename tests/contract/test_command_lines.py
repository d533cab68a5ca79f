"""The command lines of devices: their prompts, pagers, logs, banners and bad manners, over a real sshd and a pty."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import threading
import time

import pytest

from tests.contract.kinds import cli_server, cli_transport
from tests.sshd import Operator, Sshd
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError, UsageError
from tshoot.platforms.loader import CliRecipe
from tshoot.transports.base import CommandTimeout

VERSION = b"Cisco IOS Software, fictive\r\nuptime is 3 days\r\n"
LOG = b"*Nov 21 07:00:01.123: %LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/1, changed state to down # > R1\r\n"
LONG = b"".join(b"line %d of a long output\r\n" % number for number in range(1, 101))
REFUSED = b"     ^\r\n% Invalid input detected at '^' marker.\r\n"
ENABLE = CliRecipe("cisco_ios", enable=True)


@pytest.fixture
def cancel():
    return CancelToken()


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    with cli_server(tmp_path_factory.mktemp("device")) as server:
        yield server


@pytest.fixture
def transport(device):
    transport = cli_transport(device)
    yield transport
    transport.close()


def shown(transport, command: str, timeout: float = 10) -> bytes:
    ran = transport.run(command, timeout=timeout, cancel=CancelToken())
    assert (ran.exit_status, ran.stderr) == (None, b"")
    return ran.stdout


# --- what is output and what is not ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("show version", VERSION),
        ("  show version ", VERSION),
        ("show nothing", b""),
        ("show long", LONG),
        ("show nonsense", REFUSED),
        ("show log", b"before\r\n\r\n" + LOG + b"after\r\n"),
        ("show log-on-the-prompt", b"output\r\nR1#" + LOG + b"\r\n"),
        ("show late-log", b"output\r\nR1#\r\n" + LOG + b"\r\n"),
        ("show prompts", b"first\r\nR1#\r\nR1#show version\r\nfictive #\r\nR1#show nothing of note\r\nmore#\r\nlast\r\n"),
        ("show unfinished", b"no end of line"),
        ("show dots", b"Sending 3: !!!\r\nSuccess rate is 100 percent\r\n"),
    ],
)
def test_output_without_echo_and_prompt(transport, command, output):
    assert shown(transport, command) == output
    assert shown(transport, "show version") == VERSION, "and nothing is left over for the next command"


def test_dots_of_progress_are_seen_while_they_are_printed(transport, cancel):
    seen: list[bytes] = []
    transport.run("show dots", timeout=60, cancel=cancel, on_output=lambda stream, data: seen.append(data))
    assert b"".join(seen) == b"Sending 3: !!!\r\nSuccess rate is 100 percent\r\n"


@pytest.mark.parametrize("flags", [("pager",), ("pager", "slow"), ("banner",), ("slow",), ("prompt=a-very-long-name-of-a-router.x",), ("enable",)])
def test_devices(tmp_path, flags):
    """Paging that `terminal length 0` does not end; one character a millisecond; 500 lines of banner; names longer than IOS shows; no privileges."""
    with cli_server(tmp_path / "device", *flags) as server:
        transport = cli_transport(server)
        assert shown(transport, "show version") == VERSION
        assert shown(transport, "show long", 30) == LONG
        assert shown(transport, "show indented", 30) == b"".join(b"    line %d\r\n" % number for number in range(1, 51))
        transport.close()


@pytest.mark.parametrize(("device_type", "flag"), [("cisco_ios", ""), ("cisco_nxos", ""), ("arista_eos", "eos"), ("cisco_xe", "")])
def test_device_types(tmp_path, device_type, flag):
    with cli_server(tmp_path / "device", flag) as server:
        transport = cli_transport(server, recipe=CliRecipe(device_type, enable=False))
        assert shown(transport, "show long") == LONG
        transport.close()


@pytest.mark.parametrize("device_type", ["no_such_device", "cisco_ios_telnet"])
def test_a_device_type_that_netmiko_does_not_know_over_ssh(device, device_type):
    transport = cli_transport(device, recipe=CliRecipe(device_type, enable=False))
    with pytest.raises(UsageError, match=device_type):
        transport.connect(CancelToken())
    transport.close()


# --- privileges --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unprivileged(tmp_path_factory):
    with cli_server(tmp_path_factory.mktemp("device"), "enable") as server:
        yield server


def test_the_enable_secret_is_asked_once_also_for_a_further_session(unprivileged):
    operator, notes = Operator(answers={"Enable secret": "s3cret"}), []
    transport = cli_transport(unprivileged, operator, recipe=ENABLE, on_note=notes.append)
    assert shown(transport, "show secrets") == b"all of them\r\n"
    with pytest.raises(CommandTimeout):
        transport.run("show deaf", timeout=0.3, cancel=CancelToken())
    assert shown(transport, "show secrets") == b"all of them\r\n"
    assert operator.asked == [("Enable secret: ", unprivileged.host, False)]
    assert notes == []
    transport.close()


@pytest.mark.parametrize(
    ("answers", "words"),
    [({"Enable secret": "wr0ng"}, "the enable secret was rejected"), ({}, "the enable secret was not given")],
)
def test_without_the_enable_secret_commands_run_unprivileged(unprivileged, answers, words):
    operator, notes = Operator(answers=answers), []
    transport = cli_transport(unprivileged, operator, recipe=ENABLE, on_note=notes.append)
    started = time.monotonic()
    assert shown(transport, "show secrets") == b"             ^\r\n% Invalid input detected at '^' marker.\r\n"
    assert time.monotonic() - started < 20
    assert shown(transport, "show version") == VERSION
    assert len(operator.asked) == 1
    assert [note.partition(";")[0] for note in notes] == [f"{unprivileged.host}: {words}"]
    assert "wr0ng" not in "".join(notes)
    with pytest.raises(CommandTimeout):
        transport.run("show deaf", timeout=0.3, cancel=CancelToken())
    assert shown(transport, "show version") == VERSION, "in a new session"
    assert (len(operator.asked), len(notes)) == (1, 1), "and nothing is tried again"
    transport.close()


def test_privileges_that_are_there_or_not_wanted_are_not_asked_for(device, unprivileged):
    for server, recipe in ((device, ENABLE), (unprivileged, CliRecipe("cisco_ios", enable=False))):
        operator = Operator()
        transport = cli_transport(server, operator, recipe=recipe)
        assert shown(transport, "show version") == VERSION
        assert operator.asked == []
        transport.close()


def test_the_operator_may_take_longer_for_the_secret_than_the_login_may(unprivileged):
    class Slow(Operator):
        def secret(self, prompt, host, echo):
            time.sleep(3)
            return "s3cret"

    transport = cli_transport(unprivileged, Slow(), recipe=ENABLE, login_timeout=2.5)
    assert shown(transport, "show secrets") == b"all of them\r\n"
    transport.close()


def test_cancel_while_the_secret_is_asked(unprivileged, cancel):
    asked, done = threading.Event(), threading.Event()

    class Absent(Operator):
        def secret(self, prompt, host, echo):
            asked.set()
            done.wait(60)

    transport = cli_transport(unprivileged, Absent(), recipe=ENABLE)
    threading.Thread(target=lambda: (asked.wait(60), cancel.cancel())).start()
    with pytest.raises(Cancelled):
        transport.connect(cancel)
    done.set()
    transport.close()


# --- what goes wrong ---------------------------------------------------------------------------------------


def test_a_session_dropped_in_the_middle_of_an_output(tmp_path):
    with cli_server(tmp_path / "device") as server:
        transport = cli_transport(server)
        with pytest.raises(CommandTimeout) as caught:
            transport.run("show drop", timeout=60, cancel=CancelToken())
        assert caught.value.kind == "closed"
        assert caught.value.message == f"{server.host}: the session was closed during `show drop`"
        assert caught.value.partial.stdout == b"one\r\ntwo\r\nthr"
        with pytest.raises(TargetError) as again:
            transport.run("show version", timeout=60, cancel=CancelToken())
        assert (again.value.kind, again.value.message) == ("closed", caught.value.message)
        assert server.log.read_text().count("Accepted") == 1, "no second login"
        transport.close()


def test_a_session_that_ended_while_idle_is_opened_anew_on_the_same_login(tmp_path):
    with cli_server(tmp_path / "device") as server:
        transport = cli_transport(server)
        assert shown(transport, "show impatience") == b""
        wait_until(lambda: transport._session.closed)
        assert shown(transport, "show version") == VERSION
        assert server.log.read_text().count("Accepted") == 1
        transport.close()


def test_a_host_that_falls_silent_during_a_command(tmp_path):
    """Stopped processes stand for a hung host: its kernel still acknowledges, nobody answers."""
    with cli_server(tmp_path / "device") as server:
        transport = cli_transport(server)
        transport.connect(CancelToken())
        children = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True).stdout.split()
        threading.Timer(0.5, lambda: [os.kill(int(child), signal.SIGSTOP) for child in children]).start()
        with pytest.raises(CommandTimeout) as caught:
            transport.run("show hang", timeout=1.5, cancel=CancelToken())
        for child in children:
            os.kill(int(child), signal.SIGCONT)
        assert (caught.value.kind, caught.value.partial.stdout) == ("unresponsive", b"waiting\r\n")
        transport.close()


def test_a_command_that_hears_no_interrupt_gets_a_new_session_on_the_same_login(tmp_path):
    with cli_server(tmp_path / "device") as server:
        transport = cli_transport(server)
        with pytest.raises(CommandTimeout) as caught:
            transport.run("show deaf", timeout=0.5, cancel=CancelToken())
        assert (caught.value.kind, caught.value.partial.stdout) == ("timeout", b"waiting\r\n")
        assert shown(transport, "show version") == VERSION
        assert server.log.read_text().count("Accepted") == 1
        transport.close()


def test_a_device_that_answers_nothing_any_more(tmp_path):
    with cli_server(tmp_path / "device", f"grave={tmp_path}/grave") as server:
        transport = cli_transport(server)
        with pytest.raises(CommandTimeout) as caught:
            transport.run("show grave", timeout=0.5, cancel=CancelToken())
        assert caught.value.kind == "unresponsive"
        assert "answers nothing any more" in caught.value.message
        assert caught.value.partial.stdout == b"waiting\r\n"
        started = time.monotonic()
        with pytest.raises(TargetError) as again:
            transport.run("show version", timeout=60, cancel=CancelToken())
        assert again.value.kind == "unresponsive"
        assert time.monotonic() - started < 30, "later calls fail at once"
        transport.close()


@pytest.mark.parametrize("flags", [("mute",), ("mute", "slow")])
def test_no_prompt(tmp_path, flags):
    with cli_server(tmp_path / "device", *flags) as server:
        transport = cli_transport(server, login_timeout=1.5)
        with pytest.raises(
            TargetError, match=r"no prompt within 1\.5 s; the last line it printed is `Starting the command line, please wait`"
        ) as caught:
            transport.connect(CancelToken())
        assert caught.value.kind == "unresponsive"
        transport.close()


def test_cancel_while_the_prompt_is_awaited(tmp_path, cancel):
    with cli_server(tmp_path / "device", "mute") as server:
        transport = cli_transport(server)
        threading.Timer(1.0, cancel.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            transport.connect(cancel)
        assert time.monotonic() - started < 10
        transport.close()


def test_a_session_that_ends_before_its_prompt(tmp_path):
    with cli_server(tmp_path / "device", "quit") as server:
        transport = cli_transport(server)
        with pytest.raises(
            TargetError, match="ended the session before its prompt; the last line it printed is `No more sessions on this line`"
        ) as caught:
            transport.connect(CancelToken())
        assert caught.value.kind == "closed"
        transport.close()


def test_a_banner_without_an_end(tmp_path):
    with Sshd(tmp_path / "sshd", options="ForceCommand yes 'unauthorized access #'") as server:
        transport = cli_transport(server, login_timeout=1.5)
        with pytest.raises(TargetError) as caught:
            transport.connect(CancelToken())
        assert caught.value.kind == "unresponsive"
        transport.close()


@pytest.mark.parametrize("command", ["show one-endless-line", "show endless"])
def test_endless_output_is_bounded_and_ended(device, command):
    transport = cli_transport(device, max_output=100_000)
    with pytest.raises(CommandTimeout) as caught:
        transport.run(command, timeout=1, cancel=CancelToken())
    assert (caught.value.kind, len(caught.value.partial.stdout), caught.value.partial.truncated) == ("timeout", 100_000, True)
    assert shown(transport, "show version") == VERSION
    transport.close()


def test_a_question_is_not_answered(transport):
    with pytest.raises(CommandTimeout) as caught:
        shown(transport, "show question", 1.5)
    assert caught.value.partial.stdout == b"Proceed with reload? [confirm]"
    assert shown(transport, "show version") == VERSION


@pytest.mark.parametrize(
    "command",
    [
        "show version\nreload",
        "show version\r",
        "show version\x03",
        "show\tversion",
        "show ?",
        "",
        "  ",
        "show r\u00e9seau",
        "show \u202eversion",
        "x" * 481,
        "show\x16",
    ],
)
def test_commands_that_are_not_one_plain_line_are_not_sent(device, command):
    before = device.log.read_text().count("Accepted")
    transport = cli_transport(device)
    with pytest.raises(TargetError, match="not sent") as caught:
        transport.run(command, timeout=60, cancel=CancelToken())
    assert caught.value.kind == "declined"
    assert device.log.read_text().count("Accepted") == before, "not even a login"
    transport.close()


def test_a_command_line_has_neither_files_nor_processes(transport, cancel):
    with pytest.raises(TargetError, match="has no files") as caught:
        transport.fetch("flash:config", io.BytesIO(), cancel=cancel)
    assert caught.value.kind == "unreadable"
    with pytest.raises(TargetError, match="one command after the other"):
        transport.spawn("show version", cancel=cancel)
