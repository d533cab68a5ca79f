"""The themes: every word of STYLES can be read on every ground that it stands on, and the grey is grey."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.style import Style
from tui_helpers import until

from tests.contrast import contrast
from tshoot.tui.app import TshootApp
from tshoot.tui.lines import STYLES
from tshoot.tui.screens.sessions import SessionsScreen
from tshoot.tui.themes import THEMES
from tshoot.tui.widgets.lines.looks import lit, mixed
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.sessions.list import SessionList
from tshoot.wiring import Opening, Settings


def colours(style: Style) -> tuple[str, str]:
    assert style.color and style.bgcolor
    return style.color.get_truecolor().hex[1:], style.bgcolor.get_truecolor().hex[1:]


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_every_style_can_be_read(theme: str, tmp_path: Path) -> None:
    app = TshootApp(Opening(settings=Settings(tmp_path)), first=lambda app: app.show_sessions())
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen), "the sessions")
        app.theme = theme
        await pilot.pause()
        for widget, kind, grounds in (
            (app.screen.query_one(LinesView), "lines", ("cursor", "marked")),
            (app.screen.query_one(SessionList), "rows", ("cursor",)),
        ):
            for ground in (None, *grounds):
                under = widget.rich_style + mixed(widget, f"{kind}--{ground}") if ground else widget.rich_style
                for style in ("", *STYLES):
                    [(_, shown)] = lit([("x", style)]) if ground else [("x", style)]
                    drawn = under + mixed(widget, f"{kind}--{shown}") if shown else under
                    assert contrast(*colours(drawn)) >= 4.5, f"{style} on {colours(drawn)[1]}: {drawn}"
            dim, plain = (colours(widget.rich_style + more)[0] for more in (mixed(widget, f"{kind}--dim"), Style()))
            back = colours(widget.rich_style)[1]
            assert contrast(dim, back) < 0.8 * contrast(plain, back)
