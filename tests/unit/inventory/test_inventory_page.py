"""Every example of docs/inventory.md is read as it stands there, and comes to the table below it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tshoot.cli.arguments import build_parser
from tshoot.cli.targets import place_text
from tshoot.inventory import known
from tshoot.inventory.memory import Memory

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "inventory.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)```\n\n\| name.*?\n\|[-|]+\n(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)


def test_all_kinds_have_an_example() -> None:
    assert [name for name, _, _ in EXAMPLES] == ["targets.yaml", "hosts.ini", "fabric.clab.yml", "devices.csv"]


@pytest.mark.parametrize(("name", "text", "rows"), EXAMPLES, ids=[name for name, _, _ in EXAMPLES])
def test_the_example_comes_to_its_table(tmp_path: Path, name: str, text: str, rows: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    inventory = known((tmp_path / name,), memory=Memory(tmp_path / "m"), environment={"XDG_CONFIG_HOME": str(tmp_path / "none")})
    found = [target for one in inventory.names() if (target := inventory.host(one))]
    told = [" | ".join((target.name, place_text(target), target.platform, ", ".join(target.groups))) for target in found]
    expected = [re.sub(r" *\| *", " | ", row.strip().strip("|").strip()) for row in rows.splitlines()]
    assert told == expected


def test_the_commands_of_the_page_are_the_programs() -> None:
    commands = re.findall(r"^tshoot (targets.*?)(?:   .*)?$", PAGE, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        assert build_parser().parse_args(command.split()).verb == "targets"
