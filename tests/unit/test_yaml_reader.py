"""The one reader of YAML: what scalars mean, where everything stands, what aliases and merges bring, and what hostile text comes to.

Every case is read by libyaml and by PyYAML's own parser, which stands in where libyaml is not built.
"""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import yaml

from tshoot.errors import PlaybookError
from tshoot.yamlnodes import DEEPEST
from tshoot.yamltext import MOST_VALUES, load_yaml, load_yaml_file, located, position


@pytest.fixture(params=["libyaml", "PyYAML"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "PyYAML":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return request.param


def problem(text: str) -> str:
    """What the one problem of `text` is, with its place."""
    with pytest.raises(PlaybookError) as caught:
        load_yaml(text, "f")
    (told,) = caught.value.problems
    return told.removeprefix("f:")


# YAML 1.2.2, 10.3.2; with what ruamel.yaml 0.18 read besides: 0b, `_` between digits
SCALARS: dict[str, Any] = {
    "true False TRUE": [True, False, True],
    "tRUE yes no on off y N": ["tRUE", "yes", "no", "on", "off", "y", "N"],
    "~ null Null NULL nUll": [None, None, None, None, "nUll"],
    "0 -0 +5 012 09 -7": [0, 0, 5, 12, 9, -7],
    "0o17 0x1F -0x1f 0b101 0o8 0xG 0b2 0x": [15, 31, -31, 5, "0o8", "0xG", "0b2", "0x"],
    "1_000 0_ +_1 _1 -_ 0b_ ._": [1000, 0, 1, "_1", "-_", "0b_", "._"],
    "12:30 1:30:00 2026-01-13 2026-13-45 192.0.2.1 1.2.3": ["12:30", "1:30:00", "2026-01-13", "2026-13-45", "192.0.2.1", "1.2.3"],
    "1e3 1.5 1. -1.5e-3 1_0.5 .5 -.5 .5e+3 .5e3": [1000.0, 1.5, 1.0, -0.0015, 10.5, 0.5, -0.5, 500.0, ".5e3"],
    ".inf -.INF +.Inf .iNF inf . ..": [math.inf, -math.inf, math.inf, ".iNF", "inf", ".", ".."],
    "'5' \"true\" '~' \"\" '.5'": ["5", "true", "~", "", ".5"],
    "= << 1e400": ["=", "<<", math.inf],
}


@pytest.mark.parametrize("scalars", SCALARS)
def test_what_a_scalar_means(scalars: str) -> None:
    read = load_yaml("".join(f"- {scalar}\n" for scalar in scalars.split()), "f")
    assert [(type(value), value) for value in read] == [(type(value), value) for value in SCALARS[scalars]]


def test_what_is_no_number_and_what_nothing_means() -> None:
    assert math.isnan(load_yaml(".nan", "f"))
    assert load_yaml("", "f") is load_yaml("# only this\n", "f") is load_yaml("---\n...\n", "f") is None
    assert load_yaml("a:\nb: ! 5\nc: |\n  5\n", "f") == {"a": None, "b": "5", "c": "5\n"}
    assert load_yaml("9" * 5000, "f") == "9" * 5000, "longer than Python turns into a number"


def test_keys_are_text_as_written() -> None:
    assert list(load_yaml("{1: a, true: b, ~: c, 0x10: d, on: e}", "f")) == ["1", "true", "~", "0x10", "on"]


TREE = """\
# a comment
a: 1
"b c":  [x, {d: 2}]
e:
  - |
    text
  - f: &f {g: 3}
  - *f
h: {<<: *f, i: 4}
ü: ä
j:
"""


def test_everything_knows_where_it_stands() -> None:
    tree = load_yaml(TREE, "f")
    assert [position(tree), position(tree, "a"), position(tree, "b c"), position(tree, "e")] == [(2, 1), (2, 4), (3, 9), (5, 3)]
    assert [position(tree["b c"], 0), position(tree["b c"], 1), position(tree["b c"][1]), position(tree["b c"][1], "d")] == [
        (3, 10),
        (3, 13),
        (3, 13),
        (3, 17),
    ]
    assert [position(tree["e"], at) for at in range(3)] == [(5, 5), (7, 5), (7, 8)], "an alias stands where its anchor does"
    assert [position(tree["h"]), position(tree["h"], "i"), position(tree["h"], "g")] == [(9, 4), (9, 16), (7, 15)]
    assert [position(tree, "ü"), position(tree, "j")] == [(10, 4), (11, 3)]


def test_what_has_no_place_is_where_the_nearest_is() -> None:
    tree = load_yaml("\n  a: [b]\n", "f")
    assert [position(tree, "none"), position(tree["a"], 7), position(tree["a"], "x"), position("text"), position(None, 1)] == [
        (2, 3),
        (2, 6),
        (2, 6),
        (1, 1),
        (1, 1),
    ]
    assert located(tree, ("a", "str", 0), "is wrong") == (2, 7, "a.0: is wrong")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_ends_of_lines_count(end: str) -> None:
    assert position(load_yaml(f"a: 1{end}b:{end}  c: [{end}  1]{end}", "f")["b"], "c") == (3, 6)
    assert problem(f"a: 1{end}b: {{{end}c: \x00").startswith("3:4: #x0000 ")


def test_a_mark_at_the_beginning_counts_as_nothing() -> None:
    assert position(load_yaml("\ufeffa: [1]", "f"), "a") == (1, 4)


def test_a_merge_brings_what_is_not_there() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\none: {b: 0, <<: *x}\ntwo: {<<: [*x, *y], d: 0}\nin: {<<: {a: 5}}\n"
    tree = load_yaml(text, "f")
    assert [list(tree[name].items()) for name in ("one", "two", "in")] == [
        [("b", 0), ("a", 1)],
        [("d", 0), ("a", 1), ("b", 1), ("c", 2)],
        [("a", 5)],
    ]


def test_an_alias_is_the_very_same() -> None:
    tree = load_yaml("a: &a [1, &n no]\nb: *a\nc: *n\n? *n\n: key\n", "f")
    assert tree["a"] is tree["b"]
    assert (tree["c"], tree["no"]) == ("no", "key")
    assert load_yaml("a: &a 1\nb: &a 2\nc: *a", "f") == {"a": 1, "b": 2, "c": 2}


def bomb(of: str) -> str:
    return "b0: &b0 {x: 1}\n" + "".join(f"b{level}: &b{level} {of.replace('*', f'*b{level - 1}')}\n" for level in range(1, 60))


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("a: 1\na: 2\n", "2:1", "the key `a` stands here a second time (first in line 1)"),
        ("<<: {a: 1}\n<<: {b: 1}\n", "2:1", "a second time"),
        ("a: !!python/object/apply:os.system [id]", "1:4", "a tag"),
        ("a: !!str 5", "1:4", "a tag"),
        ("!x {a: 1}", "1:1", "a tag"),
        ("a: 1\n---\nb: 1\n", "2:1", "a second document"),
        ("---\n---\n", "2:1", "a second document"),
        ("a: *b", "1:4", "an undefined alias: no `&b` stands before it"),
        ("a: &b {c: *b}", "1:11", "an alias of nothing that is complete"),
        ("a: &b\n  <<: *b", "2:7", "an alias of nothing that is complete"),
        ("<<: [{a: 1}, 2]", "1:14", "`<<` merges keys and values, or a list of such, not text"),
        ("? [a]\n: 1", "1:3", "a key must be text"),
        ("? {}\n: 1", "1:3", "a key must be text"),
        ("ä: '\x07'", "1:5", "#x0007 is a character that YAML does not allow"),
        ("a: 1\nb: \ud800", "2:4", "#xd800 is half a surrogate pair"),
        ('a: "\\ud800"', "1:", "e"),
        ("a:\n\tb: 1", "2:1", "cannot start any token"),
        ("a: [", "1:5", "while parsing a flow node"),
        ("%YAML 9.9\n--- a", "1:1", "incompatible YAML"),
        ("%TAG ! tag:x:\n--- !y a", "1:1", "tags are not read here"),
        ("a: 1\n...\r%TAG ! tag:x:\r--- !y a", "3:1", "tags are not read here"),
        ("a: 'b\nc: d\n", "3:1", "while scanning a quoted scalar that begins in line 1"),
        ("[" * 100_000, f"1:{DEEPEST + 1}", "nested deeper than 40 levels"),
        ("{a: " * 50_000, f"1:{4 * DEEPEST + 1}", "nested deeper than 40 levels"),
        ("- " * 50_000, f"1:{2 * DEEPEST + 1}", "nested deeper than 40 levels"),
        (bomb("[*, *, *, *, *, *, *, *, *, *]"), "6:20", "more than 100,000 values"),
        (bomb("{<<: [*, *, *]}"), "10:20", "more than 100,000 values"),
        (bomb("{y: *}"), f"{DEEPEST}:15", "nested deeper than 40 levels, by its alias"),
        ("- x\n" * (MOST_VALUES + 1), f"{MOST_VALUES}:3", "more than 100,000 values"),
        ("".join(f"%TAG !a{number}! tag:x\n" for number in range(100_000)) + "--- a", "1:1", "tags are not read here"),
    ],
    ids=lambda part: ascii(part)[:40],
)
def test_what_is_refused_is_told_with_its_place_and_soon(text: str, place: str, why: str) -> None:
    began = time.process_time()
    told = problem(text)
    assert time.process_time() - began < 20  # libyaml needs a hundredth, PyYAML's own parser seconds for a hundred thousand values
    assert told.startswith(place)
    assert why in told
    assert told.isprintable()


def test_a_long_scalar_is_read_and_one_that_does_not_end_is_refused() -> None:
    assert load_yaml("a: " + "x" * 1_000_000, "f") == {"a": "x" * 1_000_000}
    assert problem('a: "' + "x" * 1_000_000).startswith("1:1000005: found unexpected end of stream")


def test_a_file_without_an_end_is_left(tmp_path: Any) -> None:
    file = tmp_path / "long.yaml"
    file.write_text("# " + "x" * 5_000_000)
    with pytest.raises(PlaybookError, match="longer than 5,000,000 characters"):
        load_yaml_file(file)


def test_events_of_python_objects_are_never_built() -> None:
    """What PyYAML's unsafe loaders run, and what its safe one builds."""
    for text in ("!!python/object/apply:os.system [id]", "!!python/name:os.system x", "!!set {a}", "!!binary eA==", "!!omap [a: 1]"):
        assert "a tag (`!…`) is not read here" in problem(text)
