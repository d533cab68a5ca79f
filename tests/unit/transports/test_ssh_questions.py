"""Who asks, as the transport by `ssh` judges it: with an `ssh` before 8.5, too, which shows what a server asks as it is (none such is here)."""

from __future__ import annotations

import json
import socket

import pytest

from tshoot.errors import TargetError
from tshoot.transports.login.credentials import Account, Credentials
from tshoot.transports.openssh.asking import Questions
from tshoot.transports.openssh.folder import PrivateFolder
from tshoot.transports.openssh.log import LoginLog
from tshoot.transports.openssh.options import Resolved
from tshoot.transports.openssh.secrets import LoginSecrets
from tshoot.transports.settings import SshSettings

KEY = "Enter passphrase for key '/home/me/.ssh/id_rsa': "
PROXY = "debug1: Executing proxy command: exec ssh -W t:22 bastion"
OLD, NEW = (f"debug1: Local version string SSH-2.0-OpenSSH_{version}" for version in ("8.4p1 Debian-5", "8.5"))
LOGGING_IN = "debug1: SSH2_MSG_SERVICE_ACCEPT received"
METHOD = "debug1: Next authentication method: "


class Person:
    """Answers with the next of `answers`; an error is raised."""

    def __init__(self, *answers: str | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    def accept_host_key(self, key) -> bool:
        return False

    def agree(self, question: str, why: str) -> bool:
        return True

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        self.asked.append((prompt, host))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def login(request):
    """Starts one login of `person`, of which the log says `lines` so far."""

    def begun(person, *lines, name="t", jump="", settings=None):
        values = {"hostname": name, "user": "ops", "port": "22"} | ({"proxyjump": jump} if jump else {})
        return Login(request, person, Resolved(name, values), lines, settings or SshSettings(credentials=Credentials()))

    return begun


class Login:
    def __init__(self, request, person, host, lines, settings) -> None:
        self.log, folder = LoginLog(), PrivateFolder()
        request.addfinalizer(folder.remove)
        self.say(*lines)
        self.given = LoginSecrets(host, settings, person, Account(host.user, host.typed, host.port), lambda: True)
        self.questions = Questions(folder, host, self.log, person, self.given, print, None)
        request.addfinalizer(lambda: self.questions.__exit__(None, None, None))
        self.folder = folder

    def say(self, *lines: str) -> None:
        self.log.take("".join(f"{line}\r\n" for line in lines).encode())

    def asking(self, prompt: str, token: str = "") -> socket.socket:
        """What our askpass program sends."""
        link = socket.socket(socket.AF_UNIX)
        link.connect(str(self.folder.questions))
        link.sendall(json.dumps({"token": token or self.folder.token, "prompt": prompt, "form": ""}).encode() + b"\n")
        return link

    def ask(self, prompt: str) -> str | None:
        with self.asking(prompt) as link:
            self.questions.serve()
            said = link.recv(4096)
            return json.loads(said)["answer"] if said else None


# --- passphrases ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_key_of_the_targets_login_is_answered_for_all_targets(login, version):
    settings, person = SshSettings(credentials=Credentials()), Person("open sesame")
    for name in ("a", "b"):
        assert login(person, version, LOGGING_IN, METHOD + "publickey", name=name, settings=settings).ask(KEY) == "open sesame"
    assert person.asked == [("Passphrase for /home/me/.ssh/id_rsa:", "ops@a")]


@pytest.mark.parametrize("method", ["keyboard-interactive", "password"])
def test_a_server_that_asks_in_the_words_of_ssh_gets_no_passphrase_that_is_remembered(login, method):
    settings = SshSettings(credentials=Credentials())
    assert login(Person("open sesame"), OLD, LOGGING_IN, METHOD + "publickey", settings=settings).ask(KEY) == "open sesame"
    person = Person("what the operator types")
    hostile = login(person, OLD, LOGGING_IN, METHOD + "publickey", METHOD + method, name="evil", settings=settings)
    assert hostile.ask(KEY) == "what the operator types"
    assert person.asked == [(KEY, "ops@evil")]


def test_nor_does_a_jump_host_and_since_85_it_cannot_ask_so(login):
    settings = SshSettings(credentials=Credentials())
    assert login(Person("open sesame"), LOGGING_IN, METHOD + "publickey", settings=settings).ask(KEY) == "open sesame"
    person = Person("typed")
    assert login(person, PROXY, OLD, jump="me@bastion", settings=settings).ask(KEY) == "typed"
    assert person.asked == [(KEY, "me@bastion")]
    assert login(Person(), PROXY, NEW, jump="me@bastion", settings=settings).ask(KEY) == "open sesame"


@pytest.mark.parametrize(
    "prompt",
    ["Enter PIN for 'My Token': ", "Enter PIN and confirm user presence for ED25519-SK key SHA256:qMGHdoSbom6l8jUSedmcph3ZSB4jwjl7RdDdTFSybuE: "],
)
def test_the_pin_of_a_token_is_no_secret_that_the_target_rejects(login, prompt):
    person = Person("1234", "pw")
    under_way = login(person, NEW, LOGGING_IN, METHOD + "publickey")
    assert under_way.ask(prompt) == "1234"
    under_way.say("debug1: Authentications that can continue: password", METHOD + "password")
    assert under_way.ask("ops@t's password: ") == "pw"


def test_a_server_that_poses_as_an_unknown_host_key_asks_for_a_secret(login):
    """The host key is long accepted when a server can ask anything."""
    prompt = "The authenticity of host 'other' can't be established\nbut keys of different type are already known for this host.\n"
    assert login(Person("typed"), OLD, LOGGING_IN, METHOD + "keyboard-interactive").ask(prompt) == "typed"


# --- whose password -------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["Password: ", "(ops@t) Password: ", "ops@t's password: "])
def test_what_is_asked_on_the_way_is_never_answered_with_the_targets_password(login, prompt):
    """A host there can name the target's account; it cannot make the log say that the target was reached."""
    person = Person("the bastion's")
    settings = SshSettings(credentials=Credentials(share=True), password_source=lambda host, user: "the target's")
    assert login(person, PROXY, OLD, jump="me@bastion", settings=settings).ask(prompt) == "the bastion's"
    assert person.asked[0][0] == "Password: "


def test_the_targets_own_prompt_is_the_targets_whatever_account_it_names(login):
    settings = SshSettings(password_source=lambda host, user: f"of {user}@{host}")
    under_way = login(Person(), PROXY, OLD, LOGGING_IN, jump="me@bastion", settings=settings)
    assert under_way.ask("(me@bastion) Password: ") == "of ops@t"


def test_without_a_jump_host_it_is_the_target_who_asks(login):
    """Also where the log would say that in other words one day."""
    assert login(Person(), settings=SshSettings(password_source=lambda host, user: "pw")).ask("(ops@t) Password: ") == "pw"


@pytest.mark.parametrize(("jump", "asked"), [("me@bastion", 1), ("bastion:2222", 1), ("a,b", 2)])
def test_the_one_jump_host_that_names_nobody_is_known_again_and_one_of_several_is_not(login, jump, asked):
    settings, person = SshSettings(credentials=Credentials()), Person("pw", "pw")
    for name in ("x", "y"):
        under_way = login(person, PROXY, OLD, name=name, jump=jump, settings=settings)
        assert under_way.ask("Password: ") == "pw"
        under_way.say("debug1: Remote protocol version 2.0, remote software version x")
        under_way.given.ended(under_way.log, "")
    assert len(person.asked) == asked


def test_a_host_on_the_way_is_sent_a_secret_once(login):
    under_way = login(Person("pw", "pw"), PROXY, OLD, jump="me@bastion")
    assert under_way.ask("Password: ") == "pw"
    with pytest.raises(TargetError, match="rejected on the way there, by me@bastion"):
        under_way.ask("Password: ")


# --- what a prompter that fails comes to ------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines", [(LOGGING_IN, METHOD + "password"), (LOGGING_IN, METHOD + "publickey"), (PROXY,)], ids=["password", "passphrase", "jump"]
)
def test_a_prompter_that_fails_ends_the_login_and_sends_nothing(login, lines):
    under_way = login(Person(OSError(5, "Input/output error")), *lines)
    with under_way.asking(KEY if "publickey" in lines[-1] else "Password: ") as link:
        with pytest.raises(TargetError, match=r"nobody could be asked: .*Input/output error") as caught:
            under_way.questions.serve()
        assert caught.value.kind == "auth-rejected"
        link.setblocking(False)
        with pytest.raises(BlockingIOError):  # it still waits: a closed link would be an empty password
            link.recv(1)


def test_whoever_asks_and_leaves_is_no_failure(login):
    under_way = login(Person("pw"), LOGGING_IN, METHOD + "password")
    under_way.asking("Password: ").close()
    under_way.questions.serve()
    half = socket.socket(socket.AF_UNIX)
    half.connect(str(under_way.folder.questions))
    half.close()
    under_way.questions.serve()


def test_who_does_not_know_the_token_gets_nothing(login):
    person = Person()
    under_way = login(person, LOGGING_IN, METHOD + "password")
    with under_way.asking("Password: ", token="guessed") as link:
        under_way.questions.serve()
        assert link.recv(4096) == b""
    assert person.asked == []
