"""From a capture file to findings and a verdict.

One pass over the file counts its packets, fills the flow index and picks the frames that detectors ask for; one
decode serves all detectors, each is given the same frames. Where tshark is missing, the flow index is judged alone.
A fault that explains another outranks it. What was not seen is never called healthy: no traffic that a
detector judges, or a file read in part, gives an inconclusive verdict.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tshoot.cancel import CancelToken
from tshoot.model.findings import SEVERITIES, Finding
from tshoot.model.text import clean_line
from tshoot.packets.container import Container, inspect
from tshoot.packets.detect import detectors
from tshoot.packets.frames import Detection, Detector, Frame

if TYPE_CHECKING:
    from tshoot.packets.reading import Reading

FRAMES_KEPT = 50_000  # decoded frames held in memory at once
_CONFIDENCES = ("high", "medium", "low")
OnProgress = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class CaptureVerdict:
    """`cause` is empty unless a fault was found."""

    kind: Literal["fault", "healthy", "inconclusive"]
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """`findings` by severity, then first frame; `seen` counts what was looked at; `explained`: cause -> the cause that explains it."""

    file: Path
    format: str
    link_types: tuple[str, ...]
    packets: int
    bytes: int
    partial: bool
    remark: str
    findings: tuple[Finding, ...]
    seen: Mapping[str, int]
    verdict: CaptureVerdict
    explained: Mapping[str, str] = field(default_factory=dict)


def analyze_capture(path: Path, *, families: Sequence[str] = (), cancel: CancelToken, on_progress: OnProgress | None = None) -> Analysis:
    """Judge the capture at `path` by the detectors of `families` (empty: all).

    Raises CaptureFileError for what is no capture, UsageError for an unknown family, MissingProgram, Cancelled.
    """
    chosen = detectors(families)
    tell = on_progress or (lambda what, share: None)
    tell("reading", None)
    reading = _reading(chosen, cancel)
    with contextlib.closing(reading), inspect(path, cancel, reading.take) as container:
        frames = reading.frames(container, FRAMES_KEPT, cancel, tell)
        remarks = [remark for remark in (container.remark, *reading.remarks) if remark]
        tell("judging", None)
        detections = [_detection(detector, frames, reading, remarks) for detector in chosen]
    if reading.missing and not any(detection.findings for detection in detections):
        raise reading.missing
    return _analysis(container, chosen, detections, remarks)


def _reading(chosen: Sequence[Detector], cancel: CancelToken) -> Reading:
    from tshoot.packets.reading import Reading  # late: it brings numpy

    return Reading(chosen, cancel)


def _detection(detector: Detector, frames: list[Frame], reading: Reading, remarks: list[str]) -> Detection:
    try:
        decoded = detector.detect(iter(frames))
        if not hasattr(detector, "judge_flows"):
            return decoded
        undecoded: Detection = detector.judge_flows(reading.index)
        seen = {name: decoded.seen.get(name, 0) + undecoded.seen.get(name, 0) for name in {**decoded.seen, **undecoded.seen}}
        return Detection((*decoded.findings, *undecoded.findings), seen, {**decoded.explains, **undecoded.explains})
    except Exception as error:  # no packet may end the analysis; what failed is told, and nothing is called healthy
        remarks.append(f"the detector {detector.family} failed: {clean_line(repr(error))[:200]}")
        return Detection()


def _analysis(container: Container, chosen: Sequence[Detector], detections: Sequence[Detection], remarks: Sequence[str]) -> Analysis:
    findings = tuple(sorted((finding for detection in detections for finding in detection.findings), key=_order))
    seen = {name: count for detection in detections for name, count in detection.seen.items()}
    explained = _explained(findings, chosen, detections)
    remark = "; ".join(remarks)
    return Analysis(
        file=container.path,
        format=container.format,
        link_types=container.link_types,
        packets=container.packets,
        bytes=container.bytes,
        partial=bool(remarks),
        remark=remark,
        findings=findings,
        seen=seen,
        verdict=_verdict(findings, explained, _looked_at(seen, chosen), container.packets, remark),
        explained=explained,
    )


def _order(finding: Finding) -> tuple[int, int, int]:
    return SEVERITIES.index(finding.severity), min(finding.frames, default=0), _CONFIDENCES.index(finding.confidence)


def _explained(findings: Sequence[Finding], chosen: Sequence[Detector], detections: Sequence[Detection]) -> dict[str, str]:
    """Of the faults found, those that another one found explains: cause -> the one that explains it."""
    ranks: dict[str, tuple[str, ...]] = {}
    for relations in (*(getattr(detector, "explains", {}) for detector in chosen), *(detection.explains for detection in detections)):
        ranks.update({cause: (*ranks.get(cause, ()), *others) for cause, others in relations.items()})
    causes = dict.fromkeys(finding.cause for finding in findings if finding.severity == "fault")
    explained: dict[str, str] = {}
    for cause in causes:
        for other in ranks.get(cause, ()):
            if other in causes and other != cause and explained.get(cause) != other:
                explained.setdefault(other, cause)
    return explained


def _verdict(findings: Sequence[Finding], explained: Mapping[str, str], looked_at: str, packets: int, remark: str) -> CaptureVerdict:
    faults = [finding for finding in findings if finding.severity == "fault"]
    if faults:
        root = next((finding for finding in faults if finding.cause not in explained), faults[0])
        return CaptureVerdict("fault", root.cause, root.explanation)
    weaker = ", ".join(dict.fromkeys(f"{finding.severity}: {finding.cause}" for finding in findings))
    looked = f"looked at {looked_at}: no fault among them" + (f" ({weaker})" if weaker else "") if looked_at else ""
    if remark:
        return CaptureVerdict("inconclusive", "", "; ".join(part for part in ("not everything could be judged: " + remark, looked) if part))
    if not packets:
        return CaptureVerdict("inconclusive", "", "the capture holds no packets: check the capture filter and the interface, and capture again")
    if not looked:
        return CaptureVerdict("inconclusive", "", f"none of the {packets} packets is of a kind that the detectors judge")
    return CaptureVerdict("healthy", "", looked)


def _looked_at(seen: Mapping[str, int], chosen: Sequence[Detector]) -> str:
    # What a count means may go on to say what it leaves out: not here.
    meanings = {name: re.split(r"[,;:(]", meaning)[0].strip() for detector in chosen for name, meaning in detector.seen.items()}
    return ", ".join(f"{count} {meanings.get(name, name)}" for name, count in seen.items() if count)
