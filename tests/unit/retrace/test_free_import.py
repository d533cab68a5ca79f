"""Recordings of other programs as sessions: their verdict, what a playbook makes of them, and what is kept of them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest

from tshoot.cancel import CancelToken
from tshoot.engine.state import Assumed
from tshoot.errors import Cancelled, SessionError, UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import RunCommand, StartCapture, Wait
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Failed, NoteAdded, Ok, RunStarted
from tshoot.model.evidence import LineCitation
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import find_playbook, load_playbook, playbook_from_text
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.same_verdict import compare_verdicts
from tshoot.redaction.session import redacted
from tshoot.redaction.vocabulary import vocabulary
from tshoot.retrace.free.answers import question
from tshoot.retrace.free.importing import Imported, import_recording
from tshoot.retrace.free.playbook import FREE_TEXT
from tshoot.retrace.free.rejudged import rejudge_free
from tshoot.retrace.rejudge import Judgement, recorded_playbook, rejudge
from tshoot.session.verify import verify
from tshoot.transcripts.foreign import typed

FIXTURES = Path(__file__).parents[3] / "fixtures"
FOLDER = FIXTURES / "recordings"
CANCEL = CancelToken()
# each heart case as a recording: its cause, the playbook, roles and inputs beyond what is found, and how far the playbook gets
HEART = {
    "esx.typescript": ("nfs.mount-denied", "nfs-mount", {}, {}, "trace"),
    "esx.cast": ("nfs.mount-denied", "nfs-mount", {}, {}, "trace"),
    "esx-v3.cast": ("nfs.mount-denied", "nfs-mount", {}, {}, "trace"),
    "router.putty.log": ("bgp.next-hop-in-own-prefix", "bgp-walker-flap", {"announcer": "R1"}, {}, ""),
    "vm.securecrt.log": (
        "ndp.source-mac-rewritten",
        "ndp-source-mac",
        {"router": "gw"},
        {"interface": "wlan0", "address": "2001:db8:1::75", "ipv4": "192.0.2.75"},
        "trace",
    ),
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Imported]:
    root = tmp_path_factory.mktemp("sessions") / "all"
    return {name: import_recording(FOLDER / name, FOLDER / "esx.timing" if "typescript" in name else None, root, CANCEL) for name in HEART}


def taken(folder: Path, raw: bytes, name: str = "pasted.log") -> Imported:
    (folder / name).write_bytes(raw)
    return import_recording(folder / name, None, folder / "sessions", CANCEL)


def by_playbook(one: Imported, playbook: str, targets: dict[str, str], inputs: dict[str, str], assumed: Assumed = {}) -> Judgement:  # noqa: B006
    return rejudge_free(one.session, load_playbook(find_playbook(playbook)), assumed, CANCEL, targets, inputs)


def files_of(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


# --- the heart cases -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEART)
def test_each_recording_reaches_its_cause_and_is_judged_the_same_again(imported: dict[str, Imported], name: str) -> None:
    one = imported[name]
    assert (one.verdict.kind, one.verdict.cause) == ("fault", HEART[name][0])
    assert one.verdict.fix and one.verdict.owner
    assert verify(one.session.folder) == []
    again = rejudge(one.session, recorded_playbook(one.session), {}, CANCEL)
    assert (again.result, again.today and again.today.evidence) == ("same", one.verdict.evidence)


@pytest.mark.parametrize("name", HEART)
def test_the_proof_stands_where_it_says(imported: dict[str, Imported], name: str) -> None:
    one = imported[name]
    outputs = {}
    for event in one.session.events():
        if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok) and isinstance(event.outcome.answer, CommandRan):
            outputs[hashlib.sha256(event.outcome.answer.stdout).hexdigest()] = event.outcome.answer.stdout.decode().split("\n")
    assert one.verdict.evidence
    for citation in one.verdict.evidence:
        assert isinstance(citation, LineCitation)
        assert outputs[citation.sha256][citation.first - 1].strip()[:200] == citation.text


@pytest.mark.parametrize("name", HEART)
def test_a_playbook_goes_as_far_as_the_recording_reaches(imported: dict[str, Imported], name: str) -> None:
    cause, playbook, targets, inputs, stops = HEART[name]
    judged = by_playbook(imported[name], playbook, targets, inputs)
    if stops:
        assert (judged.result, judged.today) == ("open", None)
        assert [type(effect) for effect in judged.unanswered] == [StartCapture]
        assert any(remark.endswith(f"-> {stops}") for remark in judged.remarks)
    else:
        assert judged.result == "same" and judged.today is not None and judged.today.cause == cause
        assert [decision.node for decision in judged.today.path] == ["watch", "configuration"]
        assert "redistributes its connected networks into BGP without a filter" in " ".join(judged.today.reason.split())


def test_what_if_is_asked_of_a_recording_as_of_a_run(imported: dict[str, Imported]) -> None:
    one, (_, playbook, targets, inputs, _) = imported["router.putty.log"], HEART["router.putty.log"]
    filtered = by_playbook(one, playbook, targets, inputs, {"configuration": {"redistribute.0.route_map": "ONLY-LOOPBACKS"}})
    assert filtered.today is not None and "without a filter" not in filtered.today.reason
    idle = by_playbook(one, playbook, targets, inputs, {"configuration": {"as": 7}, "wire": {"packets": 0}})
    assert idle.result == "same"
    assert "no condition on this way reads `configuration.as`: that it is assumed decides nothing" in idle.remarks
    assert "`wire` is not reached on this way: what was assumed of it changes nothing" in idle.remarks
    with pytest.raises(UsageError, match="redistribute"):
        by_playbook(one, playbook, targets, inputs, {"configuration": {"redistribute.99.route_map": ""}})


def test_what_was_found_is_said(imported: dict[str, Imported]) -> None:
    judged = by_playbook(imported["esx.cast"], "nfs-mount", {}, {})
    found = {remark for remark in judged.remarks if remark.endswith("found in the recording")}
    assert found == {
        f"{name}, found in the recording"
        for name in ("host is esx01", "server is 192.0.2.50", "share is /vol/ds1", "vmk is vmk1", "mountd_port is 635")
    }


def test_what_is_not_there_or_ambiguous_is_asked_for(imported: dict[str, Imported]) -> None:
    with pytest.raises(UsageError) as caught:
        by_playbook(imported["vm.securecrt.log"], "nfs-mount", {"host": "nobody", "who": "gw"}, {"server": "no address"})
    for part in ("`who` is no target", "--target host=nobody: the recording has no such device", "`server` expects", "--set share=… is missing"):
        assert part in caught.value.message
    assert "host (host, linux), router (gw, cisco_ios)" in caught.value.hint


def test_a_series_ends_with_the_recording_and_no_sample_is_made_up(tmp_path: Path) -> None:
    text = (FIXTURES / "transcripts/bgp.next-hop-in-own-prefix/two-sessions.txt").read_bytes()
    judged = by_playbook(taken(tmp_path, text), "bgp-walker-flap", {"router": "R2"}, {})
    assert judged.today is None
    assert [getattr(effect, "command", "") for effect in judged.unanswered] == ["show bgp ipv6 unicast 2001:db9:121:100::/64"]


@pytest.mark.parametrize(
    ("platform", "one", "other", "same"),
    [
        ("cisco_ios", "sh ipv6 ro 2001:DB9:121:100::/64", "show ipv6 route 2001:db9:121:100::/64", True),
        ("cisco_ios", "show ipv6 route 2001:db9::1", "show ipv6 route 2001:db9::2", False),
        ("vmware_esxi", "vmkping -d -I vmk1 -s 8972 192.0.2.50", "vmkping -I vmk1 -d -s 8972 -c 3 192.0.2.50", True),
        ("vmware_esxi", "vmkping -I vmk1 -d -s 8972 -c 3 192.0.2.50", "vmkping -I vmk1 -d -s 1472 -c 3 192.0.2.50", False),
        ("vmware_esxi", "vmkping -I vmk1 -s 56 192.0.2.50", "vmkping -I vmk2 -s 56 192.0.2.50", False),
        ("vmware_esxi", "nc -z -w 3 192.0.2.50 2049", "nc -z -w 5 192.0.2.50 2049", True),
        ("vmware_esxi", "nc -uz -w 5 192.0.2.50 2049", "nc -z -w 5 192.0.2.50 2049", False),
        ("linux", "ip -6 neigh show", "ip -4 neigh show", False),
        ("linux", "grep -i nfs /var/log/messages | tail -n 5", "grep -i nfs /var/log/messages | tail -n 50", False),
    ],
)
def test_the_same_question_typed_otherwise(platform: str, one: str, other: str, same: bool) -> None:
    assert (question(platform, one) == question(platform, other)) is same


# --- the session ----------------------------------------------------------------------------------------


def test_the_events_are_those_of_own_commands(imported: dict[str, Imported]) -> None:
    events = list(imported["router.putty.log"].session.events())
    started = next(event for event in events if isinstance(event, RunStarted))
    assert [(spec.role, spec.host, spec.platform) for spec in started.targets] == [
        ("router", "R2", "cisco_ios"),
        ("router_2", "R1", "cisco_ios"),
        ("text", "text without a prompt", ""),
    ]
    effects = [event.effect for event in events if isinstance(event, EffectRequested)]
    assert all(isinstance(effect, RunCommand) and effect.typed and effect.node == "" for effect in effects)
    assert [effect.key for effect in effects[:2]] == ["own-1/1@text", "own-2/1@router"]
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert not any(isinstance(effect, Wait) for effect in effects)


@pytest.mark.parametrize("name", ["router.putty.log", "vm.securecrt.log", "esx.cast", "esx.typescript"])
def test_a_recording_without_secrets_is_kept_to_the_byte(imported: dict[str, Imported], name: str) -> None:
    note = next(event for event in imported[name].session.events() if isinstance(event, NoteAdded) and event.attached)
    raw = (FOLDER / name).read_bytes()
    assert note.attached is not None
    assert imported[name].session.evidence_path(note.attached.sha256).read_bytes() == raw
    assert hashlib.sha256(raw).hexdigest() in note.text and "kept as it is" in note.text


def test_what_is_not_understood_is_shown(tmp_path: Path) -> None:
    one = taken(tmp_path, b"hello, look at this:\n\nR2#show ip arp\nProtocol  Address\nR2#show nonsense\nblah blah\nR2#\n")
    assert one.not_understood == (
        "lines 1 to 1: text without a prompt before it",
        "line 3: `show ip arp` on R2: no parser reads its answer",
        "line 5: `show nonsense` on R2: no parser reads its answer",
    )
    notes = [event.text for event in one.session.events() if isinstance(event, NoteAdded)]
    assert any(text.startswith("not understood: lines 1 to 1") for text in notes)


def test_the_playbook_of_a_free_session_lints() -> None:
    assert check_playbook(playbook_from_text(FREE_TEXT, "free"), ShippedKnowledge()) == ()


@pytest.mark.parametrize("raw", [b"just some prose\nof two lines\n", b"a,b,c\n1,2,3\n", b"{}\n", b"R2#\nR2#\n"])
def test_what_shows_nothing_of_a_device_is_refused_and_leaves_nothing(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(SessionError, match="no command at a prompt of a device") as caught:
        taken(tmp_path, raw)
    assert "accepted are typescripts" in caught.value.hint
    assert not (tmp_path / "sessions").exists() or not list((tmp_path / "sessions").iterdir())


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe"):
        with pytest.raises(SessionError):
            import_recording(path, None, tmp_path / "sessions", CANCEL)


def test_a_cancelled_import_leaves_nothing(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        import_recording(FOLDER / "router.putty.log", None, tmp_path / "sessions", cancel)
    assert not (tmp_path / "sessions").exists() or not list((tmp_path / "sessions").iterdir())


def test_a_huge_recording_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "MOST_COMMANDS", 10)
    one = taken(tmp_path, b"R2#show ip arp\n" * 20_000 + b"x" * 3_000_000 + b"\nR2#" + b"A" * 100_000)
    assert sum(one.commands.values()) == 10
    assert any("only the first 10 of" in remark for remark in one.remarks)
    assert any("longer than 4096 characters" in remark for remark in one.remarks)


# --- secrets ----------------------------------------------------------------------------------------------

SECRET = "S3cr3tW0rd"
TYPED = f"enable secret {SECRET}"


def _letters(text: str) -> list[list[object]]:
    return [[0.1 * place, "o", letter] for place, letter in enumerate(text)]


def _cast(text: str, *more: list[object], header: str = "{}") -> bytes:
    head = {"version": 2, "width": 80, "height": 24, **json.loads(header)}
    return b"\n".join(json.dumps(line).encode() for line in [head, *_letters(text), *more]) + b"\n"


ROUTER = f"R2(config)#{TYPED}\r\nR2(config)#line vty 0 4\r\nR2(config-line)#password {SECRET}\r\nR2#show ip arp\r\nProtocol  Address\r\nR2#\r\n"
EDITED = ROUTER.replace(SECRET, f"{SECRET[:5]}xx\b\b{SECRET[5:]}")
PLANTED = {
    "text": ROUTER.encode(),
    "utf-16": ROUTER.encode("utf-16"),
    "typed with corrections": EDITED.encode(),
    "coloured in its middle": ROUTER.replace(SECRET, f"{SECRET[:5]}\x1b[31m{SECRET[5:]}").encode(),
    "behind a very long line": b"R2#show ip arp\nProtocol\n" + b"x " * 4000 + f" neighbor 10.0.0.1 password {SECRET}".encode() + b"\nR2#\n",
    "putty": b"=~=~=~=~= PuTTY log 2026.11.21 09:00:01 =~=~=~=~=\r\n" + ROUTER.encode(),
    "letter by letter": _cast(ROUTER),
    "letter by letter with corrections": _cast(EDITED),
    "typed, not shown": _cast("R2#show ip arp\r\nx\r\n", [9.0, "i", SECRET]),
    "half an input event": _cast("R2#show ip arp\r\nx\r\n") + f'[9.5, "i", "{SECRET}'.encode(),
    "command of the header": _cast("R2#show ip arp\r\nx\r\n", header=json.dumps({"command": f"sshpass -p {SECRET} ssh r2"})),
    "environment": _cast("R2#show ip arp\r\nx\r\n", header=json.dumps({"env": {"VPN_PASSWORD": SECRET}})),
    "title and marker": _cast("R2#show ip arp\r\nx\r\n", [9.0, "m", f"password: {SECRET}"], header=json.dumps({"title": f"password={SECRET}"})),
    "a private key": f"$ cat key\n-----BEGIN RSA PRIVATE KEY-----\n{SECRET}AAAA\n-----END RSA PRIVATE KEY-----\nR2#show ip arp\nx\nR2#\n".encode(),
}


@pytest.mark.parametrize("place", PLANTED)
def test_a_secret_is_in_no_file_that_is_written(tmp_path: Path, place: str) -> None:
    one = taken(tmp_path, PLANTED[place])
    written = files_of(one.session.folder)
    forms = (SECRET.encode(), SECRET.encode("utf-16-le"), SECRET.encode("utf-16-be"), base64.b64encode(SECRET.encode()).rstrip(b"="))
    assert not any(form in written for form in forms)
    pieces = "".join(event[2] for event in map(json.loads, _event_lines(written)) if isinstance(event, list) and len(event) > 2)
    assert SECRET not in pieces.replace("xx\b\b", "")
    assert SECRET.encode() not in written.replace(b"xx\b\b", b"").replace(b"\x1b[31m", b"")
    assert verify(one.session.folder) == []
    assert rejudge(one.session, recorded_playbook(one.session), {}, CANCEL).result == "same"


def _event_lines(written: bytes) -> list[bytes]:
    return [line for line in written.split(b"\n") if line.startswith(b"[") and line.endswith(b"]")]


# --- redaction ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["esx.typescript", "esx.cast", "router.putty.log", "vm.securecrt.log"])
def test_a_redacted_recording_holds_no_name_and_says_the_same(imported: dict[str, Imported], tmp_path: Path, name: str) -> None:
    session = imported[name].session
    mapping = SessionMap(b"k" * 32, vocabulary().and_of([session.header.playbook_text]))
    with redacted(session, mapping, tmp_path, CANCEL) as (shared, _):
        compared = compare_verdicts(session, shared, CANCEL)
        written = files_of(shared.folder)
    assert compared.differences == ()
    assert compared.redacted is not None and compared.redacted.kind == "fault"
    for word in (b"esx01", b"192.0.2.50", b"2001:db9:121:100", b"2001:DB9:121:100", b"c417.fe12.7d75", b"/vol/ds1"):
        assert word not in written


def test_an_answer_that_was_not_recorded_is_no_answer(imported: dict[str, Imported]) -> None:
    assert not any(isinstance(event, EffectAnswered) and isinstance(event.outcome, Failed) for event in imported["esx.cast"].session.events())
