"""Nothing that a device or a packet says can steer a terminal; what is text stays text."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tshoot.model.text import clean, clean_line, decode

HOSTILE = {
    "title": ("\x1b]0;owned\x07after", "after"),
    "title ended by ST": ("\x1b]2;owned\x1b\\after", "after"),
    "title that never ends": ("before\x1b]0;owned", "before"),
    "colour": ("\x1b[1;31mred\x1b[0m", "red"),
    "one-byte CSI": ("\x9b31mred", "red"),
    "clear the screen": ("a\x1b[2J\x1b[Hb", "ab"),
    "device control": ("\x1bPq#0\x1b\\after", "after"),
    "hyperlink": ("\x1b]8;;http://evil\x1b\\text\x1b]8;;\x1b\\", "text"),
    "escape at the end": ("text\x1b", "text"),
    "escape cut in two": ("\x1b\x00[2J", "[2J"),
    "backspace over": ("safe\b\b\b\bevil", "safeevil"),
    "carriage return over": ("safe\revil", "safeevil"),
    "right to left": ("\u202etxt.exe", "txt.exe"),
    "zero width": ("a\u200bb\ufeffc", "abc"),
    "line separator": ("a\u2028b", "ab"),
    "delete": ("a\x7fb", "ab"),
    "markup": ("[red][/foo]{x}", "[red][/foo]{x}"),
    "windows lines": ("a\r\nb\tc", "a\nb\tc"),
    "another alphabet": ("µ ünï 漢字 🛰", "µ ünï 漢字 🛰"),
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_made_safe(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(st.characters() | st.sampled_from("\x1b\x9b\x07[];\\?m0")))
def test_no_control_survives(text: str) -> None:
    cleaned = clean(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", cleaned)
    assert clean(cleaned) == cleaned


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    assert not re.search(r"[\n\t]", clean_line(text)) and clean_line(text).splitlines() in ([], [clean_line(text)])


@given(st.binary())
def test_any_bytes_become_text(raw: bytes) -> None:
    decode(raw).encode()


@pytest.mark.parametrize("seed", range(20))
def test_a_long_text_is_cleaned_as_a_short_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces of whole lines, so that no other thread waits for long; what may span lines is not cut."""
    noise = random.Random(seed)
    parts = [
        "\x1b[31m",
        "\x1b]0;x\n y\x07",
        "\x1bP\n",
        "\x1b\\",
        "\x1b",
        "\x9b1m",
        "a",
        "word ",
        "b\n",
        "\r\n",
        "\t",
        "é",
        "\u0301" * 6,
        "\x00",
        "\u202e",
        "\ud800",
    ]
    texts = ["".join(noise.choices(parts, k=noise.randrange(60))) for _ in range(100)]
    whole = [clean(text) for text in texts]
    monkeypatch.setattr("tshoot.model.text._PIECE", 10)
    assert [clean(text) for text in texts] == whole
