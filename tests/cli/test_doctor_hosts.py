"""`tshoot doctor HOST`: the way hop by hop over real sshd's, without a login and with one, and where it stops."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sshd import Sshd, free_port
from tests.waiting import wait_until
from tshoot.cli.main import run_words

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor")
    with Sshd(folder / "gate") as gate, Sshd(folder / "esx", options="KexAlgorithms diffie-hellman-group14-sha256\nCiphers aes128-cbc") as esx:
        yield gate, esx


@pytest.fixture
def home(tmp_path, two):
    gate, esx = two
    (tmp_path / ".ssh").mkdir(mode=0o700)
    (tmp_path / ".ssh/config").write_text(
        entry("gate", gate) + entry("esx", esx, "ProxyJump gate") + entry("direct", esx) + f"Host down\n HostName 127.0.0.1\n Port {free_port()}\n"
    )
    (tmp_path / ".ssh/known_hosts").write_text(gate.known_hosts() + esx.known_hosts())
    return tmp_path


def entry(name: str, server: Sshd, *more: str) -> str:
    lines = ["HostName 127.0.0.1", f"Port {server.port}", f"User {server.user}", f"IdentityFile {server.user_key}", "IdentitiesOnly yes", *more]
    return f"Host {name}\n" + "".join(f"  {line}\n" for line in lines)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tshoot", "doctor", *words]


def environment(home: Path) -> dict[str, str]:
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("DATA", "CONFIG", "STATE", "CACHE")}
    return {"HOME": str(home), "COLUMNS": "110", "SSH_AUTH_SOCK": "", **folders}


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def doctor(home, monkeypatch, capsys) -> Callable[..., Ran]:
    """The verb, in this process: a fresh one takes a second each."""
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Ran:
        capsys.readouterr()
        try:
            status = run_words(["doctor", *words])
        except SystemExit as refused:
            status = int(refused.code or 0)
        return Ran(status, *capsys.readouterr())

    return run


def one_line(text: str) -> str:
    return " ".join(text.split())


def logins(server: Sshd) -> int:
    return server.log.read_text().count("Accepted publickey")


def test_without_login_nothing_is_authenticated(doctor, home, two):
    before = [logins(server) for server in two]
    got = doctor("esx", "direct")
    text = one_line(got.stdout)
    assert got.returncode == 0, got.stderr
    assert "esx: 2 hops: gate > esx" in text
    assert re.search(rf"ok ssh_config {home}/.ssh/config:2: hostname 127.0.0.1", text)
    assert f"connect 127.0.0.1 port {two[0].port} answers" in text
    assert "greeting SSH-2.0-OpenSSH" in text
    assert f"known ({home}/.ssh/known_hosts:1)" in text
    assert "logins publickey, password, keyboard-interactive" in text
    assert f"key file: {two[0].user_key}" in text
    assert "nothing is authenticated without --login" in text
    assert "not tried: it is reached through gate, which needs a login (--login)" in text
    assert "algorithms kex diffie-hellman-group14-sha256, host key ssh-ed25519, cipher aes128-cbc" in text
    assert "weak: cipher aes128-cbc" in text
    assert [logins(server) for server in two] == before


def test_with_login_each_hop_is_logged_into_once(doctor, home, two):
    before = [logins(server) for server in two]
    got = doctor("esx", "--login", "--platform", "linux")
    text = one_line(got.stdout)
    assert got.returncode == 0, got.stderr
    assert "connect gate opens a channel to 127.0.0.1" in text
    assert text.count("ok login logged in as") == 2
    assert "ok version Linux " in text
    assert [logins(server) for server in two] == [count + 1 for count in before]


def test_another_transport_is_told(doctor, home):
    assert "it is reached through the system's own ssh; without a login what follows" in one_line(doctor("gate", "--transport", "openssh").stdout)
    assert "system's own ssh" not in one_line(doctor("gate", "--transport", "paramiko").stdout)
    assert doctor("gate", "--transport", "pigeon").returncode == 2


def test_the_transport_of_a_role_is_that_of_every_target_of_a_group(doctor, home):
    listed = home / "all.ini"
    listed.write_text('[lab]\ngate\ndirect\ngone ansible_host="{{ lookup }}"\n')
    for words in (("@lab",), ("gate,direct",)):
        got = doctor(*words, "--inventory", str(listed), "--transport", "host=openssh")
        assert one_line(got.stdout).count("it is reached through the system's own ssh") == 2, got.stdout + got.stderr
        assert got.stderr.count("host `gone`: left out") == (words == ("@lab",))


@pytest.mark.parametrize("words", [("",), (",",), ("gate", " , ")])
def test_a_word_that_names_nobody_is_refused(doctor, home, words):
    got = doctor(*words, "--json")
    assert (got.returncode, got.stdout) == (2, "") and "names no target" in got.stderr


def test_as_a_document(doctor, home, two):
    got = doctor("esx", "down", "--json")
    assert got.returncode == 4
    esx, down = json.loads(got.stdout)["hosts"]
    assert (esx["reached"], esx["login_tried"], esx["stop"]) == (True, False, None)
    assert [hop["host"] for hop in esx["hops"]] == ["gate", "esx"]
    assert [step["step"] for step in esx["hops"][0]["steps"]] == ["name", "connect", "greeting", "algorithms", "host-key", "offers"]
    assert esx["hops"][1]["steps"] == []
    assert {"place": f"{home}/.ssh/config:8", "option": "hostname", "value": "127.0.0.1"} in esx["hops"][1]["ssh_config"]
    assert (down["reached"], down["stop"]["hop"], down["stop"]["step"]) == (False, 0, "connect")


def stops(doctor: Callable[..., Ran], home: Path, config: str, known: str | None = None, host: str = "x", *words: str) -> str:
    with (home / ".ssh/config").open("a") as file:
        file.write(config)
    if known is not None:
        (home / ".ssh/known_hosts").write_text(known)
    got = doctor(host, *words)
    assert got.returncode == 4, got.stdout + got.stderr
    return one_line(got.stdout.partition("STOPS")[2])


def test_where_it_stops(doctor, home, two):
    gate, _ = two
    assert stops(doctor, home, "Host loop\n ProxyJump loop\n", host="loop").startswith(
        "ssh_config loop: the jump host loop (loop port 22) is reached through itself"
    )
    assert stops(doctor, home, "", host="down").startswith("connect down (127.0.0.1 port ")
    assert stops(doctor, home, "Host x\n HostName no-such-host.invalid\n").startswith("name x: the name `no-such-host.invalid` cannot be resolved")
    assert stops(doctor, home, entry("p11", gate, "PKCS11Provider /p11.so"), host="p11").startswith(
        "ssh_config p11: the ssh_config sets PKCS11Provider"
    )
    key = (gate.folder / "host_ed25519.pub").read_text()
    assert stops(doctor, home, "", f"@revoked * {key}", "gate").startswith(f"host key gate (127.0.0.1 port {gate.port}): shows a revoked")
    other = gate.user_key.with_suffix(".pub").read_text()
    assert stops(doctor, home, "", f"[127.0.0.1]:{gate.port} {other}", "gate").startswith(
        f"host key gate (127.0.0.1 port {gate.port}): its host key has changed"
    )
    assert "only a certificate authority vouches" in stops(doctor, home, "", f"@cert-authority * {other}", "gate")
    assert stops(doctor, home, "Nonsense\nPort many\n", host="gate").startswith(f"ssh_config {home}/.ssh/config:")


def test_a_login_that_is_rejected_stops_all(doctor, home, two):
    gate, esx = two
    (home / ".ssh/config").write_text(entry("gate", gate) + entry("x", esx, "ProxyJump gate").replace(str(esx.user_key), str(gate.user_key)))
    got = doctor("x", "--login")
    assert got.returncode == 4
    assert "hop 2 of 2, x: " in got.stdout
    assert one_line(got.stdout.partition("STOPS")[2]).startswith(f"login {esx.user}@x:{esx.port}: the login was rejected")


def test_unknown_keys_are_shown_and_neither_asked_about_nor_kept(doctor, home, two):
    (home / ".ssh/known_hosts").write_text("")
    got = doctor("gate")
    assert got.returncode == 0
    assert "unknown; a connection asks about it" in one_line(got.stdout)
    assert (home / ".ssh/known_hosts").read_text() == ""


def test_what_is_no_target(doctor, home):
    got = doctor("gate", "-oProxyCommand=id")
    assert got.returncode == 2
    got = doctor("gate", "a b")
    assert (got.returncode, got.stdout) == (2, "")
    assert "is no target" in got.stderr
    assert doctor("gate", "--platform", "no-such").returncode == 2


def test_hostile_words_of_a_server_are_clean(doctor, home):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: listener.accept()[0].sendall(b"HTTP/1.1 \x1b]0;owned\x07 [/foo] \x9b31m\n"), daemon=True).start()
        text = stops(doctor, home, f"Host x\n HostName 127.0.0.1\n Port {listener.getsockname()[1]}\n")
    assert "answers, but not with SSH" in text
    assert "[/foo]" in text
    assert text.isprintable()


def test_ctrl_c_ends_it(home):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with (home / ".ssh/config").open("a") as file:
            file.write(f"Host silent\n HostName 127.0.0.1\n Port {listener.getsockname()[1]}\n ConnectTimeout 100\n")
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command("silent"),
            env={**os.environ, **environment(home)},
            cwd=ROOT,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(theirs)
        held = listener.accept()
        process.send_signal(signal.SIGINT)
        wait_until(lambda: process.poll() is not None, what="the end")
        os.close(ours)
        process.communicate()
        held[0].close()
        assert process.returncode == 130
