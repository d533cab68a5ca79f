"""What in a query is taken for something else than it may have been meant for. Nothing of it is an error: it is said, and looked for as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from ipaddress import ip_network

from tshoot.model.text import clean_line
from tshoot.session.archive.query import KEYS, parse_query
from tshoot.session.archive.when import period

_PART = re.compile(r'([A-Za-z]{1,12}):("[^"]{0,200}"|\S{0,200})')
_WORDS = {"verdict": ("fault", "healthy", "inconclusive", "none"), "state": ("finished", "interrupted", "running", "broken")}
_MOST = 3


def query_remarks(text: str, now: float) -> list[str]:
    """The first few, each one clean line. `now` as in `parse_query`."""
    found = list(_remarks(text[:4000], now))[:_MOST]
    if parse_query(text, now).fruitless:
        found.append(f"{text.strip()[:40]} has no letter or digit to look for, and no filter: it fits nothing")
    return [clean_line(remark) for remark in found]


def _remarks(text: str, now: float) -> Iterator[str]:
    if text.count('"') % 2:
        yield "a quote is not closed: close it, or its words are looked for one by one"
    for key, value in _PART.findall(text):
        name, bare = key.lower(), value.strip('"')
        if name not in KEYS:
            near = get_close_matches(name, KEYS, 1, 0.6)
            if near:
                yield f"{key}: is no filter and is looked for as a word; did you mean {near[0]}:?"
        elif not bare:
            yield f"{key}: has no value yet"
        elif name in ("since", "until") and period(bare, now) is None:
            yield f"{key}:{bare} is no date and is looked for as words; write 2026, 2026-10, 2026-10-05 or an age such as 7d"
        elif name in _WORDS and bare.lower() not in _WORDS[name]:
            yield f"{key}:{bare} fits nothing; it may be {', '.join(_WORDS[name])}"
        elif name == "address" and not _is_network(bare):
            yield f"{key}:{bare} is no address and no network; write 192.0.2.50 or 2001:db8::/32"


def _is_network(text: str) -> bool:
    try:
        ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return False
    return True
