"""The public part of key files that ssh-keygen wrote, with nothing beside them; and files that lie about it."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from tests.sshd import make_key
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.keys import key_files
from tshoot.transports.ssh.public_key import NONE, public_line, public_part


def alone(key: Path) -> tuple[Path, tuple[str, bytes]]:
    """The private key without its .pub, and what that said."""
    beside = key.with_suffix(".pub")
    said = public_line(beside.read_text())
    beside.unlink()
    return key, said


@pytest.mark.parametrize("passphrase", ["", "open sesame"])
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_it_stands_in_clear_in_the_private_key(tmp_path, kind, passphrase):
    key, said = alone(make_key(tmp_path / "key", kind, passphrase))
    assert public_part(key) == said != NONE


def test_the_older_format_has_none(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(tmp_path / "key")], check=True)
    key, _ = alone(tmp_path / "key")
    assert public_part(key) == NONE


def test_what_stands_beside_it_comes_first(tmp_path):
    key = make_key(tmp_path / "key")
    key.with_suffix(".pub").write_text("ssh-ed25519 QUFB other\n")
    assert public_part(key) == ("ssh-ed25519", b"AAA")


def written(raw: bytes) -> str:
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{base64.b64encode(raw).decode()}\n-----END OPENSSH PRIVATE KEY-----\n"


HEAD = b"openssh-key-v1\0" + b"\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n%%%\n-----END OPENSSH PRIVATE KEY-----\n",
        written(b"another magic"),
        written(b"openssh-key-v1\0"),
        written(b"openssh-key-v1\0\xff\xff\xff\xff" + b"x" * 40),
        written(HEAD),
        written(HEAD + b"\0\0\1\0too short"),
        written(HEAD + b"\0\0\0\4\0\0\0\xff"),
        written(HEAD + b"\0\0\0\6\0\0\0\2\xff\xfe"),
    ],
)
def test_what_is_no_key_has_none(tmp_path, text):
    (tmp_path / "key").write_text(text)
    assert public_part(tmp_path / "key") == NONE
    assert public_part(tmp_path) == NONE
    assert public_part(tmp_path / "absent") == NONE


@pytest.mark.parametrize(
    ("named", "tried"),
    [(None, ("/default",)), ((), ()), ((Path("/named"),), ("/named",))],
    ids=["nothing said", "none", "named"],
)
def test_the_default_keys_are_for_who_says_nothing(named, tried):
    host = HostSettings("esx1", "esx1", 22, "root", identity_files=named)
    settings = SshSettings(default_keys=(Path("/default"),))
    assert tuple(map(str, key_files(host, settings))) == tried
