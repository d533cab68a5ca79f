"""What a capture will bring, measured before: the words for it, and the sample itself with the real tcpdump on `lo`, or a stand-in."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sshd import free_port
from tests.unit.performers.local_target import LocalTarget, stand_in
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError, UsageError
from tshoot.model.effects import StartCapture
from tshoot.model.events import CaptureSample, CaptureStarted, EffectAnswered, Ok
from tshoot.performers.capture_claim import mark
from tshoot.performers.capture_sample import sample_script, take_sample, told
from tshoot.performers.remote_capture import RemoteCapture
from tshoot.platforms.loader import CaptureRecipe, load_platform
from tshoot.session.codec_v1 import decode, encode
from tshoot.session.outcome_text import outcome_lines
from tshoot.session.report.timeline import outcome_words

EFFECT = StartCapture("trace/1@host", "trace", "host", "lo", "udp port 9", 9014, 60.0, 20_000, 20.0)
real = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("tcpdump"), reason="capturing on lo with tcpdump needs root")


@pytest.mark.parametrize(
    ("sample", "words", "full_after"),
    [
        (CaptureSample(2.0, 0, 0), "measured for 2.0 s: nothing matched on lo, which says nothing of what comes later", 0.0),
        (CaptureSample(2.0, 240, 204_800), "measured for 2.0 s: about 120 packets and 100 kB a second; in 60 s about 5.86 MB of 20 MB", 0.0),
        (
            CaptureSample(2.0, 9_600, 13 << 20),
            "measured for 2.0 s: about 4,800 packets and 6.5 MB a second; the bound of 20 MB is reached after about 3 s, not 60 s: narrow the filter",
            20 / 6.5,
        ),
        (
            CaptureSample(0.05, 5_000, 400_000),
            (
                "measured for 0.1 s: about 100,000 packets and 7.63 MB a second;"
                " the bound of 20,000 packets is reached within a second, not 60 s: narrow the filter"
            ),
            0.2,
        ),
        (CaptureSample(2.0, 3, 0), "measured for 2.0 s: about 1.5 packets a second; in 60 s about 90 packets", 0.0),
        (
            CaptureSample(2.0, 240, 204_800, 17),
            "measured for 2.0 s: about 120 packets and 100 kB a second; in 60 s about 5.86 MB of 20 MB; the target dropped 17 packets already then",
            0.0,
        ),
    ],
)
def test_what_it_means_for_the_bounds(sample: CaptureSample, words: str, full_after: float) -> None:
    said = told(EFFECT, sample)
    assert said.told == words
    assert said.full_after == pytest.approx(full_after)


class Sending:
    """UDP to `port` of lo, `size` bytes each `pause` seconds."""

    def __init__(self, port: int, size: int, pause: float) -> None:
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._send, args=(port, bytes(size), pause))

    def _send(self, port: int, data: bytes, pause: float) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not self.over.wait(pause):
                sender.sendto(data, ("127.0.0.1", port))

    def __enter__(self) -> Sending:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


@pytest.fixture
def linux() -> CaptureRecipe:
    recipe = load_platform("linux").capture
    assert recipe is not None
    return replace(recipe, processes="")


def sampled(recipe: CaptureRecipe, effect: StartCapture, cancel: CancelToken | None = None) -> CaptureSample | None:
    with ExitStack() as held:
        return take_sample(LocalTarget(), effect, recipe, mark("abc123", "lo"), cancel or CancelToken(), lambda progress: None, held)  # type: ignore[arg-type]


@real
def test_packets_and_bytes_a_second_of_the_real_tcpdump(linux: CaptureRecipe) -> None:
    port = free_port()
    with Sending(port, 1000, 0.01) as sending:
        began = time.monotonic()
        found = sampled(linux, replace(EFFECT, filter=f"udp dst port {port}", snaplen=128))
        assert time.monotonic() - began < 12
        assert sending.thread.is_alive()
    assert found is not None
    assert 1.5 < found.seconds < 3
    assert 25 < found.packets / found.seconds < 101, "busy machines send less often than they want"
    assert found.bytes == pytest.approx(found.packets * (128 + 16), abs=128 + 16), "as the snap length cuts it; one may be written and not be counted"
    assert found.full_after == 0


@real
def test_a_flood_ends_the_sample_by_its_packets_and_warns_of_the_bound(linux: CaptureRecipe) -> None:
    port = free_port()
    with Sending(port, 60_000, 0.0):
        found = sampled(linux, replace(EFFECT, filter=f"udp dst port {port}", snaplen=65_535, megabytes=5.0))
    assert found is not None
    assert 0 < found.full_after < 60
    assert "the bound of 5 MB is reached" in found.told


@real
def test_nothing_that_matches_is_no_claim(linux: CaptureRecipe) -> None:
    found = sampled(replace(linux, sample_seconds=0.5), replace(EFFECT, filter=f"udp port {free_port()}"))
    assert found is not None
    assert (found.packets, found.full_after) == (0, 0.0)
    assert "nothing matched on lo" in found.told


@real
@pytest.mark.parametrize("changes", [{"filter": "port and and"}, {"interface": "nope0"}])
def test_a_sample_that_cannot_be_taken_is_none(linux: CaptureRecipe, changes: Any) -> None:
    assert sampled(linux, replace(EFFECT, **changes)) is None


# --- with the stand-in ------------------------------------------------------------------------------------


@pytest.fixture
def recipe(tmp_path: Path) -> CaptureRecipe:
    program = stand_in(tmp_path / "stand-in")
    (tmp_path / "target").mkdir()
    arguments = "-i {interface} -s {snaplen} -c {packets} -w {path} {filter}"
    return CaptureRecipe(str(program), arguments, (str(tmp_path / "target"),), "df -kP", "df", 1.0, 0.0, sample_seconds=0.6, sample_counts="received")


def running(program: str) -> str:
    return subprocess.run(["pgrep", "-f", program], capture_output=True, text=True).stdout


def test_it_is_over_before_the_capture_listens_and_writes_no_file(capture: RemoteCapture, recipe: CaptureRecipe) -> None:
    shown: list[str] = []
    begun = 0

    def show(progress: Any) -> None:
        nonlocal begun
        shown.append(progress.text)
        if progress.text.startswith("starting"):
            begun = len(running(f"^[^ ]*python[^ ]* {recipe.program} .*-w -").split())
            assert list(Path(recipe.directories[0]).iterdir()) == []

    started = capture.start(EFFECT, recipe, None, CancelToken(), show)
    assert shown[0] == "measuring for 0.6 s how much matches on lo"
    assert begun == 0
    assert started.sample is not None
    assert started.sample.packets > 5
    assert started.sample.bytes == pytest.approx(started.sample.packets * 76, abs=76), "one may be written and not be counted when it is ended"


def test_a_recipe_without_a_sample_takes_none(capture: RemoteCapture, recipe: CaptureRecipe) -> None:
    assert capture.start(EFFECT, replace(recipe, sample_seconds=0), None, CancelToken()).sample is None


@pytest.mark.parametrize("how", ["cancelled", "connection"])
def test_it_ends_with_the_run_and_with_the_connection(recipe: CaptureRecipe, how: str) -> None:
    slow, cancel, target = replace(recipe, sample_seconds=10), CancelToken(), LocalTarget()
    if how == "connection":
        process = target.spawn(sample_script(EFFECT, slow, ":"), cancel=cancel)
        wait_until(lambda: b"listening" in process.output()[1], what="the sample")
        process.close()
        assert process.wait(60)
    else:
        threading.Thread(target=lambda: (wait_until(lambda: running(recipe.program)), cancel.cancel())).start()
        with pytest.raises(Cancelled):
            sampled(slow, EFFECT, cancel)
    wait_until(lambda: not running(recipe.program), what="the end of the sample")


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_script_is_for_every_posix_shell(shell: str, recipe: CaptureRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not here")
    words = [shell, "sh"] if shell == "busybox" else [shell]
    (tmp_path / "sh").write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
    (tmp_path / "sh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = sampled(recipe, EFFECT)
    assert found is not None
    assert found.packets > 5


@pytest.mark.parametrize("changes", [{"interface": "lo; reboot"}, {"interface": "-w"}, {"filter": "-w /etc/passwd"}])
def test_values_that_could_be_read_as_something_else(recipe: CaptureRecipe, changes: Any) -> None:
    with pytest.raises(UsageError):
        sample_script(replace(EFFECT, **changes), recipe, ":")


def test_a_hostile_filter_stays_one_word(recipe: CaptureRecipe, tmp_path: Path) -> None:
    found = sampled(recipe, replace(EFFECT, filter=f"host 'a' $(touch {tmp_path}/hacked); touch {tmp_path}/hacked `touch {tmp_path}/hacked`"))
    assert found is not None
    assert not (tmp_path / "hacked").exists()


def test_a_connection_that_dies_is_no_missing_sample(recipe: CaptureRecipe) -> None:
    target = LocalTarget()

    def gone(command: str, **_: Any) -> Any:
        raise TargetError("closed", "here: the connection was lost")

    target.spawn = gone  # type: ignore[method-assign]
    with pytest.raises(TargetError, match="lost"):
        take_sample(target, EFFECT, recipe, ":", CancelToken(), lambda progress: None, ExitStack())  # type: ignore[arg-type]


# --- in the session ---------------------------------------------------------------------------------------


def nothing(data: bytes) -> tuple[str, int]:
    raise AssertionError(data)


def test_the_log_holds_it_and_older_ones_hold_none() -> None:
    sample = told(EFFECT, CaptureSample(2.0, 9_600, 13 << 20))
    for answer in (CaptureStarted("/tmp/x.pcap", 7, "tcpdump", sample), CaptureStarted("/tmp/x.pcap", 7, "tcpdump")):
        event = EffectAnswered(1.0, EFFECT.key, Ok(answer))
        line = encode(3, event, "0" * 64, nothing)
        assert decode(line, nothing).event == event  # type: ignore[arg-type]
        assert (b'"sample"' in line) == (answer.sample is not None), "older readers see what they know"


def test_people_are_told_in_lines_and_reports() -> None:
    answer = CaptureStarted("/tmp/x.pcap", 7, "tcpdump", told(EFFECT, CaptureSample(2.0, 9_600, 13 << 20)))
    assert "the bound of 20 MB is reached after about 3 s" in " ".join(" ".join(outcome_lines(Ok(answer), None)).split())
    assert "the bound of 20 MB is reached after about 3 s" in outcome_words(Ok(answer))
    hostile = replace(answer, sample=replace(answer.sample, told="\x1b[2J[/red] hm"))  # type: ignore[type-var]
    assert "\x1b" not in "".join(outcome_lines(Ok(hostile), None)) + outcome_words(Ok(hostile))
