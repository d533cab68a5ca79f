"""The user's own ways to a target, over real sshd's: jump hosts, proxy commands, certificates, agents, policies of host keys."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.contract.odd_server import Manners, OddServer
from tests.sshd import Operator, Sshd, free_port, make_key
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError, UsageError
from tshoot.transports.base import NeedsOpenSsh, TargetBusy
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.transport import SshTransport


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Two jump hosts and a target, each with keys of its own."""
    folder = tmp_path_factory.mktemp("three")
    with Sshd(folder / "a") as a, Sshd(folder / "b") as b, Sshd(folder / "c") as c:
        yield a, b, c


@pytest.fixture(scope="module")
def server(three):
    return three[0]


def entry(name: str, server: Sshd, *more: str) -> str:
    lines = ["HostName 127.0.0.1", f"Port {server.port}", f"User {server.user}", f"IdentityFile {server.user_key}", "IdentitiesOnly yes", *more]
    return f"Host {name}\n" + "".join(f"  {line}\n" for line in lines)


def settings_for(folder: Path, config: str, known: str, **changes) -> SshSettings:
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(config)
    (folder / "known_hosts").write_text(known)
    own = {
        "config_file": folder / "config",
        "known_hosts": (folder / "known_hosts",),
        "global_known_hosts": (),
        "default_keys": (),
        "use_agent": False,
    }
    bounds = {"connect_timeout": 30.0, "login_timeout": 45.0, "channel_timeout": 30.0, "liveness_timeout": 1.0}
    return SshSettings(**(own | bounds | changes))


def says_where_it_is(host: str, settings: SshSettings, operator: Operator | None = None) -> str:
    """The port of the sshd that ran the command."""
    transport = SshTransport(host, prompter=operator or Operator(), settings=settings)
    try:
        return transport.run("echo $SSH_CONNECTION", timeout=60, cancel=CancelToken()).stdout.decode().split()[-1]
    finally:
        transport.close()


def failure(host: str, settings: SshSettings, operator: Operator | None = None) -> TargetError:
    transport = SshTransport(host, prompter=operator or Operator(), settings=settings)
    with pytest.raises(TargetError) as caught:
        transport.connect(CancelToken())
    transport.close()
    assert caught.value.hint
    return caught.value


def way(three, *more: str, target: tuple[str, ...] = ("ProxyJump a,b",)) -> tuple[str, str]:
    a, b, c = three
    return entry("a", a) + entry("b", b, *more) + entry("c", c, *target), a.known_hosts() + b.known_hosts() + c.known_hosts()


# --- jump hosts -----------------------------------------------------------------------------------------


def test_two_hops_each_with_its_own_key(three, tmp_path):
    config, known = way(three)
    steps = []
    settings = settings_for(tmp_path, config, known, on_step=steps.append)
    assert says_where_it_is("c", settings) == str(three[2].port)
    assert [(step.hop, step.name) for step in steps if step.name in ("connect", "login")] == [(n, s) for n in (0, 1, 2) for s in ("connect", "login")]
    assert next(step.said for step in steps if (step.hop, step.name) == (1, "connect")) == f"a opens a channel to 127.0.0.1 port {three[1].port}"


@pytest.mark.parametrize("jump", ["ProxyJump b", "ProxyJump {user}@127.0.0.1:{port},b", "ProxyJump ssh://a/,b"])
def test_ways_of_writing_it(three, tmp_path, jump):
    """The first hop may have a way of its own; what the second one's entry says of a way is passed over."""
    a, _, _ = three
    written = jump.format(user=a.user, port=a.port)
    config, known = way(three, "ProxyJump a" if written == "ProxyJump b" else "ProxyJump nowhere.invalid", target=(written,))
    settings = settings_for(tmp_path, config, known, default_keys=(a.user_key,))
    assert says_where_it_is("c", settings) == str(three[2].port)


def test_files_are_copied_through_hops_byte_for_byte(three, tmp_path):
    config, known = way(three)
    payload = os.urandom(3_000_000)
    (tmp_path / "payload").write_bytes(payload)
    transport = SshTransport("c", prompter=Operator(), settings=settings_for(tmp_path, config, known))
    with (tmp_path / "copy").open("wb") as into:
        assert transport.fetch(str(tmp_path / "payload"), into, cancel=CancelToken()) == len(payload)
    transport.close()
    assert (tmp_path / "copy").read_bytes() == payload


