"""The words for logins that failed: locked accounts, certificates that do not hold, keys without their passphrase."""

from __future__ import annotations

import base64
import subprocess
import time

import paramiko
import pytest

from tshoot.transports.busy import says_locked
from tshoot.transports.login.words import not_answered, rejected
from tshoot.transports.ssh.certificates import Certificates, doubts, named


@pytest.mark.parametrize(
    "said",
    [
        "The account is locked due to 2 failed logins.\n(10 minutes left to unlock)\nPassword: ",  # pam_faillock
        "Account locked due to 5 failed logins",  # pam_tally2
        "Your account has been locked. Please contact your system administrator",
        "Remote access for ESXi local user account 'root' has been locked for 900 seconds after 6 failed login attempts.",
        "user is blocked after 3 unsuccessful attempts",
        "\x1b[31mAccount is disabled\x1b[0m",
    ],
)
def test_a_device_that_says_that_the_account_is_locked(said: str) -> None:
    assert says_locked(said) and "\x1b" not in says_locked(said)


@pytest.mark.parametrize(
    "said",
    [
        "Password: ",
        "Accounts are locked after 3 failed logins.",
        "Using keyboard-interactive authentication.",
        "This account is for administrators only",
        "x" * 100_000 + "account is locked",
    ],
)
def test_a_device_that_does_not(said: str) -> None:
    assert says_locked(said) == ""


def test_a_rejection_names_what_was_not_tried_and_why() -> None:
    error = rejected("ada@esx01", "by hand", "publickey", ["key SHA256:x"], ["Passphrase for /home/ada/.ssh/id_rsa: "] * 2)
    assert error.message == (
        "ada@esx01: the login was rejected; the server allows publickey; tried: key SHA256:x; "
        "for want of its passphrase not tried: /home/ada/.ssh/id_rsa"
    )
    assert error.hint == "by hand"
    locked = rejected("ada@esx01", "by hand", "", [], locked="account is locked")
    assert locked.message.endswith("the server allows nothing more; tried: nothing, having no key or password for it; it said: account is locked")
    assert "by hand" not in locked.hint and "wait" in locked.hint


def test_an_unanswered_question_ends_without_what_announces_a_secret() -> None:
    assert not_answered("Verification code: ") == "`Verification code` was not answered"
    assert not_answered("\x1b[2J" + "x" * 500 + ": ") == f"`{'x' * 80}` was not answered"


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_what_speaks_against_a_certificate(tmp_path, kind: str) -> None:
    def keygen(*words: str) -> None:
        subprocess.run(["ssh-keygen", "-q", *words], check=True, cwd=tmp_path, stdin=subprocess.DEVNULL)

    for name in ("authority", "key"):
        keygen("-t", kind, "-N", "", "-f", name)
    key = paramiko.PKey.from_path(tmp_path / "key")
    words = {}
    for name, options in {
        "good": ["-n", "ada", "-V", "-1d:+1d"],
        "for ever": ["-n", "ada"],
        "for all": [],
        "bob's": ["-n", "bob,eve"],
        "expired": ["-n", "ada", "-V", "20200101000000Z:20210101000000Z"],
        "early": ["-n", "ada", "-V", "20990101000000Z:21000101000000Z"],
    }.items():
        keygen("-s", "authority", "-I", "id", *options, "key.pub")
        certificate_kind, blob = (tmp_path / "key-cert.pub").read_text().split()[:2]
        for shown in Certificates([(certificate_kind, base64.b64decode(blob))]).of(key):
            words[name] = named(shown, "ada")
    assert words == {
        "good": f"certificate of key {key.fingerprint}",
        "for ever": f"certificate of key {key.fingerprint}",
        "for all": f"certificate of key {key.fingerprint}",
        "bob's": f"certificate of key {key.fingerprint} (for bob, eve)",
        "expired": f"certificate of key {key.fingerprint} (expired 2021-01-01 00:00 UTC)",
        "early": f"certificate of key {key.fingerprint} (not valid before 2099-01-01 00:00 UTC)",
    }
    assert named(key, "ada") == f"key {key.fingerprint}"


@pytest.mark.parametrize("blob", [b"", b"\xff" * 1000, b"\0\0\0\x0bssh-ed25519"])
def test_a_certificate_that_is_none(blob: bytes) -> None:
    assert doubts("ssh-ed25519-cert-v01@openssh.com", blob, "ada", time.time()) == "which cannot be read"
