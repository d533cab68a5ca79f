"""tshoot against simulated devices over real SSH on loopback, as a user starts it: every demo case, every way a login fails, hostile devices."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commandline import TSHOOT, Bench, Ended, Home, bench, ended
from tests.shipped_scenarios import SCENARIOS
from tests.thorough import THOROUGH
from tshoot.playbook.loader import find_playbook, load_playbook
from tshoot.simulator.scenario import Scenario, load_scenario

ROOT = Path(__file__).resolve().parents[2]
STORY = SCENARIOS["nfs-mount/export-policy"]
AT_ONCE = 6
LONGEST = 20  # seconds of sampling; what samples for longer is only rehearsed, by the playbooks' own test


def seconds_of_sampling(scenario: Scenario) -> float:
    """The input `seconds` of a playbook that samples, as the scenario or the playbook gives it; 0 without one."""
    spec = load_playbook(find_playbook(scenario.playbook)).inputs.get("seconds")
    return float(scenario.inputs.get("seconds", spec.default or 0)) if spec else 0.0


def loses_its_connection(scenario: Scenario) -> bool:
    return any(
        device.unusable() or (device.capture and device.capture.closes) or any(command.fails == "closed" for command in device.commands)
        for device in scenario.devices.values()
    )


def platforms(scenario: Scenario) -> tuple[str, ...]:
    return tuple(sorted(device.platform for device in scenario.devices.values()))


# what the laboratory recorded was served there, by the real servers
QUICK = [one for one in SCENARIOS.values() if seconds_of_sampling(one) <= LONGEST and not one.folder.name.startswith("lab-")]
# one of each playbook and verdict, and of each a target that is lost; thoroughly on each set of platforms; all are rehearsed by the playbooks' own test
SERVED = list({(one.playbook, one.expect.verdict, platforms(one) if THOROUGH else (), loses_its_connection(one)): one for one in QUICK}.values())
PLAYBOOKS = sorted({scenario.playbook for scenario in SCENARIOS.values()})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def lines_and_frames(verdict: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    evidence = verdict["evidence"]
    return [one for one in evidence if one["kind"] == "line"], [one for one in evidence if one["kind"] == "frame"]


# --- the demo --------------------------------------------------------------------------------------------


def test_the_demo_finds_the_export_policy_and_proves_it(home: Home) -> None:
    got = home.run("demo", "--json")
    assert got.code == 1
    document = got.document()
    assert list(document) == ["schema", "session", "playbook", "verdict"]
    verdict = document["verdict"]
    assert (verdict["kind"], verdict["cause"]) == ("fault", "nfs.mount-denied")
    lines, frames = lines_and_frames(verdict)
    assert any((frame["frame"], frame["field"], frame["value"]) == (16, "mount.status", "13") for frame in frames)
    assert any(line["text"] and line["command"] for line in lines)
    assert all(verdict[key] for key in ("title", "fix", "verify", "owner", "path", "ruled_out"))
    assert "192.0.2.21" in verdict["fix"], "the address that the server saw, to put in the rule"
    live = home.run("analyze", "--json", str(ROOT / "fixtures" / "captures" / "nfs.mount-denied" / "over-tcp.pcap")).document()["files"][0]
    assert live["verdict"]["cause"] == verdict["cause"]
    assert {value["frame"] for value in live["findings"][0]["evidence"]} >= {16}
    session = document["session"]
    assert "intact" in home.run("sessions", "verify", session).said
    assert home.run("sessions", "show", "--json").document()["verdict"] == verdict


def test_the_demo_as_lines_tells_the_story_to_its_end(home: Home) -> None:
    got = home.run("demo", "--no-tui", LANG="C", PYTHONIOENCODING="ascii", TERM="dumb", COLUMNS="20", NO_COLOR="1")
    assert got.code == 1
    assert got.out.isascii()
    assert b"\x1b" not in got.out + got.error
    for part in ("esxcfg-vmknic -l", "tcpdump-uw", "nfs.mount-denied", "frame 16", "Ruled out", "Verify"):
        assert part in got.said
    shown = home.run("sessions", "show", "last")
    replayed = home.run("sessions", "replay", "last")
    for text in (shown.said, replayed.said):
        assert "nfs.mount-denied" in text


def test_a_reader_that_leaves_the_demo_is_no_error(home: Home) -> None:
    script = f"{TSHOOT} demo jumbo-own-vswitch --no-tui | head -1"
    got = ended(
        subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.environment())
    )
    assert got.out.count(b"\n") == 1
    assert got.error == b""
    assert home.run("sessions", "list", "--json").document()["sessions"][0]["verdict"] == "fault"


@pytest.mark.timeout(600)  # dozens of whole runs
@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_case_of_the_demo_ends_as_it_should_over_real_ssh(tmp_path: Path, playbook: str) -> None:
    served = [scenario for scenario in SERVED if scenario.playbook == playbook]
    assert served, "no case that a demo can show"

    def played(scenario: Scenario) -> str:
        folder = tmp_path / scenario.id
        folder.mkdir(parents=True)
        began = time.monotonic()
        got = Home(folder).run("demo", scenario.id, "--json", timeout=120)
        verdict = got.document()["verdict"]
        expect = scenario.expect
        cut_off = loses_its_connection(scenario)
        codes = {"fault": [1], "healthy": [0], "inconclusive": [4 if cut_off else 3]}[expect.verdict]
        frames = [one["frame"] for one in lines_and_frames(verdict)[1]]
        wrong = [
            (verdict["kind"], verdict["cause"]) != (expect.verdict, expect.cause) and f"{verdict['kind']} {verdict['cause']}: {verdict['reason']}",
            got.code not in codes and f"exit {got.code}, not {codes}",
            expect.frame is not None and expect.frame not in frames and f"frame {expect.frame} is not in {frames}",
            got.error != b"" and f"stderr: {got.error!r}",
            not verdict["reason"] and "no reason",
            verdict["kind"] == "inconclusive" and not (verdict["missing"] or verdict["next_steps"]) and "nothing to do next",
            time.monotonic() - began > 90 and "took too long",
        ]
        return "; ".join(str(text) for text in wrong if text)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = dict(zip((scenario.id for scenario in served), pool.map(played, served), strict=True))
    assert {name: problem for name, problem in problems.items() if problem} == {}


# --- logins ----------------------------------------------------------------------------------------------


def judged(got: Ended, *parts: str) -> None:
    assert got.code == 4
    text = " ".join(got.said.split())
    for part in parts:
        assert part in text


def test_a_run_by_ssh_config_key_and_known_hosts(tmp_path: Path) -> None:
    with bench(tmp_path, STORY) as at:
        got = at.home.run(*at.words, "--yes", "--json")
        assert got.code == 1
        assert got.document()["verdict"]["cause"] == "nfs.mount-denied"
        assert at.nothing_is_left()


def test_an_unknown_host_key_is_refused_without_a_terminal_and_how_to_accept_it_is_said(tmp_path: Path) -> None:
    with bench(tmp_path, STORY, known=False) as at:
        got = at.home.run(*at.words, "--yes")
        judged(got, "host key is unknown", at.device.fingerprint, "ssh-keyscan", "known_hosts", str(at.device.port))
        assert (at.home.folder / ".ssh" / "known_hosts").read_text() == ""


def test_a_changed_host_key_is_refused(tmp_path: Path) -> None:
    with bench(tmp_path / "a", STORY) as other, bench(tmp_path / "b", STORY) as at:
        kind_and_key = other.device.known_hosts_line.split(" ", 1)[1]
        (at.home.folder / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{at.device.port} {kind_and_key}\n")
        judged(at.home.run(*at.words, "--yes"), "has changed", at.device.fingerprint, "ssh-keygen -R")


def test_no_key_and_nobody_to_ask_for_a_password(tmp_path: Path) -> None:
    with bench(tmp_path, STORY, key=False) as at:
        judged(at.home.run(*at.words, "--yes"), "login was rejected")
        assert at.device.server.failed_logins <= 1


def test_a_refused_port(tmp_path: Path) -> None:
    with bench(tmp_path, SCENARIOS["nfs-mount/ssh-off"]) as at:
        began = time.monotonic()
        judged(at.home.run(*at.words, "--yes"), "connection was refused")
        assert time.monotonic() - began < 15


def test_a_host_that_hangs_after_the_login(tmp_path: Path) -> None:
    with bench(tmp_path, SCENARIOS["nfs-mount/host-hangs"]) as at:
        began = time.monotonic()
        judged(at.home.run(*at.words, "--yes"), "no longer answers")
        assert time.monotonic() - began < 30


def test_a_host_that_closes_in_the_middle_of_a_capture(tmp_path: Path) -> None:
    with bench(tmp_path, SCENARIOS["nfs-mount/connection-dies-capturing"]) as at:
        judged(at.home.run(*at.words, "--yes"), "the connection was lost", "hint")
        assert "intact" in at.home.run("sessions", "verify").said


def test_names_that_lead_nowhere(home: Home) -> None:
    for host in ("no-such-host.invalid", "192.0.2.1.5.invalid"):
        got = home.run("run", "nfs-mount", "--target", f"host={host}", "--set", "server=192.0.2.1", "--set", "share=/a")
        judged(got, host)


# --- a terminal for questions ----------------------------------------------------------------------------


class Typist:
    """A terminal on stdin only: tshoot asks on stderr and reads what is typed here."""

    def __init__(self, at: Bench, *words: str) -> None:
        self._master, slave = pty.openpty()
        self.process = at.home.start(*words, stdin=slave)
        os.close(slave)
        self.heard = b""

    def hear(self, question: str) -> None:
        """Until it is asked."""
        assert self.process.stderr is not None
        end = time.monotonic() + 60
        while question.encode() not in self.heard:
            assert time.monotonic() < end, self.heard
            if select.select([self.process.stderr], [], [], 0.2)[0]:
                piece = os.read(self.process.stderr.fileno(), 4096)
                assert piece, self.heard
                self.heard += piece
        self.heard = b""

    def answer(self, question: str, typed: str) -> None:
        self.hear(question)
        os.write(self._master, typed.encode() + b"\n")

    def end(self) -> Ended:
        try:
            return ended(self.process)
        finally:
            os.close(self._master)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Bench]:
    """A case that ends soon, for tests of the login alone."""
    with bench(tmp_path, SCENARIOS["nfs-mount/no-such-vmkernel"], known=False, key=False) as at:
        yield at


def test_a_key_is_accepted_and_a_password_typed_at_the_terminal(small: Bench) -> None:
    typist = Typist(small, *small.words)
    typist.answer("[yes/no]", "yes")
    typist.answer("assword", small.device.password)
    got = typist.end()
    assert got.code == 1
    assert small.device.password.encode() not in got.out + got.error
    assert small.device.known_hosts_line.split()[-1] in (small.home.folder / ".ssh" / "known_hosts").read_text()
    for file in small.home.sessions.rglob("*"):
        assert not file.is_file() or small.device.password.encode() not in file.read_bytes()


def test_a_wrong_password_is_tried_once(small: Bench) -> None:
    typist = Typist(small, *small.words)
    typist.answer("[yes/no]", "yes")
    typist.answer("assword", "wrong")
    judged(typist.end(), "login was rejected")
    assert small.device.server.failed_logins == 1, "an account is never locked"


@pytest.mark.parametrize("typed", ["no", "", "y", "YES please", "\x04"])
def test_anything_but_yes_refuses_the_key(small: Bench, typed: str) -> None:
    typist = Typist(small, *small.words)
    typist.answer("[yes/no]", typed)
    got = typist.end()
    assert got.code == 4
    assert (small.home.folder / ".ssh" / "known_hosts").read_text() == ""


CHANGE = """\
id: change
title: One change
targets:
  host: {platform: vmware_esxi, help: any}
