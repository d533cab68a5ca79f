"""One playbook on many simulated devices over real SSH, as a user starts it: side by side, one ill device among them, stopped in the middle."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.commandline import Home, ended
from tests.shipped_scenarios import STORY
from tests.waiting import wait_until
from tshoot.cli.main import run_words
from tshoot.model.events import MemberEnded, NoteAdded
from tshoot.session.read import read_events
from tshoot.simulator.device import CaptureEntry, CommandEntry, Device
from tshoot.simulator.serving import Served, serve

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "json.schema.json"
PLAYBOOK = """\
id: well
title: Whether a host is well
symptoms: [a host is slow]
description: Two commands that only read.
targets:
  host: {platform: [linux], help: the host}
start: up
nodes:
  up:
    why: how long it runs
    run: uptime
    on: host
    decide:
      - when: up.exit_status != 0
        conclude: path.unreachable
      - otherwise: name
  name:
    why: what it is called
    run: hostname
    on: host
    decide:
      - when: name.exit_status == 0
        healthy: it answers
      - otherwise:
          inconclusive: it has no name
          next: ask it
"""
ASKING = PLAYBOOK.replace("run: hostname\n    on: host", "ask: Does it answer?").replace("name.exit_status == 0", "name.answer == 'yes'")
CAPTURING = """\
id: traced
title: A capture
symptoms: [a host is slow]
description: One capture.
targets:
  host: {platform: [linux], help: the host}
start: trace
nodes:
  trace:
    why: what passes
    capture:
      on: host
      interface: eth0
      filter: icmp
      stop: {seconds: 60, packets: 1000, megabytes: 1}
      detect: [path]
    decide:
      - otherwise:
          inconclusive: looked at
          next: nothing
"""


def command(text: str, output: bytes, status: int = 0) -> CommandEntry:
    return CommandEntry(text, False, ((output, None),), b"", status, 0.0, None)


def linux(name: str, up: int = 0, named: int = 0, **changes: object) -> Device:
    device = Device("linux", name, (command("uptime", b" 10:00:00 up 3 days\n", up), command("hostname", name.encode() + b"\n", named)))
    return replace(device, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Site:
    home: Home
    served: Served

    def playbook(self, text: str = PLAYBOOK) -> str:
        file = self.home.folder / f"{re.findall('id: (.*)', text)[0]}.yaml"
        file.write_text(text)
        return str(file)

    def sessions(self) -> list[dict[str, str]]:
        return self.home.run("sessions", "list", "--json").document()["sessions"]


@contextmanager
def site(folder: Path, devices: Mapping[str, Device], capture_delay: float = 1.0, key: bool = True) -> Iterator[Site]:
    """Each device by its name in the ssh_config, and all of them as the group `all` of the user's targets."""
    ssh = folder / ".ssh"
    ssh.mkdir(mode=0o700, parents=True)
    with serve(replace(STORY, devices=devices), capture_delay) as served:
        hosts = [
            f"Host {name}\n  HostName {one.host}\n  Port {one.port}\n  User {one.user}\n" + (f"  IdentityFile {one.key_file}\n" if key else "")
            for name, one in served.devices.items()
        ]
        (ssh / "config").write_text("".join(hosts))
        (ssh / "known_hosts").write_text("".join(f"{one.known_hosts_line}\n" for one in served.devices.values()))
        (folder / "all.ini").write_text("[lab]\n" + "".join(f"{name}\n" for name in devices))
        yield Site(Home(folder), served)


