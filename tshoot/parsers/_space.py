"""Sizes as df and vdf print them: blocks of a known size, or short numbers with a unit. A megabyte is 2**20 bytes."""

from __future__ import annotations

import re

_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,3})?)([BKMGTP]?)i?B?")
_UNITS = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}


def megabytes(word: str, block: int | None) -> float | None:
    """`32M`, `0B` or a bare number of `block` bytes; None where it is no size, or a bare number of unknown blocks."""
    found = _SIZE.fullmatch(word)
    if found is None:
        return None
    unit = _UNITS[found[2]] if found[2] else block
    return None if unit is None else round(float(found[1]) * unit / 2**20, 3)


def block_size(header: str) -> int | None:
    """The size in bytes that the header of df or vdf names for bare numbers: `1024-blocks`, `1K-blocks`, `Bytes`."""
    if re.search(r"(?<!\S)Bytes(?!\S)", header):
        return 1
    found = re.search(r"(?<!\S)([0-9]{1,6})([kKM]?)-blocks(?!\S)", header)
    return int(found[1]) * _UNITS[found[2].upper() or "B"] if found else None


def room(size: str, available: str, block: int | None) -> dict[str, float] | None:
    """`size_mb` and `available_mb` of one row; None where either is no size."""
    size_mb, available_mb = megabytes(size, block), megabytes(available, block)
    return None if size_mb is None or available_mb is None else {"size_mb": size_mb, "available_mb": available_mb}
