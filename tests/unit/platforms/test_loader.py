"""Platform files: the shipped ones are whole, and a bad one is told with every line that is wrong."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tshoot.errors import PlaybookError
from tshoot.parsers import parser_facts, parser_names
from tshoot.platforms.loader import CliRecipe, load_platform, platform_names, read_platform
from tshoot.platforms.rules import plain_words

GOOD = """\
title: A test device
transport: ssh-exec
commands:
  - {match: "show {host}", parser: df}
"""
CLI = """\
title: A router
transport: ssh-cli
cli: {device_type: cisco_ios}
commands:
  - {match: "show {host}"}
"""
CAPTURE = """\
capture:
  program: tcpdump
  arguments: "-i {interface} -s {snaplen} -c {packets} -w {path} {filter}"
  directories: [/tmp]
  free_space: df
  free_space_parser: df
  keep_free_megabytes: 1
  settle_seconds: 1
"""


def problems_of(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "device.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlaybookError) as caught:
        read_platform(file)
    assert caught.value.message
    return [problem.removeprefix(str(file)) for problem in caught.value.problems]


@pytest.mark.parametrize("name", platform_names())
def test_shipped_platform(name: str) -> None:
    platform = load_platform(name)
    assert platform is load_platform(name)
    assert platform.name == name and platform.title
    assert {rule.parser for rule in platform.commands} - {None} <= set(parser_names())
    assert len({rule.pattern for rule in platform.commands}) == len(platform.commands)
    if platform.capture is None:
        return
    assert "mounts.*.available_mb" in parser_facts(platform.capture.free_space_parser)
    rule = platform.rule_for(platform.capture.free_space)
    assert rule is not None and rule.parser == platform.capture.free_space_parser
    filled = platform.capture.arguments.format(
        interface="vmk0", snaplen=9014, packets=5000, path=f"{platform.capture.directories[0]}/t.pcap", filter=shlex.quote("port 111 or icmp")
    )
    words = plain_words(f"{platform.capture.program} {filled}")
    assert words is not None and words[0][-1] == "port 111 or icmp" and "-U" in words[0] and "-n" in words[0]


def test_the_captures_of_linux_work_with_the_tcpdump_of_this_machine(tmp_path: Path) -> None:
    recipe = load_platform("linux").capture
    assert recipe is not None
    arguments = recipe.arguments.format(interface="lo", snaplen=100, packets=1, path=tmp_path / "t.pcap", filter="icmp")
    compiled = subprocess.run([recipe.program, "-d", *arguments.split()], capture_output=True, text=True, check=False, timeout=60)
    if "permission" in compiled.stderr.lower() or "not permitted" in compiled.stderr.lower():
        pytest.skip("capturing on lo is not permitted here")
    assert compiled.returncode == 0, compiled.stderr


def test_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(PlaybookError) as caught:
        load_platform("../../etc/passwd")
    assert "vmware_esxi" in caught.value.hint


def test_a_minimal_file(tmp_path: Path) -> None:
    file = tmp_path / "device.yaml"
    file.write_text(GOOD, encoding="utf-8")
    platform = read_platform(file)
    rule = platform.rule_for("show nas01")
    assert platform.name == "device" and platform.capture is None and rule is not None and rule.parser == "df"


def test_a_command_line(tmp_path: Path) -> None:
    file = tmp_path / "router.yaml"
    file.write_text(CLI + "refusals: ['^% Bad']\n", encoding="utf-8")
    platform = read_platform(file)
    assert (platform.transport, platform.cli) == ("ssh-cli", CliRecipe("cisco_ios", enable=False))
    assert platform.refusal("% Bad\n") == "% Bad"
    rule = platform.rule_for("show nas01")
    assert rule is not None and rule.line == "cli"


def test_a_platform_that_includes_another(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(GOOD + "refusals: ['^no']\n" + CAPTURE, encoding="utf-8")
    file = tmp_path / "router.yaml"
    file.write_text(GOOD.replace("parser: df", "parser: vdf") + "  - {match: more}\nrefusals: ['^% Bad']\nincludes: base\n", encoding="utf-8")
    platform = read_platform(file)
    assert platform.name == "router" and platform.capture is not None and platform.capture.program == "tcpdump"
    assert [(rule.pattern, rule.parser) for rule in platform.commands] == [("show {host}", "vdf"), ("more", None)]
    assert platform.refusal("no\n") and platform.refusal("% Bad\n")
    file.write_text(GOOD + "includes: base\n" + CAPTURE.replace("[/tmp]", "[/var/tmp]"), encoding="utf-8")
    own = read_platform(file).capture
    assert own is not None and own.directories == ("/var/tmp",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("includes: nosuch\n", "there is no such platform"),
        ("includes: device\n", "a file that is included may include none"),
        ("includes: chain\n", "a file that is included may include none"),
        ("includes: router\n", "it has another transport"),
    ],
)
def test_includes_that_cannot_be(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "chain.yaml").write_text(GOOD + "includes: base\n", encoding="utf-8")
    (tmp_path / "base.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "router.yaml").write_text(CLI, encoding="utf-8")
    file = tmp_path / "device.yaml"
    file.write_text(GOOD + text, encoding="utf-8")
    with pytest.raises(PlaybookError, match=expected):
        read_platform(file)


def test_all_problems_at_once_with_their_lines(tmp_path: Path) -> None:
    problems = problems_of(
        tmp_path,
        "title: ''\ntransport: telnet\ncolour: red\ncommands:\n  - {match: 'show [x'}\n  - match: show {nosuch}\n    parser: 'No Good'\n  - parser: df\n"
        "capture:\n  program: tcpdump; reboot\n  arguments: '-i {interface} -w {file}'\n  directories: [tmp]\n  free_space: df\n"
        "  free_space_parser: df\n  keep_free_megabytes: -1\n  settle_seconds: soon\n",
    )
    lines = [problem.split(":")[1] for problem in problems]
    assert lines == ["1", "2", "3", "5", "6", "7", "8", "10", "11", "12", "15", "16"]
    text = "\n".join(problems)
    assert (
        ":5:13: commands.0.match: " in text and "nosuch" in text and "missing: ['snaplen'" in text and "commands.2.match: this key is missing" in text
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ":1:1: the file: expected keys and values"),
        ("- a\n", ":1:1: "),
        ("title: x\ntitle: y\n", ":2:1: "),
        ("title: [x\n", ":2:1: "),
        (GOOD + "  - just text\n", ":5:5: commands.1: "),
        ("title: x\ntransport: ssh-exec\ncommands: []\n", ":3:11: commands: "),
        (CLI.replace("cli: {device_type: cisco_ios}\n", ""), "`cli` is needed where transport is ssh-cli, and only there"),
        (CLI.replace("ssh-cli", "ssh-exec"), "`cli` is needed where transport is ssh-cli, and only there"),
        (CLI + CAPTURE, "nothing can be captured over ssh-cli"),
        (CLI + "includes: linux\n", "`includes` adds the commands of a shell"),
        (GOOD + "includes: ../linux\n", ":5:"),
        (CLI.replace("cisco_ios", "../x"), ":3:"),
        (CLI.replace("show {host}", "show 'a b'"), ":5:13: commands.0.match: "),
        (CLI.replace("show {host}", "show x | tee {word}"), ":5:13: commands.0.match: "),
        (GOOD + "refusals: ['% Bad', '(']\n", ":5:"),
        (GOOD + "refusals: ['x*']\n", ":5:"),
    ],
)
def test_other_bad_files(tmp_path: Path, text: str, expected: str) -> None:
    assert any(problem.startswith(expected) if expected.startswith(":") else expected in problem for problem in problems_of(tmp_path, text))


def test_missing_file_is_a_playbook_error(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError):
        read_platform(tmp_path / "none.yaml")


def test_importing_the_loader_brings_neither_pydantic_nor_yaml() -> None:
    code = "import sys, tshoot.platforms.loader, tshoot.parsers; print(sorted({'pydantic', 'yaml'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", platform_names())
def test_what_runs_there_is_asked_by_a_command_that_only_reads(name: str) -> None:
    platform = load_platform(name)
    assert platform.version
    assert platform.rule_for(platform.version)


def test_a_version_command_that_may_change_something_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "device.yaml"
    file.write_text(GOOD + "version: reload\n", encoding="utf-8")
    with pytest.raises(PlaybookError, match="`reload` fits none of its commands"):
        read_platform(file)
