"""No line makes an expression try for ever: every regular expression that reads what devices print is given the lines that are worst for it.

They are made from the expression itself: what leads up to one of its repetitions, then what repeats, as often as fits into the longest line
that is looked at, then an end that fits nothing. An expression with two ways to divide such a line shows it by its time. Beside them every
parser gets a fixture's lines by the thousand, where twice as many must not take four times as long.
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]  # the standard library's own reader of expressions
from re import _parser as reader  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest

from tshoot.model.facts import CommandText
from tshoot.parsers import parse, parser_names

PACKAGES = (
    "tshoot.parsers",
    "tshoot.transcripts",
    "tshoot.session",
    "tshoot.model",
    "tshoot.platforms.rules",
    "tshoot.platforms.cli_line",
    "tshoot.redaction",
)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "commands"
LONGEST = 4096
CHARACTERS = " \taAfgzZ019.:,;-_/%()[]<>'\"#*=+@{}|!\\$"
METHODS = ("match", "search", "fullmatch", "findall", "finditer", "sub", "split")
REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
SINGLE = (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)
TOO_LONG = 0.05  # seconds for one line; an innocent expression takes a hundredth of it
Found = tuple[str, re.Pattern[str], frozenset[str]]


def within(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, list | tuple | set | frozenset) and depth < 3:
        for inner in value:
            yield from within(inner, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        for inner in value.values():
            yield from within(inner, depth + 1)


def used(source: str, name: str) -> frozenset[str]:
    """The methods by which a module calls its expression `name`; of one in a collection, those that it calls on a loop's name."""
    direct = frozenset(method for method in METHODS if re.search(rf"\b{name}\.{method}\b", source))
    return direct or frozenset(method for method in METHODS if re.search(rf"\b(?!re\.)[a-z]\w*\.{method}\(", source)) or frozenset({"search"})


def expressions_of(module_name: str) -> Iterator[Found]:
    module = importlib.import_module(module_name)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for name, value in vars(module).items():
        for pattern in within(value):
            yield f"{module_name}.{name}", pattern, used(source, name)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and node.args:
            owner, first = node.func.value, node.args[0]
            if isinstance(owner, ast.Name) and owner.id == "re" and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield f"{module_name}:{node.lineno}", re.compile(first.value), frozenset({node.func.attr})