def test_what_happens_to_one_target_stops_no_other(tmp_path: Path) -> None:
    devices = {
        "alpha": linux("alpha"),
        "bravo": linux("bravo", up=1),
        "charlie": linux("charlie", named=1),
        "delta": linux("delta", port_closed=True),
        "echo": linux("echo", refused_logins=("password", "keyboard-interactive", "publickey")),
        "foxtrot": linux("foxtrot"),
    }
    with site(tmp_path, devices) as at:
        got = at.home.run("run", at.playbook(), "--target", f"host={','.join(devices)}", "--parallel", "3", "--json")
        assert got.code == 1, got.said
        document = got.document()
        assert list(document) == ["schema", "fleet", "playbook", "role", "verdict", "results"] and document["playbook"] == "well"
        schema = json.loads(SCHEMA.read_text())
        Draft202012Validator({"$ref": "#/$defs/fleet", "$defs": schema["$defs"]}).validate(document)
        rows = document["results"]
        assert [row["target"] for row in rows] == list(devices)
        assert [(row["verdict"] or {}).get("kind") for row in rows] == ["healthy", "fault", "inconclusive", "inconclusive", "inconclusive", "healthy"]
        assert [row["failure"] for row in rows] == [None, None, None, "refused", "auth-rejected", None]
        assert document["verdict"]["kind"] == "fault" and document["verdict"]["cause"] == "path.unreachable"
        assert "no answer on 2 of 6 (delta, echo)" in document["verdict"]["reason"]

        listed = {one["id"]: one for one in at.sessions()}
        assert len(listed) == 7 and {row["session"] for row in rows} | {document["fleet"]} == set(listed)
        fleet = listed[document["fleet"]]
        assert (fleet["playbook"], fleet["state"], fleet["verdict"], fleet["cause"]) == ("fleet:well", "finished", "fault", "path.unreachable")
        events = [event for _, event in read_events(at.home.sessions / document["fleet"])]
        ends = {event.host: event for event in events if isinstance(event, MemberEnded)}
        assert {ends[row["target"]].session == row["session"] for row in rows} == {True}
        notes = [event.text for _, event in read_events(at.home.sessions / rows[0]["session"]) if isinstance(event, NoteAdded)]
        assert notes == [f"one of 6 targets of the fleet session {document['fleet']}"]

        shown = at.home.run("sessions", "show", document["fleet"])
        assert shown.code == 0 and all(f"{name}: " in shown.said for name in devices) and "6 targets" in shown.said
        report = at.home.run("sessions", "report", document["fleet"]).said
        assert all(f"the run on {name} ended" in report for name in devices)
        assert "intact" in at.home.run("sessions", "verify", document["fleet"]).said
        again = at.home.run("sessions", "rejudge", document["fleet"])
        assert again.code == 2 and "the session of a fleet" in again.said
        everything = at.home.run("sessions", "rejudge", "--all", "--json").document()
        assert document["fleet"] not in {row["session"] for row in everything["sessions"]}
        assert at.home.run("sessions", "search", "delta").said.count(document["fleet"])


def test_a_member_is_told_as_what_its_device_said_that_it_is(tmp_path: Path) -> None:
    """Its role may be several platforms, and nobody says which: the first of them is only a guess."""
    name = CommandEntry("uname -a", False, ((b"Linux 6.1.0 x86_64 GNU/Linux\n", None),), b"", 0, 0.0, None)
    devices = {host: linux(host, commands=(*linux(host).commands, name)) for host in ("alpha", "bravo")}
    with site(tmp_path, devices) as at:
        playbook = at.playbook(PLAYBOOK.replace("platform: [linux]", "platform: [vmware_esxi, linux]"))
        got = at.home.run("run", playbook, "--inventory", str(tmp_path / "all.ini"), "--target", "host=@lab", "--json")
        assert got.code == 0, got.said
        assert [row["platform"] for row in got.document()["results"]] == ["linux", "linux"]


