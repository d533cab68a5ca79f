"""What the transport by the system's `ssh` promises beside the contract: logins through its questions, failures in our words, weak algorithms named."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from tests.contract.odd_server import Manners, OddServer
from tests.contract.test_failures import Peer
from tests.contract.test_login import ROUNDS, pam
from tests.sshd import Operator, Sshd, free_port, make_key
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, MissingProgram, TargetError, UsageError
from tshoot.platforms.loader import load_platform
from tshoot.transports.base import CommandTimeout
from tshoot.transports.choose import transport_for
from tshoot.transports.openssh.transport import OpenSshTransport
from tshoot.transports.pace import Pace
from tshoot.transports.settings import SshSettings


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    with Sshd(tmp_path_factory.mktemp("sshd"), host_key_types=("ed25519", "rsa")) as server:
        yield server


def by_ssh(server, operator=None, notes=None, **changes):
    said = notes if notes is not None else []
    return OpenSshTransport(server.host, prompter=operator or Operator(), settings=server.settings(**changes), on_note=said.append)


def connect(server, operator=None, **changes) -> None:
    transport = by_ssh(server, operator, **changes)
    try:
        transport.connect(CancelToken())
        assert transport.run("echo in", timeout=60, cancel=CancelToken()).stdout == b"in\n"
    finally:
        transport.close()


def failure(transport) -> TargetError:
    with pytest.raises(TargetError) as caught:
        transport.connect(CancelToken())
    with pytest.raises(TargetError) as again:
        transport.run("true", timeout=60, cancel=CancelToken())
    assert again.value is caught.value, "a failed login is never tried again"
    transport.close()
    assert caught.value.hint
    return caught.value


def refused(server, operator=None, **changes) -> TargetError:
    return failure(by_ssh(server, operator, **changes))


def transport_to(host, **changes):
    bounds = {"config_file": None, "known_hosts": (), "global_known_hosts": (), "use_agent": False, "connect_timeout": 0.7}
    return OpenSshTransport(host, prompter=Operator(), settings=SshSettings(**(bounds | changes)))


# --- failures before the login ------------------------------------------------------------------------


def test_name_unknown():
    error = failure(transport_to("no-such-host.invalid", connect_timeout=5.0))
    assert (error.kind, error.message) == ("name-unknown", "no-such-host.invalid: the name `no-such-host.invalid` cannot be resolved")


def test_refused():
    port = free_port()
    error = failure(transport_to(f"127.0.0.1:{port}"))
    assert (error.kind, error.message) == ("refused", f"127.0.0.1 (127.0.0.1 port {port}): the connection was refused")
    assert "ESXi" in error.hint


def test_no_answer_at_all():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        error = failure(transport_to(f"127.0.0.1:{full.getsockname()[1]}"))
        for one in waiting:
            one.close()
    assert (error.kind, "no answer" in error.message) == ("unreachable", True)


@pytest.mark.parametrize(
    ("peer", "kind", "words"),
    [
        (Peer, "unresponsive", "accepts the connection and says nothing"),
        (lambda: Peer(close=True), "closed", "closed the connection before the login"),
        (lambda: Peer(b"HTTP/1.1 400 Bad \x1b[31mRequest\r\n\r\n"), "unreachable", "answers, but not with SSH; it says `HTTP/1.1 400 Bad"),
        (lambda: Peer(b"SSH-2.0-then silence\r\n"), "unresponsive", "no answer within 0.7 s while exchanging keys"),
        (lambda: Peer(b"SSH-2.0-then garbage\r\n" + b"\xff" * 3000, close=True), "closed", ""),
        (lambda: Peer(b"SSH-1.0-ancient\r\n"), "no-common-algorithm", "Protocol major versions differ"),
    ],
    ids=["silent", "closes", "http", "no-kex", "garbage", "ssh1"],
)
def test_peers_that_are_no_proper_ssh_server(peer, kind, words):
    with peer() as running:
        started = time.monotonic()
        error = failure(transport_to(f"127.0.0.1:{running.port}"))
        assert time.monotonic() - started < 15
    assert error.kind == kind, error.message
    assert words in error.message
    assert f"127.0.0.1 port {running.port}" in error.message
    assert "\x1b" not in error.message


def test_cancelled_connect():
    with Peer() as peer:
        cancel, transport = CancelToken(), transport_to(f"127.0.0.1:{peer.port}", connect_timeout=30)
        threading.Timer(0.4, cancel.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            transport.connect(cancel)
        assert time.monotonic() - started < 10
        transport.close()


def test_broken_ssh_config(tmp_path):
    (tmp_path / "config").write_text("Host *\n  NoSuchOption yes\n")
    with pytest.raises(UsageError, match="ssh cannot use its configuration") as caught:
        transport_to("r1", config_file=tmp_path / "config").connect(CancelToken())
    assert "line 2: Bad configuration option: nosuchoption" in caught.value.message


def test_ssh_is_not_installed(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MissingProgram, match="ssh is not installed") as caught:
        transport_to("r1").connect(CancelToken())
    assert "openssh-client" in caught.value.hint


def test_jump_host_that_refuses(sshd, tmp_path):
    port = free_port()
    (tmp_path / "config").write_text(f"Host behind\n  HostName 127.0.0.1\n  ProxyJump root@127.0.0.1:{port}\n")
    error = failure(transport_to("behind", config_file=tmp_path / "config", connect_timeout=5.0))
    assert error.kind == "refused"
    assert f"the way there stops: ssh: connect to host 127.0.0.1 port {port}: Connection refused" in error.message


def test_jump_hosts_that_stop_the_way_say_why(sshd, tmp_path):
    """The innermost of nested jumps is the one that knows; its words come before those of what follows from it."""
    hop = f"  HostName 127.0.0.1\n  Port {sshd.port}\n  IdentityFile {sshd.user_key}\n  UserKnownHostsFile {tmp_path / 'hops'}\n"
    (tmp_path / "config").write_text(
        f"Host b\n  ProxyJump a\n{hop}Host a\n{hop}Host behind\n  HostName 127.0.0.1\n  Port {free_port()}\n  ProxyJump b\n"
    )
    (tmp_path / "hops").write_text(sshd.known_hosts())
    error = failure(transport_to("behind", config_file=tmp_path / "config", connect_timeout=5.0))
    assert (error.kind, error.message.endswith("channel 0: open failed: connect failed: Connection refused")) == ("refused", True)
    (tmp_path / "hops").write_text("# nobody\n")
    error = failure(transport_to("behind", config_file=tmp_path / "config", connect_timeout=5.0))
    assert error.kind == "host-key-unknown"
    assert f"on the way there: the ssh-ed25519 host key of [127.0.0.1]:{sshd.port} is unknown: SHA256:" in error.message
    (tmp_path / "hops").write_text(f"[127.0.0.1]:{sshd.port} {make_key(tmp_path / 'other').with_suffix('.pub').read_text()}")
    error = failure(transport_to("behind", config_file=tmp_path / "config", connect_timeout=5.0))
    assert error.kind == "host-key-changed", error.message


# --- host keys ----------------------------------------------------------------------------------------


def test_accepted_host_key_is_remembered_privately(sshd, tmp_path):
    file = tmp_path / "home" / ".ssh" / "known_hosts"
    operator = Operator(accept=True)
    for _ in range(2):
        connect(sshd, operator, known_hosts=(file,))
    assert [(key.host, key.port, key.key_type) for key in operator.keys] == [("127.0.0.1", sshd.port, "ssh-ed25519")]
    assert file.stat().st_mode & 0o777 == 0o600


def test_known_by_another_type_of_key(sshd, tmp_path):
    """Asked for that one; shown another all the same, it has changed, and nobody is asked."""
    connect(sshd, known=sshd.known_hosts("rsa"))
    (tmp_path / "config").write_text("Host *\n  HostKeyAlgorithms ssh-ed25519\n")
    operator = Operator(accept=True)
    error = refused(sshd, operator, known=sshd.known_hosts("rsa"), config_file=tmp_path / "config")
    assert (error.kind, operator.keys) == ("host-key-changed", [])


@pytest.mark.parametrize("written", ["no", "off", "accept-new"])
def test_nothing_is_accepted_silently(sshd, tmp_path, written):
    """`StrictHostKeyChecking no` becomes a question; `accept-new` is the user's own word for new keys, and never for changed ones."""
    (tmp_path / "config").write_text(f"Host *\n  StrictHostKeyChecking {written}\n")
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    error = refused(sshd, Operator(accept=True), known=f"[127.0.0.1]:{sshd.port} {other}", config_file=tmp_path / "config")
    assert error.kind == "host-key-changed"
    operator = Operator()
    if written != "accept-new":
        assert refused(sshd, operator, known="# nobody\n", config_file=tmp_path / "config").kind == "host-key-unknown"
        assert len(operator.keys) == 1


