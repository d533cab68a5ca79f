"""Finding a session again: words anywhere in it, filters, and nothing that anybody types is ever an error."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import report_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import START, VMKNIC, short_session

from tshoot.model.events import NoteAdded
from tshoot.session.archive.contents import addresses_in, host_alone
from tshoot.session.archive.index import with_archive
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.search import Hit, search
from tshoot.session.archive.when import period

DAY = 86400.0
NOW = START + 40 * DAY


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sessions, by playbook name: `alpha` the oldest, a day apart."""
    root = tmp_path_factory.mktemp("sessions")
    stories = {
        "alpha": samples.incident(START, "root@esx01.example:22"),
        "bravo": [
            *samples.incident(START + DAY, "esx02", "path.mtu-mismatch", "2001:db8::10"),
            NoteAdded(START + DAY + 9, "Grüße from the café", "anna"),
        ],
        "charlie": samples.incident(START + 2 * DAY, "[2001:db8:5::1]:22", "", "192.0.2.99", "healthy"),
        "delta": short_session()[:4],
    }
    for number, (name, events) in enumerate(stories.items()):
        samples.write_session(root, events, START + number * DAY, name)
    return root


def hits(root: Path, query: str, limit: int = 20) -> list[Hit]:
    return with_archive(root, lambda archive: search(archive, parse_query(query, NOW), limit))[0]


def found(root: Path, query: str) -> list[str]:
    return [hit.entry.playbook for hit in hits(root, query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["delta", "charlie", "bravo", "alpha"]),
        ("  ", ["delta", "charlie", "bravo", "alpha"]),
        ('"', []),
        ('""', []),
        ("!!! *", []),
        ("!!! esx02", ["bravo"]),
        ("vmknic", ["delta", "charlie", "bravo", "alpha"]),
        ("VMKNIC", ["delta", "charlie", "bravo", "alpha"]),
        ("esx02", ["bravo"]),
        ("88:e9:a4:6b:b8:54 esx02", ["bravo"]),
        ("café", ["bravo"]),
        ("cafe gruße", ["bravo"]),
        ("caf*", ["bravo"]),
        ("caf", []),
        ('"from the café"', ["bravo"]),
        ('"the from café"', []),
        ("the from café", ["bravo"]),
        ("cause:nfs.mount-denied", ["alpha"]),
        ("cause:nfs", ["alpha"]),
        ("cause:nf", []),
        ("cause:nfs cause:path", ["bravo", "alpha"]),
        ("verdict:healthy", ["charlie"]),
        ("verdict:none", ["delta"]),
        ("VERDICT:Fault", ["bravo", "alpha"]),
        ("playbook:bravo", ["bravo"]),
        ("target:esx01", ["delta", "alpha"]),
        ("target:esx01.example", ["delta", "alpha"]),
        ("target:root@esx01.example:22", ["alpha"]),
        ("target:esx0", []),
        ("target:2001:db8:5::1", ["charlie"]),
        ("target:host target:esx02", ["delta", "charlie", "bravo", "alpha"]),
        ("address:2001:0DB8::0010", ["bravo"]),
        ("address:192.0.2.99", ["charlie"]),
        ("address:2001:db8::/32", ["charlie", "bravo"]),
        ("address:203.0.113.0/24", []),
        ("address:nonsense", []),
        ("state:interrupted", ["delta"]),
        ("since:2026-11-22", ["delta", "charlie", "bravo"]),
        ("until:2026-11-22", ["bravo", "alpha"]),
        ("since:2026-11-22 until:2026-11-22", ["bravo"]),
        ("since:2026-12", []),
        ("until:2025", []),
        ("since:39d", ["delta", "charlie", "bravo"]),
        ("until:39d", ["alpha"]),
        ("since:yesterday", []),
        ("vmknic verdict:fault since:2026 cause:path target:esx02", ["bravo"]),
    ],
)
def test_what_is_found(root: Path, query: str, expected: list[str]) -> None:
    assert found(root, query) == expected


@pytest.mark.parametrize(
    "query",
    ['"', '""', '"unfinished', "*", "**", "a*b", "NEAR(a b)", "a AND OR NOT", "text:vmknic", "^vmknic", "-vmknic", "(", ")", "a OR", "{a b}:c", "'; DROP TABLE session; --",
     "\x00", "a\x00b", "\ud800", "\u202e", "cause:", 'cause:"', "since:", "since:99999", "since:2026-13", "since:99999999d", "address:::::", "address:1.2.3.4/99", "target:*",
     "%", "_", "é" * 5000, "x " * 5000, "🐘", "\u0301", "²", "٣", "state:nonsense", "until:0001"],
)  # fmt: skip
def test_odd_queries_are_no_errors(root: Path, query: str) -> None:
    assert isinstance(found(root, query), list)


