"""Devices whose login is a command line, as netmiko, OpenSSH and paramiko see them."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from contextlib import contextmanager

import paramiko
import pytest
from netmiko import ConnectHandler
from simulated import client, openssh, ssh
from simulated_router import LONG, router

from tests.waiting import wait_until
from tshoot.model.effects import StartCapture
from tshoot.model.events import CommandRan, Ok
from tshoot.simulator.device import Cli
from tshoot.simulator.serving import Served, serve


@pytest.fixture(scope="module")
def served():
    with serve(router()) as devices:
        yield devices


def netmiko(served: Served, device_type: str, **more: object):
    device = served.devices["host"]
    return ConnectHandler(device_type=device_type, host=device.host, port=device.port, username=device.user, password=device.password, **more)


class Screen:
    """A terminal on the device: what is typed and what is shown."""

    def __init__(self, connected: paramiko.SSHClient) -> None:
        self.channel = connected.invoke_shell(width=80, height=200)
        self.channel.settimeout(10)
        self.shown = b""

    def type(self, text: str | bytes) -> None:
        self.channel.sendall(text.encode() if isinstance(text, str) else text)

    def until(self, end: bytes) -> str:
        """What is shown from here to `end`, with it."""
        while end not in self.shown:
            piece = self.channel.recv(4096)
            assert piece, f"the session ended after {self.shown!r}"
            self.shown += piece
        at = self.shown.index(end) + len(end)
        text, self.shown = self.shown[:at], self.shown[at:]
        return text.decode("latin-1")

    def closed(self) -> bool:
        while self.channel.recv(4096):
            pass
        return True


@contextmanager
def screen(served: Served, prompt: bytes = b"R2#"):
    with client(served) as connected:
        shown = Screen(connected)
        shown.until(prompt)
        yield shown


class TestNetmiko:
    @pytest.mark.parametrize(
        ("platform", "device_type"),
        [("cisco_ios", "cisco_ios"), ("cisco_nxos", "cisco_nxos"), ("arista_eos", "arista_eos"), ("frr_vtysh", "cisco_ios")],
    )
    def test_its_session_preparation_and_its_commands_work(self, platform, device_type):
        with serve(router(platform)) as served, netmiko(served, device_type) as connected:
            assert connected.find_prompt() == "R2#"
            assert 'Known via "bgp 65012"' in connected.send_command("show ipv6 route 2001:DB9:121:1::/64")
            assert connected.send_command("show long").splitlines() == LONG.decode().splitlines()
            assert connected.send_command("show ip route 192.0.2.7") == "found"
            assert connected.send_command("show nothing") == ""
            refused = connected.send_command("show ipv6 rouse")
            assert re.search(r"% (Invalid|Unknown) (input|command)", refused), refused

    def test_enable_with_its_password(self):
        with serve(router(cli=Cli(False, "sesame"))) as served, netmiko(served, "cisco_ios", secret="sesame") as connected:
            assert connected.find_prompt() == "R2>"
            assert "Invalid input" in connected.send_command("show running-config | section router bgp")
            connected.enable()
            assert connected.find_prompt() == "R2#"
            assert connected.send_command("show running-config | section router bgp") == "router bgp 65012"
            connected.exit_enable_mode()
            assert connected.find_prompt() == "R2>"

    def test_the_clock_runs_between_commands(self, served):
        with netmiko(served, "cisco_ios") as connected:
            served.clock.file.write_text(repr(time.monotonic() - 13.0))
            assert "Last updated 00:00:13 ago" in connected.send_command("show ipv6 route 2001:DB9:121:1::/64")
            served.clock.file.write_text(repr(time.monotonic() - 3600.0 - 61.0))
            told = connected.send_command("show ipv6 route 2001:DB9:121:1::/64")
            assert 'Known via "eigrp 1"' in told
            assert "Last updated 00:01:01 ago" in told


class TestTerminal:
    def test_what_is_typed_is_echoed_once_and_answered_before_the_next_prompt(self, served):
        with screen(served) as terminal:
            terminal.type("show   ip route  192.0.2.1 \r")
            assert terminal.until(b"R2#") == "show   ip route  192.0.2.1 \r\nfound\r\nR2#"
            terminal.type("\r")
            assert terminal.until(b"R2#") == "\r\nR2#"

    def test_pasted_lines_are_answered_one_after_the_other(self, served):
        with screen(served) as terminal:
            terminal.type("show ip route 192.0.2.1\r\n\r\nshow nothing\nexit\n")
            assert terminal.until(b"exit\r\n") == "show ip route 192.0.2.1\r\nfound\r\nR2#\r\nR2#show nothing\r\nR2#exit\r\n"
            assert terminal.closed()

    def test_the_marker_stands_below_the_first_word_that_is_wrong(self, served):
        with screen(served) as terminal:
            terminal.type("show ipv6 neighbors\r")
            shown = terminal.until(b"\r\nR2#").split("\r\n")
            assert shown == ["show ipv6 neighbors", "             ^", "% Invalid input detected at '^' marker.", "", "R2#"]
            assert "R2#show ipv6 neighbors".index("neighbors") == shown[1].index("^")

    def test_offline_the_same_words_refuse(self, served):
        device = served.devices["host"].device.device
        told = device.run("show ipv6 neighbors")
        assert told == Ok(CommandRan(None, b"             ^\r\n% Invalid input detected at '^' marker.\r\n\r\n", b"", 0.0))
        assert device.run("show  ip  route 192.0.2.1") == Ok(CommandRan(None, b"found\r\n", b"", 0.0))

    def test_user_mode_lacks_the_configuration_offline_too(self):
        command = "show  running-config | section router bgp"
        told = [router(cli=Cli(start)).devices["host"].run(command).answer.stdout for start in (True, False)]
        assert told == [b"router bgp 65012\r\n", b"        ^\r\n% Invalid input detected at '^' marker.\r\n\r\n"]

    def test_nothing_is_captured_on_it_offline(self):
        told = router().outcome(StartCapture("t/1@host", "t", "host", "any", "port 179", 9014, 10, 10, 1))
        assert (told.kind, told.detail) == ("not-found", "R2: cisco_ios cannot capture")

    @pytest.mark.parametrize("command", ["", "  ", "\n", "é" * 10_000, "\x1b[2J", "%s ^ {0}"])
    def test_hostile_commands_are_refused_offline(self, command):
        told = router().devices["host"].run(command).answer
        assert (told.exit_status, b"% Invalid input" in told.stdout) == (None, bool(command.strip()))

    def test_longer_outputs_come_by_pages(self, served):
        with screen(served) as terminal:
            terminal.type("show long\r")
            assert terminal.until(b" --More-- ").splitlines()[-2:] == ["line 22", " --More-- "]
            terminal.type("\r")
            assert "line 23\r\n" in terminal.until(b" --More-- ")
            terminal.type(" ")
            assert terminal.until(b" --More-- ").splitlines()[-2:] == ["line 46", " --More-- "]
            terminal.type("q")
            assert re.sub("[\x08 ]", "", terminal.until(b"R2#")) == "R2#"
            terminal.type("terminal length 1\rshow long\r ")
            assert "line 0\r\n --More-- " in terminal.until(b" --More-- ")
            assert "line 1\r\n" in terminal.until(b" --More-- ")
            terminal.type("\x03terminal length 0\rshow long\r")
            assert "line 59\r\nR2#" in terminal.until(b"line 59\r\nR2#")

    def test_control_c_ends_a_command_and_drops_what_was_typed_after_it(self, served):
        with screen(served) as terminal:
            for command, last in (("show slow", ""), ("show hang", "half\r\n")):
                terminal.type(f"{command}\r")
                terminal.until(f"{command}\r\n{last}".encode())
                terminal.type("show ip route 192.0.2.1\r\x03")
                assert "found" not in terminal.until(b"R2#")

    def test_raw_output_arrives_raw(self, served):
        with screen(served) as terminal:
            terminal.type("show raw\r")
            assert terminal.until(b"R2#") == "show raw\r\ncrlf\r\nescape \x1b[2J bell \x07 no end\r\nR2#"

    def test_wrong_passwords_for_enable_are_turned_down(self):
        with serve(router(cli=Cli(False, "sesame"))) as served, screen(served, b"R2>") as terminal:
            terminal.type("enable\rone\rtwo\rthree\r")
            shown = terminal.until(b"R2>")
            assert shown == "enable\r\nPassword: \r\nPassword: \r\nPassword: \r\n% Bad secrets\r\n\r\nR2>"
        with serve(router(cli=Cli(False))) as served, screen(served, b"R2>") as terminal:
            terminal.type("enable\r")
            assert terminal.until(b"R2>") == "enable\r\n% No password set\r\nR2>"

    @pytest.mark.parametrize(
        "typed",
        [
            b"\x00" * 5000,
            b"\x1b[" + b"9" * 100_000,
            b"x" * 300_000,
            b"\xff\xfe\x1b]0;title\x07",
            b"configure terminal\r",
            b"show ip route 192.0.2.1 | redirect flash:x\r",
            b"; rm -r /\r`id`\r$(id)\r",
            b"?\t?",
        ],
        ids=lambda typed: ascii(typed[:12]),
    )
    def test_hostile_typing_reaches_nothing_and_harms_nobody(self, served, typed):
        with screen(served) as terminal:
            terminal.type(typed + b"\x03\r")
            terminal.type("show ip route 192.0.2.9\r")
            assert "uid=" not in terminal.until(b"show ip route 192.0.2.9\r\nfound\r\nR2#")

    def test_a_flood_while_a_command_runs_is_bounded(self, served):
        with screen(served) as terminal:
            terminal.type("show hang\r")
            terminal.until(b"half\r\n")
            terminal.channel.settimeout(0.5)
            with pytest.raises(TimeoutError):
                for _ in range(1000):
                    terminal.type(b"x" * 65536)


class TestExec:
    def test_one_command_is_run_without_prompt_pages_or_status(self, served):
        ran = ssh(served, "show long")
        assert ran.stdout.split() == LONG.decode().split()
        assert "R2#" not in ran.stdout
        with client(served) as connected:
            stdout = connected.exec_command("show ip route 192.0.2.1")[1]
            assert stdout.read() == b"\r\nfound\r\n"
            assert stdout.channel.recv_exit_status() == -1

    def test_no_shell_is_behind_it(self, served):
        ran = ssh(served, "show nothing; echo $((6*7)); touch here")
        assert "42" not in ran.stdout
        assert "% Invalid input detected" in ran.stdout
        assert list(served.devices["host"].device.root.rglob("*")) == [served.devices["host"].device.capture_directory]

    def test_no_files_are_shown(self, served):
        with client(served) as connected, pytest.raises(paramiko.SSHException):
            connected.open_sftp()


class TestFaults:
    @pytest.mark.parametrize("terminal", ["-tt", "-T"])
    @pytest.mark.parametrize("end", ["exit\n", ""])
    def test_openssh_with_input_from_a_pipe_gets_everything_and_leaves(self, served, terminal, end):
        device = served.devices["host"]
        arguments = [*openssh(served), terminal, f"{device.user}@{device.host}"]
        ran = subprocess.run(
            arguments, input=f"show ip route 192.0.2.1\nshow slow\n\x03show nothing\n{end}", capture_output=True, text=True, timeout=30
        )
        assert "show ip route 192.0.2.1\nfound\nR2#" in ran.stdout
        assert "R2#show nothing\nR2#" in ran.stdout

    def test_sessions_side_by_side_do_not_meet(self, served):
        with client(served) as connected:
            slow, quick = Screen(connected), Screen(connected)
            slow.type("show hang\r")
            slow.until(b"half\r\n")
            quick.until(b"R2#")
            quick.type("show ip route 192.0.2.2\r")
            assert quick.until(b"R2#") == "show ip route 192.0.2.2\r\nfound\r\nR2#"
            assert not slow.channel.recv_ready()

    def test_a_cut_connection_ends_the_session_and_a_new_one_works(self, served):
        with screen(served) as terminal:
            terminal.type("show cut\r")
            assert terminal.closed()
            assert not terminal.channel.get_transport().is_active()
        with screen(served) as terminal:
            terminal.type("exit\r")
            assert terminal.closed()

    def test_a_device_that_hangs_after_the_login_gives_no_terminal(self):
        with serve(router(hangs=True)) as served, client(served) as connected, pytest.raises(paramiko.SSHException):
            connected.get_transport().open_session(timeout=0.3)

    def test_nothing_is_left_behind(self):
        threads = set(threading.enumerate())
        with serve(router()) as served, client(served) as connected:
            open_sessions = [connected.invoke_shell() for _ in range(4)]
            for session, command in zip(open_sessions, ("show hang\r", "show slow\r", "show long\r", "half a line"), strict=True):
                session.sendall(command)
                wait_until(session.recv_ready, "the prompt")
            running = connected.exec_command("show hang")[1].channel
            wait_until(lambda: running.recv_ready() and all(not session.closed for session in open_sessions), "the sessions")
            left = connected.invoke_shell()
            left.sendall("show hang\r")
            left.close()
        wait_until(lambda: set(threading.enumerate()) <= threads, "the end of the threads")
