"""When a command of a recording was typed: days, years and zones, of one log and of several in one file, and what is only claimed as far as it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tshoot.transcripts.foreign.dates import beginning, dates
from tshoot.transcripts.foreign.recorded import read_recording
from tshoot.transcripts.foreign.typed import typed
from tshoot.transcripts.times import clock_line, names_zone, stamped
from tshoot.transcripts.zones import offset_of

PUTTY = "=~=~=~=~=~= PuTTY log {} =~=~=~=~=~=\n"
AT_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()  # when a file without a head was written


def read(text: str, written: float = AT_NOON) -> tuple[list[tuple[str, str]], list[str], str]:
    """(command, time) of each command, the remarks, and when the recording began."""
    recorded = read_recording(Path("a.log"), text.encode()).since(written)
    found, remarks = typed(recorded)
    return [(one.command, _shown(one.at)) for one in found], remarks, _shown(beginning(recorded, found))


def _shown(at: float | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


# --- a line of a log is no clock ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "printed",
    [
        "*Nov 19 03:00:01.000: %BGP-5-ADJCHANGE: neighbor 192.0.2.1 Down\n*Nov 19 03:00:02.000: debug: no syslog",
        "*Nov 19 03:00:02.000: debug: no syslog\nmore\n*Nov 19 03:00:03.000: debug",
        "\n2026-11-19T03:00:01.000Z something",
    ],
)
def test_what_a_log_says_of_another_day_is_not_when_it_was_asked_for(printed: str) -> None:
    text = f"R2#show clock\n*07:01:22.123 UTC Sat Nov 21 2026\nR2#show arp\nx\nR2#show logging\n{printed}\nR2#show ip bgp summary\n% BGP not active\nR2#\n"
    commands, remarks, began = read(text)
    assert commands == [("show clock", ""), ("show arp", "2026-11-21 07:01:22"), ("show logging", ""), ("show ip bgp summary", "")]
    assert (remarks, began) == ([], "2026-11-21 07:01:22")


@pytest.mark.parametrize("command", ["cat /tmp/stamp", "grep -c x /var/log/messages", "esxcli storage core device stats get | wc -l"])
@pytest.mark.parametrize("printed", ["2026-11-19T03:00:01Z", "1234567890", "Thu Nov 19 03:00:01 UTC 2026"])
def test_a_date_in_a_file_and_a_number_of_ten_digits_are_no_clock(command: str, printed: str) -> None:
    commands, _, _ = read(f"[root@esx01:~] {command}\n{printed}\n[root@esx01:~] esxcfg-route -l\nVMkernel Routes:\n")
    assert commands == [(command, ""), ("esxcfg-route -l", "")]


@pytest.mark.parametrize("command", ["date", "esxcli system time get", "./poll.sh"])
def test_what_is_asked_for_the_time_tells_it(command: str) -> None:
    commands, _, _ = read(f"[root@esx01:~] {command}\n2026-11-19T03:00:01Z\n[root@esx01:~] esxcfg-route -l\nVMkernel Routes:\n")
    assert "2026-11-19 03:00:01" in [at for _, at in commands]


# --- several logs in one file -----------------------------------------------------------------------------


def test_each_head_of_an_appended_log_dates_what_stands_below_it() -> None:
    day = "[{h}:05] R2#show arp\n[{h}:05] x\n[{h}:20] R2#exit\n"
    commands, remarks, _ = read(
        PUTTY.format("2026.11.19 09:00:01") + day.format(h="09:00") + PUTTY.format("2026.11.21 14:00:01") + day.format(h="14:00")
    )
    assert [at for _, at in commands] == ["2026-11-19 09:00:05", "2026-11-19 09:00:20", "2026-11-21 14:00:05", "2026-11-21 14:00:20"]
    assert remarks == ["no time zone is told in the head of the recording and beside the times of R2: these are given as if they were UTC"]


@pytest.mark.parametrize("head", [PUTTY, "[BEGIN] {}\n", "Script started on {}\n"])
@pytest.mark.parametrize("days", [(19, 21), (21, 19)])
def test_where_nothing_else_tells_the_first_command_below_a_head_has_its_time(head: str, days: tuple[int, int]) -> None:
    form = {PUTTY: "2026.11.{} 09:00:01", "[BEGIN] {}\n": "2026/11/{} 9:00:01", "Script started on {}\n": "2026-11-{} 09:00:01+00:00"}[head]
    commands, remarks, began = read("".join(head.format(form.format(day)) + "R2#show arp\nx\nR2#exit\n" for day in days))
    assert commands == [("show arp", f"2026-11-{days[0]} 09:00:01"), ("exit", ""), ("show arp", f"2026-11-{days[1]} 09:00:01"), ("exit", "")]
    assert began == "2026-11-19 09:00:01"
    assert bool(remarks) == (head != "Script started on {}\n")


def test_one_head_leaves_its_commands_without_a_time_of_their_own() -> None:
    commands, _, began = read(PUTTY.format("2026.11.19 09:00:01") + "R2#show arp\nx\nR2#exit\n")
    assert (commands, began) == ([("show arp", ""), ("exit", "")], "2026-11-19 09:00:01")


# --- midnight and New Year --------------------------------------------------------------------------------


def test_a_year_that_is_not_told_is_that_of_the_moment_before() -> None:
    text = "Dec 31 23:59:50: R2#show arp\nDec 31 23:59:51: x\nJan  1 00:00:10: R2#exit\n"
    expected = [("show arp", "2025-12-31 23:59:50"), ("exit", "2026-01-01 00:00:10")]
    assert read(PUTTY.format("2025.12.31 23:59:01") + text)[0] == expected
    assert read(text, datetime(2026, 1, 1, 8, tzinfo=UTC).timestamp())[0] == expected  # the file was written after it


def test_a_log_that_was_begun_before_midnight_goes_on_after_it() -> None:
    assert read(PUTTY.format("2026.11.19 23:59:50") + "[00:00:05] R2#show arp\n[00:00:06] x\n")[0] == [("show arp", "2026-11-20 00:00:05")]


def test_days_are_counted_back_from_the_date_of_a_file_without_a_head() -> None:
    text = "[23:59:58] R2#show arp\n[23:59:59] x\n[00:00:03] R2#exit\n"
    assert read(text)[0] == [("show arp", "2026-11-21 23:59:58"), ("exit", "2026-11-22 00:00:03")]
    assert read(text, datetime(2026, 11, 22, 0, 1, tzinfo=UTC).timestamp())[0][0] == ("show arp", "2026-11-21 23:59:58")


@pytest.mark.parametrize(
    ("times", "base", "expected"),
    [
        ([None, 951_782_400.0], 1_795_244_400.0, [None, None]),  # 29 February, in no year near 2026
        ([951_782_400.0], 1_709_200_000.0, [1_709_164_800.0]),  # in 2024
        ([-30_000_000_000.0, 32_503_680_000.0], 0.0, [None, None]),  # the years 1019 and 3000
        ([86_000.0, 100.0, 200.0], 1_795_219_200.0, [1_795_305_200.0, 1_795_305_700.0, 1_795_305_800.0]),
    ],
)
def test_what_is_no_date_of_a_recording_is_none(times: list[float | None], base: float, expected: list[float | None]) -> None:
    assert dates(times, base) == expected


# --- zones ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Z", 0),
        ("UTC", 0),
        ("CET", 1),
        ("CEST", 2),
        ("EST", -5),
        ("PDT", -7),
        ("JST", 9),
        ("+05:30", 5.5),
        ("-0330", -3.5),
        ("+03", 3),
        ("+00:00", 0),
    ],
)
def test_a_zone_that_means_one_offset(zone: str, hours: float) -> None:
    assert offset_of(zone) == hours * 3600


@pytest.mark.parametrize("zone", ["CST", "IST", "BST", "HOME", "", "cet", "+5", "+99:00", "[/foo]"])
def test_a_word_that_does_not_tell_an_offset(zone: str) -> None:
    assert offset_of(zone) is None


@pytest.mark.parametrize(
    ("line", "utc", "zoned"),
    [
        ("*07:01:22.000 UTC Sat Nov 21 2026", "07:01:22", True),
        ("09:01:30.000 CET Sat Nov 21 2026", "08:01:30", True),
        ("09:01:30.000 HOME Sat Nov 21 2026", "09:01:30", False),
        ("Sat Nov 21 10:31:50 EST 2026", "15:31:50", True),
        ("Sat Nov 21 10:31:50 CST 2026", "10:31:50", False),
        ("Sat Nov 21 10:31:50 2026", "10:31:50", False),
        ("Sat 21 Nov 2026 10:31:50 PM +03", "19:31:50", True),
        ("2026-11-21T10:31:50-05:00", "15:31:50", True),
        ("2026-11-21 10:31:50", "10:31:50", False),
        ("1795244482", "07:01:22", True),
    ],
)
def test_a_clock_in_its_zone(line: str, utc: str, zoned: bool) -> None:
    assert (_shown(clock_line(line)), names_zone(line)) == (f"2026-11-21 {utc}", zoned)


@pytest.mark.parametrize(
    ("line", "seconds", "zoned"),
    [
        ("[2026-11-21T09:01:22+02:00] R2#", 1_795_244_482.0, True),
        ("[2026-11-21 07:01:22] R2#", 1_795_244_482.0, False),
        ("Nov 21 08:01:22 CET: %SYS-5", 974_790_082.0, True),
        ("07:01:22 UTC R2#", 25_282.0, False),  # a time of day is of no day: its zone tells nothing
        ("R2#show clock", None, False),
    ],
)
def test_a_stamp_in_its_zone(line: str, seconds: float | None, zoned: bool) -> None:
    assert (stamped(line)[0], names_zone(line)) == (seconds, zoned)


def test_a_typescript_and_the_date_within_it_are_of_one_clock() -> None:
    text = "[root@esx01:~] date\nSat Nov 21 10:31:50 EST 2026\n[root@esx01:~] esxcli storage nfs list\nx\n"
    commands, remarks, began = read(f'Script started on 2026-11-21 10:31:44-05:00 [TERM="xterm"]\n{text}')
    assert (commands[1][1], began, remarks) == ("2026-11-21 15:31:50", "2026-11-21 15:31:44", [])
    commands, remarks, began = read(f"Script started on Sat 21 Nov 2026 10:31:44 AM EST\n{text}")
    assert (commands[1][1], began, remarks) == ("2026-11-21 15:31:50", "2026-11-21 15:31:44", [])


def test_two_devices_in_two_zones_are_two_clocks() -> None:
    ask = "{0}#show clock\n{1} Sat Nov 21 2026\n{0}#show arp\nx\n"
    commands, remarks, _ = read(ask.format("R1", "07:01:22.000 UTC") + ask.format("R2", "08:01:30.000 CET") + ask.format("R3", "12:31:40.000 IST"))
    assert [at[11:] for _, at in commands if at] == ["07:01:22", "07:01:30", "12:31:40"]
    assert remarks == ["no time zone is told beside the times of R3: these are given as if they were UTC"]


def test_a_head_without_a_zone_does_not_say_when_clocks_with_one_began() -> None:
    """PuTTY on a desk in New York, a router on UTC: five hours would have passed before the first command."""
    text = "R2#show clock\n14:00:05.000 UTC Sat Nov 21 2026\nR2#show arp\nx\n"
    commands, remarks, began = read(PUTTY.format("2026.11.21 09:00:01") + text)
    assert (commands[1], began) == (("show arp", "2026-11-21 14:00:05"), "2026-11-21 14:00:05")
    assert remarks == ["no time zone is told in the head of the recording: these are given as if they were UTC"]


def test_a_clock_that_was_never_set_is_named() -> None:
    """IOS without NTP begins in 1993: how far apart its times are is known, no more."""
    ask = "R2#show clock\n*00:05:{}.000 UTC Mon Mar 1 1993\nR2#show arp\nx\n"
    commands, remarks, _ = read(PUTTY.format("2026.11.21 09:00:01") + ask.format("10") + ask.format("40"))
    assert [at[-5:] for _, at in commands if at] == ["05:10", "05:40"]
    assert "the clock of R2 tells a year before 2000" in remarks[-1]
    assert not any("before 2000" in remark for remark in read("Jan  1 00:00:10: R2#show arp\nJan  1 00:00:10: x\n")[1])


def test_times_of_a_cast_are_utc() -> None:
    head, sent = '{"version": 2, "width": 80, "height": 24, "timestamp": 1795257084}', '[1.5, "o", "R2#show arp\\r\\nx\\r\\n"]'
    assert read(f"{head}\n{sent}\n") == ([("show arp", "2026-11-21 10:31:25")], [], "2026-11-21 10:31:24")
