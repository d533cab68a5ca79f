"""From a capture file to findings and a verdict.

One pass over the file counts its packets, fills the flow index and picks the frames that detectors ask for; one
decode serves all detectors, each is given the same frames. Where tshark is missing, the flow index is judged alone.
A fault that explains another outranks it. What was not seen is never called healthy: no traffic that a
detector judges, or a file read in part, gives an inconclusive verdict.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.model.findings import CONFIDENCES, SEVERITIES, FileVerdict, Finding
from tshoot.model.text import clean_line
from tshoot.packets.artefacts import Artefact, Artefacts
from tshoot.packets.container import Container, inspect
from tshoot.packets.detect import detectors
from tshoot.packets.frames import Detection, Detector, Frame
from tshoot.packets.limits import FRAMES_KEPT, Limits
from tshoot.packets.pace import Pace
from tshoot.packets.relations import explained_by
from tshoot.packets.timeline import Timeline
from tshoot.packets.verdict import Looked, verdict_of, weakened

if TYPE_CHECKING:
    from tshoot.packets.batches import Batch
    from tshoot.packets.reading import Reading

OnProgress = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Analysis:
    """`findings` by severity, then first frame; `seen` counts what was looked at; `explained`: cause -> the cause that explains it.

    `times`: nanoseconds since the epoch of the frames that findings cite, as far as they are known. `artefacts`: what is wrong with the
    capture as a capture.
    """

    file: Path
    format: str
    link_types: tuple[str, ...]
    packets: int
    bytes: int
    partial: bool
    remark: str
    findings: tuple[Finding, ...]
    seen: Mapping[str, int]
    verdict: FileVerdict
    explained: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[int, int] = field(default_factory=dict)
    timeline: Timeline | None = None
    artefacts: tuple[Artefact, ...] = ()


def analyze_capture(
    path: Path, *, families: Sequence[str] = (), cancel: CancelToken, on_progress: OnProgress | None = None, limits: Limits | None = None
) -> Analysis:
    """Judge the capture at `path` by the detectors of `families` (empty: all), within `limits`.

    Raises CaptureFileError for what is no capture, UsageError for an unknown family, Cancelled, and MissingProgram where tshark is missing and
    the headers alone show no fault.
    """
    chosen = detectors(families)
    tell = on_progress or (lambda what, share: None)
    tell("reading", None)
    bounds, pace = limits or Limits(frames=FRAMES_KEPT), Pace(tell)
    reading, artefacts = _reading(chosen, cancel, bounds), Artefacts()

    def take(batch: Batch) -> None:
        artefacts.take(batch)
        reading.take(batch)

    with contextlib.closing(reading), inspect(path, cancel, take, pace.read) as container:
        frames = reading.frames(container, bounds.frames, cancel, tell, pace)
        remarks = [remark for remark in (container.remark, *reading.remarks) if remark]
        tell("judging", None)
        detections = [_detection(detector, frames, reading, remarks, cancel) for detector in chosen]
        told = artefacts.found(reading.index, container.readable, container.packets)
    if reading.missing and not any(finding.severity == "fault" for detection in detections for finding in detection.findings):
        raise reading.missing
    remark = "; ".join(remarks)
    seen = {name: count for detection in detections for name, count in detection.seen.items()}
    looked = Looked(container.packets, seen, chosen, bool(families), remark, told, reading.index)
    analysis = _analysis(container, detections, looked)
    cited = {frame for finding in analysis.findings for frame in (*finding.frames, *(value.frame for value in finding.evidence))}
    return replace(analysis, times=reading.times(cited, frames), timeline=reading.index.timeline)


def _reading(chosen: Sequence[Detector], cancel: CancelToken, limits: Limits) -> Reading:
    from tshoot.packets.reading import Reading  # late: it brings numpy

    return Reading(chosen, cancel, limits)


def _heeding(frames: list[Frame], cancel: CancelToken) -> Iterator[Frame]:
    for frame in frames:
        cancel.check()
        yield frame


def _detection(detector: Detector, frames: list[Frame], reading: Reading, remarks: list[str], cancel: CancelToken) -> Detection:
    try:
        decoded = detector.detect(_heeding(frames, cancel))
        cancel.check()
        if not hasattr(detector, "judge_flows"):
            return decoded
        undecoded: Detection = detector.judge_flows(reading.index)
        seen = {name: decoded.seen.get(name, 0) + undecoded.seen.get(name, 0) for name in {**decoded.seen, **undecoded.seen}}
        return Detection(_once(decoded.findings, undecoded.findings), seen, {**decoded.explains, **undecoded.explains})
    except Cancelled:
        raise
    except Exception as error:  # no packet may end the analysis; what failed is told, and nothing is called healthy
        remarks.append(f"the detector {detector.family} failed: {clean_line(repr(error))[:200]}")
        return Detection()


def _once(decoded: Sequence[Finding], undecoded: Sequence[Finding]) -> tuple[Finding, ...]:
    """What the flow index shows and the decoded frames show too is told once, as these do."""
    known = {(finding.cause, frame) for finding in decoded for frame in finding.frames}
    return (*decoded, *(finding for finding in undecoded if not all((finding.cause, frame) in known for frame in finding.frames)))


def _analysis(container: Container, detections: Sequence[Detection], looked: Looked) -> Analysis:
    found = (weakened(finding, looked.artefacts) for detection in detections for finding in detection.findings)
    findings = tuple(sorted(found, key=_order))
    explained = explained_by(findings, _always(looked.chosen, detections))
    return Analysis(
        file=container.path,
        format=container.format,
        link_types=container.link_types,
        packets=container.packets,
        bytes=container.bytes,
        partial=bool(looked.remark),
        remark=looked.remark,
        findings=findings,
        seen=looked.seen,
        verdict=verdict_of(findings, explained, looked),
        explained=explained,
        artefacts=tuple(looked.artefacts),
    )


def _order(finding: Finding) -> tuple[int, int, int]:
    return SEVERITIES.index(finding.severity), min(finding.frames, default=0), CONFIDENCES.index(finding.confidence)


def _always(chosen: Sequence[Detector], detections: Sequence[Detection]) -> dict[str, tuple[str, ...]]:
    """What the detectors themselves say of what explains what."""
    ranks: dict[str, tuple[str, ...]] = {}
    for relations in (*(getattr(detector, "explains", {}) for detector in chosen), *(detection.explains for detection in detections)):
        ranks.update({cause: (*ranks.get(cause, ()), *others) for cause, others in relations.items()})
    return ranks
