"""A session of a list as plain JSON values. Not a verb."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tshoot.session.store import SessionEntry


def entry_json(entry: SessionEntry) -> dict[str, Any]:
    """{"id", "started", "playbook", "verdict", "cause", "state"}: what every document of `--json` says of a session."""
    return {
        "id": entry.id,
        "started": utc(entry.started),
        "playbook": entry.playbook,
        "verdict": entry.verdict or None,
        "cause": entry.cause or None,
        "state": entry.state,
    }


def utc(at: float) -> str:
    """Seconds since the epoch as ISO 8601 with a Z."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
