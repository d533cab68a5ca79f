"""Every parser, held to its fixtures (fixtures/commands/<platform>/<parser>/<case>) and to what all parsers promise."""

from __future__ import annotations

import ast
import importlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tshoot.model.facts import CommandText, Parsed, Span
from tshoot.parsers import parse, parser_facts, parser_names
from tshoot.parsers._shapes import ROUTING_LOG

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "commands"
CASES = sorted(FIXTURES.glob("*/*/*.json"))
MOST_CUTS = 150


def read(path: Path) -> tuple[CommandText, dict[str, Any]]:
    case = json.loads(path.read_text(encoding="utf-8"))
    stdout = path.with_suffix(".txt").read_bytes().decode("utf-8")  # line ends as they came
    return CommandText(case["command"], stdout, case.get("stderr", ""), case["exit_status"]), case


def paths_of(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every path into plain data, its inner nodes included."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        here = (*path, str(key))
        yield here
        yield from paths_of(child, here)


def fits(path: tuple[str, ...], pattern: str) -> bool:
    keys = pattern.split(".")
    return len(keys) == len(path) and all(want in ("*", key) for want, key in zip(keys, path, strict=True))


def check_promises(parsed: Parsed, text: CommandText) -> None:
    """What holds for any input: facts are plain and declared, spans lie in the text, no line is both read and unread."""
    assert json.loads(json.dumps(parsed.facts)) == parsed.facts
    declared = parser_facts(parsed.parser)
    paths = list(paths_of(dict(parsed.facts)))
    for path in paths:
        assert any(fits(path, pattern) for pattern in declared), f"{path} is not in FACTS"
    assert set(parsed.lines) <= {".".join(path) for path in paths}
    for span in (*parsed.lines.values(), *parsed.unread):
        last = len((text.stdout if span.stream == "stdout" else text.stderr).split("\n"))
        assert 1 <= span.first <= span.last <= last


def test_every_parser_has_fixtures_and_every_fixture_a_parser() -> None:
    assert {path.parent.name for path in CASES} == set(parser_names())
    assert {path.with_suffix("") for path in CASES} == {path.with_suffix("") for path in FIXTURES.glob("*/*/*.txt")}
    for name in parser_names():
        assert sum(path.parent.name == name for path in CASES) >= 4, name


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(FIXTURES).with_suffix("")))
def test_fixture(path: Path) -> None:
    text, case = read(path)
    parsed = parse(path.parent.name, text)
    assert parsed.facts == case["facts"]
    assert {fact: parsed.lines.get(fact) for fact in case["lines"]} == {fact: Span(*span) for fact, span in case["lines"].items()}
    assert list(parsed.unread) == [Span(*span) for span in case["unread"]]
    assert case["source"]
    check_promises(parsed, text)


@pytest.mark.parametrize("name", parser_names())
def test_facts_are_declared_with_type_and_meaning(name: str) -> None:
    for path, meaning in parser_facts(name).items():
        kind, _, words = meaning.partition(":")
        assert kind and words.strip(), f"{name}: {path}: {meaning!r}"
        assert "." not in path or path.rpartition(".")[0] in parser_facts(name), f"{name}: {path} without what is above it"


@pytest.mark.parametrize("name", parser_names())
def test_every_declared_fact_appears_in_a_fixture(name: str) -> None:
    seen = [path for case in CASES if case.parent.name == name for path in paths_of(read(case)[1]["facts"])]
    missing = [pattern for pattern in parser_facts(name) if not any(fits(path, pattern) for path in seen)]
    assert not missing


@pytest.mark.parametrize("name", parser_names())
def test_module_has_sample_output_and_no_imports_of_the_world(name: str) -> None:
    module = importlib.import_module(f"tshoot.parsers.{name}")
    assert module.__doc__ and "\n    " in module.__doc__
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not imported & {"os", "subprocess", "socket", "time", "datetime", "pathlib"}