def test_a_group_is_named_by_the_inventory_and_told_line_by_line(tmp_path: Path) -> None:
    with site(tmp_path, {name: linux(name) for name in ("alpha", "bravo")}) as at:
        words = ["run", at.playbook(), "--inventory", str(tmp_path / "all.ini"), "--target", "host=@lab"]
        got = at.home.run(*words)
        assert got.code == 0, got.said
        lines = got.out.decode().splitlines()
        assert sorted(line.split()[0] for line in lines[:2]) == ["alpha", "bravo"] and "\x1b" not in got.said
        table = lines[lines.index("") + 1 :]
        assert table[0].split() == ["target", "verdict", "cause", "seconds", "session"]
        assert [line.split()[:3] for line in table[1:3]] == [["alpha", "healthy", "-"], ["bravo", "healthy", "-"]]
        planned = at.home.run(*words, "--plan")
        assert planned.code == 0 and "host = alpha, bravo (linux)" in planned.said and planned.said.count("uptime") == 1
        rows = at.home.run(*words, "--plan", "--json").document()["plan"]
        assert [(row["host"], row["command"]) for row in rows] == [(host, text) for host in ("alpha", "bravo") for text in ("uptime", "hostname")]


def test_hosts_that_the_list_of_a_group_leaves_out_are_told_and_noted(tmp_path: Path) -> None:
    with site(tmp_path, {name: linux(name) for name in ("alpha", "bravo")}) as at:
        listed = tmp_path / "all.ini"
        listed.write_text(listed.read_text() + 'gone ansible_host="{{ lookup }}"\n')
        words = ["run", at.playbook(), "--inventory", str(listed), "--json", "--target"]
        got = at.home.run(*words, "host=@lab")
        assert got.code == 0 and got.document()["verdict"]["reason"] == "healthy on 2 of 2"
        assert got.error.decode().count("host `gone`: left out") == 1
        notes = [event.text for _, event in read_events(at.home.sessions / got.document()["fleet"]) if isinstance(event, NoteAdded)]
        assert notes[0].startswith("2 targets") and len(notes) == 2 and "host `gone`: left out" in notes[1]
        assert "`gone`" not in at.home.run(*words, "host=alpha,bravo", "--plan").said
        listed.write_text('[lab]\ngone ansible_host="{{ lookup }}"\n')
        nobody = at.home.run(*words, "host=@lab")
        assert nobody.code == 2 and "there is no group `lab`" in nobody.said and "host `gone`: left out" in nobody.said


def test_a_device_of_two_names_is_no_two_targets(tmp_path: Path) -> None:
    with site(tmp_path, {name: linux(name) for name in ("alpha", "bravo")}) as at:
        where = at.served.devices["alpha"]
        (tmp_path / "all.ini").write_text(f"[lab]\nalpha\nbravo\nsame ansible_host={where.host} ansible_port={where.port}\n")
        words = ["run", at.playbook(), "--inventory", str(tmp_path / "all.ini"), "--plan", "--target"]
        for typed, said in (
            ("@lab", "alpha and same are one device"),
            ("alpha,bravo,root@same", "alpha and root@same are one device"),
            (f"alpha,{where.host}:{where.port}", f"alpha and {where.host}:{where.port} are one device"),
        ):
            got = at.home.run(*words, f"host={typed}")
            assert got.code == 2 and said in got.said, got.said
        assert "host = alpha, bravo (linux)" in at.home.run(*words, "host=alpha,bravo,alpha").said