def test_nothing_is_left_open_after_closing(three, tmp_path):
    config, known = way(three)
    before = threading.active_count()
    says_where_it_is("c", settings_for(tmp_path, config, known))
    wait_until(lambda: threading.active_count() <= before, what="the end of its threads")


LEFT_OPEN = """
import sys
from pathlib import Path
from tshoot.cancel import CancelToken
from tshoot.transports.base import Nobody
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.transport import SshTransport

folder = Path(sys.argv[1])
settings = SshSettings(folder / "config", (folder / "known_hosts",), (), use_agent=False)
transport = SshTransport("c", prompter=Nobody(), settings=settings)
print(transport.run("echo in", timeout=60, cancel=CancelToken()).stdout)
"""


def test_a_program_that_ends_with_a_way_open_ends_in_silence(three, tmp_path):
    settings_for(tmp_path, *way(three))
    ended = subprocess.run([sys.executable, "-c", LEFT_OPEN, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("b'in\\n'\n", "", 0)


def test_closing_the_client_of_a_hop_raises_nothing(three, tmp_path):
    transport = SshTransport("c", prompter=Operator(), settings=settings_for(tmp_path, *way(three)))
    client = transport._link.client(CancelToken())
    process = transport.spawn("sleep 60", cancel=CancelToken())
    assert client.sock._closed is False, "paramiko looks at it while its thread still runs"
    client.close()
    assert client.sock._closed is True
    assert process.wait(60), "its channels end with it"
    transport.close()
    wait_until(lambda: not client.is_alive(), what="the end of its thread")


@pytest.mark.parametrize("ends", [True, False])
def test_a_host_behind_a_hop_that_does_not_speak_ssh(three, tmp_path, ends):
    a, _, _ = three
    said = threading.Event()

    def answer():
        sock, _ = listener.accept()
        with sock:
            sock.sendall(b"You may not enter from here")
            if not ends:
                said.wait(60)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=answer)
        answering.start()
        config = entry("a", a) + f"Host c\n HostName 127.0.0.1\n Port {listener.getsockname()[1]}\n ProxyJump a\n"
        started = time.monotonic()
        error = failure("c", settings_for(tmp_path, config, a.known_hosts(), connect_timeout=30.0 if ends else 2.0))
        said.set()
        answering.join()
    assert time.monotonic() - started < 15
    assert error.kind == "unreachable"
    assert error.message.endswith("answers, but not with SSH; it says `You may not enter from here`")


def test_each_hop_asks_by_its_own_name(three, tmp_path):
    config, _ = way(three)
    operator = Operator(accept=True)
    settings = settings_for(tmp_path, config, "")
    says_where_it_is("c", settings, operator)
    assert [key.port for key in operator.keys] == [server.port for server in three]
    assert len((tmp_path / "known_hosts").read_text().splitlines()) == 3
    operator.keys.clear()
    says_where_it_is("c", settings, operator)
    assert operator.keys == []


def test_a_hop_whose_key_has_changed_is_named(three, tmp_path):
    a, b, c = three
    config, _ = way(three)
    wrong = f"[127.0.0.1]:{b.port} {(a.folder / 'host_ed25519.pub').read_text()}"
    error = failure("c", settings_for(tmp_path, config, a.known_hosts() + wrong + c.known_hosts()), Operator(accept=True))
    assert error.kind == "host-key-changed"
    assert error.message.startswith("jump host b (hop 2 of 3): b (127.0.0.1 port ")


def test_a_hop_that_rejects_the_login_is_named_and_tried_once(three, tmp_path):
    a, b, c = three
    config = entry("a", a) + entry("b", b).replace(str(b.user_key), str(a.user_key)) + entry("c", c, "ProxyJump a,b")
    error = failure("c", settings_for(tmp_path, config, a.known_hosts() + b.known_hosts() + c.known_hosts()))
    assert error.kind == "auth-rejected"
    assert error.message.startswith(f"jump host b (hop 2 of 3): {b.user}@b:{b.port}: the login was rejected")


def test_the_passwords_of_two_hops_are_asked_apart(tmp_path):
    """Jump hosts that ask: each prompt names who asks."""
    with OddServer(tmp_path / "odd", Manners(methods="password", password="s3cret")) as odd, Sshd(tmp_path / "target") as target:
        config = entry("gate", odd) + entry("c", target, "ProxyJump gate")
        operator = Operator(answers={"Password": "s3cret"})
        error = failure("c", settings_for(tmp_path, config, odd.known_hosts() + target.known_hosts()), operator)
        assert [(prompt, host) for prompt, host, _ in operator.asked] == [("Password: ", f"{odd.user}@gate:{odd.port}")]
        assert error.message.startswith("c (127.0.0.1 port ")  # the login went well; this server opens no channels to elsewhere
        assert "gate may not be used as a jump host to it" in error.message
        assert odd.attempts == ["password"]


@pytest.mark.parametrize(
    ("host", "port", "kind", "words"),
    [
        ("127.0.0.1", "closed", "refused", "the connection was refused, asked from a"),
        ("no-such-host.invalid", "22", "name-unknown", "the name `no-such-host.invalid` cannot be resolved on a"),
    ],
)
def test_what_the_last_hop_says_of_the_target(three, tmp_path, host, port, kind, words):
    config = entry("a", three[0]) + f"Host c\n HostName {host}\n Port {free_port() if port == 'closed' else port}\n ProxyJump a\n"
    error = failure("c", settings_for(tmp_path, config, three[0].known_hosts()))
    assert error.kind == kind
    assert words in error.message


def test_a_hop_that_forwards_nothing(tmp_path, three):
    with Sshd(tmp_path / "gate", options="AllowTcpForwarding no") as gate:
        config = entry("gate", gate) + entry("c", three[2], "ProxyJump gate")
        error = failure("c", settings_for(tmp_path, config, gate.known_hosts() + three[2].known_hosts()))
    assert error.kind == "refused"
    assert "gate may not be used as a jump host to it" in error.message
    assert "AllowTcpForwarding" in error.hint


def test_a_jump_host_that_is_down(tmp_path):
    config = f"Host gate\n HostName 127.0.0.1\n Port {free_port()}\nHost c\n ProxyJump gate\n"
    error = failure("c", settings_for(tmp_path, config, ""))
    assert error.kind == "refused"
    assert error.message.startswith("jump host gate (hop 1 of 2): gate (127.0.0.1 port ")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("Host *\n ProxyJump gate\n", "the jump host gate (gate port 22) is reached through itself"),
        ("Host a\n ProxyJump b\nHost b\n ProxyJump a\nHost c\n ProxyJump a\n", "is reached through itself"),
        ("Host h*\n ProxyJump h%s\n", "Invalid"),
        ("".join(f"Host h{n}\n ProxyJump h{n + 1}\n" for n in range(40)) + "Host c\n ProxyJump h0\n", "more than 10 hops lead to it"),
        ("Host c\n ProxyJump " + ",".join(f"h{n}" for n in range(5000)) + "\n", "more than 10 hops lead to it"),
    ],
)
def test_ways_without_an_end(tmp_path, config, words):
    transport = SshTransport("c", prompter=Operator(), settings=settings_for(tmp_path, config, ""))
    if words == "Invalid":
        transport = SshTransport("h1", prompter=Operator(), settings=settings_for(tmp_path, config, "", connect_timeout=0.5))
        words = "h%s"
    with pytest.raises((TargetError, UsageError)) as caught:
        transport.connect(CancelToken())
    assert words in caught.value.message


