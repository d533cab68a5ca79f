"""What the credentials are told after a login by `ssh`: literal logs of OpenSSH 9.2 and what its jump hosts said on stderr."""

from __future__ import annotations

import pytest

from tshoot.transports.base import Nobody
from tshoot.transports.login.credentials import Account, Credentials
from tshoot.transports.openssh.log import LoginLog
from tshoot.transports.openssh.options import Resolved
from tshoot.transports.openssh.secrets import LoginSecrets
from tshoot.transports.settings import SshSettings

PROMPT = "Passphrase for /k: "
CONTINUE = "debug1: Authentications that can continue: publickey,password"
BEGUN = ("debug1: SSH2_MSG_SERVICE_ACCEPT received", CONTINUE, "debug1: Next authentication method: publickey")
OFFERED = (
    "debug1: Offering public key: /k ED25519 SHA256:o8LqV/GCbSsmyZGvInXvK9/UoycSf9rmZElCiZ1Qqiw explicit",
    "debug1: Server accepts key: /k ED25519 SHA256:o8LqV/GCbSsmyZGvInXvK9/UoycSf9rmZElCiZ1Qqiw explicit",
)
PASSWORD = "debug1: Next authentication method: password"
DENIED = "ops@t: Permission denied (publickey,password)."
ON_THE_WAY = "debug1: Executing proxy command: exec ssh -W t:22 bastion"
GREETED = "debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1"
DOWN = "channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n"
CLOSED = "Connection closed by 192.0.2.1 port 22\r\n"


