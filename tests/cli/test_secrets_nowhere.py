"""Planted secrets are looked for after runs, crashes and reports: in every file, in arguments and environment of every process, in what is printed.

Each Python process of the run notes what it starts, by an audit hook; processes that are no Python are read in /proc while the run waits.
"""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.commandline import Home
from tests.contract.odd_server import Manners, OddServer
from tests.sshd import make_key
from tests.waiting import wait_until

PASSWORD, CODE, PASSPHRASE = "Planted-Pass-7261", "864213-planted", "planted phrase 5518"
SECRETS = (PASSWORD, CODE, PASSPHRASE)
PLAYBOOK = """\
id: waits
title: One question, one command
targets:
  host: {platform: linux, help: any}
start: name
nodes:
  name:
    run: hostname
    on: host
    decide:
      - otherwise: look
  look:
    ask: Is it well?
    decide:
      - when: look.answer == 'yes'
        healthy: it is well
      - otherwise: {inconclusive: it is not, next: look}
"""
WATCH = """\
import os, sys
_log = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
def _note(*words):
    os.write(_log, (repr(words) + "\\n").encode("utf-8", "backslashreplace"))
_note("process", open("/proc/self/cmdline").read(), dict(os.environ))
def _heard(event, args):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.putenv"):
        _note(event, args)
sys.addaudithook(_heard)
"""
SSH = """\
#!/bin/sh
# OpenSSH finds the operator's files by the password database, not by HOME
tr '\\000' '\\n' <"/proc/$$/environ" >>"$WATCH_LOG"
printf '%s\\n' "$@" >>"$WATCH_LOG"
exec /usr/bin/ssh -F "$HOME/.ssh/config" "$@"
"""
PLAINLY = "from tshoot.__main__ import main; sys.exit(main(sys.argv[1:]))"
CRASHING = "from tshoot.transports.login.credentials import Credentials; Credentials.forget = lambda self: 1 / len(self._declined); " + PLAINLY


@dataclass
class Scene:
    """A user, a device that wants a key that is not his, a password and a code, and one terminal."""

    home: Home
    log: Path
    server: OddServer
    transport: str
    heard: bytes = b""
    said: list[bytes] = field(default_factory=list)

    def start(self, code: str, **environment: str) -> subprocess.Popen[bytes]:
        self.master, slave = pty.openpty()
        words = ["run", "waits.yaml", "--target", "host=dev", "--no-tui", "--transport", self.transport]
        folder = self.home.folder
        kept = self.home.environment(
            PYTHONPATH=f"{folder}/watch", WATCH_LOG=str(self.log), TMPDIR=f"{folder}/tmp", PATH=f"{folder}/bin:{os.environ['PATH']}"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import sys; {code}", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=kept | environment,
            cwd=self.home.folder,
            start_new_session=True,
        )
        os.close(slave)
        return self.process

    def read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.master, 4096)
        except OSError:  # the terminal has no other end any more
            return False
        self.heard += piece
        self.said.append(piece)
        return bool(piece)

    def answer(self, question: bytes, typed: str) -> None:
        end = time.monotonic() + 60
        while question not in self.heard:
            assert time.monotonic() < end, b"".join(self.said)
            assert self.read(0.2), b"".join(self.said).decode()
        self.heard = b""
        os.write(self.master, typed.encode() + b"\n")

    def log_in(self) -> None:
        if self.transport == "paramiko":  # OpenSSH opens a key only for a server that would take it
            self.answer(b"assphrase", PASSPHRASE)
        self.answer(b"Password", PASSWORD)
        self.answer(b"code", CODE)

    def end(self) -> bytes:
        end = time.monotonic() + 60
        while self.read(0.2) and time.monotonic() < end and self.process.poll() is None:
            pass
        self.process.wait(60)
        os.close(self.master)
        return b"".join(self.said)

    def tshoot(self, *words: str) -> bytes:
        got = self.home.run(*words)
        assert got.code in (0, 3), got.said
        return got.out + got.error


