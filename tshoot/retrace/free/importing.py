"""A recording of another program to a session: one own command for each that was typed, its answer, and the judges' verdict.

The recording itself is attached to the first note, as it is kept (keeping.py). Written in a private folder and seen only when it is whole.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import RunCommand
from tshoot.model.events import (
    CommandRan,
    EffectAnswered,
    EffectRequested,
    Event,
    NoteAdded,
    Ok,
    RunEnded,
    RunStarted,
    TargetSpec,
    VerdictReached,
)
from tshoot.model.evidence import EvidenceRef
from tshoot.model.text import clean_line
from tshoot.model.verdicts import Verdict
from tshoot.retrace.free.judged import Judged
from tshoot.retrace.free.keeping import hidden, kept_recording
from tshoot.retrace.free.playbook import FREE, FREE_TEXT, TEXT_ROLE
from tshoot.session.evidence import Evidence
from tshoot.session.files import disk_errors, make_private_folder, read_regular, sync_folder
from tshoot.session.log import SessionLog
from tshoot.session.read import EVIDENCE, read_header
from tshoot.session.store import Session
from tshoot.transcripts.foreign.dates import beginning
from tshoot.transcripts.foreign.recorded import ACCEPTED, Recorded, read_recording
from tshoot.transcripts.text import LARGEST_FILE

_MOST_TOLD = 20
_LONGEST_COMMAND = 4000
_TIMING = "timing of "


@dataclass(frozen=True)
class Imported:
    """What became of a recording. `commands` are the counts by device; `not_understood` lines for a person."""

    session: Session
    format: str
    commands: dict[str, int]
    times: str
    not_understood: tuple[str, ...]
    remarks: tuple[str, ...]
    verdict: Verdict


def import_recording(file: Path, timing: Path | None, root: Path, cancel: CancelToken) -> Imported:
    """Keep the recording in `file` as a session below `root`. SessionError where it is none, or shows nothing of a device; Cancelled."""
    raw, moment = _content(file)
    timed = _content(timing)[0] if timing else None
    name = hidden(clean_line(file.name))[:200]
    kept, kept_timing = kept_recording(file, raw, timed)
    recorded = read_recording(file, kept, kept_timing).since(moment)
    judged = Judged(recorded, cancel)
    if not judged.shows_something:
        raise SessionError(f"{file}: no command at a prompt of a device, and no answer of one that is known, was found in it", ACCEPTED)
    with disk_errors("written", root):
        if not root.exists():
            make_private_folder(root)
    private = root / f".import-{secrets.token_hex(8)}"
    try:
        with disk_errors("written", private):
            make_private_folder(private)
        folder = _written(private, name, raw, kept, kept_timing, judged, cancel)
        with disk_errors("written", root):
            folder = folder.rename(root / folder.name)
            sync_folder(root)
    finally:
        shutil.rmtree(private, ignore_errors=True)
    session = Session(folder, read_header(folder))
    return Imported(session, recorded.format, judged.counts, judged.times, judged.not_understood, judged.remarks, judged.verdict)


def _content(file: Path) -> tuple[bytes, float]:
    """The bytes of the file, one more than are taken where it is too large, and when it was last written."""
    if file.is_dir():
        raise SessionError(f"{file}: is a folder", f"name one file; {ACCEPTED}")
    with disk_errors("read", file), read_regular(file.resolve()) as opened:
        return opened.read(LARGEST_FILE + 1), max(0.0, os.fstat(opened.fileno()).st_mtime)  # a clock that was never set


# --- the session -------------------------------------------------------------------------------------


def _written(private: Path, name: str, raw: bytes, kept: bytes, timing: bytes | None, judged: Judged, cancel: CancelToken) -> Path:
    recorded = judged.recorded
    began = beginning(recorded, (one.typed for one in judged.placed))
    with SessionLog.create(private, FREE, FREE_TEXT, ShippedKnowledge().versions(), started=began) as log:
        log.append(RunStarted(began, FREE, _targets(judged), {}))
        evidence = Evidence(log.folder / EVIDENCE)
        same = "kept as it is" if kept == raw else "kept without secrets and input"
        said = f"imported from {name}: {recorded.format}, {len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()}, {same}; {judged.times}"
        log.append(NoteAdded(began, said, "tshoot", EvidenceRef(*evidence.keep(kept), "file", name)))
        if timing is not None:
            log.append(NoteAdded(began, "its timing file", "tshoot", EvidenceRef(*evidence.keep(timing), "file", f"{_TIMING}{name}")))
        for text in _told(judged):
            log.append(NoteAdded(began, text, "tshoot"))
        last = began
        for event in _events(judged, began):
            cancel.check()
            log.append(event)
            last = event.at
        log.append(VerdictReached(last, judged.verdict))
        log.append(RunEnded(last, "finished"))
        return log.folder


def _targets(judged: Judged) -> tuple[TargetSpec, ...]:
    without = any(one.role == TEXT_ROLE for one in judged.placed)
    return (*judged.roles.values(), *((TargetSpec(TEXT_ROLE, "text without a prompt", ""),) if without else ()))


def _told(judged: Judged) -> Iterator[str]:
    yield from judged.remarks
    if judged.not_understood:
        more = len(judged.not_understood) - _MOST_TOLD
        yield "not understood: " + "; ".join(judged.not_understood[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _events(judged: Judged, began: float) -> Iterator[Event]:
    """Commands, answers and markers in the order of their times."""
    markers = sorted(judged.recorded.markers)
    now = began
    for one in judged.placed:
        now = max(now, one.typed.at if one.typed.at is not None else now)
        while markers and markers[0][0] <= now:
            yield NoteAdded(max(began, markers[0][0]), hidden(markers.pop(0)[1]), "the recording")
        yield EffectRequested(now, RunCommand(one.key, "", one.role, one.command, typed=True))
        until = max(now, one.typed.until if one.typed.until is not None else now)
        yield EffectAnswered(until, one.key, Ok(CommandRan(None, one.typed.text.encode("utf-8", "replace"), b"", round(until - now, 6))))
        now = until
    for at, label in markers:
        now = max(now, at)
        yield NoteAdded(now, hidden(label), "the recording")


def verdict_of_recording(recorded: Recorded, cancel: CancelToken) -> Verdict:
    """What the judges say of a recording that was read again."""
    return Judged(recorded, cancel).verdict


def recording_of(session: Session, events: Iterable[Event], started: float) -> Recorded:
    """The recording that a session was made from, read again. SessionError where it is not there or was altered."""
    attached = [event.attached for event in events if isinstance(event, NoteAdded) and event.attached is not None and event.attached.kind == "file"]
    files = [ref for ref in attached if not ref.origin.startswith(_TIMING)]
    if not files:
        raise SessionError(f"{session.folder}: holds no recording", "it was not made by `tshoot sessions import`")
    evidence = Evidence(session.folder / EVIDENCE)
    timing = next((evidence.read(ref.sha256, ref.size) for ref in attached if ref.origin.startswith(_TIMING)), None)
    raw = evidence.read(files[0].sha256, files[0].size)
    plain = not raw.startswith((b"Script started on ",))
    return read_recording(Path(files[0].origin), raw, None if plain or not timing else timing).since(started)