def test_revoked_host_key(sshd):
    known = sshd.known_hosts("ed25519")
    error = refused(sshd, Operator(accept=True), known=f"{known}@revoked * {known.split(' ', 1)[1]}")
    assert (error.kind, "revoked" in error.message) == ("host-key-changed", True)


# --- logging in ---------------------------------------------------------------------------------------


def test_encrypted_key_asks_for_its_passphrase(tmp_path):
    with Sshd(tmp_path / "sshd") as server:
        key = make_key(tmp_path / "locked", passphrase="open sesame")
        (server.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
        operator = Operator(answers={"Passphrase": "open sesame"})
        connect(server, operator, identity_files=(key,))
        assert [(prompt.strip(), host) for prompt, host, _ in operator.asked] == [(f"Passphrase for {key}:", server.host)]
        error = refused(server, Operator(answers={"Passphrase": "wrong"}), identity_files=(key,))
        assert error.kind == "auth-rejected"


def test_rejected_key(sshd, tmp_path):
    error = refused(sshd, identity_files=(make_key(tmp_path / "wrong"),))
    assert error.kind == "auth-rejected"
    assert "the server allows publickey, password" in error.message
    assert "tried: key SHA256:" in error.message
    assert "was not answered" in error.message


def test_too_many_keys(tmp_path):
    with Sshd(tmp_path / "sshd", options="MaxAuthTries 2") as server:
        error = refused(server, identity_files=(*(make_key(tmp_path / f"wrong{n}") for n in range(4)), server.user_key))
        assert (error.kind, "Too many authentication failures" in error.message) == ("auth-rejected", True)
        assert "IdentitiesOnly" in error.hint


@pam
def test_password_over_pam_is_tried_once(tmp_path):
    with Sshd(tmp_path / "sshd", pam_password="s3cret", options="PasswordAuthentication yes") as server:
        connect(server, Operator(answers={"assword": "s3cret"}))
        operator = Operator(answers={"assword": "wrong"})
        error = refused(server, operator)
        assert (error.kind, "tried: keyboard-interactive" in error.message) == ("auth-rejected", True)
        assert len(operator.asked) == 1
        assert server.log.read_text().count("Authentication failure") == 1


def test_several_rounds_with_several_prompts(tmp_path):
    with OddServer(tmp_path / "odd", ROUNDS) as server:
        operator = Operator(answers={"Password": "s3cret", "Code": "123456", "PIN": "42"})
        connect(server, operator)
        assert server.responses == [["s3cret", "123456"], [], ["42"]]
        assert [(prompt.strip(), host) for prompt, host, _ in operator.asked] == [(text, server.host) for text in ("Password:", "Code:", "PIN:")]


def test_prompt_that_nobody_answers_sends_nothing(tmp_path):
    with OddServer(tmp_path / "odd", ROUNDS) as server:
        error = refused(server, Operator(answers={"Password": "s3cret"}))
        assert (error.kind, error.message.endswith("`Code` was not answered")) == ("auth-rejected", True)
        assert server.responses == []


def test_wrong_code_does_not_fall_back_to_the_password(tmp_path):
    with OddServer(tmp_path / "odd", ROUNDS) as server:
        error = refused(server, Operator(answers={"assword": "s3cret", "Code": "000000"}))
        assert error.kind == "auth-rejected"
        assert "password" not in server.attempts


def test_server_that_asks_for_ever(tmp_path):
    endless = Manners(methods="keyboard-interactive", rounds=[("", "", [("More? ", True)])] * 50, answers=[["yes"]] * 50)
    with OddServer(tmp_path / "odd", endless) as server:
        error = refused(server, Operator(answers={"More": "yes"}))
        assert (error.kind, "asks without end" in error.message) == ("auth-rejected", True)


def test_a_server_cannot_pose_as_a_key_or_a_host_key_in_its_prompts(tmp_path):
    """What a server asks comes with the account before it: it is never taken for a question of `ssh` itself."""
    posing = [
        ("", "", [("Enter passphrase for key '/root/.ssh/id': ", False)]),
        ("", "", [("The authenticity of host 'x' can't be established", True)]),
    ]
    with OddServer(tmp_path / "odd", Manners(methods="keyboard-interactive", rounds=posing, answers=[["a"], ["b"]])) as server:
        operator = Operator(accept=True, answers={"Enter passphrase": "a", "authenticity": "b"})
        connect(server, operator)
        assert operator.keys == []
        assert [prompt[:5] for prompt, _, _ in operator.asked] == ["Enter", "The a"]


def test_cancel_while_the_operator_is_asked(tmp_path):
    class Absent(Operator):
        def secret(self, prompt, host, echo):
            asked.set()
            done.wait(60)

    asked, done, cancel = threading.Event(), threading.Event(), CancelToken()
    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as server:
        transport = by_ssh(server, Absent())
        threading.Thread(target=lambda: (asked.wait(60), cancel.cancel())).start()
        with pytest.raises(Cancelled):
            transport.connect(cancel)
        done.set()
        transport.close()
        assert server.attempts.count("password") == 0


@pytest.fixture
def short_folder():
    """A private folder whose path leaves room for a socket's name; that of a test may not."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


def test_no_secret_is_in_arguments_environment_or_files(tmp_path, monkeypatch, short_folder):
    """Looked for while the login hangs on the answer and while the connection stands: in /proc of every child, and in every file written."""
    secret, found = "Pl4nted-Needle-7", []
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))

    class Watching(Operator):
        def secret(self, prompt, host, echo):
            found.append(search())
            return secret

    def search() -> list[str]:
        places = [Path(f"/proc/{pid}/{what}") for pid in descendants() for what in ("cmdline", "environ")]
        files = [path for path in short_folder.rglob("*") if path.is_file()]
        texts = {str(path): path.read_bytes() for path in (*places, *files) if path.exists()}
        assert any(b"ssh\0" in text for text in texts.values()), "ssh was among the children"
        return [name for name, text in texts.items() if secret.encode() in text]

    with OddServer(tmp_path / "odd", Manners(methods="password", password=secret)) as server:
        transport = by_ssh(server, Watching())
        transport.connect(CancelToken())
        assert [oct(folder.stat().st_mode & 0o777) for folder in short_folder.iterdir()] == ["0o700"]
        found.append(search())
        transport.close()
    assert found == [[], []]
    assert list(short_folder.iterdir()) == []


def descendants() -> list[str]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split()
    parents = dict(zip(listed[::2], listed[1::2], strict=True))
    known = {str(os.getpid())}
    while more := {pid for pid, parent in parents.items() if parent in known} - known:
        known |= more
    return sorted(known - {str(os.getpid())})


# --- the connection -----------------------------------------------------------------------------------


def test_closed_in_the_middle_of_a_command(tmp_path):
    with OddServer(tmp_path / "odd", Manners(on_exec="close")) as server:
        transport = by_ssh(server)
        with pytest.raises(CommandTimeout) as caught:
            transport.run("show tech", timeout=60, cancel=CancelToken())
        assert caught.value.kind == "closed"
        assert caught.value.message.startswith(f"{server.host}: the connection was lost during `show tech`")
        assert caught.value.partial.stdout == b"first line\n"
        with pytest.raises(TargetError) as again:
            transport.run("true", timeout=60, cancel=CancelToken())
        assert (again.value.kind, again.value.message) == ("closed", caught.value.message)
        assert len(server.transports) == 1, "no second login"
        transport.close()


def test_host_that_falls_silent_during_a_command(tmp_path):
    with Sshd(tmp_path / "sshd") as server:
        transport = by_ssh(server)
        transport.connect(CancelToken())
        children = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True).stdout.split()

        def freeze(*_: object) -> None:
            for child in children:
                os.kill(int(child), signal.SIGSTOP)

        with pytest.raises(CommandTimeout) as caught:
            transport.run("echo last words; sleep 30", timeout=3, cancel=CancelToken(), on_output=freeze)
        for child in children:
            os.kill(int(child), signal.SIGCONT)
        assert (caught.value.kind, caught.value.partial.stdout) == ("unresponsive", b"last words\n")
        transport.close()


def test_server_that_opens_no_session(tmp_path):
    with OddServer(tmp_path / "odd", Manners(open_channels="refuse")) as server:
        transport = by_ssh(server, channel_timeout=0.5)
        for _ in range(5):  # and no place is lost
            with pytest.raises(TargetError, match="refused another session for `true`") as caught:
                transport.run("true", timeout=60, cancel=CancelToken())
            assert caught.value.kind == "permission-denied"
        transport.close()
    with OddServer(tmp_path / "hangs", Manners(open_channels="hang")) as server:
        transport = by_ssh(server, channel_timeout=0.6)
        with pytest.raises(TargetError, match="no longer answers") as caught:
            transport.run("true", timeout=30, cancel=CancelToken())
        assert caught.value.kind == "unresponsive"
        transport.close()


def test_files_come_by_cat_where_there_is_no_sftp(tmp_path):
    content = os.urandom(300_000)
    (tmp_path / "it's a file").write_bytes(content)
    with Sshd(tmp_path / "sshd", options="") as server:
        transport, into = by_ssh(server), io.BytesIO()
        assert transport.fetch(str(tmp_path / "it's a file"), into, cancel=CancelToken()) == len(content)
        assert into.getvalue() == content
        with pytest.raises(TargetError, match="No such file") as caught:
            transport.fetch("/no-such-file", io.BytesIO(), cancel=CancelToken())
        assert caught.value.kind == "not-found"
        transport.close()


def test_channel_that_is_never_closed_after_the_exit_status(tmp_path):
    with OddServer(tmp_path / "odd", Manners(on_exec="status-only")) as server:
        transport = by_ssh(server)
        ran = transport.run("true", timeout=60, cancel=CancelToken())
        assert (ran.exit_status, ran.stdout) == (0, b"done\n")
        assert ran.seconds < 4
        transport.close()


HOLDS = """
import sys, time
from pathlib import Path
from tests.sshd import Operator
from tshoot.cancel import CancelToken
from tshoot.transports.openssh.transport import OpenSshTransport
from tshoot.transports.settings import SshSettings
host, known, key = sys.argv[1:]
settings = SshSettings(config_file=None, known_hosts=(Path(known),), global_known_hosts=(), identity_files=(Path(key),), use_agent=False)
transport = OpenSshTransport(host, prompter=Operator(), settings=settings)
transport.connect(CancelToken())
print(transport._link._made._process.pid, transport._link._made.control.parent, flush=True)
time.sleep(60)
"""


def test_ssh_ends_with_us_also_when_we_are_killed(sshd):
    settings = sshd.settings()
    words = [sys.executable, "-c", HOLDS, sshd.host, str(settings.known_hosts[0]), str(sshd.user_key)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as ours:
        pid, folder = ours.stdout.readline().split()
        assert Path(f"/proc/{pid}").exists()
        ours.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text(), what="the end of ssh")
    wait_until(lambda: not Path(folder).exists(), what="the end of its folder")


# --- old algorithms -----------------------------------------------------------------------------------

OLD = "KexAlgorithms diffie-hellman-group14-sha1\nHostKeyAlgorithms ssh-rsa\nCiphers aes128-cbc\nMACs hmac-sha1"
WEAK = "weak algorithms: kex diffie-hellman-group14-sha1, host key ssh-rsa, cipher aes128-cbc, MAC hmac-sha1"


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """OpenSSH offering only what devices of 2010 have."""
    with Sshd(tmp_path_factory.mktemp("old"), options=OLD, host_key_types=("rsa",)) as server:
        yield server


def reached(old, operator, notes, tmp_path, **transports):
    settings = old.settings(transports=transports, pace=Pace(tmp_path / "pace"))
    return transport_for(load_platform("linux"), old.host, operator, settings, notes.append)


def test_old_algorithms_are_added_where_openssh_was_chosen_and_named(old, tmp_path):
    notes, operator = [], Operator()
    transport = reached(old, operator, notes, tmp_path, **{"": "openssh"})
    assert transport.run("echo old", timeout=60, cancel=CancelToken()).stdout == b"old\n"
    transport.close()
    assert operator.questions == []
    assert any(WEAK in note for note in notes), notes


def test_openssh_is_offered_with_the_reason_where_paramiko_cannot(old, tmp_path):
    notes, operator = [], Operator(agrees=True)
    transport = reached(old, operator, notes, tmp_path)
    assert transport.run("echo old", timeout=60, cancel=CancelToken()).stdout == b"old\n"
    transport.close()
    [(question, why)] = operator.questions
    assert "own ssh" in question
    assert "diffie-hellman-group14-sha1" in why
    assert any(WEAK in note for note in notes), notes
    assert old.log.read_text().count("Failed") == 0, "no login was tried before the switch"


@pytest.mark.parametrize("chosen", ["auto", "paramiko"])
def test_without_an_agreement_the_error_says_what_to_do(old, tmp_path, chosen):
    operator = Operator()
    transport = reached(old, operator, [], tmp_path, **{"": chosen})
    error = failure(transport)
    assert error.kind == "no-common-algorithm"
    assert "--transport openssh" in error.hint
    assert len(operator.questions) == (chosen == "auto"), "asked once at most"


def test_unknown_name_of_a_transport(old, tmp_path):
    with pytest.raises(UsageError, match="no transport `telnet`"):
        reached(old, Operator(), [], tmp_path, **{"": "telnet"})
