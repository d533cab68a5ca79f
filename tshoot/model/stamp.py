"""A moment as every document of `--json` writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(at: float) -> str:
    """Seconds since the epoch as ISO 8601 with a Z."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
