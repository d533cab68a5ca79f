"""From what somebody typed to a draft playbook with its scenario: it lints, the scenario passes, nothing is invented, nothing is lost silently."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tshoot.cancel import CancelToken
from tshoot.errors import UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import RunCommand
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Event, Failed, NoteAdded, Ok, Outcome, RunStarted, TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import playbook_from_text
from tshoot.playbook.tree import Playbook, RunStep
from tshoot.rehearsal import Rehearsal, rehearse
from tshoot.retrace.distil.draft import Draft, draft_of
from tshoot.retrace.distil.steps import Steps, steps_of
from tshoot.retrace.free.importing import import_recording
from tshoot.simulator.scenario import load_scenario

FIXTURES = Path(__file__).parents[3] / "fixtures"
RECORDINGS = ["esx.cast", "router.putty.log", "vm.securecrt.log"]
TEXTS = [min(folder.glob("*.txt")).relative_to(FIXTURES) for folder in sorted((FIXTURES / "transcripts").iterdir()) if folder.is_dir()]
PING = b"PING 192.0.2.80 (192.0.2.80) 56(84) bytes of data.\n64 bytes from 192.0.2.80: icmp_seq=1 ttl=64 time=0.213 ms\n"


def session(*rest: Event, inputs: dict[str, str | int] | None = None) -> list[Event]:
    targets = (TargetSpec("host", "web01", "linux"), TargetSpec("router", "r2", "cisco_ios"))
    return [RunStarted(100.0, "some-playbook", targets, inputs or {}), *rest]


def own(number: int, command: str, outcome: Outcome | None = None, *, at: float = 101.0, target: str = "host") -> Iterable[Event]:
    effect = RunCommand(f"own-{number}/1@{target}", "", target, command, typed=True)
    yield EffectRequested(at, effect)
    yield EffectAnswered(at, effect.key, outcome or Ok(CommandRan(0, PING, b"", 0.1)))


def good(draft: Draft, folder: Path) -> tuple[Playbook, Rehearsal]:
    """The draft as the lint and `playbooks test` see it; both are content."""
    playbook = playbook_from_text(draft.playbook, "draft.yaml")
    assert check_playbook(playbook, ShippedKnowledge()) == ()
    folder.mkdir()
    for name, content in draft.files.items():
        (folder / name).write_bytes(content)
    rehearsal = rehearse(load_scenario(folder), playbook)
    assert rehearsal.problems == ()
    return playbook, rehearsal


def answered(rehearsal: Rehearsal) -> list[str]:
    """What the scenario's devices said to each command."""
    found = []
    for event in rehearsal.events:
        if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok) and isinstance(event.outcome.answer, CommandRan):
            found.append(event.outcome.answer.stdout.decode())
    return found


@pytest.mark.parametrize("name", [*(f"recordings/{name}" for name in RECORDINGS)])
def test_a_recording_becomes_a_draft_that_lints_and_passes(tmp_path: Path, name: str) -> None:
    one = import_recording(FIXTURES / name, None, tmp_path / "sessions", CancelToken())
    draft = draft_of(steps_of(one.session.events()), "a-draft", one.session.header.session, one.verdict)
    playbook, rehearsal = good(draft, tmp_path / "case")
    assert rehearsal.verdict is not None and rehearsal.verdict.kind == "inconclusive"
    assert f"# TODO: `conclude: {one.verdict.cause}`" in draft.playbook
    assert not any(branch.kind == "conclude" for node in playbook.nodes.values() for branch in node.decide)


def test_repeated_lookups_become_one_sampled_step(tmp_path: Path) -> None:
    one = import_recording(FIXTURES / "recordings/router.putty.log", None, tmp_path / "sessions", CancelToken())
    draft = draft_of(steps_of(one.session.events()), "a-draft", one.session.header.session, one.verdict)
    playbook, rehearsal = good(draft, tmp_path / "case")
    assert list(playbook.nodes) == ["show_ipv6_route", "show_bgp_ipv6_unicast", "show_running-config_section_router".replace("-", "_")]
    assert {name: spec.type for name, spec in playbook.inputs.items()} == {"prefix": "prefix"}
    step = playbook.nodes["show_ipv6_route"].step
    assert isinstance(step, RunStep) and step.sampling is not None
    assert (step.commands["any"].source, step.parsers["any"]) == ("show ipv6 route {{ prefix }}", "ios_show_route")
    assert (step.sampling.every.source, step.sampling.seconds.source, list(step.sampling.watch)) == ("15.0", "300.0", ["protocol"])
    texts = answered(rehearsal)
    assert ["bgp" if '"bgp' in text else "eigrp" for text in texts if "Known via" in text][:9] == ["bgp"] * 4 + ["eigrp"] * 4 + ["bgp"]
    assert any("show clock" in text and "(21 times)" in text for text in draft.left_out)
    assert "login as" not in draft.playbook


