"""The words by which routers name the codes of a BGP NOTIFICATION (RFC 4271 section 4.5, RFC 4486, RFC 8538)."""

from __future__ import annotations

import re

# in this order: what is more particular comes first; each is looked for in the words in lower case
_WORDS: tuple[tuple[str, tuple[int, int]], ...] = (
    ("hold time expired", (4, 0)),
    ("hold timer expired", (4, 0)),
    ("holdtimer expired", (4, 0)),
    ("peer in wrong as", (2, 2)),
    ("bad peer as", (2, 2)),
    ("bad as", (2, 2)),
    ("bgp identifier wrong", (2, 3)),
    ("bad bgp identifier", (2, 3)),
    ("unsupported version", (2, 1)),
    ("unsupported optional parameter", (2, 4)),
    ("unacceptable hold time", (2, 6)),
    ("unsupported/disjoint capability", (2, 7)),
    ("unsupported capability", (2, 7)),
    ("maximum number of prefixes", (6, 1)),
    ("administrative shutdown", (6, 2)),
    ("administratively shutdown", (6, 2)),
    ("admin. shutdown", (6, 2)),
    ("peer de-configured", (6, 3)),
    ("peer unconfigured", (6, 3)),
    ("administrative reset", (6, 4)),
    ("administratively reset", (6, 4)),
    ("connection rejected", (6, 5)),
    ("other configuration change", (6, 6)),
    ("connection collision resolution", (6, 7)),
    ("out of resources", (6, 8)),
    ("hard reset", (6, 9)),
    ("bfd down", (6, 10)),
)
_PRINTED = re.compile(r"\b([1-7])/([0-9]{1,3})\b")


def code_of(words: str) -> tuple[int, int] | None:
    """Code and subcode that `words` name, as `4/0` or in words; None where they name none that is known."""
    said = words[:200].lower()
    if printed := _PRINTED.search(said):
        return int(printed[1]), int(printed[2])
    return next((code for name, code in _WORDS if name in said), None)
