"""tshoot sweep over a real OpenSSH: what crashed runs left is listed, kept where it was never fetched, and removed; nothing of a run that lives."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.answering import run_answering
from tests.cli.commandline import TSHOOT, Home, ended
from tests.sshd import Sshd, free_port
from tests.waiting import wait_until
from tshoot.performers.journal import CaptureJournal, CaptureRecord

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "json.schema.json").read_text())
CONTENT = b"\xd4\xc3\xb2\xa1 what was never fetched"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


class Place:
    """A user whose ssh_config names the server `box`, its journals, and what lies on the server."""

    def __init__(self, folder: Path, sshd: Sshd) -> None:
        self.home, self.sshd = Home(folder), sshd
        ssh = folder / ".ssh"
        ssh.mkdir(mode=0o700)
        (ssh / "config").write_text(
            f"Host box\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user}\n  IdentityFile {sshd.user_key}\n"
            f"Host dead\n  HostName 127.0.0.1\n  Port {free_port()}\n"
        )
        (ssh / "known_hosts").write_text(sshd.known_hosts())
        self.state = folder / "data" / "tshoot"
        self.target = folder / "target"
        self.target.mkdir()
        self.running: list[subprocess.Popen[bytes]] = []

    def file(self, session: str) -> Path:
        path = self.target / f"tshoot-{session}-00aa11bb.pcap"
        path.write_bytes(CONTENT)
        return path

    def journal(self, session: str, *records: CaptureRecord) -> CaptureJournal:
        journal = CaptureJournal(self.state / "journal", session)
        for record in records:
            journal.note(record)
        return journal

    def left(self, session: str, state: Any, host: str = "box", pid: int | None = None, **more: Any) -> Path:
        path = self.file(session)
        self.journal(session, CaptureRecord(host, str(path), state, pid, "linux", **more)).close()
        return path

    def capturing(self, session: str) -> Path:
        """A capture whose watchdog died with the network."""
        path = self.file(session)
        process = subprocess.Popen(["sh", "-c", f"while :; do sleep 0.1; done # -w {path}"])
        self.running.append(process)
        self.journal(session, CaptureRecord("box", str(path), "running", process.pid, "linux", at=1_763_700_000.0)).close()
        return path

    def journals(self) -> list[str]:
        return sorted(file.name.partition("-")[0] for file in (self.state / "journal").glob("*.jsonl"))


@pytest.fixture
def place(tmp_path: Path, sshd: Sshd) -> Iterator[Place]:
    made = Place(tmp_path, sshd)
    yield made
    for process in made.running:
        process.kill()
        process.wait()


def test_all_is_listed_then_removed_and_what_cannot_be_reached_stays(place: Place) -> None:
    unpulled, running = place.left("aaa111", "unpulled"), place.capturing("bbb222")
    unreached = place.left("ccc333", "running", "dead", 4242)
    here = place.file("ddd444")
    live = place.journal("ddd444", CaptureRecord("box", str(here), "running", os.getpid()))

    listed = place.home.run("sweep", "--json")
    assert listed.code == 4, "a target could not be reached"
    document = listed.document()
    Draft202012Validator({"$ref": "#/$defs/sweep", "$defs": SCHEMA["$defs"]}).validate(document)
    rows = {row["session"]: row for row in document["leftovers"]}
    assert document["live"] == 1
    assert set(rows) == {"aaa111", "bbb222", "ccc333"}, "what belongs to a run that lives is no leftover"
    assert (rows["aaa111"]["bytes"], rows["aaa111"]["running"], rows["aaa111"]["state"]) == (len(CONTENT), False, "unpulled")
    assert (rows["bbb222"]["running"], rows["bbb222"]["since"]) == (True, "2025-11-21T04:40:00Z")
    assert (rows["ccc333"]["reached"], rows["ccc333"]["bytes"]) == (False, None)
    assert not any(row["removed"] for row in rows.values())
    assert unpulled.exists() and running.exists()

    unasked = place.home.run("sweep")
    assert unasked.code == 2
    for part in ("box", str(unpulled), "could not be fetched", "still captures", "not reached", "1 capture of runs that are still going", "--yes"):
        assert part in unasked.said
    assert unpulled.exists() and running.exists()

    swept = place.home.run("sweep", "--yes")
    assert swept.code == 4
    assert "removed 2, 1 still there and in the journal" in swept.said
    assert "dead stays as it is" in swept.said
    assert not unpulled.exists() and not running.exists()
    assert unreached.exists() and here.exists()
    wait_until(lambda: place.running[0].poll() is not None, what="the end of the capture")
    assert (place.state / "rescued" / unpulled.name).read_bytes() == CONTENT
    assert (place.state / "rescued" / unpulled.name).stat().st_mode & 0o777 == 0o600
    assert place.journals() == ["ccc333", "ddd444"]
    live.close()


def test_one_target_by_any_of_its_names(place: Place, sshd: Sshd) -> None:
    path = place.left("aaa111", "running", place=f"127.0.0.1:{sshd.port}")
    elsewhere = place.left("bbb222", "running", "dead")
    assert "nothing is known to be left on other" in place.home.run("sweep", "other").said
    got = place.home.run("sweep", f"127.0.0.1:{sshd.port}", "--yes", "--json")
    assert got.code == 0, got.said
    (row,) = got.document()["leftovers"]
    assert (row["host"], row["removed"], row["kept_as"]) == ("box", True, str(place.state / "rescued" / path.name))
    assert not path.exists() and elsewhere.exists()
    assert place.home.run("sweep", "a b").code == 2


def test_a_session_from_another_machine_and_a_list_that_somebody_forged(place: Place) -> None:
    path, session = place.file("eee555"), place.home.sessions / "20260101T000000Z-x-eee555"
    session.mkdir(parents=True)
    (session / "session.jsonl").write_text("{}\n")
    forged = {"host": "box", "path": f"{place.target}/precious", "state": "unpulled", "pid": 1}
    (place.target / "precious").write_text("x")
    own = {"host": "box", "path": str(path), "state": "running", "pid": None, "at": float("nan"), "platform": "[/red]\x1b[2J"}
    (session / "captures.jsonl").write_text(json.dumps(forged) + "\n" + json.dumps(own) + "\n")
    with (session / "session.jsonl").open() as log:
        fcntl.flock(log, fcntl.LOCK_EX)  # it is being written: somebody goes on with it
        assert place.home.run("sweep", "--json").document()["leftovers"] == []
    got = place.home.run("sweep", "--yes")
    assert (got.code, "removed 1" in got.said) == (0, True), got.said
    assert b"\x1b" not in got.out
    assert not path.exists() and (place.target / "precious").exists()
    assert "nothing is known to be left on any target" in place.home.run("sweep").said


def test_ctrl_c_while_a_target_does_not_answer_leaves_all_as_it_was(place: Place) -> None:
    path = place.left("aaa111", "running")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place.left("bbb222", "running", f"127.0.0.1:{silent.getsockname()[1]}")
        process = place.home.start("sweep", "--yes")
        silent.settimeout(60)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        got = ended(process, 60)
        connection.close()
    assert time.monotonic() - began < 30
    assert got.code == 130
    assert path.exists()
    assert place.journals() == ["aaa111", "bbb222"]


def test_somebody_at_a_terminal_is_asked(place: Place) -> None:
    path = place.left("aaa111", "running")

    def swept(answer: bytes) -> tuple[int, str]:
        return run_answering([TSHOOT, "sweep"], answer, env=place.home.environment(TERM="dumb"), cwd=place.home.folder)

    code, said = swept(b"no\n")
    assert (code, path.exists()) == (2, True)
    assert "Remove it from its target (what holds packets is kept here first)? [yes/no]" in said and "nothing was removed" in said
    code, said = swept(b"yes\n")
    assert (code, path.exists()) == (0, False), said
    assert place.journals() == []
