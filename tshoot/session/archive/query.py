"""What somebody types to find a session, taken apart. Nothing is an error: what is no filter is a word, and a word is only a word.

`denied vmk1 since:2026-10 cause:nfs.mount-denied "access denied" expo*`: all words must occur somewhere in the session, in any order; quoted ones
side by side; a star finds beginnings. Filters of different kinds must all hold, of one kind any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from tshoot.session.archive.contents import storable
from tshoot.session.archive.when import period
from tshoot.session.report.text import visible

KEYS = ("since", "until", "cause", "verdict", "playbook", "target", "address", "state")
_MOST_WORDS = 40
_PART = re.compile(r'(?:(?P<key>[A-Za-z]{1,12}):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')


@dataclass(frozen=True)
class Query:
    """`words` are FTS5 expressions, each safe to run. `since` and `until` are seconds since the epoch (`until` excluded).

    `fruitless`: something was typed, but there is neither a word nor a filter in it (`"`, `!!!`): that is not to ask for everything.
    """

    words: tuple[str, ...] = ()
    filters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    since: float | None = None
    until: float | None = None
    fruitless: bool = False


def parse_query(text: str, now: float) -> Query:
    """`now`: seconds since the epoch, for ages such as `since:7d`."""
    words: list[str] = []
    filters: dict[str, tuple[str, ...]] = {}
    since = until = None
    for found in _PART.finditer(storable(visible(text))[:4000]):
        key, value = (found["key"] or "").lower(), found["quoted"] if found["quoted"] is not None else found["plain"]
        span = period(value, now) if key in ("since", "until") else None
        if key == "since" and span:
            since = span[0]
        elif key == "until" and span:
            until = span[0] if value.strip().lower().endswith(("h", "d", "w", "y")) else span[1]
        elif key in KEYS and value and key not in ("since", "until"):
            filters[key] = (*filters.get(key, ()), _canonical(key, value))
        else:
            words += _word(found[0], quoted=found["quoted"] is not None)
    fruitless = bool(text.strip()) and not words and not filters and since is None and until is None
    return Query(tuple(words[:_MOST_WORDS]), filters, since, until, fruitless)


def _word(text: str, quoted: bool) -> list[str]:
    """An FTS5 string, which has no syntax inside but the doubled quote; none where there is nothing to look for."""
    beginning = text.endswith("*") and not quoted
    bare = " ".join(re.findall(r"[^\W_]+", text))
    return [f'"{bare}"{" *" if beginning else ""}'] if bare else []


def _canonical(key: str, value: str) -> str:
    if key != "address":
        return value.strip().lower()
    bare = value.strip().strip("[]")
    for form in (ip_address, ip_network):
        try:
            return str(form(bare) if form is ip_address else ip_network(bare, strict=False))
        except ValueError:
            continue
    return bare.lower()
