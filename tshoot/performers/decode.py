"""Decode: a pulled capture through the detectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.model.effects import Decode
from tshoot.model.events import Decoded, Progress


def decode_capture(effect: Decode, path: Path, cancel: CancelToken, show: Callable[[Progress], None]) -> Decoded:
    from tshoot.packets.analysis import analyze_capture
    from tshoot.packets.artefacts import weakening

    def on_progress(text: str, fraction: float | None) -> None:
        show(Progress(effect.key, text, fraction, 1.0 if fraction is not None else None))

    analysis = analyze_capture(path, families=effect.families, cancel=cancel, on_progress=on_progress)
    missing = weakening(analysis.artefacts)
    remark = "; ".join(filter(None, (analysis.remark, missing)))
    return Decoded(analysis.packets, analysis.findings, analysis.seen, analysis.partial or bool(missing), remark)
