"""What ends a capture on its target whatever becomes of us: the real tcpdump on `lo`, over a real OpenSSH where the connection is what dies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sshd import Sshd, free_port
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import StartCapture, StopCapture
from tshoot.performers.journal import leftovers
from tshoot.performers.remote_capture import RemoteCapture
from tshoot.platforms.loader import CaptureRecipe, load_platform, platform_names

EFFECT = StartCapture("trace/1@host", "trace", "host", "lo", "udp port 9", 65_535, 30.0, 100_000, 2.0)
STOP = StopCapture("trace:stop/1@host", "trace", "host", EFFECT.key)
pytestmark = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("tcpdump"), reason="capturing on lo with tcpdump needs root")


@pytest.fixture
def recipe() -> CaptureRecipe:
    linux = load_platform("linux").capture
    assert linux is not None
    return replace(linux, keep_free_megabytes=1.0, settle_seconds=0.2, processes="", sample_seconds=0.0)


def flood(port: int, megabytes: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(megabytes * 20):
            sender.sendto(bytes(50_000), ("127.0.0.1", port))


def running(path: str) -> bool:
    return subprocess.run(["pgrep", "-f", "--", f"-w {path}"], capture_output=True).returncode == 0


def test_the_size_holds_on_the_target_though_all_of_it_comes_within_a_second(capture: RemoteCapture, recipe: CaptureRecipe, tmp_path: Path) -> None:
    port, pulled = free_port(), tmp_path / "pulled"
    started = capture.start(replace(EFFECT, filter=f"udp dst port {port}"), recipe, str(tmp_path), CancelToken())
    wait_until(lambda: flood(port, 40) or not running(started.remote_path), what="the end by itself")  # the kernel drops what tcpdump is late for
    limit = (EFFECT.megabytes * 1.1 + 1) * 2**20
    assert EFFECT.megabytes * 2**20 <= Path(started.remote_path).stat().st_size <= limit
    taken = capture.stop(STOP, pulled, CancelToken())
    assert (taken.stopped_by, taken.removed) == ("megabytes", True)
    assert [file.name for file in tmp_path.iterdir() if "core" in file.name or file.suffix == ".pcap"] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(disk)], capture_output=True).returncode:
        pytest.skip("cannot mount a small disk here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_is_full_takes_no_capture_and_one_that_fills_ends_it(
    capture: RemoteCapture, recipe: CaptureRecipe, small_disk: Path, tmp_path: Path
) -> None:
    port = free_port()
    effect = replace(EFFECT, filter=f"udp dst port {port}")
    started = capture.start(effect, recipe, str(small_disk), CancelToken())
    with (small_disk / "somebody's").open("wb") as other:  # the room that there was is taken meanwhile
        other.write(bytes(5 * 2**20 + 900_000))
    flood(port, 4)
    wait_until(lambda: not running(started.remote_path), what="the end by itself")
    taken = capture.stop(STOP, tmp_path / "pulled", CancelToken())
    assert (taken.stopped_by, taken.removed) == ("low-space", True)
    assert [file.name for file in small_disk.iterdir()] == ["somebody's"]
    with pytest.raises(TargetError, match="no room for a capture") as refused:
        capture.start(effect, recipe, str(small_disk), CancelToken())
    assert refused.value.kind == "no-space"
    assert [file.name for file in small_disk.iterdir()] == ["somebody's"]


RUN = """
import sys, time
from pathlib import Path
from dataclasses import replace
from tshoot.cancel import CancelToken
from tshoot.model.effects import StartCapture
from tshoot.performers.journal import CaptureJournal
from tshoot.performers.remote_capture import RemoteCapture
from tshoot.platforms.loader import load_platform
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.transport import SshTransport
host, state, known, key, port, seconds = sys.argv[1:]
settings = SshSettings(config_file=None, known_hosts=(Path(known),), global_known_hosts=(), identity_files=(Path(key),), use_agent=False)
recipe = replace(load_platform("linux").capture, keep_free_megabytes=1.0, settle_seconds=0.0, processes="", sample_seconds=0.0)
capture = RemoteCapture(SshTransport(host, prompter=None, settings=settings), CaptureJournal(Path(state) / "journal", "dead01"), "dead01")
effect = StartCapture("k", "n", "host", "lo", f"udp port {port}", 100, float(seconds), 100000, 5)
started = capture.start(effect, recipe, state, CancelToken())
print(started.remote_path, started.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(("deadly", "seconds"), [(signal.SIGKILL, 600), (signal.SIGSTOP, 8)], ids=["we are killed", "the network is cut"])
def test_a_quiet_capture_ends_though_nobody_stops_it(deadly: signal.Signals, seconds: int, tmp_path: Path) -> None:
    """By the watchdog where the connection ends; by its time where it only falls silent, as with a cut network: nothing tells the server."""
    with Sshd(tmp_path / "sshd") as sshd:
        settings = sshd.settings()
        words = [sshd.host, tmp_path, settings.known_hosts[0], sshd.user_key, free_port(), seconds]
        victim = subprocess.Popen([sys.executable, "-c", RUN, *map(str, words)], stdout=subprocess.PIPE, text=True)
        try:
            assert victim.stdout is not None
            path, _ = victim.stdout.readline().split()
            assert running(path)
            victim.send_signal(deadly)
            began = time.monotonic()
            wait_until(lambda: not running(path), what="the end of the capture")
            assert deadly is signal.SIGKILL or time.monotonic() - began > 1, "it is what says nothing that ends by its time, not what runs no more"
        finally:
            victim.kill()
            victim.wait()
        (left,) = leftovers(tmp_path / "journal", sshd.host)
        assert (left.record.path, left.record.session) == (path, "dead01")


def test_no_platform_resolves_names_or_takes_whole_packets_unasked() -> None:
    recipes = [recipe for name in platform_names() if (recipe := load_platform(name).capture) is not None]
    assert recipes
    for recipe in recipes:
        words = recipe.arguments.split()
        assert "-n" in words, "a look-up for each address is traffic of its own"
        assert {"{snaplen}", "{packets}"} <= set(words)
        assert recipe.sample_seconds <= 3