def test_cancel_while_a_hop_asks(three, tmp_path):
    class Absent(Operator):
        def accept_host_key(self, key):
            self.keys.append(key)
            if len(self.keys) == 2:
                cancel.cancel()
                done.wait(60)
            return True

    config, _ = way(three)
    cancel, done = CancelToken(), threading.Event()
    transport = SshTransport("c", prompter=Absent(), settings=settings_for(tmp_path, config, ""))
    with pytest.raises(Cancelled):
        transport.connect(cancel)
    done.set()
    transport.close()


def test_cancel_while_a_command_of_the_configuration_runs(tmp_path):
    cancel = CancelToken()
    settings = settings_for(tmp_path, f'Match exec "touch {tmp_path}/runs; sleep 30"\n Port 7\n', "")
    threading.Thread(target=lambda: (wait_until((tmp_path / "runs").exists), cancel.cancel())).start()
    transport = SshTransport("c", prompter=Operator(), settings=settings)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        transport.connect(cancel)
    transport.close()
    assert time.monotonic() - started < 20


def test_no_second_hop_is_busy(three, tmp_path):
    """A first hop that hangs up may be asked again later, for nothing was logged in; what lies behind a login may not."""
    with OddServer(tmp_path / "odd") as odd:
        odd.transports = _Closing()
        config = entry("odd", odd) + entry("c", three[2], "ProxyJump odd") + entry("d", odd, "ProxyJump a") + entry("a", three[0])
        settings = settings_for(tmp_path, config, odd.known_hosts() + three[0].known_hosts())
        first, behind = failure("c", settings), failure("d", settings)
    assert isinstance(first, TargetBusy)
    assert first.message.startswith("jump host odd (hop 1 of 2): ")
    assert (type(behind), behind.kind) == (TargetError, "closed")


