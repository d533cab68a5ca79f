"""Our reading of ssh_config, compared with what OpenSSH's own client makes of the same file (`ssh -G`)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tshoot.errors import TargetError, UsageError
from tshoot.transports.address import parse_address
from tshoot.transports.ssh_config import HostSettings, named_hosts, resolve

CONFIG = """
# global
Include conf.d/*.conf
Host esx* !esx99
    User root
    IdentityFile ~/.ssh/esx_%h
    Include nested
    Port 2022
Host=esx01
    HostName %h.example.com
    User never-the-second-value
    IdentityFile "/keys/with space"
Host quoted "with space"
    HostName "192.0.2.9"
    HostKeyAlias farm
    UserKnownHostsFile /one /two
    IdentitiesOnly yes
    ConnectTimeout 3
Match host 192.0.2.77 user admin
    Port 7777
Match originalhost named all
    HostName named.example.com
Host *
    ServerAliveInterval 5
    User everyone
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text("Host inc\n  Port 2201\n")
    (tmp_path / "conf.d" / "b.conf").write_text(f"Host inc\n  Port 2202\n  User included\nInclude {tmp_path}/config\n")  # a cycle
    (tmp_path / "nested").write_text("Host esx01\n  ConnectTimeout 7\nHost other\n  Port 1\n")
    (tmp_path / "config").write_text(CONFIG.replace("Include nested", f"Include {tmp_path}/nested").replace("conf.d/", f"{tmp_path}/conf.d/"))
    return tmp_path / "config"


def ours(typed: str, config: Path) -> HostSettings:
    return resolve(parse_address(typed), config)


@pytest.mark.parametrize("typed", ["esx01", "esx02", "esx99", "inc", "quoted", "unnamed", "other", "me@esx01"])
def test_as_openssh_reads_it(config, tmp_path, typed):
    flat = tmp_path / "flat"  # OpenSSH stops at a cycle with an error
    (tmp_path / "conf.d" / "b.conf").write_text("Host inc\n  Port 2202\n  User included\n")
    flat.write_text(config.read_text())
    said = subprocess.run(["ssh", "-G", "-F", str(flat), typed], capture_output=True, text=True, check=True).stdout
    theirs = [line.partition(" ")[::2] for line in said.splitlines()]
    single = dict(theirs)
    got = ours(typed, flat)
    assert (got.host, str(got.port), got.user) == (single["hostname"], single["port"], single["user"])
    assert got.identities_only == (single["identitiesonly"] == "yes")
    assert got.host_key_alias == single.get("hostkeyalias")
    assert got.connect_timeout == (None if single["connecttimeout"] == "none" else float(single["connecttimeout"]))
    named = [value for name, value in theirs if name == "identityfile"]
    if got.identity_files:
        assert [str(path) for path in got.identity_files] == [str(Path(value.replace("%h", got.host)).expanduser()) for value in named]


def test_a_cycle_of_includes_ends(config):
    assert (ours("inc", config).port, ours("inc", config).user) == (2201, "included")


def test_typed_parts_win(config):
    got = ours("me@esx02:99", config)
    assert (got.user, got.port) == ("me", 99)


def test_match(config, tmp_path):
    assert ours("admin@192.0.2.77", config).port == 7777
    assert ours("root@192.0.2.77", config).port == 22
    assert ours("named", config).host == "named.example.com"


def test_several_known_hosts_files(config):
    assert ours("quoted", config).known_hosts == (Path("/one"), Path("/two"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Host esx01\n ProxyJump bastion\n", "ssh_config sets proxyjump for it (bastion)"),
        ("ProxyCommand nc %h %p\n", "ssh_config sets proxycommand for it (nc %h %p)"),
        ("Match host esx01 exec true\n Port 1\n", "`Match host esx01 exec true`, whose `exec` tshoot does not support yet"),
    ],
)
def test_ways_that_are_not_supported_are_refused_in_words(tmp_path, text, words):
    (tmp_path / "config").write_text(text)
    with pytest.raises(TargetError) as caught:
        ours("esx01", tmp_path / "config")
    assert caught.value.kind == "unreachable"
    assert caught.value.message.startswith("esx01: ")
    assert words in caught.value.message
    assert "ssh -L" in caught.value.hint


def test_ways_that_concern_other_hosts_or_are_turned_off(tmp_path):
    (tmp_path / "config").write_text(
        "Host inner\n ProxyJump bastion\nMatch host elsewhere exec true\n Port 1\nHost *\n ProxyJump none\n ProxyCommand none\n"
    )
    assert ours("esx01", tmp_path / "config").port == 22


@pytest.mark.parametrize("text", ["Port many\n", "Port 0\n", "Port 99999\n", "Port ²\n", "ConnectTimeout soon\n"])
def test_values_that_are_no_numbers(tmp_path, text):
    (tmp_path / "config").write_text(text)
    with pytest.raises(UsageError, match="is no number"):
        ours("esx01", tmp_path / "config")


def test_hostile_text_does_no_harm(tmp_path):
    (tmp_path / "config").write_bytes(
        b'\xff\x00Host "unclosed\n=\nHost\nMatch\nInclude\nInclude /\nInclude /**/x\nUser\n' + b"Host " + b"*" * 2000 + b"x\n Port 1\n"
    )
    assert ours("esx01", tmp_path / "config").port == 22


def test_no_file(tmp_path):
    assert ours("esx01", tmp_path / "absent").host == "esx01"
    assert ours("esx01", None).host == "esx01"


def test_the_names_that_can_be_completed(tmp_path):
    (tmp_path / "config").write_text("Include d/*\nHost nas1 nas2 *.lab !secret\nMatch host x\n  Include config\n", encoding="utf-8")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text("Host esx0? esx01\nHost nas1\n", encoding="utf-8")
    assert named_hosts(tmp_path / "config") == ("esx01", "nas1", "nas2")
    assert named_hosts(tmp_path / "none") == named_hosts(None) == ()
