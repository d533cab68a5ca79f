"""docs/security.md promises, and says by which test: every promise names one, and every test that it names is there and has tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
FILES = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
NAMED = sorted(set(re.findall(r"`((?:tests/[a-z_/]+/)?test_[a-z0-9_]+\.py)`", PAGE)))


def promises() -> list[tuple[str, str]]:
    """(what is promised, by what it is tested) of each table that has these columns."""
    found, promising = [], False
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            promising = False
        elif cells[0] == "promised":
            promising = cells[-1] == "tested by"
            assert promising, line
        elif promising and not set(cells[0]) <= {"-"}:
            found.append((cells[0], cells[-1]))
    return found


def test_there_are_promises_against_everybody_who_is_named() -> None:
    assert len(promises()) >= 25
    for who in ("hostile device", "hostile capture", "hostile bundle", "hostile playbook", "curious colleague"):
        assert f"**A {who}**" in PAGE
    for section in ("Only reading", "What devices say", "Files from elsewhere", "Secrets", "Other people", "tshoot serve"):
        assert f"\n## {section}\n" in PAGE


@pytest.mark.parametrize(("promise", "tested"), promises())
def test_every_promise_names_its_test(promise: str, tested: str) -> None:
    assert [name for name in NAMED if f"`{name}`" in tested], promise


@pytest.mark.parametrize("name", NAMED)
def test_every_test_that_is_named_is_there(name: str) -> None:
    path = FILES.get(name.rpartition("/")[2])
    assert path is not None, f"{name} is no test file"
    assert "/" not in name or path == ROOT / name
    assert re.search(r"^(?:async )?def test_", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert f"tests/{path.relative_to(ROOT / 'tests').as_posix()}" in PAGE, "its folder is named once, at least"


def test_what_the_page_says_of_numbers_is_so() -> None:
    folder = ROOT / "tests" / "unit" / "platforms"
    for kind in ("dangerous", "common"):
        lines = {line for path in (folder / kind).glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"}
        assert len(lines) >= 600
    assert "more than 900" not in PAGE or all(
        sum(1 for path in (folder / kind).glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#") > 900
        for kind in ("dangerous", "common")
    )


def test_its_links_within_the_page_lead_somewhere() -> None:
    headings = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([a-z0-9-]+)\)", PAGE)) <= headings
