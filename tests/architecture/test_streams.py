"""Who may write to the terminal: `cli/output.py` stdout, `cli/diagnostics.py` stderr, and nobody else (ruff forbids `print`).

Asking a stream something (`isatty`, `fileno`, `encoding`) is open to all. Import contracts are in pyproject.toml (`make lint`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tshoot"
ASKING = {"isatty", "fileno", "encoding"}
WRITERS = {
    "stdout": {"cli/output.py", "__main__.py"},  # __main__: `--version`, before anything is imported
    "stderr": {"cli/diagnostics.py"},
}
OWN_PROCESSES = (
    "simulator/programs/",  # stand-ins for a device's programs: their streams are the device's
    "transports/openssh/askpass.py",  # run by `ssh`, which reads its output
)


def uses(tree: ast.AST, stream: str) -> Iterator[int]:
    """Lines where `sys.<stream>` is used for more than asking."""
    asked = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ASKING}
    compared = {id(side) for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in (node.left, *node.comparators)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name.strip("_") == stream and id(node) not in asked | compared:
                yield node.lineno
            case ast.ImportFrom(module="sys", names=names) if any(name.name.strip("_") == stream for name in names):
                yield node.lineno


@pytest.mark.parametrize("stream", WRITERS)
def test_one_file_writes_each_stream(stream: str) -> None:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        lines = [] if name.startswith(OWN_PROCESSES) else list(uses(ast.parse(path.read_text()), stream))
        if lines:
            found[name] = lines
    assert set(found) - WRITERS[stream] == set(), f"{found}"
    assert WRITERS[stream] <= set(found), "the rule names a file that does not write"


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("import sys\nsys.stdout.write('x')", [2]),
        ("import sys\nout = sys.__stdout__", [2]),
        ("from sys import stdout", [1]),
        ("import sys\nsys.stdout.isatty() and sys.stdout is not None", []),
    ],
)
def test_the_rule_sees_what_it_forbids(code: str, lines: list[int]) -> None:
    assert list(uses(ast.parse(code), "stdout")) == lines