def test_behind_a_gateway_that_is_told_the_device_each_user_is_another(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (tmp_path / "well.yaml").write_text(PLAYBOOK)
    (tmp_path / ".ssh").mkdir(mode=0o700)
    hosts = [f"Host {name}\n  HostName gate\n  User ada@root@{name}\n" for name in ("alpha", "bravo")]
    (tmp_path / ".ssh/config").write_text("".join(hosts))
    assert "host = alpha, bravo (linux)" in home.run("run", "well.yaml", "--target", "host=alpha,bravo", "--plan").said
    got = home.run("run", "well.yaml", "--target", "host=alpha,bravo,ada@root@alpha@gate", "--plan")
    assert got.code == 2 and "alpha and ada@root@alpha@gate are one device" in got.said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "host=a,b", "--parallel", "0"), "--parallel 0"),
        (("--target", "host=a,,b"), "a name is missing"),
        (("--target", "host=a,b", "--step"), "--step is for one target"),
        (("--target", "host=a", "--fan-out"), "no target names several"),
        (("--target", "host=@nobody"), "no group nobody"),
        (("--target", "host=a,b c:x,d:99999"), "b c"),
        (("--target", "host=a,root@a"), "a and root@a are one device"),
        (("--target", "host=a,A:22,a,b"), "a and A:22 are one device"),
        (("--target", "host=a", "--target", "host=b"), "--target host=esx01,esx02"),
        (("--target", "host=a", "--set", "x=1", "--set", "x=2"), "--set x=… is given twice"),
        (("--target", "host=a", "--platform", "host=linux", "--platform", "host=frr"), "--platform host=… is given twice"),
        (("--target", "host=a", "--capture-dir", "host=/a", "--capture-dir", "host=/b"), "--capture-dir host=… is given twice"),
        (("--target", "host=a", "--transport", "host=auto", "--transport", "host=paramiko"), "auto was said for host before"),
        (("--target", "host=a,b", "--transport", "paramiko", "--transport", "auto"), "paramiko was said before"),
    ],
)
def test_what_cannot_fan_out_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "well.yaml").write_text(PLAYBOOK)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert run_words(["run", str(tmp_path / "well.yaml"), *words]) == 2
    told = capsys.readouterr()
    assert said in told.err.replace("'", "").replace("`", "") and told.out == "" and not (tmp_path / "tshoot").exists()


# --- stopped ---------------------------------------------------------------------------------------------


def test_a_signal_leaves_no_capture_and_no_connection_on_any_target(tmp_path: Path) -> None:
    capture = STORY.devices["host"].capture
    assert isinstance(capture, CaptureEntry)
    tools = (command("df -kP", b"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 9000000 1 8999999 1% /\n"),)
    names = ("alpha", "bravo", "charlie", "delta")
    devices = {name: linux(name, commands=tools, capture=capture) for name in names}
    into = tmp_path / "captures"
    into.mkdir()
    with site(tmp_path, devices, capture_delay=30) as at:
        process = at.home.start(
            "run", at.playbook(CAPTURING), "--target", f"host={','.join(names)}", "--parallel", "3", "--capture-dir", f"host={into}", "--json"
        )

        def capturing() -> list[Path]:
            return list(into.glob("tshoot-*.pcap"))

        wait_until(lambda: len(capturing()) == 3, "three captures")
        process.send_signal(signal.SIGINT)
        got = ended(process)
        assert got.code == 130 and "stopping cleanly" in got.said
        document = got.document()
        assert [row["state"] for row in document["results"]] == ["interrupted"] * 3 + ["not-run"]
        assert document["verdict"] is None
        assert capturing() == []
        for one in at.served.devices.values():
            wait_until(lambda one=one: not one.device.processes(), "the end of the captures' processes")  # type: ignore[misc]
            wait_until(lambda one=one: not any(link.is_active() for link in one.server._transports), "the end of the connections")  # type: ignore[misc]
        assert not list((tmp_path / "data" / "tshoot" / "journal").glob("*.jsonl"))
        assert {one["state"] for one in at.sessions()} == {"interrupted"}


# --- on a terminal ---------------------------------------------------------------------------------------


class Terminal:
    """tshoot on a terminal of 80 columns and 24 lines: everything that it writes, and somebody who types."""

    def __init__(self, at: Site, *words: str) -> None:
        import fcntl
        import struct
        import subprocess
        import sys
        import termios

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        tshoot = Path(sys.executable).parent / "tshoot"
        environment = at.home.environment(TERM="xterm")
        self.process = subprocess.Popen([tshoot, *words], stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=at.home.folder)
        os.close(slave)
        self.heard = ""

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + 60
        while text not in self.heard:
            assert time.monotonic() < end and self._read(), self.heard

    def type(self, text: str) -> None:
        os.write(self._master, text.encode() + b"\n")

    def end(self) -> int:
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(60)

    def _read(self) -> bool:
        try:
            piece = os.read(self._master, 4096) if select.select([self._master], [], [], 40)[0] else b""
        except OSError:
            return False
        self.heard += piece.decode("utf-8", "replace")
        return bool(piece)


