"""Logging in: each method against a real OpenSSH or a server that asks in rounds; each credential once."""

from __future__ import annotations

import os
import socket as stdlib_socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.contract.odd_server import Manners, OddServer
from tests.sshd import Operator, Sshd, can_use_pam, make_key
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.transports.base import CommandTimeout
from tshoot.transports.login.credentials import Account, Credentials
from tshoot.transports.ssh.transport import SshTransport

pam = pytest.mark.skipif(not can_use_pam(), reason="a real PAM login needs root and a mount namespace")


@pytest.fixture
def openssh(tmp_path):
    with Sshd(tmp_path / "sshd") as server:
        yield server


def connect(server, operator=None, **changes):
    transport = SshTransport(server.host, prompter=operator or Operator(), settings=server.settings(**changes))
    try:
        transport.connect(CancelToken())
        assert transport.run("echo in", timeout=60, cancel=CancelToken()).stdout == b"in\n"
    finally:
        transport.close()
    return transport


def refused(server, operator=None, **changes) -> TargetError:
    transport = SshTransport(server.host, prompter=operator or Operator(), settings=server.settings(**changes))
    with pytest.raises(TargetError) as caught:
        transport.connect(CancelToken())
    with pytest.raises(TargetError) as again:
        transport.run("true", timeout=60, cancel=CancelToken())
    assert again.value is caught.value, "a failed login is never tried again"
    transport.close()
    return caught.value


# --- keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_key_types(openssh, tmp_path, kind):
    key = make_key(tmp_path / kind, kind)
    (openssh.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    connect(openssh, identity_files=(key,))


def test_encrypted_key_asks_for_its_passphrase(openssh, tmp_path):
    key = make_key(tmp_path / "locked", passphrase="open sesame")
    (openssh.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    operator = Operator(answers={"Passphrase": "open sesame"})
    connect(openssh, operator, identity_files=(key,))
    assert operator.asked == [(f"Passphrase for {key}:", openssh.host, False)]


@pytest.mark.parametrize("answers", [{}, {"Passphrase": "wrong"}], ids=["declined", "wrong"])
def test_passphrase_not_given_goes_on_to_the_next_key(openssh, tmp_path, answers):
    key = make_key(tmp_path / "locked", passphrase="open sesame")
    operator = Operator(answers=answers)
    connect(openssh, operator, identity_files=(key, openssh.user_key))
    assert len(operator.asked) == 1


def test_broken_missing_and_hostile_key_files_are_passed_over(openssh, tmp_path):
    (tmp_path / "broken").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    (tmp_path / "binary").write_bytes(os.urandom(2000))
    connect(openssh, identity_files=(tmp_path / "broken", tmp_path / "binary", tmp_path / "absent", tmp_path, openssh.user_key))


def test_agent(openssh, tmp_path, monkeypatch):
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        wait_until(socket.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", str(openssh.user_key)], check=True)
        connect(openssh, use_agent=True, identity_files=(), default_keys=())
        error = refused(openssh, use_agent=False, identity_files=(), default_keys=())
        assert "key SHA256:" not in error.message
    finally:
        agent.terminate()
        agent.wait()


def test_an_agent_that_does_not_answer_has_no_keys(openssh, tmp_path, monkeypatch):
    """The socket of a forwarding that has ended takes connections and nobody reads them."""
    with stdlib_socket.socket(stdlib_socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "agent"))
        stale.listen()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        connect(openssh, use_agent=True, login_timeout=3.0)
        error = refused(openssh, use_agent=True, login_timeout=3.0, identity_files=(make_key(tmp_path / "wrong"),))
        assert f"tried: the agent at {tmp_path}/agent, which did not answer within 1.5 s, key SHA256:" in error.message
        wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "tshoot-ssh"], what="the end of its thread")


