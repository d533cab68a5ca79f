"""The stand-in for tcpdump-uw: started, filtered, bounded, stopped and pulled over SSH as a real one."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest
from simulated import CAPTURE, client, scenario, ssh, with_capture

from tests.waiting import wait_until
from tshoot.shipped import shipped
from tshoot.simulator.serving import Served, serve

RECORDED = (shipped("fixtures/captures") / CAPTURE).read_bytes()
PORTS = "port 111 or port 635 or port 2049"


def frame_count(content: bytes) -> int:
    at, found = 24, 0
    while at < len(content):
        at += 16 + struct.unpack_from("<I", content, at + 8)[0]
        found += 1
    assert at == len(content), "a torn frame"
    return found


FRAMES = frame_count(RECORDED)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve(with_capture(tmp_path_factory.mktemp("scenario")), capture_delay=0.0) as devices:
        yield devices


def captured(served: Served, name: str) -> Path:
    return served.devices["host"].device.root / "tmp" / name


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextmanager
def started(connected: paramiko.SSHClient, arguments: str) -> Iterator[tuple[int, paramiko.Channel]]:
    """A capture that runs: its process and its channel; it ends with the block."""
    channel = connected.get_transport().open_session()
    channel.exec_command(f"echo $$; exec tcpdump-uw {arguments}")
    pid = int(channel.makefile().readline())
    try:
        yield pid, channel
    finally:
        channel.close()
        connected.exec_command(f"kill -KILL {pid}")[1].channel.recv_exit_status()


@pytest.mark.parametrize(
    "arguments",
    [
        f"-i vmk1 -s 9014 -c {FRAMES} -w FILE -n -U {PORTS}",
        f"-n -U -w FILE -c{FRAMES} -nU -i vmk1 -s0 '{PORTS}'",
        f"{PORTS} -nUp -c {FRAMES} -Z root -i vmk1 -w FILE",
        f"-c {FRAMES} -i vmk1 -w FILE",
    ],
)
def test_the_recorded_file_is_copied_bit_for_bit_whatever_the_order_of_the_options(served, arguments):
    name = hashlib.sha256(arguments.encode()).hexdigest()[:8]
    ran = ssh(served, f"tcpdump-uw {arguments.replace('FILE', f'tmp/{name}')}")
    assert ran.returncode == 0, ran.stderr
    first, *counts = ran.stderr.splitlines()
    assert first.startswith("tcpdump-uw: listening on vmk1, link-type EN10MB (Ethernet), capture size ")
    assert counts == [f"{FRAMES} packets captured", f"{FRAMES} packets received by filter", "0 packets dropped by kernel"]
    assert captured(served, name).read_bytes() == RECORDED


def test_the_count_bounds_it(served):
    ran = ssh(served, "tcpdump-uw -i vmk1 -c 1 -w tmp/one -n")
    assert (ran.returncode, ran.stderr.splitlines()[1]) == (0, "1 packet captured")
    assert frame_count(captured(served, "one").read_bytes()) == 1


def test_the_snap_length_cuts_frames_but_keeps_their_length(served):
    ssh(served, f"tcpdump-uw -i vmk1 -c {FRAMES} -s 60 -w tmp/cut")
    content = captured(served, "cut").read_bytes()
    assert frame_count(content) == FRAMES
    at, original = 24, 24
    while at < len(content):
        kept, length = struct.unpack_from("<II", content, at + 8)
        assert (kept, length) == (min(60, length), struct.unpack_from("<I", RECORDED, original + 12)[0])
        at, original = at + 16 + kept, original + 16 + length


@pytest.mark.parametrize("signal", ["INT", "TERM", "HUP"])
def test_a_signal_ends_it_with_its_counts(served, signal):
    path = captured(served, f"by-{signal}")
    with client(served) as connected, started(connected, f"-i vmk1 -w tmp/{path.name} -n -U") as (pid, channel):
        wait_until(lambda: size(path) == len(RECORDED), "the frames")
        assert not channel.exit_status_ready(), "it waits for more"
        connected.exec_command(f"kill -{signal} {pid}")
        assert channel.recv_exit_status() == 0
        assert b"packets captured" in channel.makefile_stderr().read()


def test_ports_joined_by_and_capture_nothing(served):
    """The trap of the story: no packet has both ports, and with three of them tcpdump itself refuses."""
    path = captured(served, "nothing")
    with client(served) as connected, started(connected, "-i vmk1 -w tmp/nothing -n -U port 111 and port 2049") as (pid, channel):
        wait_until(lambda: size(path) == 24, "the file's header")
        connected.exec_command(f"kill -INT {pid}")
        assert channel.recv_exit_status() == 0
        assert b"\n0 packets captured\n" in channel.makefile_stderr().read()
    assert ssh(served, "tcpdump-uw -i vmk1 -w tmp/x port 111 and port 635 and port 2049").stderr == "tcpdump-uw: expression rejects all packets\n"


def test_the_first_frame_waits_for_the_delay(tmp_path):
    with serve(with_capture(tmp_path), capture_delay=0.6) as slow, client(slow) as connected:
        path = captured(slow, "late")
        with started(connected, "-i vmk1 -w tmp/late -U"):
            wait_until(lambda: size(path) == 24, "the file's header")
            begun = time.monotonic()
            wait_until(lambda: size(path) > 24, "the first frame")
            assert time.monotonic() - begun > 0.4


def test_a_watchdog_on_standard_input_ends_it_when_the_connection_dies(served):
    """As on a real host: the cut alone leaves it running."""
    path = captured(served, "watched")
    script = f"tcpdump-uw -i vmk1 -w tmp/{path.name} -U </dev/null 2>/dev/null & pid=$!; echo $pid; cat >/dev/null; kill -INT $pid; wait $pid; echo $? > tmp/ended"
    with client(served) as connected:
        stdin, stdout, _ = connected.exec_command(script)  # stdin is kept: without it paramiko ends it at once
        pid = int(stdout.readline())
        wait_until(lambda: size(path) == len(RECORDED), "the frames")
        assert pid in served.devices["host"].device.processes()
        assert not stdin.closed
    wait_until(lambda: size(captured(served, "ended")) > 0, "the watchdog")
    assert captured(served, "ended").read_text() == "0\n"


def test_the_connection_dies_while_it_captures_and_the_file_can_be_pulled_later(tmp_path):
    with serve(with_capture(tmp_path, ", closes: true"), capture_delay=0.0) as device:
        with client(device) as connected:
            pid = int(connected.exec_command("echo $$; exec tcpdump-uw -i vmk1 -w tmp/f -n -U")[1].readline())
            wait_until(lambda: not connected.get_transport().is_active(), "the cut")
        assert pid in device.devices["host"].device.processes()
        with client(device) as again, again.open_sftp() as sftp:
            again.exec_command(f"kill -INT {pid}")
            wait_until(lambda: pid not in device.devices["host"].device.processes(), "the end of the capture")
            assert sftp.open("tmp/f").read() == RECORDED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-i vmk1 -w tmp/x port and", "tcpdump-uw: can't parse filter expression: syntax error"),
        ("-i vmk1", "tcpdump-uw: an interface (-i) and a file (-w) are needed"),
        ("-i vmk1 -w tmp/x -c many", "tcpdump-uw: invalid number for -c: many"),
        ("-i vmk1 -w tmp/x -Q in", "tcpdump-uw: option -Q not recognized"),
        ("-i vmk1 -w none/x", "tcpdump-uw: none/x: No such file or directory"),
    ],
)
def test_what_cannot_be_captured_is_said_with_a_status(served, arguments, said):
    ran = ssh(served, f"tcpdump-uw {arguments}")
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (1, said)


@pytest.mark.parametrize(
    ("kind", "said"), [("no-space", "No space left"), ("permission-denied", "permission"), ("not-found", "No such device exists")]
)
def test_a_capture_that_the_scenario_refuses(tmp_path, kind, said):
    with serve(scenario(tmp_path, f"    capture: {{fails: {kind}}}\n")) as device:
        ran = ssh(device, "tcpdump-uw -i vmk1 -w tmp/x -n -U")
        assert ran.returncode == 1
        assert said in ran.stderr


def test_a_file_size_limit_ends_it_as_it_ends_tcpdump(served):
    ssh(served, "ulimit -f 1; tcpdump-uw -i vmk1 -w tmp/small -U")
    assert size(captured(served, "small")) <= 1024