def test_on_a_terminal_a_group_is_asked_about_and_questions_name_their_target(tmp_path: Path) -> None:
    long = "a-host-with-a-name-that-is-longer-than-a-terminal-has-columns-for-it-but-is-shown-to-its-end"
    with site(tmp_path, {name: linux(name) for name in ("alpha", "bravo", long)}) as at:
        terminal = Terminal(at, "run", at.playbook(ASKING), "--inventory", str(tmp_path / "all.ini"), "--target", "host=@lab")
        terminal.wait_for("[NAME/all]")
        assert "@lab are 3 targets: alpha, bravo" in terminal.heard.replace("\r\n", " ")
        terminal.type("all")
        for _ in range(3):
            terminal.wait_for("Does it answer? [yes/no]")
            asked = re.findall(r"(\S+): Does it answer\?", terminal.heard)[-1]
            terminal.heard = ""
            terminal.type("no" if asked.endswith("bravo") else "yes")
        assert terminal.end() == 3
        rows = re.findall(r"^(\S+) .*?(healthy|inconclusive)", terminal.heard, re.MULTILINE)
        assert ("bravo", "inconclusive") in rows
    told = [json.loads(line) for line in next(tmp_path.glob("data/tshoot/sessions/*fleet*/session.jsonl")).read_text().splitlines()]
    assert {one["host"]: one["kind"] for one in told if one.get("event") == "MemberEnded"} == {
        "alpha": "healthy", "bravo": "inconclusive", long: "healthy"
    }  # fmt: skip


def test_one_of_a_group_is_run_alone(tmp_path: Path) -> None:
    with site(tmp_path, {name: linux(name) for name in ("alpha", "bravo")}) as at:
        terminal = Terminal(at, "run", at.playbook(), "--no-tui", "--inventory", str(tmp_path / "all.ini"), "--target", "host=@lab")
        terminal.wait_for("[NAME/all]")
        terminal.type("br")
        terminal.wait_for("br is none of them")
        terminal.heard = terminal.heard.partition("br is none of them")[2]
        terminal.wait_for("[NAME/all]")
        terminal.type("bravo")
        assert terminal.end() == 0
        assert [one["playbook"] for one in at.sessions()] == ["well"]
        assert "bravo" in terminal.heard and "session 2" in terminal.heard


@pytest.mark.parametrize("answer", ["n", "No", "q", ""])
def test_whoever_wants_none_of_a_group_starts_nothing(tmp_path: Path, answer: str) -> None:
    with site(tmp_path, {name: linux(name) for name in ("nx1", "quebec")}) as at:
        terminal = Terminal(at, "run", at.playbook(), "--no-tui", "--inventory", str(tmp_path / "all.ini"), "--target", "host=@lab")
        terminal.wait_for("[NAME/all]")
        terminal.type(answer)
        assert terminal.end() == 2 and "no target was chosen" in terminal.heard
        assert at.sessions() == []


# --- one password ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "status", "refused"), [(("the right one",), 0, 0), (("a wrong one", "another wrong one"), 4, 2)])
def test_a_password_of_a_group_is_asked_once_and_a_wrong_one_is_sent_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], status: int, refused: int
) -> None:
    monkeypatch.setattr("tshoot.simulator.serving.secrets.token_urlsafe", lambda size: "the right one")
    names = ("alpha", "bravo", "charlie", "delta")
    with site(tmp_path, {name: linux(name, refused_logins=("publickey",)) for name in names}, key=False) as at:
        terminal = Terminal(at, "run", at.playbook(), "--fan-out", "--inventory", str(tmp_path / "all.ini"), "--target", "host=@lab")
        for text in typed:
            terminal.wait_for("of @lab with this user")
            terminal.heard = ""
            terminal.type(text)
        assert terminal.end() == status, terminal.heard
        assert "with this user" not in terminal.heard and not any(text in terminal.heard for text in typed)
        assert sum(one.server.failed_logins for one in at.served.devices.values()) <= refused
