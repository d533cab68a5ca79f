"""From a capture file to findings and a verdict.

One pass to know the file, one to pick candidates where it is large, one decode for all detectors; each
detector is given the same frames. A fault that explains another outranks it. What was not seen is never
called healthy: no traffic that a detector judges, or a file read in part, gives an inconclusive verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.model.findings import SEVERITIES, Finding
from tshoot.model.text import clean_line
from tshoot.packets.container import Container, inspect
from tshoot.packets.detect import detectors
from tshoot.packets.frames import Detection, Detector, Frame
from tshoot.packets.prefilter import Candidates, candidates, renumbering, selection

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
    with inspect(path, cancel) as container:
        frames, remarks = _decoded(container, chosen, cancel, tell)
        tell("judging", None)
        detections = [_detection(detector, frames, remarks) for detector in chosen]
    return _analysis(container, chosen, detections, remarks)


def _decoded(container: Container, chosen: Sequence[Detector], cancel: CancelToken, tell: OnProgress) -> tuple[list[Frame], list[str]]:
    """The frames that any detector wants, numbered as in the file, and why they are not all, where they are not."""
    remarks = [container.remark] if container.remark else []
    frames: list[Frame] = []
    if not container.packets:
        return frames, remarks
    tell("selecting", None)
    with candidates(container, selection([detector.capture_filter for detector in chosen]), cancel) as picked:
        try:
            frames.extend(_wanted(picked, chosen, cancel, tell))
        except CaptureFileError as error:
            if not (container.partial and "cut short" in error.message):  # the torn end is told already
                remarks.append(error.message.replace(str(picked.path), str(container.path)))
    if len(frames) > FRAMES_KEPT:
        del frames[FRAMES_KEPT:]
        remarks.append(f"only the first {FRAMES_KEPT} frames that the detectors ask for were judged (to frame {frames[-1].number})")
    return frames, remarks


def _wanted(picked: Candidates, chosen: Sequence[Detector], cancel: CancelToken, tell: OnProgress) -> Iterator[Frame]:
    from tshoot.packets.decode import decode  # late: it brings pyshark and lxml

    if not picked.count:
        return iter(())
    filters = [detector.display_filter for detector in chosen]
    decoding = decode(
        picked.path,
        display_filter=" or ".join(f"({expression})" for expression in filters) if all(filters) else "",
        decode_as=tuple(dict.fromkeys(rule for detector in chosen for rule in detector.decode_as)),
        cancel=cancel,
        on_frame=lambda number: tell("decoding", number / picked.count),
        limit=FRAMES_KEPT + 1,
    )
    return map(renumbering(picked, cancel), decoding)


def _detection(detector: Detector, frames: list[Frame], remarks: list[str]) -> Detection:
    try:
        return detector.detect(iter(frames))
    except Exception as error:  # no packet may end the analysis; what failed is told, and nothing is called healthy
        remarks.append(f"the detector {detector.family} failed: {clean_line(repr(error))[:200]}")
        return Detection()


def _analysis(container: Container, chosen: Sequence[Detector], detections: Sequence[Detection], remarks: Sequence[str]) -> Analysis:
    findings = tuple(sorted((finding for detection in detections for finding in detection.findings), key=_order))
    seen = {name: count for detection in detections for name, count in detection.seen.items()}
    explained = _explained(findings, chosen)
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


def _explained(findings: Sequence[Finding], chosen: Sequence[Detector]) -> dict[str, str]:
    """Of the faults found, those that another one found explains: cause -> the one that explains it."""
    ranks = {cause: others for detector in chosen for cause, others in getattr(detector, "explains", {}).items()}
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
