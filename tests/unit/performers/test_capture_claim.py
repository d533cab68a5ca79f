"""Two runs do not capture on one interface unknowingly: real processes of this machine, a stand-in for tcpdump."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.performers.local_target import LocalTarget, stand_in
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import StartCapture
from tshoot.performers.capture_claim import Claim, claims_in, mark
from tshoot.performers.journal import CaptureJournal
from tshoot.performers.remote_capture import RemoteCapture
from tshoot.platforms.loader import CaptureRecipe

INTERFACE = f"t{os.getpid()}"  # nobody else's: other tests capture on this machine, too
EFFECT = StartCapture("trace/1@host", "trace", "host", INTERFACE, "port 9", 96, 30.0, 100_000, 5.0)


@pytest.fixture
def recipe(tmp_path: Path) -> CaptureRecipe:
    program = stand_in(tmp_path / "stand-in")
    arguments = "-n -i {interface} -s {snaplen} -c {packets} -w {path} {filter}"
    return CaptureRecipe(str(program), arguments, (str(tmp_path),), "df -kP", "df", 1.0, 0.0, processes="ps -eww -o pid=,args=")


class Run:
    """A run of its own, with what it was asked and told."""

    def __init__(self, folder: Path, session: str, agrees: bool = False) -> None:
        self.asked: list[str] = []
        self.told: list[str] = []
        self.agree = agrees
        self.target = LocalTarget()
        self.journal = CaptureJournal(folder / "journal", session)
        self.capture = RemoteCapture(self.target, self.journal, session, tell=self.told.append)  # type: ignore[arg-type]

    def agrees(self, question: str) -> bool:
        self.asked.append(question)
        return self.agree

    def start(self, recipe: CaptureRecipe, **changes: Any) -> Any:
        return self.capture.start(replace(EFFECT, **changes), recipe, None, CancelToken(), agrees=self.agrees)

    def close(self) -> None:
        self.capture.abandon()
        self.journal.close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    made: list[Run] = []

    def make(session: str, agrees: bool = False) -> Run:
        made.append(Run(tmp_path, session, agrees))
        return made[-1]

    yield make
    for one in made:
        one.close()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("tshoot-*.pcap"))


def test_another_runs_capture_is_told_and_nothing_is_started_without_a_yes(run: Any, recipe: CaptureRecipe, tmp_path: Path) -> None:
    run("aaa111").start(recipe)
    before = files(tmp_path)
    second = run("bbb222")
    with pytest.raises(TargetError) as refused:
        second.start(replace(recipe, sample_seconds=1.0))
    assert refused.value.kind == "declined"
    for part in ("here", "session aaa111", f"on {INTERFACE}", "UTC"):
        assert part in refused.value.message
        assert part in second.asked[0]
    assert "--yes" in refused.value.hint
    assert files(tmp_path) == before
    assert not any("-w" in command for command in second.target.asked), "neither a sample nor a capture was begun"


def test_a_yes_captures_side_by_side_and_is_asked_for_once(run: Any, recipe: CaptureRecipe, tmp_path: Path) -> None:
    run("aaa111").start(recipe)
    second = run("bbb222", agrees=True)
    second.start(recipe)
    second.start(recipe, key="again/1@host")
    assert len(second.asked) == 1
    assert "the operator agreed" in second.told[0]
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize(("session", "changes"), [("aaa111", {"key": "b/1@host"}), ("bbb222", {"interface": f"{INTERFACE}.7"})])
def test_captures_of_one_run_and_on_other_interfaces_are_nobodys_business(run: Any, recipe: CaptureRecipe, session: str, changes: Any) -> None:
    run("aaa111").start(recipe)
    other = run(session)
    other.start(recipe, **changes)
    assert other.asked == []


def test_all_interfaces_of_linux_are_this_one_too(run: Any, recipe: CaptureRecipe) -> None:
    run("aaa111").start(recipe)
    with pytest.raises(TargetError, match="aaa111"):
        run("bbb222").start(recipe, interface="any")


def test_a_capture_that_is_over_blocks_nobody_and_one_whose_script_was_killed_does(run: Any, recipe: CaptureRecipe) -> None:
    first = run("aaa111")
    started = first.start(recipe)
    scripts = subprocess.run(["pgrep", "-f", f"session=aaa111 interface={INTERFACE}"], capture_output=True, text=True).stdout.split()
    for pid in map(int, scripts):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(TargetError) as refused:
        run("bbb222").start(recipe)
    assert f"session aaa111 captures on {INTERFACE}, and" in refused.value.message, "by whom and since when died with the script"
    os.kill(started.pid, signal.SIGKILL)
    wait_until(lambda: not subprocess.run(["pgrep", "-f", started.remote_path], capture_output=True).stdout, what="the end of it")
    third = run("ccc333")
    third.start(recipe)
    assert third.asked == []


def test_from_the_sample_to_the_capture_the_interface_is_claimed_without_a_gap(run: Any, recipe: CaptureRecipe) -> None:
    """Between the two nothing captures, and still another run is told."""
    first, seen = run("aaa111"), []

    def show(progress: Any) -> None:
        if progress.text.startswith("starting"):
            listing = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True).stdout
            seen.extend(claim.session for claim in claims_in(listing) if claim.interface == INTERFACE)

    first.capture.start(EFFECT, replace(recipe, sample_seconds=0.2), None, CancelToken(), show)
    assert seen == ["aaa111"]
    first.capture.abandon()
    wait_until(
        lambda: not subprocess.run(["pgrep", "-f", f"session=aaa111 interface={INTERFACE}"], capture_output=True).stdout, what="the end of all"
    )


@pytest.mark.parametrize("sessions", [("aaa111", "bbb222"), ("bbb222", "aaa111")])
def test_of_two_that_begin_at_the_same_moment_one_goes_on(run: Any, recipe: CaptureRecipe, sessions: tuple[str, str], tmp_path: Path) -> None:
    gate = threading.Barrier(2)
    ends: dict[str, str] = {}

    def go(one: Run, name: str) -> None:
        gate.wait()
        try:
            one.start(recipe)
            ends[name] = "captures"
        except TargetError as error:
            ends[name] = error.kind

    threads = [threading.Thread(target=go, args=(run(name), name)) for name in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ends.values()) == ["captures", "declined"], ends
    wait_until(lambda: len(files(tmp_path)) == 1, what="the removal of the other file")


def test_who_began_at_the_same_moment_with_the_earlier_id_is_told_and_goes_on(run: Any, recipe: CaptureRecipe) -> None:
    second = run("bbb222")
    second.start(recipe)
    first = run("aaa111")
    recheck = first.capture._claims.check
    recheck(EFFECT, recipe, first.agrees, CancelToken(), listening=True)
    assert first.asked == []
    assert "session bbb222" in first.told[0] and "is asked" in first.told[0]


def test_a_target_that_lists_no_processes_is_told_and_captured_on(run: Any, recipe: CaptureRecipe, tmp_path: Path) -> None:
    one = run("aaa111")
    target = one.target.run
    one.target.run = lambda command, **options: target(command.replace("ps w ", "false "), **options)
    one.start(replace(recipe, processes="false"))
    assert "is not known" in one.told[0]
    assert len(files(tmp_path)) == 1


MARKED = "tshoot-capture session=a1b2c3 interface=vmk0 by=ops since=2026-11-21T03:41:07Z"
WRITES = "tcpdump-uw -i vmk0 -n -U -s 9014 -c 20000 -w /tmp/tshoot-a1b2c3-00aa11bb.pcap port 2049"


@pytest.mark.parametrize(
    ("listing", "found"),
    [
        (f"2101 sh -c : {MARKED} umask 077", [Claim("a1b2c3", "vmk0", "ops", "2026-11-21T03:41:07Z")]),
        (f"99 {WRITES}\n2101  2101  sh  sh -c : {MARKED}\n", [Claim("a1b2c3", "vmk0", "ops", "2026-11-21T03:41:07Z")]),
        (f"2101  2101  tcpdump-uw {WRITES}", [Claim("a1b2c3", "vmk0")]),
        ("1 vi /tmp/tshoot-a1b2c3-00aa11bb.pcap", []),
        ("1 grep tshoot-capture session=", []),
        ("1 " + MARKED.replace("ops", "o\x1b[31mps"), []),
        (f"1 {MARKED.replace('ops', '[/red]')}", []),
        (f"1 {MARKED.replace('vmk0', 'v' * 500)}", []),
        (f"1 {MARKED.replace('a1b2c3', 'a' * 100_000)}", []),
        ("tshoot-capture session=" * 20_000, []),
        ("", []),
    ],
)
def test_what_a_list_of_processes_tells(listing: str, found: list[Claim]) -> None:
    assert list(claims_in(listing)) == found


@pytest.mark.parametrize("name", ["ops", "a'; touch hacked #", "$(id)", "\x1b]0;x\x07", "", "é" * 50])
def test_the_mark_does_nothing_whatever_the_user_is_called(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, name)
    said = mark("a1b2c3", "vmk0")
    assert len(claims_in(f"1 sh -c {said} x")) == 1
    for shell in filter(shutil.which, ("dash", "bash")):
        ran = subprocess.run([shell, "-c", f"{said}\necho {shlex.quote('on')}"], capture_output=True, text=True, cwd=tmp_path)
        assert (ran.stdout, ran.stderr) == ("on\n", "")
    assert list(tmp_path.iterdir()) == []
