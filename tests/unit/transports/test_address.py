from __future__ import annotations

import pytest

from tshoot.errors import UsageError
from tshoot.transports.address import Address, parse_address, parse_jump


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("esx01", Address("esx01")),
        (" esx01.example.com ", Address("esx01.example.com")),
        ("root@esx01", Address("esx01", "root")),
        ("root@esx01:2222", Address("esx01", "root", 2222)),
        ("esx01:2222", Address("esx01", None, 2222)),
        ("192.0.2.1:22", Address("192.0.2.1", None, 22)),
        ("2001:db8::1", Address("2001:db8::1")),
        ("root@2001:db8::1", Address("2001:db8::1", "root")),
        ("[2001:db8::1]", Address("2001:db8::1")),
        ("[2001:db8::1]:2222", Address("2001:db8::1", None, 2222)),
        ("root@[fe80::1%eth0]:2222", Address("fe80::1%eth0", "root", 2222)),
        ("user@domain@esx01", Address("esx01", "user@domain")),
    ],
)
def test_what_the_operator_types(typed, expected):
    assert parse_address(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "root@",
        "@esx01",
        "-oProxyCommand=x",
        "root@-x",
        "a b",
        "a:b",
        "esx01:0",
        "esx01:65536",
        "esx01:",
        "[esx01]:22",
        "[::1",
        "a;b",
        "a\nb",
        "-x@esx01",
        "r t@esx01",
        "a/b",
    ],
)
def test_what_is_no_target(typed):
    with pytest.raises(UsageError, match="is no target"):
        parse_address(typed)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("gate", Address("gate")),
        ("me@gate:2222", Address("gate", "me", 2222)),
        ("ssh://gate", Address("gate")),
        ("SSH://me@gate:2222/", Address("gate", "me", 2222)),
        ("ssh://a%40b@gate", Address("gate", "a@b")),
        ("ssh://me;fingerprint=x@gate", Address("gate", "me")),
        ("[2001:db8::1]:22", Address("2001:db8::1", None, 22)),
    ],
)
def test_jump_hosts(written, expected):
    assert parse_jump(written) == expected


@pytest.mark.parametrize(
    "written", ["", "ssh://", "ssh://@gate", "ssh://gate:0", "ssh://gate/path", "-oX", "ssh://-oX", "ssh://a%00@gate", "a b", "ssh://me:s3cret@gate"]
)
def test_no_jump_hosts(written):
    with pytest.raises(UsageError):
        parse_jump(written)
