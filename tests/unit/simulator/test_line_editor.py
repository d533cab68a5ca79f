"""What is typed at a prompt, byte by byte."""

from __future__ import annotations

import pytest

from tshoot.simulator.line_editor import LONGEST_LINE, LineEditor


def typed(text: bytes, echo: bool = True) -> tuple[bytes, list[str]]:
    editor, shown, lines = LineEditor(echo), b"", []
    for byte in text:
        piece, line = editor.typed(byte)
        shown += piece
        lines += [] if line is None else [line]
    return shown, lines


@pytest.mark.parametrize(
    ("text", "shown", "lines"),
    [
        (b"show\r", b"show\r\n", ["show"]),
        (b"show\n", b"show\r\n", ["show"]),
        (b"a\r\nb\r\n", b"a\r\nb\r\n", ["a", "b"]),
        (b"a\n\nb\n", b"a\r\n\r\nb\r\n", ["a", "", "b"]),
        (b"a\r\rb\r", b"a\r\n\r\nb\r\n", ["a", "", "b"]),
        (b"shoe\x7fw\r", b"shoe\x08 \x08w\r\n", ["show"]),
        (b"ab\x08\x08\x08c\r", b"ab\x08 \x08\x08 \x08\x07c\r\n", ["c"]),
        (b"half\x03show\r", b"half^C\r\nshow\r\n", ["", "show"]),
        (b"abc\x15d\r", b"abc" + b"\x08 \x08" * 3 + b"d\r\n", ["d"]),
        (b"sh\x1b[A\x1b[1;5Cow\x1bOP\x1bx\r", b"show\r\n", ["show"]),
        (b"show\x1b[\r", b"show\r\n", ["show"]),
        (b"a\x00\x01\x1ab\tc\r", b"abc\r\n", ["abc"]),
        ("é\x7fe\r".encode(), "é\x08 \x08e\r\n".encode(), ["e"]),
        (b"\xff\xfe\r", b"\xff\xfe\r\n", ["\ufffd\ufffd"]),
        (b"unfinished", b"unfinished", []),
    ],
)
def test_lines_and_their_echo(text, shown, lines):
    assert typed(text) == (shown, lines)


def test_a_password_is_not_echoed():
    assert typed(b"ses\x7fam\x08\r", echo=False) == (b"\r\n", ["sea"])


def test_a_line_has_a_bound():
    shown, lines = typed(b"x" * (LONGEST_LINE + 3) + b"\r")
    assert lines == ["x" * LONGEST_LINE]
    assert shown == b"x" * LONGEST_LINE + b"\x07\x07\x07\r\n"


def test_an_escape_sequence_without_end_takes_nothing_but_itself():
    assert typed(b"\x1b[" + b"0;" * 100_000 + b"\rshow\r")[1] == ["", "show"]
