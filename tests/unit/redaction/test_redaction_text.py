"""Texts: what stays, what goes, what comes back."""

from __future__ import annotations

import re

import pytest

from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.tables import mapped_lines
from tshoot.redaction.vocabulary import vocabulary

KEY = bytes(range(32))


def fresh(back: bool = False) -> SessionMap:
    return SessionMap(KEY, vocabulary(), back=back)


def mapped(text: str) -> str:
    texts = fresh().texts
    for line in text.split("\n"):
        texts.addresses.learn(line)
    return mapped_lines(text, texts)


@pytest.mark.parametrize(
    "line",
    [
        "vmk1  up  mtu 9000  GigabitEthernet0/1 Te1/0/1 eth0@if7 vlan20 port-channel1",
        "3 packets transmitted, 3 packets received, 0% packet loss",
        "2026-11-21T03:41:07.123Z 12:34:56 00:00:10 1d02h 100ms",
        "255.255.255.0 0.0.0.255 0.0.0.0 127.0.0.1 ::1 ff02::1",
        "inet 127.0.0.1/8 scope host lo",
        "%BGP-3-NOTIFICATION: sent 2/2 (peer in wrong AS) 2 bytes FDE8",
        "neighbor remote-as 65001 AS_PATH 65001 65002",
        "/var/log/vmkernel.log",
        "a route -> … next hop",
    ],
)
def test_ordinary_words_numbers_and_times_stay(line: str) -> None:
    assert mapped(line) == line


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("mount nas-07.storage.corp.example:/vol/payroll", "nas storage corp payroll"),
        ("user jdoe logged in from 10.20.30.40", "jdoe 10.20.30"),
        ("neighbor 2001:DB8:77:1::9: went down", "77 DB8:77"),
        ("server 10.20.30.40:2049, tcpdump 10.20.30.40.2049 > 10.20.30.41.744:", "10.20.30"),
        ("ip-10-20-30-40.internal and v10.20.30.40", "10-20-30 10.20.30"),
        ("40.30.20.10.in-addr.arpa", "40.30.20"),
        ("1.3.6.1.2.1.4.20.1.1.10.20.30.40 10.20.30.40", "10.20.30.40"),
        ("route 0x0a141e28 of 10.20.30.40", "0a141e28 10.20.30"),
        ("OPEN: FFFF FFFF FFFF FFFF 0A14 1E28 of 10.20.30.40", "0A14"),
        ("mac 0050.56ab.cdef 00:50:56:ab:cd:ef 00-50-56-AB-CD-EF 0:50:56:ab:cd:ef", "56ab cdef 00:50:56 ab:cd 0050 AB-CD 50:56"),
        ("volume 5f1c2d3e-0a1b2c3d-ab12-005056abcdef", "5f1c2d3e 005056abcdef"),
        ("/vmfs/volumes/Kundendaten/x.vmdk", "Kundendaten"),
        ("\\\\filer\\share-hr", "filer hr"),
        ("http://wiki.intern.acme.com/x", "wiki intern acme"),
        ("fe80::250:56ff:feab:cdef%vmk1", "56ff:feab"),
        ("server büro", "büro"),
        ("peer r2.acme.corp up", "r2 acme"),
        ("50:06:01:60:3b:20:11:22", "06:01:60:3b"),
    ],
)
def test_names_and_addresses_go(line: str, gone: str) -> None:
    shown = mapped(line)
    for token in gone.split():
        assert not re.search(rf"(?<![A-Za-z0-9]){re.escape(token)}(?![A-Za-z0-9])", shown), shown
    assert shown.count("\n") == line.count("\n")


def test_a_target_of_one_letter_is_no_interface() -> None:
    texts = fresh().texts
    assert texts.line("R2#show r2") == "R2#show r2"
    texts = fresh().texts
    texts.learn_host("jdoe@r2.acme.corp:22")
    prompt, _, word = texts.line("R2#show r2").partition("#show ")
    assert prompt.lower() == word != "r2"
    assert texts.name("r2.acme.corp").startswith(f"{word}.")


def test_every_spelling_of_one_address_becomes_the_same() -> None:
    shown = mapped("10.20.30.40 0x0a141e28 10-20-30-40 40.30.20.10.in-addr.arpa")
    dotted, hexadecimal, dashed, reverse = shown.split()
    assert bytes.fromhex(hexadecimal[2:]) == bytes(map(int, dotted.split(".")))
    assert dashed.replace("-", ".") == dotted
    assert ".".join(reversed(reverse.split(".")[:4])) == dotted
    macs = [re.sub("[.:-]", "", part).lower() for part in mapped("0050.56ab.cdef 00:50:56:ab:cd:ef 00-50-56-AB-CD-EF").split()]
    assert len(set(macs)) == 1


def test_networks_keep_their_zeros_and_hold_their_addresses() -> None:
    shown = mapped("10.20.30.0/24 via 10.20.30.1\n10.20.30.0\n10.99.0.0 255.255.0.0 10.99.7.7\n2001:db8:5::/48 2001:db8:5:1::1").split("\n")
    assert re.fullmatch(r"(10\.\d+\.\d+)\.0/24 via \1\.\d+", shown[0])
    assert shown[1] == shown[0].split("/")[0]
    assert re.fullmatch(r"(10\.\d+)\.0\.0 255\.255\.0\.0 \1\.\d+\.\d+", shown[2])
    assert shown[3].split("::/48")[0] in shown[3].split()[1]


def test_columns_under_dashes_are_set_anew() -> None:
    shown = mapped("Volume Name  Host      Accessible\n-----------  --------  ----------\nzorro        10.0.0.1        true\n")
    title, dashes, row, _ = shown.split("\n")
    columns = [run.start() for run in re.finditer("-+", dashes)]
    assert [title[at:].split()[0] for at in columns] == ["Volume", "Host", "Accessible"]
    assert row[columns[1] :].startswith("10.")
    assert row[columns[2] :].strip() == "true"


def test_it_comes_back_with_the_key() -> None:
    line = "mount nas-07.storage.corp.example /vol/payroll for jdoe at 10.20.30.40, 2001:db8:77:1::9, 00:50:56:ab:cd:ef of 10.20.30.0/24"
    assert fresh(back=True).texts.lines(mapped(line)) == line
    assert SessionMap(bytes(32), vocabulary(), back=True).texts.lines(mapped(line)) != line


def test_names_of_ordinary_words_come_back_with_nearly_every_key() -> None:
    """They leave the ordinary words, where there is no room for all: two may meet in one, rarely."""
    line, back = "host esx01.example.net of the nas-log02", 0
    for number in range(24):
        key = number.to_bytes(32, "big")
        hidden = SessionMap(key, vocabulary()).texts.line(line)
        assert "esx" not in hidden and "example" not in hidden
        back += SessionMap(key, vocabulary(), back=True).texts.line(hidden) == line
    assert back >= 22


def test_what_a_capture_shows_is_what_texts_say() -> None:
    session = fresh()
    assert session.text(b"/vol/payroll").decode() == session.texts.line("/vol/payroll")
    assert session.text(b"nas-07").decode() == session.texts.line("nas-07")
    assert len(session.text(b"10.0.0.1")) == 8
    assert b"10.0.0.1" not in session.text(b"10.0.0.1")