@pytest.mark.parametrize("name", parser_names())
def test_cut_anywhere_it_still_reads(name: str) -> None:
    for path in (case for case in CASES if case.parent.name == name):
        text, _ = read(path)
        for length in range(0, len(text.stdout), 7 + len(text.stdout) // MOST_CUTS):
            cut = CommandText(text.command, text.stdout[:length], text.stderr, None)
            check_promises(parse(name, cut), cut)


LOG = {path for path in ROUTING_LOG if "." not in path} | {"failures"}
CONFIG = {"redistribute", "networks", "neighbors", "by_neighbor"}
# of a log, whose lines are no rows; of a configuration and of pings, whose lines say what they are; of one row, which names no next hop
EMPTY_BY_ITSELF = {
    **dict.fromkeys(("ios_routing_log", "frr_routing_log", "bird_routing_log", "vmkernel_log_nfs"), LOG),
    **dict.fromkeys(("ios_routing_config", "eos_routing_config"), CONFIG),
    "vmkping": {"refused_by"},
}


def check_nothing_is_said_to_be_empty(parsed: Parsed, text: CommandText) -> None:
    """A list that is empty, below whose header a line was not understood, would deny what that line may have said."""
    lines = {"stdout": text.stdout.split("\n"), "stderr": text.stderr.split("\n")}
    said_so = parsed.facts.get("found") is False  # the device itself said that there is none
    free = {"next_hops"} | EMPTY_BY_ITSELF.get(parsed.parser, set())
    for name in (name for name, value in parsed.facts.items() if value in ([], {}) and name not in free and not said_so):
        at = parsed.lines.get(name, Span("stdout", 0, 0)).first
        below = [line for span in parsed.unread for line in lines[span.stream][max(span.first, at) - 1 : span.last] if span.last > at]
        assert all(re.search(r"%[A-Z0-9_]+-[0-7]-", line) for line in below if line.strip()), f"{name} is empty, unread: {below[:3]}"


@pytest.mark.parametrize("name", parser_names())
def test_a_row_that_was_not_read_makes_no_empty_list(name: str) -> None:
    for path in (case for case in CASES if case.parent.name == name):
        text, _ = read(path)
        check_nothing_is_said_to_be_empty(parse(name, text), text)
        lines = text.stdout.split("\n")
        for kept in range(0, min(len(lines), 40), 1 + len(lines) // 20):
            rest = [f"~{line}~" if line.strip() else line for line in lines[kept:]]
            torn = replace(text, stdout="\n".join([*lines[:kept], *rest]))
            check_nothing_is_said_to_be_empty(parse(name, torn), torn)


@pytest.mark.parametrize(("line", "known"), [("From 192.0.2.9 icmp_seq=1 something new", False), ("WARNING: something new", True)])
def test_an_answer_to_a_ping_that_was_not_read_is_not_nobody(line: str, known: bool) -> None:
    text = CommandText("ping -c 1 192.0.2.1", f"{line}\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n", "", 1)
    assert ("refused_by" in parse("vmkping", text).facts) is known


SAMPLES = [(path.parent.name, *read(path)) for path in CASES]


@settings(max_examples=300, deadline=2000)
@given(st.data())
def test_mutated_output_never_raises(data: st.DataObject) -> None:
    name, text, _ = data.draw(st.sampled_from(SAMPLES))
    whole = text.stdout + text.stderr
    at, until = sorted((data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole)))))
    mutated = (
        whole[:at]
        + data.draw(st.one_of(st.text(max_size=40), st.sampled_from(["", whole, " " * 300, "9" * 400, "\x1b[31m", "[/foo]"])))
        + whole[until:]
    )
    given_text = CommandText(
        text.command, mutated, data.draw(st.sampled_from(["", text.stderr, mutated])), data.draw(st.sampled_from([0, 1, None, 255]))
    )
    check_promises(parse(name, given_text), given_text)


@settings(max_examples=200, deadline=2000)
@given(st.sampled_from(parser_names()), st.text(), st.text(max_size=100), st.text(max_size=60))
def test_random_text_never_raises(name: str, stdout: str, stderr: str, command: str) -> None:
    text = CommandText(command, stdout, stderr, 0)
    check_promises(parse(name, text), text)


HARD_LINES = [
    " " * 200_000,
    "a " * 100_000,
    "1 bytes from " + "a" * 100_000 + " (",
    "PING " * 40_000,
    "From " + "(" * 100_000,
    "NFS: 1: NFS mount " + "a:/" * 50_000 + " failed: x",
    "2012-04-03T17:24:25.522Z " + "cpu1:1)" * 30_000 + "NFS: 1: Lost connection to the server a mount point /" + "x" * 50_000,
    "2012-04-03T17:24:25.522Z " + "cpu1:" * 30_000,
    "vmk0 " + "IPv4 " * 40_000 + "00:50:56:00:53:15 1500 65535 true",
    "/dev/x " + "1 " * 50_000 + "1% " * 50_000 + "/x",
    "9" * 100_000 + " packets transmitted",
    "Connection to " + "a" * 100_000,
]


@pytest.mark.parametrize("name", parser_names())
@pytest.mark.parametrize("body", [*(line + "\n" + line for line in HARD_LINES), "\n".join(line[:4000] for line in HARD_LINES * 40)])
def test_hard_input_takes_no_time(name: str, body: str) -> None:
    header = {"vdf": "Ramdisk Size Used Available Use% Mounted on\n", "df": "Filesystem 1024-blocks Used Available Capacity Mounted on\n"}.get(
        name, ""
    )
    text = CommandText("nc -z a 1", header + body)
    started = time.process_time()
    check_promises(parse(name, text), text)
    assert time.process_time() - started < 2.0


def test_a_parser_that_fails_or_is_missing_leaves_everything_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: CommandText) -> Parsed:
        raise RecursionError("too deep")

    text = CommandText("df -kP", "one\n\ntwo\nthree\n", "oops")
    unread = (Span("stdout", 1, 1), Span("stdout", 3, 4), Span("stderr", 1, 1))
    monkeypatch.setattr("tshoot.parsers.df.parse", fails)
    assert parse("df", text) == Parsed("df", {}, {}, unread)
    assert parse("no_such_parser", text) == Parsed("no_such_parser", {}, {}, unread)
    assert parse("_reading", text).unread == unread
