"""What a device, a packet, a playbook or a host name says is shown as it is: never obeyed, never lost, never styled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_helpers import ended, region, screen_text, small_events, small_playbook, told, until

from tshoot.model.effects import AskOperator
from tshoot.session.store import SessionEntry
from tshoot.transports.base import HostKey
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.wiring import Opening

MARKUP = ["[/foo]", "[red]x", "[@click=app.quit]x[/]", "[bold]b[/bold]", "[", "]", "[[a]]", r"\[x]"]
ESCAPES = {"\x1b]0;title\x07after": "after", "a\x9b31mb": "ab", "\x1b[2Jwiped": "wiped", "evil\u202egnp.exe": "evilgnp.exe", "be\x07ll\x00": "bell"}
ALL = " ".join([*MARKUP, *ESCAPES])


def shown_intact(text: str) -> None:
    for piece in MARKUP:
        assert piece in text, f"{piece} vanished"
    for piece in ESCAPES.values():
        assert piece in text
    assert not [hex(ord(c)) for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u202d\u2066\u200b"]


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_output_and_host_names(size: tuple[int, int]) -> None:
    stdout = "\n".join([*MARKUP, *ESCAPES]).encode()
    app = TshootApp(Opening())
    async with app.run_test(size=size) as pilot:
        app.show_work(told(small_events(stdout, host="[/foo]")), ALL, remark=ALL)
        await until(pilot, lambda: ended(pilot), "the end")
        shown_intact(region(pilot, "output"))
        assert "host is [/foo]" in region(pilot, "output")
        await pilot.press("2")
        await until(pilot, lambda: "exit 0" in screen_text(pilot), "the output")
        await pilot.press("home")
        await until(pilot, lambda: "[@click=app.quit]x[/]" in screen_text(pilot), "the hostile lines")
        shown_intact(screen_text(pilot))
        assert not any("@click" in segment.style.meta for strip in app.screen._compositor.render_strips() for segment in strip if segment.style)
    assert app.return_value is None


async def test_questions_and_host_keys() -> None:
    def ask(bridge: Bridge) -> None:
        bridge.ask(AskOperator("q/1", "q", ALL, why=ALL), bridge.cancel)
        bridge.ask(AskOperator("q/2", "q", ALL, "choice", ("[/foo]", "[red]x", "\x1b[2Jwiped")), bridge.cancel)
        bridge.accept_host_key(HostKey("[/foo]\x1b[2J", 22, "ssh-[red]", "SHA256:[/]"))
        bridge.secret(ALL, "[/foo]", False)

    app = TshootApp(Opening())
    async with app.run_test(size=(140, 40)) as pilot:
        app.show_work(told([], ask), "questions")
        await until(pilot, lambda: "[@click=app.quit]x[/]" in screen_text(pilot), "the question")
        await pilot.press("y")
        await until(pilot, lambda: "│ wiped " in screen_text(pilot), "the choices")
        assert "│ [/foo]  " in screen_text(pilot)
        assert "│ [red]x  " in screen_text(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "ssh-[red] SHA256:[/]" in screen_text(pilot), "the host key")
        await pilot.press("n")
        await until(pilot, lambda: "[/foo] asks" in screen_text(pilot), "the password")
        await pilot.press(*"secret")
        assert "secret" not in screen_text(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: ended(pilot), "the end")


async def test_playbooks_and_sessions_on_the_home_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parent / "data" / "small.yaml").read_text(encoding="utf-8")
    hostile = tmp_path / "hostile.yaml"
    hostile.write_text(
        text.replace("A share cannot be mounted", "'[/foo] [red]x [@click=app.quit]x[/]'").replace("the host that cannot mount", "'[/foo] help'")
    )
    entries = [
        SessionEntry("[red]id", tmp_path / "[/foo]", 0.0, "[/foo]", "finished", "fault", "[@click=app.quit]x[/]"),
        SessionEntry("b", tmp_path, 0.0, state="broken", problem="[/bar]"),
    ]
    monkeypatch.setattr("tshoot.tui.catalogue.shipped_playbooks", lambda: (hostile,))
    monkeypatch.setattr("tshoot.tui.catalogue.archived_sessions", lambda root: entries)
    app = TshootApp(Opening(targets={"host": "[/foo]"}, inputs={"server": "[red]x"}))
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await until(pilot, lambda: "[/foo] [red]x [@click=app.quit]x[/]" in screen_text(pilot), "the playbook")
        await until(pilot, lambda: "✗ [@click=app.quit]x[/]  [/foo]" in screen_text(pilot), "the sessions")
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "playbook  [/foo]" in screen_text(pilot), "the session")
        await pilot.press("down", "enter")
        await until(pilot, lambda: "[/bar]" in screen_text(pilot), "the broken session")
        await pilot.press("slash", "enter")
        await until(pilot, lambda: "[/foo] help" in screen_text(pilot), "the set-up")
        assert "`[red]x`" in screen_text(pilot)
        assert "`[/foo]` is no target" in screen_text(pilot)
        await pilot.press("ctrl+r")
        await pilot.pause()


def test_the_small_playbook_is_sound() -> None:
    assert small_playbook().start == "reach"