class _Closing(list):
    """The transports of a server that closes each at once."""

    def append(self, transport):
        transport.sock.close()
        super().append(transport)


# --- proxy commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["nc %h %p", "exec nc %h %p", "nc '%h' %p # not a comment to OpenSSH, one to the shell"])
def test_a_proxy_command(server, tmp_path, command):
    settings = settings_for(tmp_path, entry("c", server, f"ProxyCommand {command}"), server.known_hosts())
    assert says_where_it_is("c", settings) == str(server.port)


def test_ssh_itself_as_proxy_command(three, tmp_path):
    config, known = way(three, target=(f"ProxyCommand ssh -F {tmp_path}/config -o UserKnownHostsFile={tmp_path}/known_hosts -W [%h]:%p b",))
    assert says_where_it_is("c", settings_for(tmp_path, config, known)) == str(three[2].port)


def test_a_proxy_command_ends_with_the_connection(server, tmp_path):
    command = f"ProxyCommand sh -c 'echo $$ > {tmp_path}/pid; sleep 1000 & echo $! > {tmp_path}/child; nc %h %p'"
    transport = SshTransport("c", prompter=Operator(), settings=settings_for(tmp_path, entry("c", server, command), server.known_hosts()))
    transport.connect(CancelToken())
    pids = [int((tmp_path / name).read_text()) for name in ("pid", "child")]
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    transport.close()
    wait_until(lambda: not any(_runs(pid) for pid in pids), what="the end of the proxy command")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        ("sh -c 'echo no \x1b[31mroute\x1b[0m here >&2; exit 7'", "closed", "(its ProxyCommand ended with exit status 7: no route here)"),
        ("no-such-program-anywhere", "closed", "(its ProxyCommand ended with exit status 127"),
        ("sleep 100", "unresponsive", "accepts the connection and says nothing"),
        ("yes", "unreachable", "answers, but not with SSH"),
        ("yes >&2", "unresponsive", "says nothing"),
        ("sh -c \"printf 'SSH-2.0-x\\r\\n'; sleep 100\"", "unresponsive", "while exchanging keys"),
    ],
)
def test_proxy_commands_that_fail(server, tmp_path, command, kind, words):
    settings = settings_for(tmp_path, entry("c", server, f"ProxyCommand {command}"), server.known_hosts(), connect_timeout=0.7)
    error = failure("c", settings)
    assert error.kind == kind
    assert words in error.message
    assert error.message.isprintable()


# --- policies of host keys --------------------------------------------------------------------------------


def test_strict_yes_refuses_an_unknown_key_without_asking(server, tmp_path):
    operator = Operator(accept=True)
    error = failure("c", settings_for(tmp_path, entry("c", server, "StrictHostKeyChecking yes"), ""), operator)
    assert (error.kind, operator.keys) == ("host-key-unknown", [])
    assert "StrictHostKeyChecking is yes" in error.message


