"""What reviewers found still standing: known addresses as no program writes them, rows wider than their columns, lines above dashes."""

from __future__ import annotations

import re

import pytest

from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.spelt import SpeltAddresses
from tshoot.redaction.tables import mapped_lines
from tshoot.redaction.vocabulary import vocabulary

KEY = bytes(range(32))
SEEN = "10.83.19.60 2a01:4f8:c17:93b4::2 00:50:56:6a:15:8e 10.20.30.40 1.1.1.1 10.0.0.1"
FOUR, SIX, MAC = SessionMap(KEY, vocabulary()).texts.line("10.83.19.60 2a01:4f8:c17:93b4::2 00:50:56:6a:15:8e").split()


def shown(text: str, seen: str = SEEN) -> tuple[str, SpeltAddresses]:
    session = SessionMap(KEY, vocabulary())
    for line in (seen, *text.split("\n")):
        session.texts.addresses.learn(line)
    return mapped_lines(text, session.texts), session.texts.addresses


@pytest.mark.parametrize(
    ("line", "gap"),
    [
        (r"grep '10\.83\.19\.60' vmkernel.log", r"\."),
        (r'"10\\.83\\.19\\.60"', r"\\."),
        ("10(dot)83(dot)19(dot)60", "(dot)"),
        ("10[dot]83[dot]19[dot]60", "[dot]"),
        ("10(.)83(.)19(.)60", "(.)"),
        ("227 Passive Mode (10,83,19,60,8,1).", ","),
        ("PORT 10,83,19,60,8,1", ","),
        ("10,83,19,60", ","),
        ("10/83/19/60", "/"),
        ("host 10 83 19 60 down", " "),
    ],
)
def test_a_known_ipv4_address_between_anything(line: str, gap: str) -> None:
    now, addresses = shown(line)
    assert FOUR.replace(".", gap) in now, now
    assert "83" not in now and addresses.left(now) == []
    assert addresses.left(line), "and where it was not mapped it is told"


def test_dots_need_not_be_alike() -> None:
    one, two, three, four = FOUR.split(".")
    assert shown(r"10.83.19[.]60 10[.]83(dot)19\.60")[0] == rf"{one}.{two}.{three}[.]{four} {one}[.]{two}(dot){three}\.{four}"
    assert shown("?q=%2010%2E83%2e19.60%2C")[0] == f"?q=%20{one}%2E{two}%2e{three}.{four}%2C"


@pytest.mark.parametrize(
    "line",
    ["00.50.56.6a.15.8e", "x00.50.56.6A.15.8E up", "00/50/56/6a/15/8e", "00%3A50%3a56%3A6a%3A15%3A8e", r"0050\.566a\.158e", "mac:00.50.56.6a.15.8e"],
)
def test_a_mac_between_anything(line: str) -> None:
    now, addresses = shown(line)
    digits = "".join(re.findall("[0-9a-f]", re.sub("%3a|mac|x| up", "", now.lower())))
    assert digits == MAC.replace(":", ""), now
    assert re.sub("[0-9A-Fa-f]", "", now) == re.sub("[0-9A-Fa-f]", "", line)
    assert addresses.left(now) == []


def test_a_mac_with_dots_is_one_and_no_ipv4_address_even_where_it_was_never_seen() -> None:
    now, addresses = shown("00.50.56.6a.15.8e is-at 00:50:56:6a:15:8e", "")
    dotted, _, colons = now.split()
    assert dotted.replace(".", ":") == colons == MAC
    assert bytes([0, 50, 56, 6]) not in addresses.known


@pytest.mark.parametrize(
    ("line", "like"),
    [
        ("2a01-4f8-c17-93b4--2.ipv6-literal.net", "-"),
        ("2a01-4f8-c17-93b4--2s4.ipv6-literal.net", "-"),
        ("host-2a01-4f8-c17-93b4--2-eth0", "-"),
        ("2a01-4f8-c17-93b4-0-0-0-2", "-"),
        ("2a01_4f8_c17_93b4__2", "_"),
        ("2a01%3a4f8%3ac17%3a93b4%3a%3a2", "%3a"),
        ("https://%5B2a01%3A4f8%3Ac17%3A93b4%3A%3A2%5D/", "%3A"),
    ],
)
def test_a_known_ipv6_address_between_anything(line: str, like: str) -> None:
    now, addresses = shown(line)
    assert SIX.replace(":", like) in now, now
    assert "4f8" not in now and addresses.left(now) == []
    assert addresses.left(line)


@pytest.mark.parametrize("line", ["2a01-04f8-0c17-93b4-0000-0000-0000-0002", "2a01%3a04f8%3a0c17%3a93b4%3a0000%3a0000%3a0000%3a0002"])
def test_escapes_are_no_digits_of_an_address(line: str) -> None:
    now, addresses = shown(line)
    assert "04f8" not in now and addresses.left(now) == []
    assert now.count("%3a") == line.count("%3a") and len(now) == len(line)


@pytest.mark.parametrize(
    "line",
    [
        "vlan 10,20,30,40",
        "switchport trunk allowed vlan 10,20,30,40,50,60",
        "1 1 1 1",
        "10 0 0 1",
        "1,1,1,1",
        "Te1/1/1/1 up",
        "5 10 83 19 60 7",
        "10 83 19 60.5",
        "10 83 19 60 8 1",
        "11 84 20 61",
        r"11\.84\.20\.61",
        "2026/11/21/07",
        "12-10-05 1--2 3__4 --------",
    ],
)
def test_counters_lists_and_interfaces_stay(line: str) -> None:
    assert shown(line)[0] == line


def test_a_row_that_is_wider_than_its_columns_is_not_cut() -> None:
    table = """IPv6 Address   MAC Address        Device
-----------  -----------------  ------
2a01:4f8:c17:93b4::2  00:50:56:6a:15:8e  vmk1
fd00::1      00:50:56:6a:15:8f  vmk2
"""
    title, dashes, wide, narrow, end = shown(table, "")[0].split("\n")
    assert title.split() == ["IPv6", "Address", "MAC", "Address", "Device"] and set(dashes) == {"-", " "} and not end
    assert wide.split() == [SIX, MAC, "vmk1"]
    assert narrow.endswith("vmk2") and "6a:15" not in narrow


def test_an_address_that_is_wider_than_its_column_is_one() -> None:
    table = "Address     State\n----------  -----\n85.214.177.131  up\r\n"
    now = shown(table, "")[0]
    assert re.fullmatch(r"\d+(?:\.\d+){3} +up\r", now.split("\n")[2]), now
    assert shown("85.214.177.131", "")[0] in now and "214" not in now


def test_what_stands_above_dashes_is_mapped() -> None:
    line = "zanzibar-esx07.quuxbank.de  10.83.19.60  00:50:56:6a:15:8e"
    now, addresses = shown(f"{line}\n-----  -----  -----\n", "")
    for word in ("zanzibar", "quuxbank", "10.83", "6a:15"):
        assert word not in now
    assert now.split("\n")[0] == shown(line, "")[0] and addresses.left(now) == []
    now = shown("10.83.19.60        quuxbank\n-----------------  --------\nzorro              up\n", "")[0]
    assert now.split("\n")[0].split()[0] == FOUR and "quuxbank" not in now


def test_titles_stay_as_they_are() -> None:
    table = """Name  IPv4 Address    IPv4 Netmask   IPv4 Broadcast  Address Type  Gateway  DHCP DNS
----  --------------  -------------  --------------  ------------  -------  --------
vmk0  127.0.0.1       255.0.0.0      127.0.0.1       STATIC        0.0.0.0     false"""
    assert shown(table, "")[0] == table
