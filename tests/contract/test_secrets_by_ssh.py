"""What a login by the system's `ssh` leaves of secrets for the next one: right ones are kept, whatever else failed, and a failing terminal sends none."""

from __future__ import annotations

import subprocess

import pytest

from tests.contract.odd_server import Manners, OddServer
from tests.contract.test_login import pam
from tests.sshd import Operator, Sshd, free_port, make_key
from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.transports.login.credentials import Credentials
from tshoot.transports.openssh.transport import OpenSshTransport


def attempt(host: str, operator: Operator, settings) -> TargetError | None:
    """Why one login failed; None where it stood and a command ran."""
    transport = OpenSshTransport(host, prompter=operator, settings=settings)
    try:
        transport.connect(CancelToken())
        assert transport.run("echo in", timeout=60, cancel=CancelToken()).stdout == b"in\n"
    except TargetError as error:
        return error
    finally:
        transport.close()
    return None


def behind(folder, jump, **ports: int):
    """A configuration with a target for each of `ports` behind `jump`, reached with the key `for_jump` where there is one."""
    known = folder / "known_hosts_of_jump"
    known.write_text(jump.known_hosts())
    hosts = "".join(f"Host {name}\n HostName 127.0.0.1\n Port {port}\n User root\n ProxyJump jj\n" for name, port in ports.items())
    file = folder / "config"
    file.write_text(
        f"{hosts}Host jj\n HostName 127.0.0.1\n Port {jump.port}\n User {jump.user}\n UserKnownHostsFile {known}\n IdentityFile {folder}/for_jump\n"
    )
    file.chmod(0o600)
    return file


# --- jump hosts -----------------------------------------------------------------------------------------


@pam
def test_the_right_password_for_a_jump_host_survives_targets_that_are_down(tmp_path):
    with Sshd(tmp_path / "jump", pam_password="right") as jump, Sshd(tmp_path / "target") as target:
        operator, credentials = Operator(answers={"assw": "right"}), Credentials()
        file = behind(tmp_path, jump, t1=free_port(), t2=free_port(), t3=target.port)
        settings = target.settings(config_file=file, credentials=credentials)
        assert [attempt(name, operator, settings).kind for name in ("t1", "t2")] == ["refused", "refused"]
        assert attempt("t3", operator, settings) is None
        assert [host for _, host, _ in operator.asked] == [f"{jump.user}@127.0.0.1"], "asked once"


@pam
def test_a_wrong_password_for_a_jump_host_is_tried_once_and_asked_for_once_more(tmp_path):
    with Sshd(tmp_path / "jump", pam_password="right") as jump, Sshd(tmp_path / "target") as target:
        operator, credentials = Operator(answers={"rejected the last one": "right", "assw": "wrong"}), Credentials()
        settings = target.settings(config_file=behind(tmp_path, jump, t1=target.port, t2=target.port), credentials=credentials)
        error = attempt("t1", operator, settings)
        assert (error.kind, "rejected on the way there, by tester@127.0.0.1" in error.message) == ("auth-rejected", True)
        assert jump.log.read_text().count("Authentication failure") == 1
        assert attempt("t2", operator, settings) is None
        assert len(operator.asked) == 2


def test_the_passphrase_of_a_key_for_a_jump_host_is_asked_for_once(tmp_path):
    """It is asked for while the log tells of the jump host, by an `ssh` that names who asks: nobody else can have asked it."""
    key = make_key(tmp_path / "for_jump", passphrase="open sesame")
    with Sshd(tmp_path / "jump") as jump, Sshd(tmp_path / "target") as target:
        (jump.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
        operator, credentials = Operator(answers={"Passphrase": "open sesame"}), Credentials()
        settings = target.settings(config_file=behind(tmp_path, jump, t1=free_port(), t2=target.port), credentials=credentials)
        assert attempt("t1", operator, settings).kind == "refused"
        assert attempt("t2", operator, settings) is None
        assert [prompt for prompt, _, _ in operator.asked] == [f"Passphrase for {key}:"]


# --- passphrases ----------------------------------------------------------------------------------------


def test_the_right_passphrase_survives_what_failed_after_the_key(tmp_path):
    with Sshd(tmp_path / "sshd", options="AuthenticationMethods publickey,password") as server:
        key = make_key(tmp_path / "locked", passphrase="open sesame")
        (server.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
        operator = Operator(answers={"Passphrase": "open sesame", "assword": "mistyped"})
        settings = server.settings(identity_files=(key,), credentials=Credentials())
        for _ in range(3):
            assert "the server allows password; tried: key SHA256:" in attempt(server.host, operator, settings).message
        assert [prompt for prompt, _, _ in operator.asked].count(f"Passphrase for {key}:") == 1


def test_a_passphrase_that_opened_the_key_survives_a_server_that_does_not_know_it(tmp_path):
    """A key without its public half beside or in it is opened before it is offered."""
    key = tmp_path / "pem"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "open sesame", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").rename(tmp_path / "elsewhere")
    with Sshd(tmp_path / "sshd") as server:
        operator = Operator(answers={"Passphrase": "open sesame"})
        settings = server.settings(identity_files=(key,), credentials=Credentials())
        for _ in range(2):
            assert attempt(server.host, operator, settings).kind == "auth-rejected"
        (server.folder / "authorized_keys").write_text(public.read_text())
        assert attempt(server.host, operator, settings) is None
        assert [prompt for prompt, _, _ in operator.asked].count(f"Passphrase for {key}:") == 1


def test_a_wrong_passphrase_is_asked_for_once_more_and_then_no_more(tmp_path):
    with Sshd(tmp_path / "sshd") as server:
        key = make_key(tmp_path / "locked", passphrase="open sesame")
        (server.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
        operator = Operator(answers={"Passphrase": "wrong"})
        settings = server.settings(identity_files=(key,), credentials=Credentials())
        for _ in range(3):
            assert attempt(server.host, operator, settings).kind == "auth-rejected"
        assert [prompt for prompt, _, _ in operator.asked].count(f"Passphrase for {key}:") == 2


# --- a terminal that is gone ----------------------------------------------------------------------------


def test_a_prompter_that_fails_sends_no_empty_password(tmp_path):
    class Gone(Operator):
        def secret(self, prompt, host, echo):
            raise OSError(5, "Input/output error")

    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as server:
        error = attempt(server.host, Gone(), server.settings())
        assert (error.kind, "nobody could be asked" in error.message) == ("auth-rejected", True)
        assert server.attempts.count("password") == 0


# --- whose login it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("right", [True, False])
def test_the_credentials_know_a_login_by_one_account_object(tmp_path, right):
    class Watching(Credentials):
        def answer(self, prompt, account, *others, **named):
            given.append(account)
            return super().answer(prompt, account, *others, **named)

        def accepted(self, account):
            told.append(("accepted", account))
            super().accepted(account)

        def rejected(self, account, certain=True):
            told.append(("rejected", account))
            super().rejected(account, certain)

    given, told = [], []
    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as server:
        settings = server.settings(credentials=Watching())
        transport = OpenSshTransport(server.host, prompter=Operator(answers={"assw": "s3cret" if right else "wrong"}), settings=settings)
        if right:
            transport.connect(CancelToken())
            assert transport._link.account is given[0]
        else:
            with pytest.raises(TargetError):
                transport.connect(CancelToken())
        transport.close()
    [(outcome, account)] = told
    assert outcome == ("accepted" if right else "rejected")
    assert account is given[0]
    assert len({id(one) for one in given}) == 1
