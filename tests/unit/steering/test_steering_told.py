"""What the operator did by hand, wherever a session is told: transcript, report, index, and a session for strangers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.steering.steered import Steered
from tshoot.cancel import CancelToken
from tshoot.errors import UsageError
from tshoot.model.effects import Effect
from tshoot.model.events import EffectAnswered, OperatorSteered
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.session import redacted
from tshoot.redaction.vocabulary import vocabulary
from tshoot.retrace.rejudge import recorded_playbook, rejudge
from tshoot.retrace.verification import checks_of
from tshoot.session.archive.contents import contents_of
from tshoot.session.report.build import build_report
from tshoot.session.report.formats import report_text
from tshoot.session.report.timeline import timeline
from tshoot.session.transcript import transcript_lines
from tshoot.steering import Approval, ByHand, Edit, Run

HOSTILE = "\x1b]0;title\x07[/red]\u202e\x9b31m<script>|x"
ACTIONS = [
    OperatorSteered(1.0, "paused", "anna"),
    OperatorSteered(1.0, "went-on", "anna"),
    OperatorSteered(1.0, "edited", "anna", "ping", "ping/1@host", "ping -c 9", was="ping -c 3"),
    OperatorSteered(1.0, "skipped", "anna", "ping", "ping/1@host", why="busy"),
    OperatorSteered(1.0, "by-hand", "anna", "ping", "ping:sample-2/1@host"),
    OperatorSteered(1.0, "retried", "anna", "ping", "ping/2"),
    OperatorSteered(1.0, "branched", "anna", "ping", "ping/1", "trace", "I saw it"),
    OperatorSteered(1.0, "ended-wait", "anna", "ping", "ping:wait-2/1"),
    OperatorSteered(1.0, "danced", "anna", "ping"),  # type: ignore[arg-type]  # of a newer version
]
WORDS = {
    "paused": "nothing new is started",
    "went-on": "go on",
    "edited": "`ping` to `ping -c 9` (the playbook has `ping -c 3`)",
    "skipped": "skipped `ping`: busy",
    "by-hand": "did `ping` elsewhere",
    "retried": "from its visit 2 on counts no more",
    "branched": "from `ping` to `trace`; no condition led there: I saw it",
    "ended-wait": "ended the wait of `ping` early",
    "danced": "danced (not known to this version) ping",
}


@pytest.mark.parametrize("event", ACTIONS, ids=lambda event: event.action)
def test_every_action_is_told_with_who_did_it(event: OperatorSteered) -> None:
    said = " ".join(" ".join(transcript_lines([event])).split())
    assert "by hand, anna: " in said
    assert WORDS[event.action] in said
    moment = timeline([event])[0]
    assert (moment.kind, moment.who) == ("steering", "anna")
    assert WORDS[event.action] in moment.what


@pytest.mark.parametrize("field", ["by", "key", "to", "why", "was"])
def test_what_was_typed_reaches_no_terminal_as_it_is(field: str) -> None:
    for action in WORDS:
        texts = dict.fromkeys(("key", "to", "why", "was"), "") | {"by": "anna", field: HOSTILE}
        event = OperatorSteered(1.0, action, node="n", **texts)  # type: ignore[arg-type]
        for line in (*transcript_lines([event]), timeline([event])[0].what, timeline([event])[0].who):
            assert not set(line) & set("\x1b\x07\x9b\u202e")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Steered:
    """A run with an own command, an edited one, one done by hand, and a branch by hand."""

    def act(effect: Effect, run: Steered) -> None:
        if effect.key.startswith("first"):
            run.steering.run("other", "uptime zebrastrasse")
            run.await_event(EffectAnswered, lambda event: event.key.startswith("own"))
            run.steering.branch("first", "third", "wagram told jdoe")

    def approve(effect: Effect, cancel: CancelToken) -> Approval:
        step = effect.key.partition("/")[0]
        return {"first": Edit("uptime --pretty"), "third": ByHand("nothing\n")}.get(step, Run())

    steered = Steered(tmp_path_factory.mktemp("told"), do=act)
    steered.steering.stepping = True
    steered.approve = approve
    assert steered.start().ended() is not None
    return steered


@pytest.mark.parametrize("format_", ["md", "html", "json", "cast"])
def test_every_format_of_the_report_says_who_did_it(run: Steered, format_: str) -> None:
    text = report_text(run.session, format_)
    assert "wagram told jdoe" in text
    assert "uptime --pretty" in text
    assert "anna" in text


def test_the_report_says_what_the_verdict_rests_on(run: Steered) -> None:
    report = build_report(run.log.folder)
    assert any(command.command == "id (done by hand, its output pasted)" for command in report.commands)
    assert any(step.branch == "by hand: wagram told jdoe" for step in report.path)
    assert report.verdict is not None
    assert "the branch from `first` to `third` was taken by anna: wagram told jdoe" in report.verdict.reason
    assert "what `third` answered was given by hand by anna" in report.verdict.reason
    assert [moment.who for moment in report.timeline if moment.kind == "steering"] == ["anna"] * 3


def test_a_fix_is_not_verified_along_a_way_that_was_taken_by_hand(run: Steered) -> None:
    with pytest.raises(UsageError, match="by the operator's hand") as refused:
        checks_of(run.session, {})
    assert "tshoot run small" in refused.value.hint


def test_the_index_finds_what_was_typed(run: Steered) -> None:
    pieces = contents_of(run.log.folder).pieces
    assert any(piece.kind == "command" and "zebrastrasse" in piece.text for piece in pieces)
    assert any(piece.kind == "note" and piece.source == "anna" and "wagram told jdoe" in piece.text for piece in pieces)


def test_a_session_for_strangers_holds_nothing_that_was_typed_and_is_judged_the_same(run: Steered, tmp_path: Path) -> None:
    session = run.session
    mapping = SessionMap(bytes(range(32)), vocabulary().and_of([session.header.playbook_text]))
    with redacted(session, mapping, tmp_path, CancelToken()) as (shared, _):
        stored = b"".join(path.read_bytes() for path in shared.folder.rglob("*") if path.is_file())
        for name in (b"zebrastrasse", b"wagram", b"jdoe", b"anna"):
            assert name not in stored
        judgement = rejudge(shared, recorded_playbook(shared), {}, CancelToken())
        assert (judgement.result, judgement.parting) == ("same", None)
