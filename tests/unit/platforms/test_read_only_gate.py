"""The read-only gate: what the cases need passes, what could change anything does not, and the shell sees what we saw."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tshoot.platforms.loader import load_platform, platform_names
from tshoot.platforms.rules import CommandRule, plain_words
from tshoot.platforms.slots import SLOTS

HERE = Path(__file__).parent
DANGEROUS = HERE.joinpath("commands_dangerous.txt").read_text().splitlines()
READING = {
    platform: HERE.joinpath(file).read_text().splitlines()
    for platform, file in (
        ("vmware_esxi", "commands_esxi.txt"),
        ("linux", "commands_linux.txt"),
        ("frr", "commands_frr.txt"),
        ("frr_vtysh", "commands_frr_vtysh.txt"),
        ("bird", "commands_bird.txt"),
    )
}


@pytest.mark.parametrize("name", READING)
def test_reading_commands_pass(name: str) -> None:
    platform = load_platform(name)
    assert [command for command in READING[name] if platform.rule_for(command) is None] == []


@pytest.mark.parametrize("name", platform_names())
def test_dangerous_commands_are_refused(name: str) -> None:
    platform = load_platform(name)
    assert [command for command in DANGEROUS if platform.rule_for(command) is not None] == []


def test_a_ping_of_linux_needs_an_end() -> None:
    """On the other platforms it ends by itself."""
    ends = {name for name in platform_names() if load_platform(name).rule_for("ping 192.0.2.9") is not None}
    assert "linux" not in ends
    assert {"vmware_esxi", "cisco_ios"} <= ends


APPENDED = [
    "; reboot",
    "\nreboot",
    "\r\nreboot",
    "\treboot",
    " && reboot",
    " & reboot",
    " | sh",
    " $(reboot)",
    " `reboot`",
    " > /etc/passwd",
    " >> /tmp/x",
    " < /dev/null",
    " #",
    " *",
    " ~",
    " \\",
    "'",
    '"',
    "\x00",
    "\x1b[2K",
    "\u202e",
    "\u00a0x",
    " 'x",
    " {a,b}",
    "(",
    ")",
]


@pytest.mark.parametrize("name", READING)
def test_nothing_can_be_appended(name: str) -> None:
    platform = load_platform(name)
    longer = [text for command in READING[name] for tail in APPENDED for text in (command + tail, tail.strip() + command) if text != command]
    assert [text for text in longer if platform.rule_for(text) is not None] == []


def test_there_are_enough_dangerous_commands() -> None:
    assert len(set(DANGEROUS)) >= 150


@pytest.mark.parametrize(
    ("slot", "good", "bad"),
    [
        (
            "ip",
            ["192.0.2.1", "2001:db8::1", "fe80::1%vmk0"],
            ["192.0.2", "192.0.2.1/24", "nas", "", "-1", "0x7f.1", "fe80::1%", "fe80::1%a b", "fe80::1%$(x)", "fe80::1%-x", "192.0.2.1%eth0"],
        ),
        ("host", ["nas01", "nas01.example.net", "192.0.2.1", "2001:db8::1"], ["-h", "", "a b", "a/b", "user@nas", "nás", "a" * 300]),
        ("interface", ["vmk0", "eth0.10", "br-lan", "if@peer"], ["-vmk0", "", "a b", "../x", "a" * 40]),
        ("port", ["1", "2049", "65535"], ["0", "65536", "-1", "1-5", "٢", "", "1.5"]),
        ("integer", ["0", "1472"], ["-1", "1.5", "", "1e3", "٢", "1" * 10]),
        ("number", ["0", "1472", "0.25"], ["-1", ".5", "1.", "", "1e3", "inf", "nan"]),
        ("interval", ["0.1", "1", "2.5", "10"], ["0", "0.05", "11", "3600", "nan", "-1"]),
        ("count", ["1", "5", "100"], ["0", "101", "999999999", "-1", "1.5", ""]),
        ("bytes", ["0", "56", "8972", "65507"], ["65508", "999999999", "-1", ""]),
        (
            "path",
            ["/tmp", "/vmfs/volumes/a b/x.pcap", "/"],
            ["tmp", "/tmp/../etc", "/..", "//server", "", "-x", "/a'b", "/a$b", "/a`b", "/a;b", "/a|b", "/a>b", "/a\\b", "/a*b", "/a!b", "/{a,b}"],
        ),
        ("word", ["vxlan", "nfsClient", "vSwitch0"], ["-x", "", "a b", "a=b", "/x", "a;b"]),
        ("name", ["VM Network", "vSwitch0", "a (b)/c"], ["-x", "", " x", "a;b", "a'b", "a$b", "a\\b", "a\tb"]),
        (
            "prefix",
            ["192.0.2.0/24", "2001:db8::/32", "192.0.2.1/32"],
            ["192.0.2.0", "2001:db8::", "192.0.2.0/33", "192.0.2.0/255.255.255.0", "/24", ""],
        ),
        (
            "port_name",
            ["GigabitEthernet0/0/1.100", "Gi0/1", "Ethernet1/1", "Port-channel10", "vlan1"],
            ["Null", "0/1", "-x1", "Gi0/1/", "../1", "Gi 0/1", ""],
        ),
        ("mac", ["0050.5600.5315", "00:50:56:00:53:15", "00-50-56-00-53-15"], ["0050.5600", "00:50:56:00:53", "0050.5600.531g", "all", ""]),
        (
            "filter",
            ["port 2049 or port 111", "(icmp or icmp6)", "tcp[13] & 4 != 0", "host 2001:db8::1"],
            ["-w x", " -w x", "", "a;b", "a$b", "a`b", "a'b"],
        ),
    ],
)
def test_slots(slot: str, good: list[str], bad: list[str]) -> None:
    assert [word for word in good if not SLOTS[slot](word)] == []
    assert [word for word in bad if SLOTS[slot](word)] == []


def test_every_slot_is_tested() -> None:
    (marks,) = (mark for mark in test_slots.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    assert {case[0] for case in marks.args[1]} == set(SLOTS)


@settings(max_examples=200)
@given(st.sampled_from(sorted(SLOTS)), st.text(max_size=30))
def test_no_slot_takes_an_option(slot: str, rest: str) -> None:
    assert not SLOTS[slot]("-" + rest)


def test_groups_come_in_any_order_each_once() -> None:
    rule = CommandRule("probe [-a] [-b {integer}] {host} [-v]")
    for command in ("probe nas", "probe -a nas", "probe -b 1 -a nas", "probe -a -b 1 nas -v"):
        assert rule.matches(command), command
    for command in ("probe", "probe -a -a nas", "probe -b nas", "probe nas -a", "probe -v nas", "probe -ab 1 nas", "probe | nas", "probes nas"):
        assert not rule.matches(command), command


def test_a_needed_group_stands_anywhere_among_its_neighbours_but_is_there() -> None:
    rule = CommandRule("probe [-a] [!-b {integer}] [-c] {host}")
    for command in ("probe -b 1 nas", "probe -a -b 1 nas", "probe -b 1 -c -a nas", "probe -c -a -b 1 nas"):
        assert rule.matches(command), command
        assert [value for slot, value in rule.filled(command) or ()] == ["1", "nas"]
    for command in (
        "probe nas",
        "probe -a nas",
        "probe -a -c nas",
        "probe -b nas",
        "probe -b 1 -b 1 nas",
        "probe nas -b 1",
        "probe !-b 1 nas",
        "probe -b 1",
    ):
        assert not rule.matches(command), command


def test_one_of_several_words() -> None:
    rule = CommandRule("probe bgp|ospf [-a|-b {integer}] {host}")
    for command in ("probe bgp nas", "probe ospf -b 1 nas", "probe ospf -a 1 nas"):
        assert rule.matches(command), command
    for command in (
        "probe bgp|ospf nas",
        "probe 'bgp|ospf' nas",
        "probe nas",
        "probe b nas",
        "probe bgp ospf nas",
        "probe bgp -c 1 nas",
        "probe bgp | nas",
    ):
        assert not rule.matches(command), command
    assert CommandRule("show x | include|count {word}", line="cli").matches("show x | count y")


@pytest.mark.parametrize("pattern", ["a x|", "a |x", "a x||y", "a x|{ip}", "a [x|]", "show x | include|tee {word}", "show x | tee|include {word}"])
def test_bad_choices_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="`"):
        CommandRule(pattern, line="cli")


@pytest.mark.parametrize(
    "pattern",
    ["", "[-a]", "{host} x", "a [b", "a b]", "a [b [c]]", "a []", "a [! ]", "[!-a]", "a {nosuch}", "a {host}x", "a {host", "a |", "| a", "a | [b]"],
)
def test_bad_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        CommandRule(pattern)


@pytest.mark.parametrize("shell", [found for name in ("dash", "bash", "busybox", "zsh") if (found := shutil.which(name))])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["a", "-x", " ", "=", "/tmp", "fe80::1%vmk0", "'", '"', "''", '"a b"', "'$x'", "'\"'", "~", "$x", "\\", "{a,b}", "*", "#", "!", "%1"]
            ),
            st.text(max_size=4).map(lambda text: f"'{text}'"),
            st.text(max_size=4).map(lambda text: f'"{text}"'),
            st.text(max_size=2),
        ),
        max_size=8,
    ).map("".join)
)
def test_the_shell_splits_as_we_do(shell: str, arguments: str) -> None:
    """What passes as plain words reaches a program as exactly those words, whatever the shell."""
    stages = plain_words(f"show {arguments}")
    assume(stages is not None and len(stages) == 1)
    assert stages is not None
    command = [shell, "sh"] if shell.endswith("busybox") else [shell]
    script = 'show() { for word in "$@"; do printf \'%s\\0\' "$word"; done; }; show ' + arguments
    run = subprocess.run([*command, "-c", script], capture_output=True, check=False, timeout=60)
    assert run.returncode == 0 and run.stderr == b""
    assert tuple(run.stdout.decode().split("\0")[:-1]) == stages[0][1:]


@settings(max_examples=300, deadline=1000)
@given(st.sampled_from(platform_names()), st.sampled_from([command for commands in READING.values() for command in commands]), st.data())
def test_mutated_commands_never_raise_and_never_smuggle(platform: str, command: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(command)))
    mutated = command[:at] + data.draw(st.text(alphabet=";&|<>`$()\n\\*?~#{}!'\" -", min_size=1, max_size=4)) + command[at:]
    if load_platform(platform).rule_for(mutated) is not None:
        stages = plain_words(mutated)
        assert stages is not None
        unquoted = "".join(part for index, part in enumerate(mutated.replace('"', "'").split("'")) if index % 2 == 0)
        assert not set(unquoted) & set(";&<>`$()\n\\*?~#{}!")
        assert len(stages) == 1 or "tail" in stages[1]


def test_a_very_long_or_repetitive_command_is_answered_at_once() -> None:
    platform = load_platform("vmware_esxi")
    for command in (
        "vmkping " + "-d " * 1300 + "x",
        "nc " + "-u -v " * 600,
        "vmkping '" + "a" * 4000,
        "a" * 10_000_000,
        "vmkping " + "-s 1 " * 800 + "x",
    ):
        assert platform.rule_for(command) is None
