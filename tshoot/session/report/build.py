"""The report of a session, from its log and evidence alone.

Where a session was gone on with after a fault, the report is about that fault; a later verdict is its verification.
Nothing is believed: text is cleaned and bounded here, once, and evidence is checked before it is quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tshoot.model.events import (
    CaptureTaken,
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    NoteAdded,
    Ok,
    RunEnded,
    RunStarted,
    VerdictReached,
    VerificationBegan,
)
from tshoot.model.verdicts import Decision
from tshoot.session.log import is_being_written
from tshoot.session.read import read_header
from tshoot.session.report import summary
from tshoot.session.report.checked import checked
from tshoot.session.report.commands import commands, comparisons
from tshoot.session.report.judged import ruled_out, steps, undecided
from tshoot.session.report.model import EvidenceFile, Input, Note, Report, Target, VerdictTold, Verification
from tshoot.session.report.proof import FrameTimes, proofs
from tshoot.session.report.recorded import Outputs, Piece, events
from tshoot.session.report.text import line, prose
from tshoot.session.report.timeline import timeline
from tshoot.session.verify import verify

MOST_MOMENTS, MOST_PROOF, MOST_COMMANDS, MOST_EVIDENCE = 1000, 60, 1000, 2000
_MOST = 300  # of what no honest session has many of: targets, inputs, steps, causes, notes, problems


def no_times(sha256: str, frames: frozenset[int]) -> Mapping[int, float]:
    """For a caller that cannot read captures: no frame has a time."""
    return {}


def build_report(folder: Path, frame_times: FrameTimes = no_times) -> Report:
    """SessionError where the log cannot be read to its end."""
    header = read_header(folder)
    log = list(events(folder))
    outputs, evidence = Outputs(folder), _evidence(log)
    for piece, _ in _pieces(log):
        outputs.note(piece)
    started = next((event for event in log if isinstance(event, RunStarted)), None)
    course = _course(log)
    verdict = course.reached.verdict if course.reached else None
    told = _told(course.reached)
    citations = tuple(dict.fromkeys(verdict.evidence)) if verdict else ()
    proof = proofs(citations[:MOST_PROOF], outputs, frame_times)
    runs, moments = commands(log), timeline(log)
    checks = tuple(checked(log)[:_MOST])
    later = comparisons(runs, course.reached.at, outputs) if course.reached else []
    first, last = (log[0].at, max(event.at for event in log)) if log else (header.started, header.started)
    targets = tuple(Target(line(target.role), line(target.host), line(target.platform)) for target in (started.targets[:_MOST] if started else ()))
    inputs = tuple(Input(line(name), line(value)) for name, value in (list(started.inputs.items())[:_MOST] if started else ()))
    return Report(
        session=line(header.session),
        playbook=line(header.playbook),
        playbook_sha256=line(header.playbook_sha256),
        tshoot=line(header.tshoot),
        started=first,
        ended=last,
        seconds=max(last - first, 0.0),
        state=_state(log, folder),
        summary=summary.summarize(line(header.playbook), targets, inputs, told, verdict, _told(course.later), checks),
        targets=targets,
        inputs=inputs,
        verdict=told,
        timeline=tuple(moments[:MOST_MOMENTS]),
        timeline_left=max(len(moments) - MOST_MOMENTS, 0),
        path=tuple(steps(course.decisions[:_MOST])),
        proof=tuple(proof),
        proof_left=max(len(citations) - MOST_PROOF, 0),
        ruled_out=tuple(ruled_out(verdict)[:_MOST]),
        undecided=tuple(undecided(verdict, course.decisions)[:_MOST]),
        verification=Verification(told.verify if told else "", _told(course.later), tuple(later), checks),
        notes=tuple(Note(event.at, line(event.author), prose(event.text)) for event in log if isinstance(event, NoteAdded))[:_MOST],
        commands=tuple(runs[:MOST_COMMANDS]),
        commands_left=max(len(runs) - MOST_COMMANDS, 0),
        evidence=tuple(evidence[:MOST_EVIDENCE]),
        evidence_left=max(len(evidence) - MOST_EVIDENCE, 0),
        problems=tuple(line(str(problem)) for problem in verify(folder)[:_MOST]),
    )


@dataclass(frozen=True)
class _Course:
    """`reached` is the verdict that the report is about, `decisions` the way to it, `later` one that came of going on after a fault."""

    reached: VerdictReached | None
    later: VerdictReached | None
    decisions: tuple[Decision, ...]


def _course(log: Iterable[Event]) -> _Course:
    events = list(log)
    reached = [event for event in events if isinstance(event, VerdictReached)]
    last = reached[-1] if reached else None
    faults = [event for event in reached if event.verdict.kind == "fault"]
    about = faults[-1] if faults and last is not None and last.verdict.kind == "healthy" else last
    decisions = tuple(event.decision for event in events if isinstance(event, DecisionTaken))
    return _Course(about, last if last is not about else None, (about.verdict.path if about else ()) or decisions)


def _told(reached: VerdictReached | None) -> VerdictTold | None:
    if reached is None:
        return None
    verdict = reached.verdict
    return VerdictTold(
        reached.at,
        line(verdict.kind),
        line(verdict.cause),
        line(verdict.title),
        prose(verdict.reason),
        line(verdict.owner),
        prose(verdict.fix),
        prose(verdict.verify),
        tuple(prose(text) for text in verdict.missing),
        prose(verdict.next_steps),
    )


def _state(log: list[Event], folder: Path) -> str:
    ended = ""
    for event in log:
        if isinstance(event, VerificationBegan):
            break
        if isinstance(event, RunEnded):
            ended = line(": ".join(filter(None, (event.reason, event.detail))))
        elif isinstance(event, EffectRequested):
            ended = ""
    return ended or ("still running" if is_being_written(folder) else "cut off: the run has no end in the log")


def _pieces(log: Iterable[Event]) -> Iterable[tuple[Piece, EvidenceFile]]:
    """Every piece of raw bytes that the log names, with where it came from."""
    asked: dict[str, str] = {}
    for event in log:
        if isinstance(event, EffectRequested):
            target, command = getattr(event.effect, "target", ""), getattr(event.effect, "command", "")
            asked[event.effect.key] = line(" $ ".join(filter(None, (target, command))), 600)
        elif isinstance(event, EffectAnswered):
            ran = event.outcome.partial if isinstance(event.outcome, Failed) else event.outcome.answer if isinstance(event.outcome, Ok) else None
            if isinstance(ran, CommandRan):
                for kind, stream in (("stdout", ran.stdout), ("stderr", ran.stderr)):
                    piece = Piece.of(stream)
                    if piece.sha256:
                        yield piece, EvidenceFile(line(piece.sha256), piece.size, kind, asked.get(event.key, line(event.key)))
            elif isinstance(ran, CaptureTaken):
                ref = ran.capture
                yield Piece(ref.sha256, ref.size), EvidenceFile(line(ref.sha256), ref.size, line(ref.kind), line(ref.origin))


def _evidence(log: Iterable[Event]) -> list[EvidenceFile]:
    """Each file once, where it was first seen."""
    found: dict[str, EvidenceFile] = {}
    for _, file in _pieces(log):
        found.setdefault(file.sha256, file)
    return list(found.values())
