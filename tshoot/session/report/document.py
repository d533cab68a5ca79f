"""A report as plain JSON values: the model, field by field, under the same names. docs/json.schema.json has it as `report`."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from tshoot.session.report.clock import iso
from tshoot.session.report.model import Report

SCHEMA = 1  # as of every `--json` document
_TIMES = frozenset({"at", "started", "ended"})


def document(report: Report) -> dict[str, Any]:
    """{"schema": 1, "report": …}; times are ISO 8601 in UTC, as in the log; what is not known is null."""
    return {"schema": SCHEMA, "report": _plain(report)}


def _plain(value: Any, name: str = "") -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name), item.name) for item in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if name in _TIMES and value is not None:
        return iso(value)
    if isinstance(value, float):
        return round(value, 6) if abs(value) < 1e12 else None
    return value