def test_own_commands_of_a_live_session(tmp_path: Path) -> None:
    events = session(
        NoteAdded(100.5, "does it answer {{ at all }}?", "tom"),
        *own(1, "ping -n -c 3 192.0.2.80"),
        NoteAdded(102.0, "noted by tshoot itself", "tshoot"),
        *own(2, "ip route get 192.0.2.80", Ok(CommandRan(2, b"", b"RTNETLINK answers: Network is unreachable\n", 0.1)), at=103),
        *own(3, "ping -n -c 3 192.0.2.80", at=109),
        *own(4, "reboot", at=110),
        *own(5, "ip neigh show", Failed("timeout", "no end"), at=111),
        *own(6, "show ip arp", at=112, target="router"),
        NoteAdded(113.0, "the end", "tom"),
        inputs={"server": "192.0.2.80", "port": 443},
    )
    steps = steps_of(events)
    draft = draft_of(steps, "a-draft", "s-1", None)
    playbook, rehearsal = good(draft, tmp_path / "case")
    assert list(playbook.nodes) == ["ping", "ip_route_get", "show_ip_arp"]
    assert playbook.nodes["ping"].why == "does it answer { { at all }}?"
    assert list(playbook.inputs) == ["server"]
    assert [spec.platforms for spec in playbook.roles.values()] == [("linux",), ("cisco_ios",)]
    assert [text.split(":")[0] for text in draft.left_out] == ["`reboot` on host", "`ip neigh show` on host"]
    assert "# a note: the end" in draft.playbook
    ran = [event.outcome.answer for event in rehearsal.events if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok)]
    assert any(isinstance(answer, CommandRan) and (answer.exit_status, answer.stderr[:9]) == (2, b"RTNETLINK") for answer in ran)


@pytest.mark.parametrize(
    "events",
    [
        session(),
        session(*own(1, "reboot")),
        session(*own(1, "show clock", Ok(CommandRan(None, b"*09:00:01.000 UTC Sat Nov 21 2026\n", b"", 0.0)), target="router")),
        session(*own(1, "ping -c 3 {{ 7 * 7 }}")),
        session(*own(1, "ping -n -c 3 192.0.2.80"))[:-1],
    ],
)
def test_nothing_to_distil_is_said(events: list[Event]) -> None:
    with pytest.raises(UsageError, match="nothing can be distilled"):
        steps_of(events)


@pytest.mark.parametrize(
    "said",
    [
        "# [/foo] {{ x }} {% raw %}",
        "'\"\\: - ? | >",
        "\x1b]0;x\x07\u202e\x85\u2028",
        "no",
        "a\nb: c\n  - d",
        "\U0001f600" * 300,
        "*x &y !!python/object",
    ],
)
def test_hostile_words_stay_words(tmp_path: Path, said: str) -> None:
    output = Ok(CommandRan(0, said.encode("utf-8", "replace") + PING, said.encode("utf-8", "replace"), 0.1))
    events = [
        RunStarted(100.0, "p", (TargetSpec("host", said or "x", "linux"),), {"server": said, "port": 443}),
        NoteAdded(100.5, said, "tom"),
        *own(1, "ping -n -c 3 192.0.2.80", output),
        *own(2, "ip neigh show", output, at=102),
        NoteAdded(103.0, said, "tom"),
    ]
    verdict = Verdict("fault", said, cause="nfs.mount-denied")
    good(draft_of(steps_of(events), "a-draft", said, verdict), tmp_path / "case")


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.parent.name)
def test_pasted_texts_are_imported_to_what_analyze_says_and_distilled_or_refused(tmp_path: Path, text: Path) -> None:
    """One text of each folder of fixtures/transcripts; its .json is what the judges say of the text itself."""
    one = import_recording(FIXTURES / text, None, tmp_path / "sessions", CancelToken())
    expected = json.loads((FIXTURES / text).with_suffix(".json").read_text())
    assert (one.verdict.kind, one.verdict.cause) == (expected["verdict"], expected["cause"])
    try:
        steps = steps_of(one.session.events())
    except UsageError as error:
        assert "nothing can be distilled" in error.message
        return
    good(draft_of(steps, "a-draft", one.session.header.session, one.verdict), tmp_path / "case")


def test_a_draft_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tshoot.retrace.distil.steps.MOST_STEPS", 20)
    events = session(
        *(event for number in range(1, 31) for event in own(number, f"ping -n -c 3 10.0.{number // 250}.{number % 250}", at=100.0 + number))
    )
    steps: Steps = steps_of(events)
    assert len(steps.steps) == 20
    assert len(steps.left_out) == 10
    draft = draft_of(steps, "a-draft", "s-1", None)
    assert check_playbook(playbook_from_text(draft.playbook, "draft.yaml"), ShippedKnowledge()) == ()
