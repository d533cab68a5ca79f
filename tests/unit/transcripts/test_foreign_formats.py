"""Recordings of other programs to lines with times: what they are, what they say of time, and files that lie, are cut, or are something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tshoot.errors import SessionError
from tshoot.transcripts.foreign import asciicast, typed, typescript
from tshoot.transcripts.foreign.recorded import Recorded, read_recording
from tshoot.transcripts.foreign.typed_piece import Typed
from tshoot.transcripts.screen import shown

FOLDER = Path(__file__).parents[3] / "fixtures/recordings"
ESX = [
    "esxcfg-vmknic -l",
    "esxcfg-route -l",
    "vmkping -I vmk1 -d -s 1472 -c 3 192.0.2.50",
    "nc -z -w 5 192.0.2.50 2049",
    "nc -z -w 5 192.0.2.50 111",
    "nc -z -w 5 192.0.2.50 635",
    "nc -uz -w 5 192.0.2.50 2049",
    "esxcli storage nfs list",
    "grep -i nfs /var/log/vmkernel.log | tail -n 50",
    "exit",
]
HEAD = b'{"version": 2, "width": 80, "height": 24, "timestamp": 1795257084}\n'


def recording(raw: bytes, timing: bytes | None = None) -> Recorded:
    return read_recording(Path("a file"), raw, timing)


def commands(recorded: Recorded, started: float = 1_795_257_084.0) -> list[Typed]:
    return typed.typed(recorded.since(started))[0]


def cast(*events: object, head: bytes = HEAD) -> bytes:
    return head + b"".join(json.dumps(event).encode() + b"\n" for event in events)


# --- what the recorders of this machine write ----------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("esx.typescript", "typescript"), ("esx.cast", "asciicast v2"), ("esx-v3.cast", "asciicast v3")])
def test_a_shell_as_script_and_asciinema_record_it(name: str, kind: str) -> None:
    timing = (FOLDER / "esx.timing").read_bytes() if kind == "typescript" else None
    recorded = recording((FOLDER / name).read_bytes(), timing)
    found = commands(recorded)
    assert recorded.format == kind
    assert recorded.remarks == ()
    assert [one.command for one in found] == ESX  # a mistyped command taken back, one from the history with another end
    assert {(one.host, one.kind) for one in found} == {("esx01", "esxi")}
    times = [one.at for one in found]
    assert times == sorted(times, key=lambda at: at or 0.0) and None not in times
    assert 1_795_258_000 < (times[0] or 0) < 1_795_260_000
    assert all(one.until is not None and one.at is not None and one.until >= one.at for one in found if one.lines)
    assert found[0].lines[0].text.startswith("Interface  Port Group/DVPort")


def test_versions_two_and_three_say_the_same() -> None:
    two, three = (commands(recording((FOLDER / name).read_bytes())) for name in ("esx.cast", "esx-v3.cast"))
    assert [(one.command, one.text) for one in two] == [(one.command, one.text) for one in three]
    assert [round(one.at or 0, 3) for one in two] == [round(one.at or 0, 3) for one in three]


def test_a_typescript_alone_has_the_same_commands_and_no_times() -> None:
    found = commands(recording((FOLDER / "esx.typescript").read_bytes()))
    assert [one.command for one in found] == ESX
    assert {one.at for one in found} == {None}
    assert not any("Script done" in one.text for one in found)


def test_a_putty_log_dates_what_its_devices_say() -> None:
    recorded = recording((FOLDER / "router.putty.log").read_bytes())
    found = commands(recorded)
    assert (recorded.format, recorded.started) == ("PuTTY log", 1_795_251_601.0)
    lookups = [one for one in found if one.command == "sh ipv6 ro 2001:DB9:121:100::/64"]
    assert [round((one.at or 0) - 1_795_251_601) for one in lookups] == list(range(0, 315, 15))
    assert found[0].command == "" and found[0].lines[0].text == "login as: tom"  # nothing is lost


def test_a_client_that_stamps_every_line_is_read_without_its_stamps() -> None:
    recorded = recording((FOLDER / "vm.securecrt.log").read_bytes())
    found = commands(recorded)
    assert recorded.format == "SecureCRT log"
    assert [one.host for one in found] == ["host", "host", "gw", "gw"]
    assert found[2].text.splitlines()[0] == "Protocol  Address          Age (min)  Hardware Addr   Type   Interface"
    assert found[0].at == 1_795_255_200.0  # 2026-11-21 10:00:00, of the first prompt's stamp


def test_times_of_day_have_the_day_of_the_recording() -> None:
    text = b"[BEGIN] 2019/6/24 23:59:00\n[23:59:58] R2#show clock\n[00:00:03] R2#show ip arp\n[00:00:04] Protocol  Address\n"
    assert [one.at for one in commands(recording(text))] == [1_561_420_798.0, 1_561_420_803.0]


# --- timing files ---------------------------------------------------------------------------------------

SCRIPT = b'Script started on 2026-11-21 10:31:44+00:00 [TERM="xterm"]\n'
BODY = b"R2#show ip arp\r\nInternet  10.0.0.1  1  c417.fe12.7d75  ARPA  Gi0/1\r\nR2#"


def test_the_advanced_form_and_input_that_lies_in_the_typescript() -> None:
    secret = b"hunter2\n"
    timing = b"H 0.0 INPUT_LOG both\nH 0.0 OUTPUT_LOG both\nO 1.5 16\nI 1.0 %d\nO 2.0 60\n" % len(secret)
    recorded = recording(SCRIPT + BODY[:16] + secret + BODY[16:], timing)
    assert "hunter2" not in "".join(line.text for line in recorded.text.lines)
    assert [(one.command, one.at, one.until) for one in commands(recorded)] == [("show ip arp", 1_795_257_105.5, 1_795_257_108.5)]
    output, moves = typescript.output_only(SCRIPT + BODY[:16] + secret + BODY[16:], timing)
    assert output == SCRIPT + BODY
    assert commands(recording(output, moves)) == commands(recorded)


@pytest.mark.parametrize(
    ("timing", "remark"),
    [
        (b"0.1 16\n0.2 999999999999\n", "speaks of 1000000000015 bytes"),
        (b"0.1 16\nnonsense\n0.2 60\n", "1 lines of the timing file were not understood"),
        (b"999999999.0 16\n999999999.0 60\n", ""),
        (b"0.1 16\n-5 60\nnan 3\n", "2 lines of the timing file were not understood"),
    ],
)
def test_a_timing_file_that_lies(timing: bytes, remark: str) -> None:
    recorded = recording(SCRIPT + BODY, timing)
    assert remark in "; ".join(recorded.remarks)
    found = commands(recorded)
    assert [one.command for one in found] == ["show ip arp"]
    assert 1_795_257_104 <= (found[0].at or 0) < 1_795_257_104 + 367 * 86_400


def test_a_timing_file_without_times_is_refused() -> None:
    with pytest.raises(SessionError, match="holds no times"):
        recording(SCRIPT + BODY, b"hello\n")


# --- asciicasts that are cut, or lie ----------------------------------------------------------------------


def test_an_asciicast_that_is_cut_in_an_event() -> None:
    raw = cast([0.5, "o", "R2#show ip arp\r\n"], [1.0, "o", "Internet  10.0.0.1\r\n"])[:-9]
    recorded = recording(raw)
    assert [one.command for one in commands(recorded)] == ["show ip arp"]
    assert "1 lines of the asciicast are no events (the first is line 3)" in recorded.remarks[0]


def test_times_never_run_backwards_nor_beyond_reason() -> None:
    events = ([9.0, "o", "R2#show clock\r\n"], [1.0, "o", "x\r\nR2#show ip arp\r\n"], [1e300, "o", "y\r\n"], [True, "o", "z"], [None, "o", "z"])
    recorded = recording(cast(*events))
    assert [time and time - 1_795_257_084 for time in recorded.times] == [9.0, 9.0, 9.0]
    assert "3 lines" in recorded.remarks[0]


def test_what_was_typed_is_never_looked_at_and_markers_are_kept() -> None:
    recorded = recording(cast([0.1, "i", "hunter2"], [0.2, "o", "R2#show ip arp\r\n"], [0.3, "m", "here it\u202e broke"], [0.4, "r", "80x24"]))
    assert "hunter2" not in repr(recorded)
    assert recorded.markers == ((1_795_257_084.3, "here it broke"),)


def test_more_events_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asciicast, "MOST_EVENTS", 10)
    recorded = recording(cast(*([float(number), "o", f"R2#show ip arp {number}\r\n"] for number in range(50))))
    assert len(commands(recorded)) == 10
    assert recorded.remarks == ("only the first 10 lines of the asciicast were read",)


# --- bounds, and files of other kinds -----------------------------------------------------------------------


def test_more_commands_than_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "MOST_COMMANDS", 20)
    found, remarks = typed.typed(recording(b"R2#show ip arp\n" * 3000).since(0.0))
    assert len(found) == 20
    assert remarks == ["only the first 20 of 3000 commands were taken, to line 20"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "is a capture of packets"),
        (b"\x1f\x8b\x08\x00", "is compressed by gzip"),
        (b"PK\x03\x04", "is compressed by zip"),
        (b"0.010217 7\n0.295535 6\n", "is a timing file of script"),
        (b"H 0.000000 START_TIME 2026-11-21 10:31:44+00:00\n", "is a timing file of script"),
        (b'{"version": 7, "width": 80}\n', "an asciicast of version 7 is not read"),
        (b'{"version": 1, "width": 80,\n "stdout": [[0.2, "x"]]}', "an asciicast v1 is not read"),
        (HEAD, "holds no output"),
        (bytes(range(256)) * 20, "no text of a terminal"),
        (b"=~=~=~=~=~= PuTTY log 2026.11.21 09:00:01 =~=~=~=~=~=\nIncoming packet #0x1, type 20\n", "a PuTTY log of SSH packets"),
    ],
)
def test_other_files_are_refused_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(SessionError, match=words) as caught:
        recording(raw)
    assert caught.value.hint


def test_a_timing_file_belongs_to_a_typescript() -> None:
    with pytest.raises(SessionError, match="a timing file belongs to a typescript"):
        recording(b"R2#show ip arp\n", b"0.1 5\n")


HOSTILE = st.sampled_from(
    [
        b"\x1b]0;x\x07",
        b"\x1b[999999C",
        b"\x1b[9999@",
        b"\x1b[K",
        b"\x9b",
        b"[/foo]",
        b"R2#",
        b"\r",
        b"\b" * 40,
        b"\x00",
        b"[1e999,",
        b"]",
        b"{",
        b"\n",
    ]
)
FILES = [(FOLDER / name).read_bytes() for name in ("esx.typescript", "esx.cast", "esx-v3.cast", "router.putty.log", "vm.securecrt.log")]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FILES), st.lists(st.tuples(st.integers(0, 9000), HOSTILE), max_size=6), st.integers(0, 9000))
def test_mutated_recordings_are_read_or_refused_in_words(raw: bytes, changes: list[tuple[int, bytes]], cut: int) -> None:
    for at, piece in changes:
        raw = raw[:at] + piece + raw[at + 1 :]
    raw = raw[: max(1, len(raw) - cut)]
    try:
        recorded = recording(raw)
    except SessionError as error:
        assert error.hint
        return
    found = commands(recorded)
    lines = [line.number for one in found for line in one.lines]
    assert len(lines) == len(set(lines))
    assert all(text.isprintable() for one in found for text in (one.command,))


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("shwo\b\bow", "show"),
        ("show ip\x1b[2Dru", "show ru"),
        ("abcdef\r\x1b[3Pxyz", "xyz"),
        ("ab\r\x1b[2@--", "--ab"),
        ("long old command\r\x1b[Knew", "new"),
        ("one\x1b[2Ktwo", "   two"),
        ("\x1b[9999999CX", "X"),
        ("a\x1b[3Gc", "a c"),
    ],
)
def test_a_line_that_was_edited(sent: str, seen: str) -> None:
    assert shown(sent) == seen