@pytest.fixture(params=["paramiko", "openssh"])
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    rounds = [("", "", [("Password: ", False)]), ("", "", [("Verification code: ", False)])]
    manners = Manners(methods="publickey,keyboard-interactive", rounds=rounds, answers=[[PASSWORD], [CODE]])
    folder = tmp_path / "home"
    with OddServer(tmp_path / "device", manners) as server:
        for name in (".ssh", "tmp", "watch", "bin"):
            (folder / name).mkdir(parents=True, mode=0o700)
        key = make_key(folder / ".ssh" / "locked", passphrase=PASSPHRASE)
        place = f"  HostName 127.0.0.1\n  Port {server.port}\n  User {server.user}\n  IdentityFile {key}\n  IdentitiesOnly yes\n"
        place += f"  UserKnownHostsFile {folder}/.ssh/known_hosts\n"
        (folder / ".ssh" / "config").write_text(f"Host dev\n{place}  ProxyCommand busybox nc %h %p\n")
        (folder / ".ssh" / "known_hosts").write_text(server.known_hosts())
        (folder / "waits.yaml").write_text(PLAYBOOK)
        (folder / "watch" / "sitecustomize.py").write_text(WATCH)
        (folder / "bin" / "ssh").write_text(SSH)
        (folder / "bin" / "ssh").chmod(0o700)
        yield Scene(Home(folder), tmp_path / "watched", server, request.param)


def found_in(data: bytes) -> list[str]:
    return [secret for secret in SECRETS for form in (secret.encode(), secret.encode().hex().encode(), secret.encode("utf-16-le")) if form in data]


def files_with_secrets(*folders: Path) -> list[str]:
    files = (file for folder in folders for file in (folder.rglob("*") if folder.is_dir() else [folder]))
    return [f"{file}: {found}" for file in files if file.is_file() and (found := found_in(file.read_bytes()))]


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += (task / "children").read_text().split()
    return [pid, *(one for child in set(children) for one in family(int(child)))]


def test_nothing_is_found_after_a_run_and_its_reports(scene: Scene) -> None:
    process = scene.start(PLAINLY)
    scene.log_in()
    wait_until(lambda: b"Is it well? [yes/no]" in scene.heard or not scene.read(0.1), "the question")
    pids = family(process.pid)
    assert len(pids) > 1, "the ProxyCommand, or ssh, is there to be looked at"
    for pid in pids:
        for name in ("cmdline", "environ"):
            assert found_in(Path(f"/proc/{pid}/{name}").read_bytes()) == [], f"{pid} {name}"
    assert files_with_secrets(*Path("/tmp").glob("tshoot-*")) == [], "where ssh has its sockets"
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
    scene.answer(b"Is it well? [yes/no]", "yes")
    assert found_in(scene.end()) == []
    assert process.returncode == 0
    assert scene.server.responses == [[PASSWORD], [CODE]], "they were sent where they belong, once"
    report = scene.tshoot("sessions", "report", "--format", "html")
    assert b"hostname" in report
    assert found_in(report) == []
    scene.tshoot("sessions", "export", "-o", "out.tshoot")
    assert files_with_secrets(scene.home.folder, scene.log) == []
    assert scene.log.read_text().count("('process'") >= 1
    assert "nc" in scene.log.read_text() or scene.transport == "openssh"


@pytest.mark.parametrize(("scene", "debug"), [("paramiko", ""), ("openssh", "1")], ids=["told", "traceback"], indirect=["scene"])
def test_nothing_is_found_after_a_crash_while_they_are_held(scene: Scene, debug: str) -> None:
    scene.start(CRASHING, **({"TSHOOT_DEBUG": debug} if debug else {}))
    scene.log_in()
    scene.answer(b"Is it well? [yes/no]", "yes")
    said = scene.end()
    assert b"ZeroDivisionError" in said
    assert (b"Traceback" in said) == bool(debug)
    assert found_in(said) == []
    assert files_with_secrets(scene.home.folder, scene.log) == []


def test_the_search_would_find_them(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "leak").write_bytes(b"\0\1" + PASSWORD.encode())
    (tmp_path / "log").write_text(f"('os.putenv', '{CODE}')")
    assert len(files_with_secrets(tmp_path / "a", tmp_path / "log")) == 2


def test_no_core_file_and_no_look_into_the_process(tmp_path: Path) -> None:
    """Also where the operator's limit allows one."""
    told = (
        "import resource, ctypes, os; resource.setrlimit(resource.RLIMIT_CORE, (0, 1 << 20)); from tshoot import core_files; core_files.leave_none();"
        " print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True); os.kill(os.getpid(), 6)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", told], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "TSHOOT_DEBUG": ""}, timeout=30
    )
    assert ran.stdout == f"(0, 0) {'0' if sys.platform == 'linux' else '-1'}\n"
    assert ran.returncode == -6
    assert list(tmp_path.iterdir()) == []