def test_an_encrypted_key_that_the_agent_holds_is_recognised_without_its_public_half(openssh, tmp_path, monkeypatch):
    """IdentitiesOnly, and no KEY.pub: OpenSSH reads the public key from the head of the private one, too."""
    key = make_key(tmp_path / "locked", passphrase="open sesame")
    public = key.with_suffix(".pub")
    (openssh.folder / "authorized_keys").write_text(public.read_text())
    config, askpass, socket = tmp_path / "config", tmp_path / "askpass", tmp_path / "agent"
    config.write_text("Host *\n IdentitiesOnly yes\n")
    askpass.write_text("#!/bin/sh\necho open sesame\n")
    askpass.chmod(0o700)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        wait_until(socket.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        answering = {**os.environ, "SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
        for held in (make_key(tmp_path / "other"), key):
            subprocess.run(["ssh-add", "-q", str(held)], check=True, env=answering, stdin=subprocess.DEVNULL)
        public.unlink()
        operator = Operator()
        connect(openssh, operator, use_agent=True, identity_files=(key,), config_file=config)
        assert operator.asked == []
        assert "Failed publickey" not in openssh.log.read_text(), "the other key of the agent was not offered"
    finally:
        agent.terminate()
        agent.wait()


def test_too_many_keys(tmp_path):
    with Sshd(tmp_path / "sshd", options="MaxAuthTries 2") as server:
        wrong = tuple(make_key(tmp_path / f"wrong{n}") for n in range(5))
        error = refused(server, identity_files=(*wrong, server.user_key))
        assert error.kind == "auth-rejected"
        assert "Too many authentication failures" in error.message
        assert "IdentitiesOnly" in error.hint


def test_rejected_key(openssh, tmp_path):
    error = refused(openssh, identity_files=(make_key(tmp_path / "wrong"),))
    assert error.kind == "auth-rejected"
    assert openssh.host in error.message
    assert "the server allows publickey, password" in error.message
    assert "tried: key SHA256:" in error.message
    assert error.message.endswith("`Password` was not answered")
    assert "terminal" in error.hint


# --- passwords and codes ------------------------------------------------------------------------------


@pam
def test_keyboard_interactive_over_pam_with_its_empty_second_round(tmp_path):
    with Sshd(tmp_path / "sshd", pam_password="s3cret") as server:
        operator = Operator(answers={"Password": "s3cret"})
        connect(server, operator)
        assert [(prompt.strip().endswith("Password:"), echo) for prompt, _, echo in operator.asked] == [(True, False)]


@pam
def test_wrong_password_over_pam_is_tried_once(tmp_path):
    with Sshd(tmp_path / "sshd", pam_password="s3cret", options="PasswordAuthentication yes") as server:
        operator = Operator(answers={"assword": "wrong"})
        error = refused(server, operator)
        assert error.kind == "auth-rejected"
        assert "tried: keyboard-interactive" in error.message
        assert len(operator.asked) == 1
        assert "tester@" in error.message


@pam
def test_a_command_that_timed_out_is_ended_on_the_target(tmp_path):
    """OpenSSH delivers signals to commands of users other than root (sessions of root have no privilege separation)."""
    with Sshd(tmp_path / "sshd", pam_password="s3cret") as server:
        transport = SshTransport(server.host, prompter=Operator(answers={"Password": "s3cret"}), settings=server.settings())
        marker = f"30.{os.getpid()}"
        with pytest.raises(CommandTimeout):
            transport.run(f"sleep {marker}", timeout=0.5, cancel=CancelToken())
        wait_until(lambda: subprocess.run(["pgrep", "-f", f"sleep {marker}"], capture_output=True).returncode == 1, what="the end of sleep")
        transport.close()


ROUNDS = Manners(
    methods="keyboard-interactive,password",
    rounds=[("Bank", "Two \x1b[31mfactors", [("Password: ", False), ("Code: ", True)]), ("", "", []), ("", "", [("PIN: ", False)])],
    answers=[["s3cret", "123456"], [], ["42"]],
    password="never used",
)


def test_several_rounds_with_several_prompts(tmp_path):
    with OddServer(tmp_path / "odd", ROUNDS) as server:
        operator = Operator(answers={"Password": "s3cret", "Code": "123456", "PIN": "42"})
        connect(server, operator)
        assert server.responses == [["s3cret", "123456"], [], ["42"]]
        assert [(prompt, echo) for prompt, _, echo in operator.asked] == [("Bank Two factors Password: ", False), ("Code: ", True), ("PIN: ", False)]


def test_prompt_that_nobody_answers_sends_nothing(tmp_path):
    with OddServer(tmp_path / "odd", ROUNDS) as server:
        error = refused(server, Operator(answers={"Password": "s3cret"}))
        assert error.kind == "auth-rejected"
        assert error.message.endswith("`Code` was not answered")
        assert server.responses == []


def test_wrong_code_does_not_fall_back_to_the_password(tmp_path):
    with OddServer(tmp_path / "odd", ROUNDS) as server:
        error = refused(server, Operator(answers={"assword": "s3cret", "Code": "000000"}))
        assert error.kind == "auth-rejected"
        assert server.attempts == ["keyboard-interactive"]


def test_server_that_asks_for_ever(tmp_path):
    endless = Manners(methods="keyboard-interactive", rounds=[("", "", [("More? ", True)])] * 50, answers=[["yes"]] * 50)
    with OddServer(tmp_path / "odd", endless) as server:
        error = refused(server, Operator(answers={"More": "yes"}))
        assert (error.kind, "asks without end" in error.message) == ("auth-rejected", True)


def test_keyboard_interactive_that_asks_nothing_leaves_the_password_its_one_try(tmp_path):
    with OddServer(tmp_path / "odd", Manners(methods="keyboard-interactive,password", password="s3cret")) as server:
        connect(server, Operator(answers={"Password": "s3cret"}))
        assert server.attempts == ["keyboard-interactive", "password"]


def test_password_source_answers_and_is_not_shown(tmp_path):
    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as server:
        asked = []
        operator = Operator()
        connect(server, operator, password_source=lambda host, user: asked.append((host, user)) or "s3cret")
        assert asked == [("127.0.0.1", server.user)]
        assert operator.asked == []
        error = refused(server, operator, password_source=lambda host, user: "Wr0ng!")
        assert "Wr0ng!" not in error.message + error.hint + repr(server.settings(password_source=lambda *_: "Wr0ng!"))
        assert server.attempts == ["password", "password"]


def test_hostile_banner(tmp_path):
    with OddServer(tmp_path / "odd", Manners(banner="\x1b]0;owned\x07" + "x" * 200_000)) as server:
        connect(server)


def test_the_operator_may_take_longer_than_the_login_may(tmp_path):
    class Slow(Operator):
        def secret(self, prompt, host, echo):
            time.sleep(1.2)
            return "s3cret"

    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as server:
        connect(server, Slow(), login_timeout=0.6)


class Watched(Credentials):
    """Notes by which objects the logins are known to it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, Account]] = []

    def answer(self, prompt, account, *more, **named):
        self.seen.append(("answer", account))
        return super().answer(prompt, account, *more, **named)

    def accepted(self, account):
        self.seen.append(("accepted", account))
        super().accepted(account)

    def rejected(self, account, certain=True):
        self.seen.append(("rejected", account))
        super().rejected(account, certain)

    def left(self, account):
        self.seen.append(("left", account))
        super().left(account)


@pytest.mark.parametrize(("password", "came"), [("s3cret", "accepted"), ("wrong", "rejected")])
def test_one_account_object_stands_for_one_login(tmp_path, password, came):
    """Two logins to one account at once are told apart by it, so it must be the same from the question to the end."""
    credentials = Watched()
    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as server:
        transport = SshTransport(
            server.host, prompter=Operator(answers={"Password": password}), settings=server.settings(credentials=credentials, identity_files=())
        )
        with suppress(TargetError):
            transport.connect(CancelToken())
        link = transport._link
        assert [what for what, _ in credentials.seen] == ["answer", came, "left"]
        assert len({id(account) for _, account in credentials.seen}) == 1
        assert link.account is link.account
        assert (link.account is credentials.seen[0][1]) == (came == "accepted")
        transport.close()


def test_closed_while_the_way_is_looked_for_logs_in_nowhere(tmp_path):
    config, started, go = tmp_path / "config", tmp_path / "started", tmp_path / "go"
    config.write_text(f'Match exec "touch {started}; while [ ! -e {go} ]; do sleep 0.05; done"\n ServerAliveInterval 7\n')
    config.chmod(0o600)
    with OddServer(tmp_path / "odd") as server:
        transport = SshTransport(server.host, prompter=Operator(), settings=server.settings(config_file=config))
        with ThreadPoolExecutor(1) as pool:
            connecting = pool.submit(transport.connect, CancelToken())
            wait_until(started.exists)
            transport.close()
            go.touch()
            with pytest.raises(TargetError, match="the connection was closed here"):
                connecting.result(30)
        assert server.attempts == []


def test_cancel_while_the_operator_is_asked(tmp_path):
    class Absent(Operator):
        def secret(self, prompt, host, echo):
            asked.set()
            done.wait(60)

    asked, done, cancel = threading.Event(), threading.Event(), CancelToken()
    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as server:
        transport = SshTransport(server.host, prompter=Absent(), settings=server.settings())
        threading.Thread(target=lambda: (asked.wait(60), cancel.cancel())).start()
        with pytest.raises(Cancelled):
            transport.connect(cancel)
        done.set()
        transport.close()