@settings(max_examples=60, deadline=None)
@given(query=st.text(st.characters(categories=None), max_size=30) | st.from_regex(r"(since|until|cause|address|target):\S{0,12}", fullmatch=True))
def test_no_query_raises(root: Path, query: str) -> None:
    found(root, query)


def test_operators_are_words(root: Path) -> None:
    assert found(root, "esx02 OR esx01") == [] and found(root, "esx02 AND") == []


def test_a_hit_shows_where_it_stands(root: Path) -> None:
    (note,) = hits(root, "café")
    assert (note.kind, note.source, note.snippet) == ("note", "anna", "Grüße from the café")
    output = hits(root, "255.255.255.0")[0]
    assert (output.kind, output.source) == ("output", "host $ esxcfg-vmknic -l") and "255.255.255.0" in output.snippet
    (filtered,) = hits(root, "cause:nfs")
    assert (filtered.kind, filtered.snippet) == ("verdict", "the NFS server denies the mount")


def test_a_limit_keeps_the_newest_and_the_count(root: Path) -> None:
    shown, total = with_archive(root, lambda archive: search(archive, parse_query("vmknic", NOW), 2))
    assert [hit.entry.playbook for hit in shown] == ["delta", "charlie"] and total == 4


def at(*moment: int) -> float:
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", (at(2026, 1, 1), at(2027, 1, 1))),
        ("2026-12", (at(2026, 12, 1), at(2027, 1, 1))),
        ("2024-02-29", (at(2024, 2, 29), at(2024, 3, 1))),
        ("2026-10-05T14:30", (at(2026, 10, 5, 14, 30), at(2026, 10, 5, 14, 31))),
        ("2026-10-05t14:30:07z", (at(2026, 10, 5, 14, 30, 7), at(2026, 10, 5, 14, 30, 8))),
        ("2w", (at(2026, 1, 1) - 14 * DAY, at(2026, 1, 1))),
        ("9999", None),
        ("2026-02-30", None),
        ("12", None),
        ("d", None),
    ],
)
def test_times_as_people_type_them(text: str, expected: tuple[float, float] | None) -> None:
    assert period(text, at(2026, 1, 1)) == expected


def test_addresses_are_found_in_text_and_macs_and_clocks_are_not() -> None:
    text = "x 192.0.2.10, [2001:db8::1]:22 fe80::1%vmk0 88:e9:a4:6b:b8:54 12:30:45 1.2.3.4.5 999.1.1.1 :: 10.0.0.1."
    assert list(addresses_in(text)) == ["192.0.2.10", "2001:db8::1", "fe80::1", "10.0.0.1"]
    assert list(addresses_in(VMKNIC.decode())) == ["192.0.2.21", "255.255.255.0", "192.0.2.255"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.50:/vol/ds1 on 192.0.2.51:2049", ["192.0.2.50", "192.0.2.51"]),
        ("64 bytes from 192.0.2.50: icmp_seq=1", ["192.0.2.50"]),
        ("IP 192.0.2.7.1021 > 192.0.2.50.2049: Flags [S]", ["192.0.2.7", "192.0.2.50"]),
        ("neighbor 2001:db8::50: up, 2001:db8::/32 by 2001:db8::1", ["2001:db8::50", "2001:db8::", "2001:db8::1"]),
        ("inet6 addr:2001:db8::9/64, 10.1.1.5..10.1.1.9", ["2001:db8::9", "10.1.1.5", "10.1.1.9"]),
        ("from ::ffff:192.0.2.50 port 22", ["::ffff:c000:232", "192.0.2.50"]),
        ("version 8.0.2.10.5, OID 1.3.6.1.2.1.4, 12:30:45", []),
    ],
)
def test_addresses_as_programs_write_them(text: str, found: list[str]) -> None:
    assert list(addresses_in(text)) == found


@pytest.mark.parametrize(
    ("host", "alone"), [("root@esx01:22", "esx01"), ("[2001:db8::1]:22", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"), ("a@b@c", "c"), ("", "")]
)
def test_a_host_without_user_and_port(host: str, alone: str) -> None:
    assert host_alone(host) == alone