start: act
nodes:
  act:
    run: touch made
    on: host
    changes: true
    decide:
      - when: act.failed == 'declined'
        inconclusive: it was declined
      - when: act.exit_status == 0
        healthy: it was run
      - otherwise: {inconclusive: it failed}
"""


@pytest.mark.parametrize(("typed", "code", "made"), [(None, 3, False), ("no", 3, False), ("yes", 0, True), ("--yes", 0, True)])
def test_a_change_is_made_only_after_a_yes(tmp_path: Path, typed: str | None, code: int, made: bool) -> None:
    with bench(tmp_path, STORY) as at:
        (at.home.folder / "change.yaml").write_text(CHANGE)
        words = ["run", "change.yaml", "--target", "host=esx"]
        if typed is None or typed.startswith("--"):
            got = at.home.run(*words, *([typed] if typed else []))
        else:
            typist = Typist(at, *words)
            typist.answer("touch made", typed)
            got = typist.end()
        assert got.code == code
        assert (Path(at.device.device.root) / "made").exists() is made
        if typed is None:
            assert "did not agree" in got.said or "declined" in got.said


def test_the_operators_answers_are_asked_for_and_recorded(tmp_path: Path) -> None:
    with bench(tmp_path, STORY) as at:
        typist = Typist(at, *at.words)
        typist.answer("Retry the mount", "maybe")
        typist.answer("answer one of", "y")
        got = typist.end()
        assert got.code == 1
        assert "answer: yes" in got.said


# --- a hostile device ------------------------------------------------------------------------------------

HOSTILE = b"\x1b]0;owned\x07\x1b[2J\x1b[31m[/foo] [red]x[/red] [@click=app.quit]y[/]\xc2\x9b31m\x9d0;z\x07\x7f\xe2\x80\xae\r\x08\xff\x00 end\n"


ODD = ("esxcli storage nfs list", "esxcfg-route -l", "vmkping -I vmk1 -s 56 -c 3 192.0.2.50", "nc -z -w 5 192.0.2.50 111")


def hostile_scenario(folder: Path, commands: tuple[str, ...] = ODD) -> Scenario:
    scenario, common = STORY.folder / "scenario.yaml", STORY.folder.parent.parent / "common"
    text = scenario.read_text(encoding="utf-8").replace("../../common/", f"{common}/")
    entries = "".join(f'      - run: {command}\n        stdout_file: hostile.txt\n        stderr: "\\e]0;owned\\a[/foo]"\n' for command in commands)
    (folder / "scenario.yaml").write_text(text.replace("    commands:\n", "    commands:\n" + entries, 1), encoding="utf-8")
    (folder / "hostile.txt").write_bytes(HOSTILE * 3)
    return load_scenario(folder)


def test_what_a_device_prints_never_reaches_the_terminal_raw(tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    with bench(tmp_path / "home", hostile_scenario(folder)) as at:
        got = at.home.run(*at.words, "--yes")
        assert got.code in (1, 3)
        shown = [got, *(at.home.run("sessions", verb) for verb in ("show", "replay", "verify", "list")), at.home.run("sessions", "show", "--all")]
        for one in shown:
            assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]", one.out + one.error)
        assert b"[/foo] [red]x[/red] [@click=app.quit]y[/]" in got.out
        document = at.home.run("sessions", "show", "--json")
        assert document.out.isascii()
        assert "\\u001b" not in document.out.decode()
        evidence = [file.read_bytes() for file in at.home.sessions.rglob("evidence/*") if file.is_file()]
        assert HOSTILE * 3 in evidence, "the raw bytes are kept"


def test_a_device_that_floods_is_cut_off_not_swallowed(tmp_path: Path) -> None:
    folder = tmp_path / "flood"
    folder.mkdir()
    hostile_scenario(folder, ODD[:1])
    (folder / "hostile.txt").write_bytes(b"x" * 1000 + b"\n" + b"y" * 18_000_000)
    scenario = load_scenario(folder)
    with bench(tmp_path / "home", scenario) as at:
        got = at.home.run(*at.words, "--yes", timeout=90)
        assert got.code in (1, 3)
        assert len(got.out) < 1_000_000
        assert "cut off" in got.said
