"""Every session that was ever recorded in a format stays readable, to the last byte and with the same verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tshoot.model.events import CommandRan, EffectAnswered, Failed, Ok, UnknownEvent
from tshoot.session.plain import verdict_json
from tshoot.session.read import read_events, read_header
from tshoot.session.summary import summarize
from tshoot.session.transcript import transcript_lines
from tshoot.session.verify import verify
from tshoot.shipped import shipped

RECORDED = sorted(shipped("fixtures/sessions").glob("v*/*.json"))


def test_there_are_recorded_sessions() -> None:
    assert RECORDED


@pytest.mark.parametrize("expected_file", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_session_stays_readable(expected_file: Path) -> None:
    folder, expected = expected_file.with_suffix(""), json.loads(expected_file.read_text(encoding="utf-8"))
    assert [problem for problem in verify(folder) if not problem.remark] == []
    events = [event for _, event in read_events(folder)]
    summary = summarize(events)
    assert summary.verdict is not None and summary.ended is not None
    verdict = verdict_json(summary.verdict)
    assert {"events": len(events), "commands": summary.commands, "captures": summary.captures} == {k: expected[k] for k in expected if k != "verdict"}
    assert {key: verdict[key] for key in expected["verdict"]} == expected["verdict"]
    assert not any(isinstance(event, UnknownEvent) for event in events)
    assert read_header(folder).playbook_text.startswith(("#", "id:"))


def test_what_the_devices_said_is_there() -> None:
    events = [event for _, event in read_events(shipped("fixtures/sessions") / "v1" / "nfs-mount-denied")]
    outcomes = [event.outcome for event in events if isinstance(event, EffectAnswered)]
    outputs = [outcome.answer.stdout for outcome in outcomes if isinstance(outcome, Ok) and isinstance(outcome.answer, CommandRan)]
    assert outputs[0].startswith(b"Interface  Port Group") and b"vmk1" in outputs[0]
    assert not any(isinstance(outcome, Failed) for outcome in outcomes)
    assert "FAULT  nfs.mount-denied: The NFS server refuses this host the mount" in list(transcript_lines(events))
