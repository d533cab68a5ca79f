"""A question in words: what is asked, and the keys that answer. What is cut says how much is missing.

Of a command that waits for a yes the spaces stay as they are: what is agreed to must be what is seen.
"""

from __future__ import annotations

from textual.content import Content

from tshoot.model.effects import RunCommand, StartCapture
from tshoot.model.text import clean, clean_line
from tshoot.steering import Edit, approvals_for
from tshoot.tui.messages import Question

LONGEST = 8_000  # characters that are shown of a question: all of any command that an operator can type
LONGEST_DETAIL = 600


def question_text(question: Question) -> str:
    """All of it, however long."""
    match question.effect:
        case RunCommand() as effect:
            return f"Run on {clean_line(effect.target)}?  $ {_one_line(effect.command)}"
        case StartCapture() as effect:
            bounds = f"at most {effect.seconds:g} s, {effect.packets:,} packets, {effect.megabytes:g} MB"
            return f"Capture on {clean_line(effect.target)}?  {clean_line(effect.interface)}: {_one_line(effect.filter)} ({bounds})"
    return _one_line(question.text) if question.lets_run else clean_line(question.text)


def is_cut(question: Question) -> bool:
    """Whether some of it is not shown."""
    return len(question_text(question)) > LONGEST


def cut(text: str, most: int) -> str:
    """At most `most` characters, and how many more there are."""
    return text if len(text) <= most else f"{text[:most]} … {len(text) - most:,} more characters"


def question_keys(question: Question) -> list[tuple[str, str]]:
    """(key, what it does)."""
    match question.form:
        case "approve":
            more = Edit in approvals_for(question.effect) if question.effect else False
            return [("y", "run"), ("n", "skip"), *([("e", "edit"), ("h", "done by hand")] if more else [])]
        case "confirm":
            return [("y", "yes"), ("n", "no")]
        case "choice":
            return [("↑↓", "choose"), ("enter", "answer")]
        case "secret":
            return [("enter", "answer   what you type is not shown")]
    return [("enter", "answer"), *([("esc", "do not run it")] if question.lets_run else [])]


def keys_line(keys: list[tuple[str, str]], remark: str = "") -> Content:
    """`remark` stands on a line of its own."""
    parts: list[str | tuple[str, str]] = []
    for key, does in keys:
        parts += [(f" {key} ", "reverse"), f" {does}   "]
    told = Content.assemble(*parts).rstrip()
    return Content.assemble(told, "\n", (remark, "italic")) if remark else told


def _one_line(text: str) -> str:
    return " ".join(clean(text).splitlines())
