"""Prompts, times, screens, wrapped commands: who was asked what, when, and which lines are the answer."""

from __future__ import annotations

import pytest

from tshoot.transcripts.commands import known_command
from tshoot.transcripts.logs import log_line
from tshoot.transcripts.pieces import forward, split
from tshoot.transcripts.prompts import prompt_of, router_prompts
from tshoot.transcripts.reading import read
from tshoot.transcripts.screen import shown
from tshoot.transcripts.text import TextLine
from tshoot.transcripts.times import clock_line, stamped


def lines(text: str) -> list[TextLine]:
    return [TextLine(number, line) for number, line in enumerate(text.split("\n"), 1)]


@pytest.mark.parametrize(
    ("line", "host", "kind", "command"),
    [
        ("R2#show ipv6 route", "R2", "cli", "show ipv6 route"),
        ("R2# show ipv6 route", "R2", "cli", "show ipv6 route"),
        ("R2>", "R2", "cli", ""),
        ("R2(config-router-af)#do sh ip bgp", "R2", "cli", "do sh ip bgp"),
        ("switch-1(config-if-Et1)#", "switch-1", "cli", ""),
        ("[07:01:22] R2#sh clock", "R2", "cli", "sh clock"),
        ("2026-11-21 07:01:22 R2#sh clock", "R2", "cli", "sh clock"),
        ("bird> show route", "", "bird", "show route"),
        ("[root@esx01:~] esxcfg-route -l", "esx01", "esxi", "esxcfg-route -l"),
        ("[root@esx01:/vmfs/volumes] ls", "esx01", "esxi", "ls"),
        ("~ # vmkping 192.0.2.1", "", "esxi", "vmkping 192.0.2.1"),
        ("root@lab:/tmp# ip neigh", "lab", "shell", "ip neigh"),
        ("user@lab:~$ ip neigh", "lab", "shell", "ip neigh"),
        ("[root@lab ~]# date", "lab", "shell", "date"),
        ("(venv) user@lab:~$ date", "lab", "shell", "date"),
        ("$ ip neigh", "", "shell", "ip neigh"),
        ("# tcpdump -n", "", "shell", "tcpdump -n"),
    ],
)
def test_a_prompt(line: str, host: str, kind: str, command: str) -> None:
    prompt = prompt_of(line, frozenset({"R2", "switch-1"}))
    assert prompt is not None
    assert (prompt.host, prompt.kind, prompt.command) == (host, kind, command)


@pytest.mark.parametrize(
    "line",
    [
        "a>b",
        "c4:17:fe:12:7d:75 > 33:33:ff:00:00:01, ethertype IPv6",
        "*>i2001:DB8::/32  2001:DB8::1",
        "# a remark in a configuration",
        "10.0.0.1 > 10.0.0.2: ICMP echo request",
        "[/foo]",
        "[@click=app.quit]x[/]",
        "2026-11-21 07:09:19.391 <TRACE> r1: BGP session closed",
        "x" * 3000 + "#show",
        "",
    ],
)
def test_no_prompt(line: str) -> None:
    assert prompt_of(line, router_prompts([line])) is None


def test_a_router_shows_itself_by_what_is_typed() -> None:
    assert router_prompts(["R2#sh ip ro", "a>b", "user> some words", "sw(config)#exit"]) == {"R2", "sw"}
    assert router_prompts(["R7#", "text", "R7#"]) == {"R7"}
    assert router_prompts(["R7#"]) == frozenset()


@pytest.mark.parametrize(
    ("line", "seconds", "rest"),
    [
        ("*Nov 21 07:01:22.123: BGP(1): x", 974790082.123, "BGP(1): x"),
        ("Nov 21 07:01:22 UTC: %BGP-5", 974790082.0, "%BGP-5"),
        ("2026/11/21 07:01:22 BGP: x", 1795244482.0, "BGP: x"),
        ("[2026-11-21T07:01:22Z] x", 1795244482.0, "x"),
        ("07:01:22.5 x", 25282.5, "x"),
        ("Feb 30 07:01:22: x", 951894082.0, "x"),  # a day too many is the next month's: only differences count
        ("Foo 21 07:01:22: x", None, "x"),
        ("Routing entry", None, "Routing entry"),
        ("2001:DB8::1 x", None, "2001:DB8::1 x"),
    ],
)
def test_a_stamp_in_front(line: str, seconds: float | None, rest: str) -> None:
    told, left = stamped(line)
    assert left == rest
    assert told == (pytest.approx(seconds, rel=0, abs=0.001) if seconds is not None and told is not None else seconds)


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("*07:01:22.123 UTC Sat Nov 21 2026", 1795244482.123),
        (".07:01:22.123 CET Sat Nov 21 2026", 1795240882.123),
        ("Time source is NTP, 07:01:22.123 UTC Sat Nov 21 2026", 1795244482.123),
        ("Sat Nov 21 07:01:22 UTC 2026", 1795244482.0),
        ("Sat Nov 21 07:01:22 2026", 1795244482.0),
        ("Sat 21 Nov 2026 07:01:22 PM UTC", 1795287682.0),
        ("2026-11-21T07:01:22+00:00", 1795244482.0),
        ("1795244482.5", 1795244482.5),
        ("--- 07:01:22 ---", 25282.0),
        ("10.1.1.1", None),
        ("2001:db8::1", None),
        ("      Last updated 00:00:13 ago", None),
        ("a" * 5000, None),
    ],
)
def test_a_line_that_tells_the_time(line: str, seconds: float | None) -> None:
    assert clock_line(line) == (None if seconds is None else pytest.approx(seconds, rel=0, abs=0.001))


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("R2#shwo\b \b\b \bow ip\x1b[K\r", "R2#show ip"),
        (" --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bB   2001::/64", "B   2001::/64"),
        (" --More--", ""),
        ("<--- More --->\r              \rline", "line"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("old\rnew text", "new text"),
        ("50%\r100%", "100%"),
        ("[/foo]", "[/foo]"),
        ("more than that", "more than that"),
        ("\b\b\bx", "x"),
    ],
)
def test_what_a_terminal_shows(sent: str, seen: str) -> None:
    assert shown(sent) == seen