@pytest.mark.parametrize("hashed", ["no", "yes"])
def test_accept_new_remembers_and_says_so(server, tmp_path, hashed):
    notes: list[str] = []
    settings = settings_for(tmp_path, entry("c", server, "StrictHostKeyChecking accept-new", f"HashKnownHosts {hashed}"), "")
    operator = Operator()
    transport = SshTransport("c", prompter=operator, settings=settings, on_note=notes.append)
    transport.connect(CancelToken())
    transport.close()
    assert operator.keys == []
    assert "was accepted unseen (accept-new) and remembered in " in notes[0]
    known = tmp_path / "known_hosts"
    assert known.read_text().startswith("|1|") == (hashed == "yes")
    assert subprocess.run(["ssh-keygen", "-F", f"[127.0.0.1]:{server.port}", "-f", str(known)], capture_output=True).returncode == 0
    other = f"[127.0.0.1]:{server.port} {make_key(tmp_path / 'other').with_suffix('.pub').read_text()}"
    known.write_text(other)
    assert failure("c", settings).kind == "host-key-changed"


@pytest.mark.parametrize("word", ["no", "off"])
def test_strict_no_is_asked_about_all_the_same(server, tmp_path, word):
    operator = Operator(accept=False)
    assert failure("c", settings_for(tmp_path, entry("c", server, f"StrictHostKeyChecking {word}"), ""), operator).kind == "host-key-unknown"
    assert len(operator.keys) == 1


def test_files_and_alias_of_the_configuration(server, tmp_path):
    (tmp_path / "own").write_text(f"farm {(server.folder / 'host_ed25519.pub').read_text()}")
    more = (f"UserKnownHostsFile none\n  GlobalKnownHostsFile {tmp_path}/own", "HostKeyAlias farm")
    assert says_where_it_is("c", settings_for(tmp_path, entry("c", server, *more), "")) == str(server.port)


def test_a_host_that_only_an_authority_vouches_for_needs_openssh(server, tmp_path):
    authority = make_key(tmp_path / "ca").with_suffix(".pub").read_text()
    known = f"@cert-authority [127.0.0.1]:* {authority}"
    error = failure("c", settings_for(tmp_path, entry("c", server), known), Operator(accept=True))
    assert isinstance(error, NeedsOpenSsh)
    assert "certificate authority" in error.reason
    assert f"{tmp_path}/known_hosts:1" in error.reason
    assert says_where_it_is("c", settings_for(tmp_path, entry("c", server), known + server.known_hosts())) == str(server.port)


def test_host_key_algorithms(tmp_path):
    with Sshd(tmp_path / "sshd", host_key_types=("ed25519", "rsa")) as server:
        operator = Operator(accept=True)
        says_where_it_is("c", settings_for(tmp_path, entry("c", server, "HostKeyAlgorithms rsa-sha2-256"), ""), operator)
        assert [key.key_type for key in operator.keys] == ["ssh-rsa"]
        error = failure("c", settings_for(tmp_path, entry("c", server, "HostKeyAlgorithms ssh-dss,ssh-rsa"), ""))
        assert isinstance(error, NeedsOpenSsh)
        assert "HostKeyAlgorithms ssh-dss,ssh-rsa" in error.reason


def test_what_the_library_lacks_is_named(tmp_path):
    with Sshd(tmp_path / "sshd", options="Ciphers chacha20-poly1305@openssh.com") as server:
        error = failure(server.host, server.settings())
    assert error.kind == "no-common-algorithm"
    assert error.message.endswith("for the cipher it offers only chacha20-poly1305@openssh.com")


# --- certificates and agents ----------------------------------------------------------------------------


@pytest.fixture
def certified(tmp_path):
    """A server that knows no key, only an authority; what it signs."""
    authority = make_key(tmp_path / "ca")
    with Sshd(tmp_path / "sshd", options=f"TrustedUserCAKeys {authority}.pub") as server:
        (server.folder / "authorized_keys").write_text("")
        yield server, authority


