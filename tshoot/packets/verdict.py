"""From findings to what is said of the whole capture: fault, healthy, or inconclusive with what is missing.

A fault is called by its root (`relations`). Healthy needs something that a detector looked at, nothing that is missing, and more than
the TCP beneath it: connections that come up and lose nothing say nothing of what they carry (unless only they were asked for).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tshoot.model.findings import Confidence, FileVerdict, Finding
from tshoot.model.losses import rests_on_silence
from tshoot.packets.artefacts import Artefact, weakening
from tshoot.packets.flows import FlowIndex
from tshoot.packets.frames import Detector
from tshoot.packets.path.attempts import unanswered
from tshoot.packets.path.services import talk_of
from tshoot.packets.relations import root_of

_WEAKER: Mapping[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}


@dataclass(frozen=True, slots=True)
class Looked:
    """What there was to judge. `remark`: what could not be read; `asked`: the families were named by the user."""

    packets: int
    seen: Mapping[str, int]
    chosen: Sequence[Detector]
    asked: bool
    remark: str
    artefacts: Sequence[Artefact] = ()
    index: FlowIndex | None = None


def weakened(finding: Finding, artefacts: Sequence[Artefact]) -> Finding:
    """A finding that rests on silence is less sure where packets are missing."""
    if not rests_on_silence(finding) or not any(artefact.weakens for artefact in artefacts):
        return finding
    return replace(finding, confidence=_WEAKER[finding.confidence])


def verdict_of(findings: Sequence[Finding], explained: Mapping[str, str], looked: Looked) -> FileVerdict:
    faults = [finding for finding in findings if finding.severity == "fault"]
    if faults:
        root = root_of(faults, explained)
        return FileVerdict("fault", root.cause, root.explanation)
    weaker = ", ".join(dict.fromkeys(f"{finding.severity}: {finding.cause}" for finding in findings))
    at = _looked_at(looked)
    told = f"looked at {at}: no fault among them" + (f" ({weaker})" if weaker else "") if at else ""
    missing = [f"not everything could be judged: {looked.remark}"] if looked.remark else []
    if lacking := weakening(looked.artefacts):
        missing.append(lacking)
    missing += _unheard(looked)
    if missing:
        return FileVerdict("inconclusive", "", "; ".join(part for part in (*missing, told) if part))
    if not looked.packets:
        return FileVerdict("inconclusive", "", "the capture holds no packets: check the capture filter and the interface, and capture again")
    if not at:
        return FileVerdict("inconclusive", "", f"none of the {looked.packets} packets is of a kind that the detectors judge")
    if not looked.asked and (beneath := _only_beneath(looked)):
        return FileVerdict("inconclusive", "", f"{told}; what they carry{beneath} is of no kind that the detectors judge")
    return FileVerdict("healthy", "", told)


def _looked_at(looked: Looked) -> str:
    # What a count means may go on to say what it leaves out: not here.
    meanings = {name: re.split(r"[,;:(]", meaning)[0].strip() for detector in looked.chosen for name, meaning in detector.seen.items()}
    return ", ".join(f"{count} {meanings.get(name, name)}" for name, count in looked.seen.items() if count)


def _only_beneath(looked: Looked) -> str:
    """The ports of the connections, in words, where nothing but connections was looked at; else empty."""
    beneath = {name for detector in looked.chosen for name in getattr(detector, "beneath", ())}
    if any(count and name not in beneath for name, count in looked.seen.items()):
        return ""
    ports = Counter(flow.server_port for flow in looked.index.tcp()) if looked.index else Counter[int]()
    named = [str(port) for port, _ in ports.most_common(4)]
    return f" (TCP port {', '.join(named)}{' and others' if len(ports) > 4 else ''})" if named else " "


def _unheard(looked: Looked) -> list[str]:
    """SYNs to which nothing came, in a capture in which nobody answers anybody."""
    judged = any(detector.family == "path" for detector in looked.chosen)
    if looked.index is None or not judged or any(artefact.kind == "one-direction" for artefact in looked.artefacts):
        return []
    talk = talk_of(looked.index)
    told = [service for service in unanswered(talk) if service.silent.syns > 1]
    if not told or talk.answered:
        return []
    first = told[0]
    others = f" and {len(told) - 1} more" if len(told) > 1 else ""
    text = (
        f"only SYNs of {first.client} to {first.server} port {first.port}{others}, and no answer in the file at all: either nothing answers, or "
        f"the capture shows one direction; capture again with a ping from {first.client} to a host that surely answers"
    )
    return [text]
