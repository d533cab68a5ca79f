"""The verifications of the fix that stand in a log behind its run, found without reading the rest of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tshoot.model.events import FixVerified, VerificationBegan
from tshoot.model.stamp import utc
from tshoot.model.text import clean
from tshoot.session.codec_v1 import decode
from tshoot.session.read import marked_lines
from tshoot.session.verification_text import verification_json

_TELLS = re.compile(rb'"event": "(?:VerificationBegan|FixVerified)"')


@dataclass(frozen=True)
class Verified:
    """One that began; `result` is None where it was stopped."""

    began: VerificationBegan
    result: FixVerified | None = None


def verifications_of(folder: Path) -> list[Verified]:
    """In order. SessionError where a line cannot be read; whether the log is whole is not judged."""
    found: list[Verified] = []
    for _, raw in marked_lines(folder, _TELLS):
        event = decode(raw, lambda sha256, size: b"").event
        if isinstance(event, VerificationBegan):
            found.append(Verified(event))
        elif isinstance(event, FixVerified) and found and found[-1].result is None:
            found[-1] = Verified(found[-1].began, event)
    return found


def verified_json(one: Verified) -> dict[str, Any]:
    """{"began", "by", "ended", "verification"}; the last two are None where it was stopped."""
    return {
        "began": utc(one.began.at),
        "by": clean(one.began.by),
        "ended": utc(one.result.at) if one.result else None,
        "verification": verification_json(one.result.verification) if one.result else None,
    }
