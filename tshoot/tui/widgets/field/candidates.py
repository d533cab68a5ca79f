"""What a field of the set-up can be completed with: the hosts of ssh_config and of earlier sessions, or the values of an input.

Shown behind the cursor as it is typed; → takes it.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.suggester import Suggester

from tshoot.model.text import clean_line


class Candidates(Suggester):
    """`hosts`: what stands before an `@` is the user, and stays."""

    def __init__(self, values: Iterable[str] = (), *, hosts: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._values, self._hosts = tuple(values), hosts

    def offer(self, values: Iterable[str]) -> None:
        """Also these, after those that are known; what is not clean text is no value that anybody typed."""
        clean = (value for value in values if value and value == clean_line(value))
        self._values = tuple(dict.fromkeys((*self._values, *clean)))

    async def get_suggestion(self, value: str) -> str | None:
        found = self.fitting(value)
        return found[0] if found else None

    def fitting(self, typed: str) -> list[str]:
        """All that begin as `typed` does and go on, in their order."""
        whole = [value for value in self._values if value.startswith(typed) and value != typed]
        user, at, begun = typed.rpartition("@")
        if not self._hosts or not at:
            return whole if typed else []
        after = [f"{user}@{value}" for value in self._values if "@" not in value and value.startswith(begun) and value != begun and begun]
        return list(dict.fromkeys((*whole, *after)))
