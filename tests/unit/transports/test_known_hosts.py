from __future__ import annotations

import base64
import os
import subprocess
import time

import pytest

from tests.sshd import make_key
from tshoot.transports.login.known_hosts import entry_name, fingerprint, known_keys, remember, rests_on_authority, standing

KEY = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(32)
TEXT = base64.b64encode(KEY).decode()


def test_fingerprint_as_openssh_prints_it(tmp_path):
    public = make_key(tmp_path / "key").with_suffix(".pub")
    blob = base64.b64decode(public.read_text().split()[1])
    assert fingerprint(blob) == subprocess.run(["ssh-keygen", "-lf", str(public)], capture_output=True, text=True).stdout.split()[1]


@pytest.mark.parametrize(
    ("line", "host", "port", "expected"),
    [
        ("esx01 ssh-ed25519 K", "ESX01", 22, "known"),
        ("esx01 ssh-ed25519 K", "esx01", 2222, "unknown"),
        ("[esx01]:2222 ssh-ed25519 K comment", "esx01", 2222, "known"),
        ("esx02,esx01,192.0.2.1 ssh-ed25519 K", "192.0.2.1", 22, "known"),
        ("*.example.com ssh-ed25519 K", "a.example.com", 22, "known"),
        ("*.example.com,!b.example.com ssh-ed25519 K", "b.example.com", 22, "unknown"),
        ("2001:db8::1 ssh-ed25519 K", "2001:db8::1", 22, "known"),
        ("esx01 ssh-ed25519 AAAA", "esx01", 22, "changed"),
        ("esx01 ssh-rsa AAAA", "esx01", 22, "changed"),
        ("@revoked * ssh-ed25519 K", "esx01", 22, "revoked"),
        ("@revoked esx01 ssh-ed25519 AAAA", "esx01", 22, "unknown"),
        ("@cert-authority * ssh-ed25519 K", "esx01", 22, "unknown"),
        ("# esx01 ssh-ed25519 K", "esx01", 22, "unknown"),
        ("esx01 ssh-ed25519", "esx01", 22, "unknown"),
        ("esx01 ssh-ed25519 !!!", "esx01", 22, "unknown"),
        ("|1|x|y ssh-ed25519 K", "esx01", 22, "unknown"),
        ("[a-z]sx01 ssh-ed25519 K", "esx01", 22, "unknown"),
    ],
)
def test_standing_of_a_key(tmp_path, line, host, port, expected):
    (tmp_path / "known_hosts").write_text(line.replace(" K", f" {TEXT}") + "\n")
    assert standing(known_keys([tmp_path / "known_hosts"], entry_name(host, port)), KEY) == expected


def test_all_lines_that_name_a_host_in_their_order_and_as_the_file_is_now(tmp_path):
    """Plain names are found without a look at the others, patterns and hashed ones among them in their places."""
    file = tmp_path / "known_hosts"
    lines = [f"other{number} ssh-ed25519 {TEXT}" for number in range(2000)]
    lines[3], lines[7], lines[11], lines[1500] = (f"{names} ssh-ed25519 {TEXT}" for names in ("esx0?", "ESX01,esx01", "esx01", "*,!esx01"))
    file.write_text("\n".join(lines))
    assert [key.place for key in known_keys([file], "esx01")] == [f"{file}:4", f"{file}:8", f"{file}:12"]
    remember(file, "esx01", "ssh-ed25519", KEY, hashed=True)
    assert [key.place for key in known_keys([file], "esx01")] == [f"{file}:4", f"{file}:8", f"{file}:12", f"{file}:2001"]


def test_hashed_names_as_openssh_writes_them(tmp_path):
    file = tmp_path / "known_hosts"
    file.write_text(f"esx01 ssh-ed25519 {TEXT}\n[esx02]:2222 ssh-ed25519 {TEXT}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "esx" not in file.read_text()
    assert standing(known_keys([file], "esx01"), KEY) == "known"
    assert standing(known_keys([file], "[esx02]:2222"), KEY) == "known"
    assert standing(known_keys([file], "esx02"), KEY) == "unknown"


def test_remembered_keys_are_found_by_openssh(tmp_path):
    file = tmp_path / "new" / "known_hosts"
    remember(file, "esx01", "ssh-ed25519", KEY)
    file.write_text(file.read_text().rstrip("\n"))  # as some editors leave it
    remember(file, "[esx02]:2222", "ssh-ed25519", KEY)
    assert len(file.read_text().splitlines()) == 2
    for name in ("esx01", "[esx02]:2222"):
        assert subprocess.run(["ssh-keygen", "-F", name, "-f", str(file)], capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("@cert-authority *.lab ssh-ed25519 K", True),
        ("@cert-authority *.lab ssh-ed25519 K\n@revoked * ssh-ed25519 AAAA", True),
        ("@cert-authority *.lab ssh-ed25519 K\nesx01.lab ssh-ed25519 AAAA", False),
        ("@cert-authority *.dc ssh-ed25519 K", False),
        ("@cert-authority *.lab,!esx01.lab ssh-ed25519 K", False),
        ("@revoked * ssh-ed25519 K", False),
        ("@no-such-marker *.lab ssh-ed25519 K", False),
        ("", False),
    ],
)
def test_hosts_for_which_only_an_authority_vouches(tmp_path, lines, expected):
    (tmp_path / "known_hosts").write_text(lines.replace(" K", f" {TEXT}") + "\n")
    assert rests_on_authority(known_keys([tmp_path / "known_hosts"], "esx01.lab")) == expected


def test_a_name_is_kept_hashed(tmp_path):
    file = tmp_path / "known_hosts"
    for _ in range(2):
        remember(file, "esx01", "ssh-ed25519", KEY, hashed=True)
    text = file.read_text()
    assert "esx01" not in text
    assert len({line.split()[0] for line in text.splitlines()}) == 2, "each with salt of its own"
    assert subprocess.run(["ssh-keygen", "-F", "esx01", "-f", str(file)], capture_output=True).returncode == 0
    assert standing(known_keys([file], "esx01"), KEY) == "known"


def test_a_line_cut_at_every_byte_names_no_other_key(tmp_path):
    line = f"@revoked |1|{base64.b64encode(b'x' * 20).decode()}|{base64.b64encode(b'y' * 20).decode()},*,esx01 ssh-ed25519 {TEXT}".encode()
    for end in range(len(line)):
        (tmp_path / "known_hosts").write_bytes(line[:end])
        assert all(key.blob == KEY[: len(key.blob)] and key.revoked for key in known_keys([tmp_path / "known_hosts"], "esx01"))


def test_a_pattern_of_many_stars_takes_no_time(tmp_path):
    (tmp_path / "known_hosts").write_text(f"{'*a' * 3000}b ssh-ed25519 {TEXT}\n")
    started = time.process_time()
    assert known_keys([tmp_path / "known_hosts"], "a" * 250) == ()
    assert time.process_time() - started < 2


def test_garbage(tmp_path):
    (tmp_path / "known_hosts").write_bytes(os.urandom(100_000))
    assert known_keys([tmp_path / "known_hosts", tmp_path / "absent", tmp_path], "esx01") == ()