def modules() -> list[str]:
    found = []
    for package in PACKAGES:
        module = importlib.import_module(package)
        found += [package, *(inner.name for inner in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{package}."))]
    return found


def characters(op: Any, value: Any) -> list[str]:
    """Those of CHARACTERS that a node for a single character matches."""
    if op is codes.LITERAL:
        return [chr(value)]
    single = re.compile(reader_text(op, value))
    return [character for character in CHARACTERS if single.fullmatch(character)]


def reader_text(op: Any, value: Any) -> str:
    """The node as an expression again."""
    if op is codes.ANY:
        return "."
    if op is codes.NOT_LITERAL:
        return f"[^{re.escape(chr(value))}]"
    parts = []
    for kind, inner in value:
        if kind is codes.NEGATE:
            parts.append("^")
        elif kind is codes.LITERAL:
            parts.append(re.escape(chr(inner)))
        elif kind is codes.RANGE:
            parts.append(f"{re.escape(chr(inner[0]))}-{re.escape(chr(inner[1]))}")
        else:
            parts.append({"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}.get(str(inner).rpartition("_")[2], r"\S"))
    return f"[{''.join(parts)}]"


def sample(nodes: Any, prefer: str = "") -> str:
    """A short text that fits, of `prefer` where that is possible."""
    text = ""
    for op, value in nodes:
        if op in SINGLE:
            fitting = characters(op, value)
            text += next((one for one in prefer if one in fitting), fitting[0] if fitting else "x")
        elif op is codes.SUBPATTERN:
            text += sample(value[3], prefer)
        elif op is codes.BRANCH:
            text += sample(value[1][0], prefer)
        elif op in REPEATS:
            text += sample(value[2], prefer) * value[0]
    return text


def attacks(nodes: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """For each repetition what leads up to it, and what repeats."""
    for at, (op, value) in enumerate(nodes):
        lead = before + sample(nodes[:at])
        if op in REPEATS and value[1] > 3:
            inner = list(value[2])
            yield from ((lead, unit) for unit in {sample(inner, prefer) for prefer in ("", *" a1.:-(/")} if unit)
            yield from attacks(inner, lead)
        for deeper in deeper_than(op, value):
            yield from attacks(list(deeper), lead)


def deeper_than(op: Any, value: Any) -> tuple[Any, ...]:
    if op is codes.SUBPATTERN:
        return (value[3],)
    if op is codes.BRANCH:
        return tuple(value[1])
    if op in (codes.ASSERT, codes.ASSERT_NOT):
        return (value[1],)
    return (value[2],) if op in REPEATS else ()


def lines_for(pattern: re.Pattern[str]) -> set[str]:
    lines = set()
    for lead, unit in attacks(list(reader.parse(pattern.pattern, pattern.flags))):
        for count in (9, 40, 160, LONGEST // len(unit)):
            lines.add((lead + unit * count)[: LONGEST - 1] + "\x00")
        lines.add((lead + unit * 20) * (LONGEST // (len(lead) + 20 * len(unit))) + "\x00")
    return lines | {(a + b) * (LONGEST // 2) + "\x00" for a in " a1.:(-" for b in " a1.:(-"}


class Slow(Exception):
    pass


def seconds(call: Callable[[], object]) -> float:
    """How long it takes; a hopeless one is ended after half a second."""
    ended = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        if not ended:
            raise Slow

    before = signal.signal(signal.SIGVTALRM, end)
    gc.disable()  # what is raised within a callback of the collector is ignored
    started = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.5)
        call()
    except Slow:
        pass
    finally:
        ended = True
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.enable()
        signal.signal(signal.SIGVTALRM, before)
    return time.process_time() - started


def slowest(pattern: re.Pattern[str], method: str) -> tuple[float, str]:
    """The most that a line takes: of lines that took long the best of four, for others use this machine, too."""
    worst = 0.0, ""
    for line in lines_for(pattern):
        call = (lambda line=line: pattern.sub("", line)) if method == "sub" else (lambda line=line: list(getattr(pattern, method)(line) or ()))  # type: ignore[misc]
        if method in ("match", "search", "fullmatch"):
            call = lambda line=line: getattr(pattern, method)(line)  # type: ignore[misc]  # noqa: E731
        took = seconds(call)
        if took > TOO_LONG:
            took = min(took, *(seconds(call) for _ in range(3)))
            if took > TOO_LONG:
                return took, line
        worst = max(worst, (took, line))
    return worst


@pytest.mark.parametrize("module", modules())
def test_no_expression_takes_long_over_any_line(module: str) -> None:
    for name, pattern, methods in expressions_of(module):
        for method in methods:
            took, line = slowest(pattern, method)
            assert took < TOO_LONG, f"{name}.{method} takes {took:.3f} s over {line[:60]!r}… ({len(line)} characters)"


def test_the_expressions_are_found() -> None:
    assert sum(len(list(expressions_of(module))) for module in modules()) > 250


@pytest.mark.parametrize("hopeless", [r"(?:[0-9]{1,10}|[0-9 ]{1,10}){1,400}x", r"(a+)+b", r"\s+.*\s+x", r"(?i:<?-{2,}\s?\(?more)"])
def test_a_hopeless_expression_is_seen(hopeless: str) -> None:
    assert slowest(re.compile(hopeless), "search")[0] > TOO_LONG


def shape(line: str) -> str:
    return re.sub(r"[0-9A-Fa-f.:]+", "9", line)


def longest_cases(parser: str) -> Iterator[tuple[str, list[str]]]:
    """Command and lines of the fixtures with most kinds of lines, until no other has a kind of its own; at most two."""
    cases = [
        (json.loads(path.with_suffix(".json").read_text())["command"], path.read_text().split("\n")) for path in FIXTURES.glob(f"*/{parser}/*.txt")
    ]
    met: set[str] = set()
    for command, lines in sorted(cases, key=lambda case: -len({*map(shape, case[1])}))[:2]:
        if not {*map(shape, lines)} <= met:
            met |= {*map(shape, lines)}
            yield command, lines[:60]


def repeated(lines: list[str], at: int, times: int) -> str:
    """The case with one of its lines `times` over, the last number of which counts up."""
    line, numbers = lines[at], list(re.finditer(r"(?<=[:.])[0-9a-f]{1,4}\b|\b[0-9]{1,3}\b", lines[at]))
    many = [line] * times
    if numbers and len(lines) % 2:
        start, end = numbers[0].span()
        many = [f"{line[:start]}{index:x}{line[end:]}" for index in range(times)]
    return "\n".join([*lines[:at], *many, *lines[at + 1 :]])


@pytest.mark.parametrize("parser", parser_names())
def test_twice_as_many_lines_take_no_four_times_as_long(parser: str) -> None:
    for command, lines in longest_cases(parser):
        kinds = {shape(line): at for at, line in enumerate(lines) if line.strip()}
        for at in list(kinds.values())[:6]:
            short, long = (CommandText(command, repeated(lines, at, times), "", 0) for times in (150, 600))
            took = seconds(lambda text=long: parse(parser, text))  # type: ignore[misc]
            if took > 0.15:
                before = min(seconds(lambda text=short: parse(parser, text)) for _ in range(3))  # type: ignore[misc]
                took = min(took, *(seconds(lambda text=long: parse(parser, text)) for _ in range(2)))  # type: ignore[misc]
                assert took < 9 * before + 0.1, f"{lines[at][:60]!r}: 150 lines {before:.2f} s, 600 lines {took:.2f} s"