def signed(server: Sshd, authority: Path, key: Path) -> Path:
    words = ["ssh-keygen", "-q", "-s", str(authority), "-I", "test", "-n", server.user, "-V", "-1h:+1h", f"{key}.pub"]
    subprocess.run(words, check=True, capture_output=True)
    return key.with_name(f"{key.name}-cert.pub")


@pytest.mark.parametrize(("kind", "where"), [("ed25519", "beside"), ("ecdsa", "named"), ("rsa", "beside")])
def test_a_users_certificate(certified, tmp_path, kind, where):
    server, authority = certified
    key = make_key(tmp_path / kind, kind)
    certificate = signed(server, authority, key)
    config = entry("c", server).replace(str(server.user_key), str(key))
    if where == "named":
        certificate.rename(tmp_path / "elsewhere")
        assert failure("c", settings_for(tmp_path, config, server.known_hosts())).kind == "auth-rejected"
        config += f"  CertificateFile {tmp_path}/elsewhere\n"
    assert says_where_it_is("c", settings_for(tmp_path, config, server.known_hosts())) == str(server.port)


@pytest.mark.parametrize("text", ["", "garbage", "ssh-ed25519-cert-v01@openssh.com AAAA", "ssh-ed25519-cert-v01@openssh.com " + "QUFB" * 30_000])
def test_a_broken_certificate_is_passed_over(server, tmp_path, text):
    (tmp_path / "cert").write_text(text)
    config = entry("c", server, f"CertificateFile {tmp_path}/cert", f"CertificateFile {tmp_path}/absent")
    assert says_where_it_is("c", settings_for(tmp_path, config, server.known_hosts())) == str(server.port)


@pytest.fixture
def agent(tmp_path):
    socket = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    wait_until(socket.exists)
    yield socket
    process.terminate()
    process.wait()


def add(agent: Path, key: Path) -> None:
    subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True, env={**os.environ, "SSH_AUTH_SOCK": str(agent)})


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_certificate_in_the_agent(certified, tmp_path, agent, kind):
    server, authority = certified
    key = make_key(tmp_path / kind, kind)
    signed(server, authority, key)
    add(agent, key)  # key and certificate
    config = f"Host c\n HostName 127.0.0.1\n Port {server.port}\n User {server.user}\n IdentityAgent {agent}\n"
    assert says_where_it_is("c", settings_for(tmp_path, config, server.known_hosts(), use_agent=True)) == str(server.port)