class Recorded(Credentials):
    """Answers without asking; remembers what it is told, with the account object."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Account]] = []
        self.given: list[Account] = []
        self.wrong: list[str] = []

    def answer(self, prompt, account, echo, prompter, *, first=True, alive=lambda: True):
        self.given.append(account)
        return "a secret"

    def passphrase(self, prompt, account, prompter, alive=lambda: True):
        return "a passphrase"

    def wrong_passphrase(self, prompt):
        self.wrong.append(prompt)

    def accepted(self, account):
        self.told.append(("accepted", account))

    def rejected(self, account, certain=True):
        self.told.append(("rejected" if certain else "rejected, perhaps", account))

    def left(self, account):
        self.told.append(("left", account))


def log_of(*lines: str) -> LoginLog:
    log = LoginLog()
    say(log, *lines)
    return log


def say(log: LoginLog, *lines: str) -> None:
    log.take("".join(f"{line}\r\n" for line in lines).encode())


def login(recorded: Recorded) -> LoginSecrets:
    host = Resolved("t", {"hostname": "t", "user": "ops", "port": "22"})
    return LoginSecrets(host, SshSettings(credentials=recorded), Nobody(), Account("ops", "t"), lambda: True)


# --- passphrases ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (OFFERED, (PASSWORD, CONTINUE, DENIED), True),
        (OFFERED, ("debug1: Offering public key: /other RSA SHA256:x explicit", CONTINUE, DENIED), True),
        (OFFERED, ("debug1: No more authentication methods to try.", DENIED), True),
        (OFFERED, ('Authenticated using "publickey" with partial success.', CONTINUE, PASSWORD, CONTINUE, DENIED), False),
        (OFFERED, ('Authenticated to t ([192.0.2.1]:22) using "publickey".',), False),
        (OFFERED, ("Connection closed by 192.0.2.1 port 22",), False),
        (OFFERED, (), False),
        (("debug1: Trying private key: /k",), (CONTINUE, PASSWORD, CONTINUE, DENIED), False),  # it opened the key, which the server does not know
        (("debug1: Trying private key: /k",), (PASSWORD, CONTINUE, DENIED), True),
    ],
    ids=["next-method", "next-key", "no-more", "in-part", "in", "closed", "cancelled", "opened-but-refused", "pem-wrong"],
)
def test_a_passphrase_was_wrong_where_ssh_went_on_without_asking_the_server(before, after, wrong):
    recorded = Recorded()
    log, given = log_of(*BEGUN, *before), login(recorded)
    assert given.passphrase(PROMPT, on_the_way=False) == "a passphrase"
    log.passphrase_given(PROMPT)
    say(log, *after)
    given.ended(log, "")
    assert recorded.wrong == ([PROMPT.strip()] if wrong else [])


@pytest.mark.parametrize(
    ("lines", "said", "wrong"),
    [
        ((), "me@bastion: Permission denied (publickey).\r\n", True),
        ((), 'Authenticated using "publickey" with partial success.\r\nme@bastion: Permission denied (password).\r\n', False),
        ((), DOWN, False),
        ((), CLOSED, False),
        ((GREETED, *BEGUN, CONTINUE, DENIED), "me@bastion: Permission denied (a banner).\r\n", False),
    ],
)
def test_a_passphrase_for_a_jump_host_was_wrong_where_that_let_nobody_in(lines, said, wrong):
    recorded = Recorded()
    given = login(recorded)
    given.passphrase(PROMPT, on_the_way=True)
    given.ended(log_of(ON_THE_WAY, *lines), said)
    assert recorded.wrong == ([PROMPT.strip()] if wrong else [])


# --- passwords of jump hosts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "said", "told"),
    [
        ((), DOWN, "accepted"),
        ((), "stdio forwarding failed\r\n", "accepted"),
        ((GREETED,), "", "accepted"),
        ((GREETED, *BEGUN, CONTINUE, DENIED), "", "accepted"),
        ((), CLOSED, "left"),
        ((), "", "left"),
        ((), "Welcome. Permission denied to strangers; open failed: doors\r\n", "left"),
        ((), "me@second: Permission denied (publickey).\r\n", "left"),
        ((), "me@bastion: Permission denied (publickey,password).\r\n", "rejected"),
        ((), "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\r\n", "rejected"),
        ((), "me@bastion: Permission denied (password).\r\nstdio forwarding failed\r\n", "rejected"),
    ],
)
def test_what_came_of_the_password_for_a_jump_host(lines, said, told):
    recorded = Recorded()
    given = login(recorded)
    given.answer("Password: ", "me@bastion", 0)
    given.ended(log_of(ON_THE_WAY, *lines), said)
    assert [outcome for outcome, _ in recorded.told] == [told]


def test_a_jump_host_that_asks_again_has_rejected_it():
    recorded = Recorded()
    given = login(recorded)
    given.answer("Password: ", "me@first", 0)
    given.answer("Password: ", "me@second", 0)
    given.refuse("me@second")
    given.ended(log_of(ON_THE_WAY), "")
    assert [(outcome, account.host) for outcome, account in recorded.told] == [("left", "first"), ("rejected", "second")]


def test_too_many_failures_are_those_of_the_host_that_was_asked_for_last():
    recorded = Recorded()
    given = login(recorded)
    given.answer("Password: ", "me@first", 0)
    given.answer("Password: ", "me@second", 0)
    given.answer("Code: ", "me@second", 0)
    given.ended(log_of(ON_THE_WAY), "Received disconnect from UNKNOWN port 65535:2: Too many authentication failures\r\n")
    assert [(outcome, account.host) for outcome, account in recorded.told] == [("left", "first"), ("rejected, perhaps", "second")]


def test_one_account_object_stands_for_one_hop_of_one_login():
    recorded = Recorded()
    for _ in range(2):
        given = login(recorded)
        for account in ("me@bastion", "me@bastion", ""):
            given.answer("Password: ", account, 0)
        given.ended(log_of(ON_THE_WAY, GREETED, *BEGUN), "")
    assert len({id(account) for account in recorded.given}) == 4, "two hops in two logins"
    assert {id(account) for _, account in recorded.told} == {id(account) for account in recorded.given}
    assert [account.jump for account in recorded.given] == [True, True, False] * 2
