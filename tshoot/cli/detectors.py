"""tshoot detectors: what captures are judged for, read from the detectors themselves: nothing here is written down twice."""

from __future__ import annotations

import inspect
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from tshoot.cli import diagnostics
from tshoot.cli.output import emit_json, paragraphs, say

if TYPE_CHECKING:
    from tshoot.packets.frames import Detector


def run(arguments: Namespace) -> int:
    from tshoot.packets.detect import detectors

    listed = [_document(detector) for detector in detectors(tuple(arguments.families))]
    if arguments.json:
        emit_json({"detectors": listed})
        return diagnostics.HEALTHY
    for document in listed:
        _tell(document)
    return diagnostics.HEALTHY


def _document(detector: Detector) -> dict[str, Any]:
    from tshoot.playbook.causes import all_causes

    titles = {cause: known.title for cause, known in all_causes().items()}
    module = inspect.getmodule(type(detector))
    return {
        "family": detector.family,
        "looks_for": _first_sentence(module.__doc__ if module else ""),
        "capture_filter": detector.capture_filter,
        "display_filter": detector.display_filter,
        "needs_tshark": not getattr(detector, "no_frames", False),
        "judges_headers": hasattr(detector, "judge_flows"),
        "causes": [{"cause": cause, "title": titles.get(cause, ""), "proof": proof} for cause, proof in detector.causes.items()],
        "seen": [{"name": name, "means": means} for name, means in detector.seen.items()],
    }


def _first_sentence(text: str | None) -> str:
    """Of a module's head, to the first full stop that a space follows."""
    return " ".join((text or "").split()).split(". ", maxsplit=1)[0].rstrip(".")


def _tell(document: dict[str, Any]) -> None:
    say(f"{document['family']}: {document['looks_for']}.")
    say(f"  read from: {_read_from(document)}")
    if document["capture_filter"]:
        say(f"  capture filter: {document['capture_filter']}")
    if document["display_filter"]:
        say(f"  display filter: {document['display_filter']}")
    say("")
    for cause in document["causes"]:
        paragraphs((f"  {cause['cause']}: {cause['title']}", cause["proof"]))
    paragraphs(("  counts", "\n".join(f"{count['name']}: {count['means']}" for count in document["seen"])))


def _read_from(document: dict[str, Any]) -> str:
    if not document["needs_tshark"]:
        return "the headers of all packets; tshark is not needed"
    return "decoded frames (tshark)" + (", and the headers of all packets" if document["judges_headers"] else "")
