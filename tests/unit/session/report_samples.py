"""Sessions on the disk for reports and the archive: a believable one, and ones that try to break out of every format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from session_samples import START, VERDICT, VMKNIC, short_session

from tshoot.model.effects import RunCommand
from tshoot.model.events import (
    CommandRan,
    DecisionTaken,
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
from tshoot.model.evidence import LineCitation
from tshoot.model.verdicts import ConditionValue, Decision, RuledOut, Verdict
from tshoot.session.log import SessionLog

HOSTILE = (
    "</script><script>alert(1)</script> ]]> <!-- <img src=x onerror=alert(1)> \x1b]0;owned\x07\x1b[2J\x9b1m "
    "\u202eevil\u2066 \u061c\u200b [x](javascript:alert(1)) `` ``` </pre></style> &amp; \"'>< @everyone http://evil.example/ | \ud800 \ufffe \x00\x08 {{7*7}} ${x}"
)


def write_session(root: Path, events: Iterable[Event], started: float = START, playbook: str = "nfs-mount") -> Path:
    root.mkdir(exist_ok=True, parents=True)
    with SessionLog.create(root, playbook, f"id: {playbook}\n", {}, started=started) as log:
        for event in events:
            log.append(event)
    return log.folder


def ran(at: float, key: str, command: str, stdout: bytes, target: str = "host") -> list[Event]:
    """A command and its answer, 0.2 s later."""
    effect = RunCommand(key, key.partition("/")[0], target, command, "why")
    return [EffectRequested(at, effect), EffectAnswered(at + 0.2, key, Ok(CommandRan(0, stdout, b"", 0.2)))]


def cited(command: str, output: bytes, first: int, last: int, node: str = "list") -> LineCitation:
    """Lines of that output, as the engine cites them."""
    import hashlib

    lines = output.decode().split("\n")
    return LineCitation(
        node, "host", command, "stdout", first, last, "\n".join(lines[first - 1 : last]), "fact", "value", hashlib.sha256(output).hexdigest()
    )


def fault(command: str, output: bytes, first: int, last: int, at: float = START) -> list[Event]:
    """A run of one command whose lines prove a fault."""
    verdict = replace(VERDICT, evidence=(cited(command, output, first, last),))
    return [
        RunStarted(at, "nfs-mount", (TargetSpec("host", "esx01.example", "vmware_esxi"),), {"server": "192.0.2.10"}),
        *ran(at + 1, "list/1@host", command, output),
        VerdictReached(at + 2, verdict),
        RunEnded(at + 3, "finished"),
    ]


def incident(at: float, host: str = "esx01.example", cause: str = "nfs.mount-denied", server: str = "192.0.2.10", kind: str = "fault") -> list[Event]:
    """A short run that ends in that verdict."""
    verdict = replace(VERDICT, kind=kind, cause=cause, details={}, reason=f"{server} said no.", ruled_out=())  # type: ignore[arg-type]
    return [
        RunStarted(at, "nfs-mount", (TargetSpec("host", host, "vmware_esxi"),), {"server": server}),
        *ran(at + 1, "interfaces/1@host", "esxcfg-vmknic -l", VMKNIC),
        VerdictReached(at + 2, verdict),
        RunEnded(at + 3, "finished"),
    ]


def hostile_session() -> list[Event]:
    """Hostile text wherever text can stand."""
    condition = ConditionValue(HOSTILE, "unknown", f"conclude {HOSTILE}", HOSTILE)
    decision = Decision(HOSTILE, 1, HOSTILE, HOSTILE, (condition, replace(condition, outcome="false", leads_to="x")), HOSTILE)
    verdict = Verdict(
        "fault", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (cited(HOSTILE.replace("\ud800", ""), b"a\nb\n", 1, 1),),
        (RuledOut(HOSTILE, HOSTILE, HOSTILE),), (decision,), (HOSTILE,), HOSTILE, details={HOSTILE: HOSTILE},
    )  # fmt: skip
    raw = HOSTILE.encode("utf-8", "surrogatepass") * 3 + b"\n\xff\xfe\n"
    return [
        RunStarted(START, HOSTILE, (TargetSpec(HOSTILE, HOSTILE, HOSTILE),), {HOSTILE: HOSTILE}),
        *ran(START + 1, "list/1@host", HOSTILE, raw, HOSTILE),
        DecisionTaken(START + 2, decision),
        NoteAdded(START + 3, HOSTILE, HOSTILE),
        VerdictReached(START + 4, verdict),
        RunEnded(START + 5, "failed", HOSTILE),
    ]


def believable() -> Sequence[Event]:
    return [*short_session()[:-1], NoteAdded(START + 50.95, "storage says they changed the policy at 03:30", "anna"), short_session()[-1]]
