"""The read-only gate where the line is a device's own command line: no abbreviation, no second command, no file, no key that acts while it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tshoot.errors import PlaybookError
from tshoot.platforms.cli_line import FILTERS, cli_words
from tshoot.platforms.loader import Platform, load_platform, platform_names, read_platform
from tshoot.platforms.rules import CommandRule

HERE = Path(__file__).parent
DANGEROUS = HERE.joinpath("commands_cli_dangerous.txt").read_text(encoding="utf-8").splitlines()
ROUTER = """\
title: A router
transport: ssh-cli
cli: {device_type: cisco_ios, enable: true}
refusals: ["^% Invalid input", '^% ?Ambiguous command']
commands:
  - {match: "show version"}
  - {match: "show ip route [vrf {word}] [{ip}]"}
  - {match: "show ip route {prefix} [longer-prefixes]"}
  - {match: "show interfaces [{port_name}]"}
  - {match: "show running-config | section {word}"}
  - {match: "show running-config | section ^router"}
  - {match: "show logging | include {word}"}
"""
READING = [
    "show version",
    "  show   version  ",
    "show ip route",
    "show ip route 192.0.2.1",
    "show ip route vrf blue 192.0.2.1",
    "show ip route 192.0.2.0/24 longer-prefixes",
    "show interfaces GigabitEthernet0/0/1.100",
    "show running-config | section bgp",
    "show running-config |section bgp",
    "show running-config| section bgp",
    "show running-config|section bgp",
    "show running-config | section ^router",
    "show logging | include 192.0.2.1",
]


@pytest.fixture(scope="module")
def router(tmp_path_factory) -> Platform:
    file = tmp_path_factory.mktemp("platform") / "router.yaml"
    file.write_text(ROUTER, encoding="utf-8")
    return read_platform(file)


@pytest.mark.parametrize("command", READING)
def test_reading_commands_pass(router: Platform, command: str) -> None:
    assert router.rule_for(command) is not None


@pytest.mark.parametrize("command", DANGEROUS)
def test_dangerous_lines_are_refused(router: Platform, command: str) -> None:
    assert router.rule_for(command) is None


@pytest.mark.parametrize("name", platform_names())
def test_dangerous_lines_are_refused_on_every_platform(name: str) -> None:
    assert [command for command in DANGEROUS if load_platform(name).rule_for(command) is not None] == []


def test_there_are_enough_dangerous_lines() -> None:
    assert len(set(DANGEROUS)) >= 110


TAILS = [
    "\n",
    "\nreload",
    "\r",
    "\r\nreload",
    "\x0breload",
    "\x0c",
    "\x1e",
    "\x85",
    "\u2028reload",
    "\t",
    "\x00",
    "\x03",
    "\x16?",
    "\x1a",
    "\x1b[A",
    "\x7f",
    "\x08",
    "?",
    " ?",
    ";reload",
    " ; reload",
    "!",
    " !x",
    "#",
    "&",
    "'",
    '"',
    "\\",
    "$",
    "`",
    "<",
    ">",
    " > x",
    " >> x",
    "|",
    " |",
    " | redirect flash:x",
    "|redirect flash:x",
    " | red flash:x",
    " | append flash:x",
    " | tee flash:x",
    " | no-more | tee x",
    "\u00a0x",
    "\u202e",
    "\u200b",
    "\u0301",
    "\uff5c redirect flash:x",
    "\u00a6 redirect x",
    "\u2223 tee x",
]


@pytest.mark.parametrize("command", READING)
def test_nothing_can_be_appended(router: Platform, command: str) -> None:
    for tail in TAILS:
        assert router.rule_for(command + tail) is None, repr(tail)


SHIPPED = [name for name in platform_names() if load_platform(name).cli is not None]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(READING), st.data())
def test_mutated_lines_never_smuggle(router: Platform, command: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(command)))
    mutated = command[:at] + data.draw(st.text(min_size=1, max_size=4)) + command[at:]
    if router.rule_for(mutated) is not None:
        assert mutated.isascii()
        assert mutated.isprintable()
        assert not set(mutated) & set(";?!#&'\"\\$`<>(){}[]~")
        assert mutated.count("|") <= 1
        assert mutated.split()[0] == "show"


@settings(max_examples=300)
@given(st.text(max_size=40))
def test_whatever_passes_the_lexer_is_words_and_pipes(line: str) -> None:
    stages = cli_words(line)
    if stages is not None:
        assert " ".join(" | ".join(" ".join(stage) for stage in stages).split()) == " ".join(line.replace("|", " | ").split())


@pytest.mark.parametrize("verb", ["redirect", "tee", "append", "red", "file", "vsh", "sed", "awk", "email", "include|tee", "sort", "diff", "wc", "i"])
def test_no_platform_can_let_a_pipe_lead_anywhere(verb: str) -> None:
    with pytest.raises(ValueError, match=r"after `\|` a CLI may only have|must start with"):
        CommandRule(f"show version | {verb} {{word}}", line="cli")


def test_the_pipes_of_shipped_platforms_only_select_and_format() -> None:
    for name in SHIPPED:
        for rule in load_platform(name).commands:
            assert rule.line == "cli"
            assert {part.split()[0] for part in rule.pattern.split(" | ")[1:]} <= FILTERS


def test_what_may_follow_every_show_command(tmp_path: Path) -> None:
    file = tmp_path / "router.yaml"
    pipes = "cli: {device_type: cisco_ios, enable: true, pipes: ['include|exclude {word} [{word}]', count]}"
    file.write_text(ROUTER.replace("cli: {device_type: cisco_ios, enable: true}", pipes) + '  - {match: "ping {ip}"}\n', encoding="utf-8")
    platform = read_platform(file)
    for command in ("show version | include up", "show ip route | exclude a b", "show interfaces Gi0/1 | count", "show version|include up"):
        rule = platform.rule_for(command)
        assert rule is not None and rule.parser is None and rule.place.startswith("router.yaml:"), command
    for command in (
        "ping 192.0.2.1 | include x",
        "show version | include",
        "show version | section x",
        "show version | include a | count",
        "show running-config | count",
    ):
        assert platform.rule_for(command) is None, command
    file.write_text(ROUTER.replace("cli: {device_type: cisco_ios, enable: true}", pipes.replace("count", "'redirect {word}'")), encoding="utf-8")
    with pytest.raises(PlaybookError, match="after `\\|` a CLI may only have"):
        read_platform(file)


def test_a_command_line_inside_a_quoted_word_of_the_shell() -> None:
    rule = CommandRule("vtysh -c 'show [ip] route {ip} [json]'")
    for command in ("vtysh -c 'show ip route 192.0.2.1 json'", 'vtysh -c "show route 192.0.2.1"'):
        assert rule.matches(command), command
    for command in (
        "vtysh -c show ip route 192.0.2.1",
        "vtysh -c 'show ip route 192.0.2.1;reload'",
        "vtysh -c 'show ip route 192.0.2.1' -c 'configure'",
        "vtysh -c 'show ip route 192.0.2.1\nconfigure'",
        "vtysh -c 'show ip route 192.0.2.1 | tee x'",
        "vtysh -c 'configure terminal'",
        "vtysh -c 'show ip route $(reboot)'",
        'vtysh -c "show ip route $(reboot)"',
        "vtysh -c 'show ip route 192.0.2.1'; reboot",
        "vtysh -c ''",
        "vtysh -c",
    ):
        assert not rule.matches(command), command


@pytest.mark.parametrize(
    ("pattern", "line"),
    [("a 'b", "shell"), ("a ''", "shell"), ("a '{ip}'", "shell"), ("a 'b'", "cli"), ("a 'b | tee x'", "shell"), ("a 'b [c'", "shell")],
)
def test_bad_patterns(pattern: str, line) -> None:
    with pytest.raises(ValueError):
        CommandRule(pattern, line=line)


def test_long_and_repetitive_lines_are_answered_at_once(router: Platform) -> None:
    for command in (
        "show " * 90,
        "show ip route " + "vrf x " * 70,
        "a" * 10_000_000,
        "show version " + "| " * 230,
        " " * 479 + "x",
        "show running-config |" + " " * 5000,
    ):
        assert router.rule_for(command) is None


@pytest.mark.parametrize(
    ("output", "refusal"),
    [
        ("     ^\r\n% Invalid input detected at '^' marker.\r\n", "% Invalid input detected at '^' marker."),
        ('%Ambiguous command:  "sh"\n', '%Ambiguous command: "sh"'),
        ("\x1b[31m% Invalid input\x1b[0m\n", "% Invalid input"),
        ("description % Invalid input\n", ""),
        ("line\n" * 29 + "% Invalid input", "% Invalid input"),
        ("line\n" * 30 + "% Invalid input", ""),
        ("x" * 10_000_000, ""),
        ("", ""),
    ],
)
def test_refusals(router: Platform, output: str, refusal: str) -> None:
    assert router.refusal(output) == refusal


def test_a_platform_without_refusals_refuses_nothing() -> None:
    assert load_platform("linux").refusal("% Invalid input") == ""


@pytest.mark.parametrize("name", SHIPPED)
def test_netmiko_knows_the_device_types_of_shipped_platforms(name: str) -> None:
    from netmiko.ssh_dispatcher import CLASS_MAPPER

    recipe = load_platform(name).cli
    assert recipe is not None
    assert recipe.device_type in CLASS_MAPPER
