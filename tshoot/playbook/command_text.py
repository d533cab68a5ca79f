"""A command's text: what the playbook's author wrote stays as it is, each value that is filled in becomes one argument or a part of one.

Outside of quotes a value is shell-quoted. Within the author's own quotes, and after a `$`, a backquote or a backslash of his, which nest
in ways that only a shell knows, no quoting of ours would surely hold: there only a value of plain characters is let in. Nowhere may a
value begin a word with `-`: it would be read as an option. A value that may not stand where it should makes the text unknown, for that
reason, and the step is not run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from tshoot.model.facts import Unknown, Value
from tshoot.model.text import clean_line
from tshoot.playbook.evaluation import render
from tshoot.playbook.expressions import Template

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+", re.ASCII)


def command_text(template: Template, scope: Mapping[str, Value]) -> str | Unknown:
    """The command with its values; Unknown with the reason where one is not known or may not stand in its place."""
    line = CommandLine()
    for part in template.parts:
        if isinstance(part, str):
            line.literal(part)
            continue
        value, _ = render(Template(part.source, (part,)), scope)
        refused = value if isinstance(value, Unknown) else line.value(value, part.source)
        if refused is not None:
            return refused
    return line.text


class CommandLine:
    """A command as it grows from left to right; it knows which quotes of the author's are open."""

    def __init__(self) -> None:
        self.text = ""
        self._open = ""  # the quote that is open
        self._nests = False  # from here on only a shell knows what is quoted

    def literal(self, text: str) -> None:
        """What the author wrote."""
        for character in text:
            if character in "$`\\":
                self._nests = True
            elif character == self._open:
                self._open = ""
            elif character in "'\"" and not self._open:
                self._open = character
        self.text += text

    def value(self, value: str, source: str) -> Unknown | None:
        """Add what `source` stands for; or say why it may not stand here."""
        shown = clean_line(value)[:80]
        if not value.isprintable():
            return Unknown(f"`{source}` is `{shown}` with characters that cannot be typed: no command is made of it")
        if value.startswith("-") and (not self.text or self.text[-1] in " '\"`("):
            return Unknown(f"`{source}` is `{shown}`, which would be read as an option")
        if not self._open and not self._nests:
            self.text += shlex.quote(value)
        elif _PLAIN.fullmatch(value):
            self.text += value
        else:
            return Unknown(f"`{source}` is `{shown}`: within quotes only letters, digits and _ @ % + = : , . / - may be filled in")
        return None
