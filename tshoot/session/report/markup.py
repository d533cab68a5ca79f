"""HTML, SVG and XML that cannot be broken out of: text is escaped because it is text, not because somebody thought of it.

`tag("td", text)` escapes every `str`; only what `tag` itself made, a `Markup`, goes in as it is. The result is pure ASCII (the rest as character
references), so no encoding can change its meaning.
"""

from __future__ import annotations

from collections.abc import Iterable

_VOID = frozenset({"meta", "br", "hr", "rect", "path", "line", "circle", "col"})


class Markup(str):
    """Text that is markup already. Made by `tag`, `join` and `raw` alone."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | int | float | None) -> Markup:
    """`<name attribute="value">children</name>`; a None is left out; `class_` and `stroke_width` stand for `class` and `stroke-width`."""
    named = "".join(f' {_name(key)}="{escape(str(value))}"' for key, value in attributes.items() if value is not None)
    if name in _VOID:
        return Markup(f"<{name}{named}/>")
    return Markup(f"<{name}{named}>{join(child for child in children if child is not None)}</{name}>")


def join(parts: Iterable[str]) -> Markup:
    """One after the other, each escaped that is no markup."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def raw(text: str) -> Markup:
    """A constant of ours, such as a style sheet. Never anything that was read."""
    return Markup(text)


def escape(text: str) -> Markup:
    """The five characters that have a meaning in HTML and XML, and all that is not ASCII, as character references."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&#39;")
    return Markup(text.encode("ascii", "xmlcharrefreplace").decode("ascii"))


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
