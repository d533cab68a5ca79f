"""Judging again: nothing changed, nothing differs; what changed is found at its first decision; what was not recorded is never invented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.retrace.retraced import SCENARIOS, VERSIONS, events_of, one_of_each_kind, playbook_text, write
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, SessionError, UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import RunCommand
from tshoot.model.events import (
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    Ok,
    RunEnded,
    UnknownEvent,
    VerdictReached,
)
from tshoot.model.facts import Parsed
from tshoot.playbook.loader import playbook_from_text
from tshoot.retrace.judgement_text import judgement_json, judgement_lines
from tshoot.retrace.rejudge import Judgement, recorded_playbook, rejudge
from tshoot.retrace.what_if import assumptions
from tshoot.session.store import Session

STORY = "nfs-mount/export-policy"
FLAP = "bgp-walker-flap/lab-bird-flaps"


def judged(session: Session, text: str = "", assumed: tuple[str, ...] = ()) -> Judgement:
    playbook = playbook_from_text(text, "changed.yaml") if text else recorded_playbook(session)
    return rejudge(session, playbook, assumptions(assumed, playbook), CancelToken())


def told(judgement: Judgement) -> str:
    return " ".join(" ".join(judgement_lines(judgement, [])).split())


@pytest.mark.parametrize("scenario_id", one_of_each_kind()[::4])
def test_a_scenario_is_judged_as_it_was(tmp_path: Path, scenario_id: str) -> None:
    """All of them, by way of a file: test_round_trip."""
    session = write(tmp_path, scenario_id)
    before = {file: file.read_bytes() for file in session.folder.rglob("*") if file.is_file()}
    judgement = judged(session)
    assert (judgement.result, judgement.parting, judgement.unanswered, judgement.remarks) == ("same", None, (), ())
    assert judgement.today == judgement.recorded, "to the last citation"
    assert {file: file.read_bytes() for file in session.folder.rglob("*") if file.is_file()} == before


def test_the_recorded_session_of_format_1_is_judged_as_it_was() -> None:
    from tshoot.session.store import open_session
    from tshoot.shipped import shipped

    folder = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
    judgement = judged(open_session(folder.parent, str(folder)))
    assert (judgement.result, judgement.parting) == ("same", None)


# --- another playbook ------------------------------------------------------------------------------------


def test_a_changed_condition_parts_the_ways_where_it_stands(tmp_path: Path) -> None:
    session = write(tmp_path, STORY)
    text = playbook_text(SCENARIOS[STORY])
    changed = text.replace("when: ping_full.received > 0", "when: ping_full.received > 3")
    assert changed != text
    judgement = judged(session, changed)
    assert judgement.result == "open", "ping_small was never run"
    parting = judgement.parting
    assert parting is not None and parting.recorded is not None and parting.today is not None and parting.difference is not None
    assert (parting.node, parting.recorded.leads_to, parting.today.leads_to) == ("ping_full", "nfsd_port", "ping_small")
    assert parting.difference.condition == "ping_full.received > 3"
    assert "the playbook asked `ping_full.received > 0` here" in parting.difference.why
    assert "would have asked `vmkping" in told(judgement) and "which was not recorded" in told(judgement)


def test_a_condition_that_is_new_or_gone_or_leads_elsewhere_is_named(tmp_path: Path) -> None:
    session = write(tmp_path, STORY)
    text = playbook_text(SCENARIOS[STORY])
    first = "      - when: not interfaces.by_name[vmk].enabled\n"
    new = judged(session, text.replace(first, f"      - when: interfaces.by_name[vmk].mtu > 0\n        conclude: path.unreachable\n{first}"))
    assert (new.result, new.today.cause if new.today else "") == ("different", "path.unreachable")
    assert new.parting is not None and new.parting.difference is not None
    assert new.parting.difference.condition == "interfaces.by_name[vmk].mtu > 0"
    led = judged(session, re.sub(r"(when: trace.found\('nfs.mount-denied'\)\n +conclude: )nfs.mount-denied", r"\1nfs.export-not-found", text))
    assert led.parting is not None and led.parting.difference is not None
    assert "the playbook led from here to `conclude nfs.mount-denied`" in led.parting.difference.why


def renamed(text: str, name: str) -> str:
    """The playbook with the node or step `name` called `renamed`."""
    text = re.sub(rf"(?m)^(  |.*\b(?:id|go|otherwise): ){name}(?=:?$)", r"\1renamed", text)
    return re.sub(rf"(?<![\w.'/-]){name}\.(?=[a-z])", "renamed.", text)


@pytest.mark.parametrize(("scenario_id", "node"), [(STORY, "ping_full"), (STORY, "trace"), (FLAP, "route"), (STORY, "volumes")])
def test_a_node_of_another_name_gets_the_answer_to_what_it_asks(tmp_path: Path, scenario_id: str, node: str) -> None:
    text = renamed(playbook_text(SCENARIOS[scenario_id]), node)
    assert "renamed." in text
    judgement = judged(write(tmp_path, scenario_id), text)
    assert (judgement.result, judgement.parting, judgement.unanswered) == ("same", None, ())


def test_the_same_node_with_another_command_has_no_answer(tmp_path: Path) -> None:
    text = playbook_text(SCENARIOS[STORY])
    judgement = judged(write(tmp_path, STORY), text.replace("run: esxcfg-route -l", "run: esxcfg-route -l -V"))
    assert judgement.result == "open"
    asked = judgement.unanswered[0]
    assert isinstance(asked, RunCommand) and asked.command == "esxcfg-route -l -V"
    assert judgement.parting is not None and (judgement.parting.node, judgement.parting.today) == ("routes", None)


def test_a_new_role_is_asked_for_and_a_new_input_needs_a_default(tmp_path: Path) -> None:
    session, text = write(tmp_path, STORY), playbook_text(SCENARIOS[STORY])
    role = text.replace("targets:\n", "targets:\n  peer: {platform: linux, help: another}\n").replace(
        "run: esxcfg-route -l\n    on: host", "run: ip route\n    on: peer"
    )
    assert [effect.target for effect in judged(session, role).unanswered if isinstance(effect, RunCommand)] == ["peer"]
    given = text.replace("inputs:\n", "inputs:\n  more: {type: text, default: x, help: more}\n")
    assert judged(session, given).result == "same"
    with pytest.raises(UsageError, match="asks for more by now"):
        judged(session, given.replace("default: x, ", ""))
    with pytest.raises(UsageError, match="is of the playbook nfs-mount"):
        judged(session, text.replace("id: nfs-mount", "id: other"))


# --- what was not recorded -------------------------------------------------------------------------------


def test_an_answer_that_is_gone_would_have_been_asked_for(tmp_path: Path) -> None:
    events = events_of(STORY)
    for event in events:
        if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok) and isinstance(event.outcome.answer, CommandRan):
            session = write(tmp_path / event.key.replace("/", "-"), STORY, [other for other in events if other is not event])
            judgement = judged(session)
            assert (judgement.result, judgement.today) == ("open", None)
            assert [effect.key for effect in judgement.unanswered] == [event.key]


def test_an_answer_is_used_once(tmp_path: Path) -> None:
    text = playbook_text(SCENARIOS[STORY]).replace("start: interfaces\n", "start: twice\n")
    again = "nodes:\n  twice:\n    run: esxcfg-vmknic -l\n    on: host\n    decide:\n      - otherwise: interfaces\n"
    judgement = judged(write(tmp_path, STORY), text.replace("nodes:\n", again, 1))
    assert judgement.result == "open"
    assert [effect.node for effect in judgement.unanswered] == ["interfaces"]


def test_an_interrupted_session_is_open_and_says_so(tmp_path: Path) -> None:
    judgement = judged(write(tmp_path, STORY, events_of(STORY)[:8]))
    assert (judgement.result, judgement.recorded, judgement.parting) == ("open", None, None)
    assert "it was interrupted" in told(judgement)


def test_what_an_interrupted_run_decided_on_its_own_end_does_not_count(tmp_path: Path) -> None:
    events = events_of(STORY)
    request = next(event for event in events if isinstance(event, EffectRequested) and event.effect.node == "volumes")
    until = list(events[: events.index(request) + 1])
    bogus = next(event for event in events if isinstance(event, DecisionTaken) and event.decision.node == "volumes")
    cut = [*until, EffectAnswered(request.at, request.effect.key, Failed("cancelled", "stopped")), bogus, RunEnded(request.at, "cancelled")]
    judgement = judged(write(tmp_path, STORY, cut))
    assert [effect.key for effect in judgement.unanswered] == [request.effect.key]
    assert judgement.parting is None


# --- evidence and form -----------------------------------------------------------------------------------


def test_evidence_that_was_changed_or_is_missing_ends_the_judging(tmp_path: Path) -> None:
    session = write(tmp_path, STORY)
    capture = next(file for file in (session.folder / "evidence").iterdir() if file.read_bytes()[:4] in (b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"))
    kept = capture.read_bytes()
    capture.write_bytes(kept[:-1] + b"\0")
    with pytest.raises(SessionError, match="was changed after it was recorded"):
        judged(session)
    capture.unlink()
    capture.symlink_to("/dev/zero")
    with pytest.raises(SessionError):
        judged(session)


def test_an_unknown_event_is_passed_over_but_not_an_answer_from_the_future(tmp_path: Path) -> None:
    events: list[Event] = list(events_of(STORY))
    assert judged(write(tmp_path / "a", STORY, [events[0], UnknownEvent(events[0].at, "CoffeeBrewed", {}), *events[1:]])).result == "same"
    session = write(tmp_path / "b", STORY)
    log = session.folder / "session.jsonl"
    raw = log.read_bytes().splitlines(keepends=True)
    place = next(number for number, line in enumerate(raw) if b'"EffectAnswered"' in line)
    log.write_bytes(b"".join([*raw[:place], raw[place].replace(b'"CommandRan"', b'"CommandDreamt"')]))
    with pytest.raises(SessionError, match="EffectAnswered of the session holds what this version does not know"):
        judged(session)


def test_a_session_that_never_began_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="never began"):
        judged(write(tmp_path, STORY, []))


def test_judging_can_be_cancelled(tmp_path: Path) -> None:
    session, token = write(tmp_path, STORY), CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        rejudge(session, recorded_playbook(session), {}, token)


# --- another reading of the outputs ----------------------------------------------------------------------


def test_a_changed_parser_is_named_with_both_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = write(tmp_path, STORY, versions={**VERSIONS, "vmkping": "0ld"})
    whole = ShippedKnowledge.parse

    def none_received(self: ShippedKnowledge, platform: str, command: str, parser: str | None, output: CommandRan) -> Parsed:
        parsed = whole(self, platform, command, parser, output)
        return Parsed(parsed.parser, {**parsed.facts, "received": 0}, parsed.lines) if command.startswith("vmkping") else parsed

    monkeypatch.setattr(ShippedKnowledge, "parse", none_received)
    judgement = judged(session)
    difference: Any = judgement.parting and judgement.parting.difference
    assert (difference.fact, difference.recorded_value, difference.today_value) == ("ping_full.received", "3", "0")
    assert (difference.recorded, difference.today) == ("true", "false")
    assert "the parser vmkping was changed since (0ld, now" in difference.why
    assert "ping_full.received was 3, is 0" in told(judgement)


# --- what if ---------------------------------------------------------------------------------------------


def test_one_other_fact_leads_another_way_to_its_verdict(tmp_path: Path) -> None:
    judgement = judged(write(tmp_path, STORY), assumed=("trace.found('nfs.mount-denied')=false", "trace.found('nfs.export-not-found')=true"))
    assert judgement.today is not None and (judgement.result, judgement.today.cause) == ("different", "nfs.export-not-found")
    assert judgement.parting is not None and judgement.parting.difference is not None
    assert (judgement.parting.node, judgement.parting.difference.why) == ("trace", "it is assumed")


def test_a_failure_can_be_assumed_and_taken_away(tmp_path: Path) -> None:
    lost = judged(write(tmp_path / "a", STORY), assumed=("interfaces.failed=unreachable",))
    assert lost.today is not None and (lost.today.kind, lost.today.target_failed) == ("inconclusive", "unreachable")
    off = "nfs-mount/ssh-off"
    there = judged(write(tmp_path / "b", off), assumed=("interfaces.failed=none", "interfaces.names=none"))
    assert there.result != "same" or there.parting is not None


@pytest.mark.parametrize("word", ["ping_full.failed=timeout", "interfaces.by_name.vmk1.enabled=false", "routes.entries.0.interface=vmk0"])
def test_what_differs_because_it_is_assumed_is_told_so(tmp_path: Path, word: str) -> None:
    judgement = judged(write(tmp_path, STORY), assumed=(word,))
    assert judgement.parting is not None and judgement.parting.difference is not None
    assert judgement.parting.difference.why == "it is assumed"


def test_a_series_differs_because_its_samples_are_assumed(tmp_path: Path) -> None:
    judgement = judged(write(tmp_path, "bgp-walker-flap/one-change"), assumed=("route.protocol=bgp",))
    assert judgement.parting is not None and judgement.parting.difference is not None
    assert judgement.parting.difference.fact.startswith("route.series.")
    assert judgement.parting.difference.why == "it follows from what is assumed of each sample"


@pytest.mark.parametrize(
    ("fact", "missing", "hint"),
    [
        ("interfaces.by_name.vmk9.enabled", "`interfaces.by_name` has no `vmk9`", "vmk1"),
        ("interfaces.by_name.vmk9", "`interfaces.by_name` has no `vmk9`", "vmk1"),
        ("interfaces.by_name.vmk1.mtuu", "`interfaces.by_name.vmk1` has no `mtuu`", "mtu"),
        ("interfaces.names.99", "`interfaces.names` has no `99`", "0"),
        ("routes.entries.99.interface", "`routes.entries` has no `99`", "0"),
        ("routes.entries.first.interface", "`routes.entries` has no `first`", "0"),
        ("trace.findings.99.status", "`trace.findings` has no `99`", "0"),
    ],
)
def test_what_the_session_does_not_have_cannot_be_assumed(tmp_path: Path, fact: str, missing: str, hint: str) -> None:
    with pytest.raises(UsageError, match=re.escape(missing)) as error:
        judged(write(tmp_path, STORY), assumed=(f"{fact}=1",))
    assert hint in error.value.hint


def test_what_the_step_could_have_told_can_be_assumed(tmp_path: Path) -> None:
    """Of a step that failed, of a count that is 0, of an entry of which this was not printed."""
    lost = judged(write(tmp_path / "a", STORY), assumed=("interfaces.failed=timeout", "interfaces.by_name.vmk9.enabled=true"))
    assert "no `vmk9`" not in told(lost)
    known = judged(write(tmp_path / "b", STORY), assumed=("interfaces.by_name.vmk1.addresses.0.type=STATIC", "routes.default_gateway=none"))
    assert known.result == "same"


def test_an_assumption_that_no_condition_reads_says_so(tmp_path: Path) -> None:
    session = write(tmp_path, STORY)
    judgement = judged(session, assumed=("interfaces.by_name.vmk0.enabled=false", "ping_full.received=2"))
    assert judgement.result == "same"
    assert judgement.remarks == ("no condition on this way reads `interfaces.by_name.vmk0.enabled`: that it is assumed decides nothing",)
    assert judged(session, assumed=("routes.entries.1.interface=vmk0",)).remarks == (), "a filter looked through all of them"


def test_every_sample_of_a_series_is_as_assumed(tmp_path: Path) -> None:
    session = write(tmp_path, "bgp-walker-flap/one-change")
    steady = judged(session, assumed=("route.protocol=bgp",))
    assert steady.recorded is not None and steady.recorded.kind == "inconclusive"
    assert steady.today is not None and (steady.today.kind, steady.result) == ("healthy", "different")
    assert "came from bgp in all 37 looks" in steady.today.reason
    flaps = judged(session, assumed=("route.series.source.changes=7",))
    assert flaps.today is not None and flaps.today.cause == "bgp.next-hop-in-own-prefix"


def test_an_assumption_about_what_is_not_reached_says_so(tmp_path: Path) -> None:
    judgement = judged(write(tmp_path, "nfs-mount/no-such-vmkernel"), assumed=("ping_full.received=0",))
    assert judgement.result == "same"
    assert judgement.remarks == ("`ping_full` is not reached on this way: what was assumed of it changes nothing",)


def test_hostile_text_of_a_session_is_shown_clean(tmp_path: Path) -> None:
    events = [
        VerdictReached(event.at, type(event.verdict)("inconclusive", "\x1b[2J[/foo]\x07odd")) if isinstance(event, VerdictReached) else event
        for event in events_of(STORY)
    ]
    judgement = judged(write(tmp_path, STORY, events))
    assert judgement.result == "different"
    assert "\x1b" not in told(judgement) and "\x07" not in told(judgement)
    assert "\x1b" not in str(judgement_json(judgement, ["a\x1b=1"]))
