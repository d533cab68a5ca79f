"""A text that changes twice before it is laid out has the size of what it says last."""

from __future__ import annotations

import ast
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import Vertical

import tshoot.tui
from tests.tui.tui_helpers import until
from tshoot.tui.widgets.static import Static


class Two(App[int]):
    CSS = "Static, Vertical { height: auto; }"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("", id="text")
            yield Static("", id="neighbour")


async def test_it_is_measured_anew_after_each_change() -> None:
    app = Two()
    async with app.run_test(size=(40, 10)) as pilot:
        text, neighbour = app.query_one("#text", Static), app.query_one("#neighbour", Static)
        text.update("one")
        neighbour.update("other")
        neighbour._check_refresh()  # as where its turn comes first
        app.screen._refresh_layout()
        text.update("two\nlines\nand one more")
        await until(pilot, lambda: text.size.height == 3, "its three lines")


def test_nothing_here_uses_the_one_that_keeps_an_old_size() -> None:
    folder = Path(tshoot.tui.__file__).parent
    users = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "textual.widgets" and any(name.name == "Static" for name in node.names)
    ]
    assert users == ["widgets/static.py"]