def test_the_agent_of_the_configuration(server, tmp_path, agent, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    add(agent, server.user_key)
    config = f"Host *\n HostName 127.0.0.1\n Port {server.port}\n User {server.user}\nHost c\n IdentityAgent {agent}\n"
    settings = settings_for(tmp_path, config, server.known_hosts(), use_agent=True)
    assert says_where_it_is("c", settings) == str(server.port)
    assert failure("d", settings).kind == "auth-rejected"


def test_a_key_of_the_agent_named_by_its_public_half(server, tmp_path, agent):
    for name in ("x", "y"):
        add(agent, make_key(tmp_path / name))
    add(agent, server.user_key)
    config = entry("c", server, f"IdentityAgent {agent}").replace(str(server.user_key), f"{tmp_path}/half.pub")
    (tmp_path / "half.pub").write_text(server.user_key.with_suffix(".pub").read_text())
    assert says_where_it_is("c", settings_for(tmp_path, config, server.known_hosts(), use_agent=True)) == str(server.port)


def test_an_agent_that_is_not_there(server, tmp_path):
    config = entry("c", server, f"IdentityAgent {tmp_path}/no-agent")
    assert says_where_it_is("c", settings_for(tmp_path, config, server.known_hosts(), use_agent=True)) == str(server.port)


def test_a_key_on_a_token_needs_openssh(server, tmp_path):
    token = tmp_path / "id_ed25519_sk"
    token.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    (tmp_path / "id_ed25519_sk.pub").write_text("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t token\n")
    config = entry("c", server).replace(str(server.user_key), str(token))
    error = failure("c", settings_for(tmp_path, config, server.known_hosts()))
    assert isinstance(error, NeedsOpenSsh)
    assert "FIDO token" in error.reason
    default = settings_for(tmp_path, config.replace(f"IdentityFile {token}", ""), server.known_hosts(), default_keys=(token,))
    assert failure("c", default).kind == "auth-rejected", "a key that nobody named leaves the other logins their turn"
    nothing_else = config.replace(f"IdentityFile {token}", "PreferredAuthentications publickey")
    assert isinstance(failure("c", settings_for(tmp_path, nothing_else, server.known_hosts(), default_keys=(token,))), NeedsOpenSsh)
    both = config + f"  IdentityFile {server.user_key}\n"
    assert says_where_it_is("c", settings_for(tmp_path, both, server.known_hosts())) == str(server.port)


# --- the rest of the configuration -----------------------------------------------------------------------


def test_what_only_openssh_can_is_told_before_anything_is_dialled(three, tmp_path):
    config, known = way(three, target=("ProxyJump a,b", "PKCS11Provider /usr/lib/p11.so"))
    steps = []
    error = failure("c", settings_for(tmp_path, config, known, on_step=steps.append))
    assert isinstance(error, NeedsOpenSsh)
    assert "PKCS11Provider" in error.reason
    assert steps == []


def test_bind_address_and_family(server, tmp_path):
    settings = settings_for(tmp_path, entry("c", server, "BindAddress 127.0.0.9", "AddressFamily inet"), server.known_hosts())
    transport = SshTransport("c", prompter=Operator(), settings=settings)
    assert transport.run("echo $SSH_CONNECTION", timeout=60, cancel=CancelToken()).stdout.startswith(b"127.0.0.9 ")
    transport.close()
    error = failure("c", settings_for(tmp_path, entry("c", server, "AddressFamily inet6"), server.known_hosts()))
    assert error.kind == "name-unknown"
    assert "(AddressFamily inet6)" in error.message


def test_logins_that_the_configuration_turns_off(tmp_path):
    with OddServer(tmp_path / "odd", Manners(methods="publickey,password", password="s3cret")) as odd:
        operator = Operator(answers={"Password": "s3cret"})
        config = entry("c", odd, "PreferredAuthentications password")
        settings = settings_for(tmp_path, config, odd.known_hosts())
        transport = SshTransport("c", prompter=operator, settings=settings)
        transport.connect(CancelToken())
        transport.close()
        assert odd.attempts == ["password"]
        failure("c", settings_for(tmp_path, entry("c", odd, "PasswordAuthentication no", "PubkeyAuthentication no"), odd.known_hosts()), operator)
        assert odd.attempts == ["password"]


def test_a_server_that_offers_gssapi_alone(tmp_path):
    with OddServer(tmp_path / "odd", Manners(methods="publickey,gssapi-with-mic")) as odd:
        (tmp_path / "no-key").write_text("")
        config = entry("c", odd, "GSSAPIAuthentication yes").replace(str(odd.user_key), str(tmp_path / "no-key"))
        error = failure("c", settings_for(tmp_path, config, odd.known_hosts()))
        assert isinstance(error, NeedsOpenSsh)
        assert "GSSAPI" in error.reason
        plain = failure("c", settings_for(tmp_path, config.replace("GSSAPIAuthentication yes", ""), odd.known_hosts()))
        assert (type(plain), plain.kind) == (TargetError, "auth-rejected")


def test_a_host_behind_a_hop_that_answers_no_more_is_lost(three, tmp_path):
    """Its own kernel still takes the bytes: only unanswered signs of life (ServerAliveInterval) tell."""
    config, known = way(three, target=("ProxyJump a", "ServerAliveInterval 1", "ServerAliveCountMax 2"))
    transport = SshTransport("c", prompter=Operator(), settings=settings_for(tmp_path, config, known))
    process = transport.spawn("echo $PPID; sleep 3.5; echo alive; sleep 60", cancel=CancelToken())
    session = int(process.read_line(5))
    assert process.read_line(10) == "alive", "a server that answers is left alone"
    os.kill(session, signal.SIGSTOP)
    try:
        assert process.wait(60)
        assert process.exit_status is None
        with pytest.raises(TargetError) as caught:
            transport.run("true", timeout=60, cancel=CancelToken())
        assert caught.value.kind == "closed"
    finally:
        os.kill(session, signal.SIGCONT)
        transport.close()