def test_midnight_passes() -> None:
    assert forward([86390.0, None, 5.0, 20.0]) == [86390.0, None, 86405.0, 86420.0]
    assert forward([1795244482.0, 1795244481.0]) == [1795244482.0, 1795244481.0]


def test_log_lines_leave_the_answer_and_its_numbers_alone() -> None:
    text = "R2#show ipv6 route X\nRouting entry\n*Nov 21 07:01:22.1: BGP(1): no valid path for X\n  Known via\nR2#"
    transcript = split(lines(text))
    asked = next(piece for piece in transcript.pieces if piece.command)
    assert [(line.number, line.text) for line in asked.lines] == [(2, "Routing entry"), (4, "  Known via")]
    assert [(log.host, log.source, log.number) for log in transcript.logs] == [("R2", "ios", 3)]


def test_a_clock_dates_the_answer_that_follows_on_that_host() -> None:
    text = "R1#sh clo\n*07:00:00.0 UTC Sat Nov 21 2026\nR2#sh clock\n*07:00:09.0 UTC Sat Nov 21 2026\nR1#sh ver\nx\nR2#sh ver\ny\nR1#sh ver\nz"
    assert [(piece.host, piece.at) for piece in split(lines(text)).pieces if piece.command == "sh ver"] == [
        ("R1", 1795244400.0),
        ("R2", 1795244409.0),
        ("R1", None),
    ]


def test_the_time_that_ios_prints_before_an_answer_is_its_own() -> None:
    text = "R2#sh ver\nLoad for five secs: 1%/0%; one minute: 2%; five minutes: 1%\nTime source is NTP, 07:00:00.0 UTC Sat Nov 21 2026\n\nanswer"
    asked = next(piece for piece in split(lines(text)).pieces if piece.command)
    assert asked.at == 1795244400.0
    assert [line.number for line in asked.lines if line.text] == [5]


def test_over_ssh_the_other_host_answers() -> None:
    text = "[root@jump ~]# ssh -p 22 admin@r2 'show ipv6 route'\nx\n[root@jump ~]# ssh r3\n"
    assert [(piece.host, piece.command) for piece in split(lines(text)).pieces if piece.command] == [("r2", "show ipv6 route"), ("jump", "ssh r3")]


@pytest.mark.parametrize(
    ("platform", "typed", "command"),
    [
        ("cisco_ios", "sh ipv6 ro 2001:db8::/64", "show ipv6 route 2001:db8::/64"),
        ("cisco_ios", "sh bgp ipv6 uni 2001:DB8::/64", "show bgp ipv6 unicast 2001:DB8::/64"),
        ("cisco_ios", "sh ip ro 10.0.0.1", "show ip route 10.0.0.1"),  # ip, not ipv6
        ("cisco_ios", "SH RUN | s router bgp", "show running-config | section router bgp"),
        ("vmware_esxi", "vmkping -I vmk1 -d -s 8972 192.0.2.50", "vmkping -I vmk1 -d -s 8972 192.0.2.50"),
    ],
)
def test_a_command_is_written_out(platform: str, typed: str, command: str) -> None:
    known = known_command(platform, typed)
    assert known is not None
    assert known.command == command
    assert known.parser


@pytest.mark.parametrize("typed", ["sh", "conf t", "reload", "sh ipv6 ro not-an-address", "x" * 5000, "sh " * 300, "", "[/foo]"])
def test_a_command_that_is_not_known(typed: str) -> None:
    assert known_command("cisco_ios", typed) is None
    assert known_command("no-such-platform", typed) is None


def test_hosts_are_told_apart_with_their_reasons() -> None:
    text = "[root@esx01:~] esxcli network nic list\nx\nroot@r2:~# birdc show protocols\ny\nsw1#sh ver\nArista DCS-7050\nn1#sh ver\nCisco Nexus Operating System (NX-OS)"
    hosts = {host: guess.platform for host, guess in read(lines(text)).hosts.items() if host}
    assert hosts == {"esx01": "vmware_esxi", "r2": "bird", "sw1": "arista_eos", "n1": "cisco_nxos"}


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("*Nov 21 07:01:22.1: %BGP-5-ADJCHANGE: neighbor 2001:DB8::1 Up", "ios"),
        ("000012: *Nov 21 07:01:22.1: %BGP-5-ADJCHANGE: neighbor 2001:DB8::1 Up", "ios"),
        ("BGP(1): nettable_walker 2001:DB8::/64 no best path", "ios"),
        ("2026/11/21 07:08:07.312 BGP: [HZN6M-XRM1G] %NOTIFICATION: sent to neighbor", "frr"),
        ("2026-11-21 07:09:26.158 <RMT> r1: Error: Hold timer expired", "bird"),
        ("[ 12.3] IPv6: eth0: IPv6 duplicate address 2001:db8::1 detected!", "kernel"),
    ],
)
def test_a_line_of_a_log(line: str, source: str) -> None:
    log = log_line(TextLine(1, line), "")
    assert log is not None
    assert log.source == source


@pytest.mark.parametrize("line", ["Routing entry for 2001:db8::/64", "router bgp 65012", "  BGP neighbor is 10.0.0.1,  remote AS 65012", "x: y"])
def test_no_line_of_a_log(line: str) -> None:
    assert log_line(TextLine(1, line), "") is None
