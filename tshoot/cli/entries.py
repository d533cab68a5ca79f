"""A session of a list as plain JSON values. Not a verb."""

from __future__ import annotations

from typing import Any

from tshoot.model.stamp import utc
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
