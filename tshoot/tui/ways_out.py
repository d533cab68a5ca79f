"""Help and leaving, by the same keys everywhere: `?` and `q`; while a field or a search takes letters F1 and escape, which the last line tells."""

from __future__ import annotations

from textual.binding import Binding


def ways_out(leave: str) -> list[Binding]:
    """Of a screen; `leave` is an action.

    What takes letters takes `?` and `q` from the screen's keys, and of several keys of one action a footer tells the first that is left.
    """
    return [Binding("question_mark", "help", "Help", key_display="?"), Binding("f1", "help", "Help", key_display="F1"), *leaving(leave, "Leave")]


def leaving(leave: str, word: str) -> list[Binding]:
    """Of a dialog, where the app has F1."""
    return [Binding("q", leave, word), Binding("escape", leave, word, key_display="esc")]
