"""What is pasted is text: nothing in it is taken for a key, in however many pieces it comes."""

from __future__ import annotations

import time

import pytest
from textual.drivers import linux_driver
from textual.events import Key, Paste
from textual.message import Message

from tests.tui.tui_helpers import until
from tshoot.opening import Opening
from tshoot.tui import pasting
from tshoot.tui.app import TshootApp
from tshoot.tui.pasting import PastingParser

BEGINS, ENDS = "\x1b[200~", "\x1b[201~"
HOSTILE = "abc \x1b[31mred\x1b[0m\x1b]0;owned\x07 \x9b31mq\r\nq\rsecond\x1bq\x00"


def heard(*pieces: str) -> list[Message]:
    parser = PastingParser()
    return [message for piece in pieces for message in parser.feed(piece)]


def told(messages: list[Message]) -> list[str]:
    return [message.text if isinstance(message, Paste) else message.key for message in messages if isinstance(message, Paste | Key)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_a_paste_is_one_text_without_sequences(size: int) -> None:
    data = f"j{BEGINS}{HOSTILE}{ENDS}k{BEGINS}two{ENDS}{BEGINS}{ENDS}l"
    got = told(heard(*(data[at : at + size] for at in range(0, len(data), size))))
    first, *others = got[1:]
    assert got[0] == "j" and others == ["k", "two", "", "l"]
    assert first.split("\n")[0].startswith("abc red") and "second" in first
    assert all(character.isprintable() or character == "\n" for character in first)


def test_keys_outside_a_paste_are_as_they_were() -> None:
    assert told(heard("a\x1b[A\x1b[B\x1bOP", "\x03")) == ["a", "up", "down", "f1", "ctrl+c"]


def test_a_paste_without_an_end_does_not_hold_the_keys_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = PastingParser()
    assert told(list(parser.feed(f"{BEGINS}half"))) == []
    assert told(list(parser.tick())) == []
    monkeypatch.setattr(pasting, "_PATIENCE", -1.0)
    assert told(list(parser.tick())) + told(list(parser.feed("j"))) == ["half", "j"]


def test_a_large_paste_is_bounded_and_ends() -> None:
    began = time.process_time()
    pieces = [BEGINS, *["x" * 4096] * 1000, "\x1b[20", "1~j"]
    text, key = told(heard(*pieces))
    assert key == "j" and 1 << 20 <= len(text) + 16 <= (1 << 20) + 16
    assert time.process_time() - began < 20


async def test_the_drivers_of_the_interface_have_it() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.is_running, "the interface")
        assert linux_driver.XTermParser is PastingParser
