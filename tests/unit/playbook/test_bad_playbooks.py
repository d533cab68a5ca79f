"""Playbooks with something wrong: every problem of each, with file, line and column, as fixtures/bad-playbooks/<case>.txt lists them.

A new case is a `.yaml` and its `.txt` in that folder. Problems that only bytes can show are written by the tests themselves.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tshoot.errors import PlaybookError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.text import clean
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import MAX_CHARACTERS, find_playbook, load_playbook, playbook_from_text

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "bad-playbooks"
CASES = sorted(FOLDER.glob("*.yaml"))
LINE = re.compile(r"[^:]+:[0-9]+:[0-9]+: \S.*")


def problems(path: Path) -> tuple[str, ...]:
    try:
        return check_playbook(load_playbook(path), ShippedKnowledge())
    except PlaybookError as error:
        return error.problems


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_problem_is_told_with_its_place(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert [clean(line).removeprefix(f"{path.parent}/") for line in problems(path)] == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_has_a_problem_that_lies_in_its_file(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert expected
    lines = path.read_text(encoding="utf-8").splitlines()
    for problem in expected:
        assert LINE.fullmatch(problem)
        line, column = map(int, problem.split(":")[1:3])
        assert 1 <= line <= len(lines) + 1
        assert 1 <= column <= len([*lines, "", ""][line - 1]) + 1


def test_every_list_of_problems_has_its_playbook() -> None:
    assert {path.with_suffix(".yaml") for path in FOLDER.glob("*.txt")} == set(CASES)


def test_all_problems_of_meaning_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems(FOLDER / "many-at-once.yaml")
    lines = [int(problem.split(":")[1]) for problem in found]
    assert len(found) >= 15
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)), "utf-8"),
        (b"\xff\xfe" + "id: a".encode("utf-16-le"), "utf-8"),
        (b"id: a\0b\n", "#x0000"),
        (b"a: " + b"[" * 4000 + b"]" * 4000, "nested deeper"),
        (b"".join(b" " * depth + b"a:\n" for depth in range(520)), "nested deeper"),
        (b"title: " + b"x" * 1_000_000, "longer than"),
        (b"- x\n" * 250_000, "longer than"),
        (b"x\r\n\ty: 1", "mapping values are not allowed"),
        (b"%YAML 9.9\n---\nid: a\n", "incompatible YAML"),
        (b"id: *nobody\n", "undefined alias"),
        (b"? [a, b]\n: c\n", "a key must be text"),
        (b"<<: 5\nid: x\n", "merg"),
        (b"? {}\n", "a key must be text"),
        (b"id: 2026-13-45\n", "match pattern"),
        (b"id: !!binary '@'\n", "a tag"),
        (b"id: !!int x\n", "a tag"),
    ],
    ids=lambda part: part if isinstance(part, str) else ascii(part[:12]),
)
def test_bytes_that_are_no_playbook_give_a_place_and_a_reason_soon(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    began = time.monotonic()
    found = problems(path)
    assert time.monotonic() - began < 30  # an idle machine needs 3
    assert said in " ".join(found)
    assert all(LINE.fullmatch(problem) for problem in found)


def test_a_file_that_cannot_be_read_is_a_problem_with_a_place(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nobody.yaml", Path("/dev/zero")):
        found = problems(path)
        assert len(found) == 1
        assert LINE.fullmatch(found[0])


def test_a_name_that_is_neither_file_nor_playbook_is_refused_with_those_there_are() -> None:
    with pytest.raises(PlaybookError) as refused:
        find_playbook("nfs-muont")
    assert "nfs-mount" in refused.value.hint


WORDS = """\
id: words
title: {title}
symptoms: [{symptoms}]
targets:
  host: {{platform: linux, help: no}}
inputs:
  answer: {{type: choice, choices: [yes, no, "on", 12:30, ~x], default: no}}
start: ask
nodes:
  ask:
    ask: no
    decide:
      - when: ask.answer == 'yes'
        inconclusive: off
      - otherwise: {{inconclusive: 12:30}}
"""


def test_words_that_other_readers_turn_into_booleans_times_and_numbers_stay_words() -> None:
    playbook = playbook_from_text(WORDS.format(title="yes", symptoms="no, on, 12:30, 1:30:00, null x"), "words.yaml")
    assert (playbook.title, playbook.roles["host"].help) == ("yes", "no")
    assert playbook.symptoms == ("no", "on", "12:30", "1:30:00", "null x")
    assert playbook.inputs["answer"].choices[:4] == ("yes", "no", "on", "12:30")
    assert playbook.inputs["answer"].default == "no"
    step = playbook.nodes["ask"].step
    assert step is not None
    assert [branch.because.source for branch in playbook.nodes["ask"].decide] == ["off", "12:30"]


@pytest.mark.parametrize("scalar", ["true", "5", "null", "[a]", "{a: b}", "1.5"])
def test_what_is_no_text_is_not_taken_for_text(scalar: str) -> None:
    with pytest.raises(PlaybookError) as refused:
        playbook_from_text(WORDS.format(title=scalar, symptoms="x"), "words.yaml")
    assert refused.value.problems[0].startswith("words.yaml:2:8: title: expected text")


def test_a_playbook_of_the_largest_size_is_read_in_time(tmp_path: Path) -> None:
    node = "  n{}:\n    run: uptime\n    on: host\n    decide:\n      - otherwise: n{}\n"
    count = MAX_CHARACTERS // (len(node) + 6)
    text = "id: big\ntitle: t\ntargets:\n  host: {platform: linux}\nstart: n0\nnodes:\n" + "".join(node.format(n, n + 1) for n in range(count))
    path = tmp_path / "big.yaml"
    path.write_text(text + f"  n{count}:\n    decide:\n      - otherwise: {{inconclusive: end}}\n")
    began = time.monotonic()
    assert problems(path) == ()
    assert time.monotonic() - began < 30
