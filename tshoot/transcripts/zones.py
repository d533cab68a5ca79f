"""Time zones as devices and programs write them: `Z`, `+02:00`, `+03`, and words that mean one offset wherever they are read.

A word that stands for several zones tells nothing: CST (China, North America, Cuba), IST (India, Israel, Ireland), BST, AST, and all that an
operator made up (`clock timezone HOME 1`).
"""

from __future__ import annotations

import re

_HOURS = {
    "Z": 0, "UTC": 0, "GMT": 0, "UCT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
    "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "SAST": 2,
}  # fmt: skip
_NUMERIC = re.compile(r"([+-])([01][0-9])(?::?([0-5][0-9]))?")


def offset_of(zone: str) -> float | None:
    """Seconds by which a clock of this zone is ahead of UTC; None where the word does not tell."""
    if zone in _HOURS:
        return _HOURS[zone] * 3600.0
    if match := _NUMERIC.fullmatch(zone):
        seconds = int(match[2]) * 3600.0 + int(match[3] or 0) * 60.0
        return -seconds if match[1] == "-" else seconds
    return None
