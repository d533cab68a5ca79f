"""Redacted sessions: nothing of the original in them, a chain of their own, and the same verdict by the same frames and lines."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from scapy.all import ARP, IP, UDP, Ether, Raw
from scapy.utils import wrpcap

from tests.recorded_sessions import FIXTURES, Recorded
from tests.thorough import sample
from tests.unit.redaction.proving import known_names, problems
from tests.unit.redaction.test_redaction_newer import chain_anew
from tests.unit.retrace.retraced import events_of, one_of_each_kind, write
from tshoot.cancel import CancelToken
from tshoot.cli.main import run_words
from tshoot.errors import Cancelled, UsageError
from tshoot.model.effects import AskOperator, Decode, RunCommand
from tshoot.model.events import (
    CaptureTaken,
    CommandRan,
    EffectAnswered,
    EffectRequested,
    FixVerified,
    NoteAdded,
    Ok,
    OperatorAnswered,
    OperatorSteered,
    RunEnded,
    RunStarted,
    TargetSpec,
    VerdictReached,
    VerificationBegan,
)
from tshoot.model.verification import Compared as FactCompared
from tshoot.model.verification import Verification
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.key import key_at, load_key
from tshoot.redaction.session import redacted
from tshoot.redaction.vocabulary import vocabulary
from tshoot.session.log import SessionLog
from tshoot.session.store import Session, open_session
from tshoot.session.verify import verify
from tshoot.shipped import shipped

KEY = bytes(range(32))
NAMES = "zorro wagram payroll jdoe acmecorp esxkiste filerzwei magdeburg".split()  # noqa: SIM905
TEXTS = ["10.20.30.40", "10.20.77.88", "fd00:aa:bb:cc::9", "00:50:56:aa:bb:cc", "0050.56aa.bbcc", "0a141e28", "hunter2"]
BYTES = [
    bytes([10, 20, 30, 40]),
    bytes([10, 20, 77, 88]),
    bytes.fromhex("005056aabbcc"),
    bytes.fromhex("025056fffeaabbcc"),
    bytes.fromhex("fd0000aa00bb00cc"),
]
OUTPUT = b"""zorro.acmecorp.com login jdoe from 10.20.30.40 port 22 (magdeburg-7)
route 10.20.30.0/24 via fd00:aa:bb:cc::9 dev vmk1 lladdr 00:50:56:aa:bb:cc or 0050.56aa.bbcc 0x0a141e28
enable secret hunter2
/vmfs/volumes/wagram/esxkiste/disk mounted from filerzwei:/vol/payroll
fe80::250:56ff:feaa:bbcc ff02::1:ffaa:bbcc caf\xe9 \xff
"""


def own_session(root: Path) -> Session:
    capture = root / "own.pcap"
    root.mkdir(parents=True, exist_ok=True)
    quoted = Raw(b"zorro payroll jdoe hunter2 \x0a\x14\x1e\x28")
    frames = [
        Ether(src="00:50:56:aa:bb:cc", dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc="00:50:56:aa:bb:cc", psrc="10.20.30.40", pdst="10.20.77.88"),
        Ether(src="00:50:56:aa:bb:cc", dst="00:50:56:01:02:03") / IP(src="10.20.30.40", dst="10.20.77.88") / UDP() / quoted,
    ]
    wrpcap(str(capture), frames)
    inputs = {"server": "filerzwei", "share": "/vol/payroll", "address": "10.20.30.40", "n": 5}
    with SessionLog.create(root, "demo", "id: demo\n", {}) as log:
        log.append(RunStarted(1.0, "demo", (TargetSpec("host", "jdoe@zorro.acmecorp.com", "linux"),), inputs))
        log.append(EffectRequested(2.0, RunCommand("a/1@host", "a", "host", "ping filerzwei")))
        log.append(EffectAnswered(3.0, "a/1@host", Ok(CommandRan(0, OUTPUT, b"", 0.5))))
        log.append(EffectRequested(3.5, AskOperator("q/1", "q", "Is wagram mounted?", "text")))
        log.append(EffectAnswered(4.0, "q/1", Ok(OperatorAnswered("jdoe says 10.20.30.40"))))
        reference = log.add_capture(capture, "host vmk1 of zorro")
        log.append(EffectAnswered(5.0, "c/1@host", Ok(CaptureTaken(reference, "operator", 1.0))))
        log.append(EffectRequested(5.5, Decode("d/1@host", "d", "host", reference.sha256)))
        log.append(NoteAdded(6.0, "ask magdeburg about esxkiste", "jdoe"))
        log.append(RunEnded(7.0, "cancelled"))
    return open_session(root, str(log.folder))


def mapping(session: Session) -> SessionMap:
    return SessionMap(KEY, vocabulary().and_of([session.header.playbook_text]))


def test_nothing_of_the_original_is_left(tmp_path: Path) -> None:
    session = own_session(tmp_path / "own")
    with redacted(session, mapping(session), tmp_path, CancelToken()) as (shared, remarks):
        assert remarks == ()
        assert verify(shared.folder) == []
        stored = {path: path.read_bytes() for path in shared.folder.rglob("*") if path.is_file()}
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in stored)
        for path, raw in stored.items():
            lower = raw.decode("latin-1").lower()
            for token in (*NAMES, *TEXTS, "250:56ff:feaa", "ffaa:bbcc", session.header.session.rpartition("-")[2]):
                assert token not in lower, (token, path)
            for token in BYTES:
                assert token not in raw, (token, path)
        assert [(type(event), event.at) for event in shared.events()] == [(type(event), event.at) for event in session.events()]
        ran = [
            event.outcome.answer for event in shared.events() if isinstance(event, EffectAnswered) and isinstance(event.outcome.answer, CommandRan)
        ]
        assert ran[0].stdout.count(b"\n") == OUTPUT.count(b"\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own"]


def test_another_key_gives_another_session_and_the_same_key_the_same_names(tmp_path: Path) -> None:
    session = own_session(tmp_path / "own")
    shown = []
    for key in (KEY, KEY, bytes(32)):
        with redacted(session, SessionMap(key, vocabulary()), tmp_path, CancelToken()) as (shared, _):
            shown.append((shared.folder / "session.jsonl").read_bytes())
    assert shown[0] == shown[1] != shown[2]


@pytest.mark.parametrize("name", [*sample(one_of_each_kind(), 3), *FIXTURES])
def test_a_session_holds_nothing_of_its_original_and_is_judged_the_same(name: str, recorded: Recorded) -> None:
    """All 140 of them: `make redactions`."""
    assert problems(recorded(name), known_names(name)) == []


def test_a_steered_session_with_a_verification_behind_it(tmp_path: Path, recorded: Recorded) -> None:
    """Notes, edited commands, pasted text and reasons are people's words; what was asked again is as much evidence as the run."""
    name = "nfs-mount/export-policy"
    later = EffectRequested(3.0, RunCommand("own-1/1@host", "", "host", "ping -c 1 filerzwei", typed=True))
    events = events_of(name)
    fault = next(event.verdict for event in events if isinstance(event, VerdictReached))
    compared = FactCompared("by_address.10.20.30.40.mac", "00:50:56:aa:bb:cc", "0050.56aa.bbcc")
    verification = Verification("still-there", fault.cause, "10.20.30.40 of zorro", (), (compared,), ("ask filerzwei for /vol/payroll",))
    started = next(event for event in events if isinstance(event, RunStarted))
    steered = [
        OperatorSteered(2.0, "paused", "jdoe", why="wagram calls"),
        OperatorSteered(2.5, "edited", "jdoe", key="x/1@host", to="ping filerzwei", why="magdeburg", was="ping 10.20.30.40"),
        later,
        EffectAnswered(3.5, later.effect.key, Ok(CommandRan(0, OUTPUT, b"", 0.5))),
    ]
    behind = [VerificationBegan(9.0, fault.cause, started.targets, "jdoe", "1"), FixVerified(9.5, verification)]
    session = write(tmp_path / "own", name, [*events[:1], *steered, *events[1:], *behind])
    assert problems(session.folder, [*NAMES, "/vol/payroll"]) == []


def test_an_imported_recording_is_shared_as_lines_of_other_names(tmp_path: Path) -> None:
    recording = shipped("fixtures/recordings") / "router.putty.log"
    assert run_words(["sessions", "import", str(recording), "--record", str(tmp_path)]) in (0, 1)
    assert problems(next(path for path in tmp_path.iterdir() if path.is_dir())) == []


def test_evidence_of_a_kind_to_come_is_left_out(tmp_path: Path) -> None:
    session = own_session(tmp_path / "own")
    log = session.folder / "session.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"kind": "capture"', b'"kind": "screen"'))
    chain_anew(log, lambda lines: None)
    with redacted(session, mapping(session), tmp_path, CancelToken()) as (shared, remarks):
        assert remarks == ("evidence of a kind that is not known here was left out: screen",)
        assert all(token not in path.read_bytes() for path in shared.folder.rglob("*") if path.is_file() for token in BYTES)


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    session = own_session(tmp_path / "own")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled), redacted(session, mapping(session), tmp_path, cancel):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own"]


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "redaction.key"
    key, new = key_at(path)
    assert (new, key_at(path)) == (True, (key, False))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["redaction.key"]
    path.chmod(0o640)
    with pytest.raises(UsageError, match="others can read"):
        load_key(path)
    (tmp_path / "none").write_text("x")
    (tmp_path / "none").chmod(0o600)
    with pytest.raises(UsageError, match="holds no key"):
        load_key(tmp_path / "none")
    with pytest.raises(UsageError, match="there is no key"):
        load_key(tmp_path / "nowhere")


def test_the_command_says_whether_the_verdict_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = write(tmp_path / "own", "nfs-mount/export-policy")
    target, key = tmp_path / "shared.tshoot", tmp_path / "my.key"
    where = ["--record", str(tmp_path / "own")]
    assert run_words(["sessions", "redact", "last", "-o", str(target), "--key-file", str(key), *where]) == 0
    said = capsys.readouterr().out
    assert "judged again, it says the same as the original: fault nfs.mount-denied" in said
    assert run_words(["sessions", "verify", str(target)]) == 0
    assert "intact" in capsys.readouterr().out
    assert run_words(["sessions", "show", str(target)]) == 0
    shown = capsys.readouterr().out
    assert "nfs.mount-denied" in shown
    host = next(iter(event.targets[0].host for event in session.events() if isinstance(event, RunStarted)))
    assert host not in shown
    line = next(line for line in shown.splitlines() if "host  " in line)
    assert run_words(["sessions", "reveal", line, "--key-file", str(key), *where]) == 0
    assert host in capsys.readouterr().out
    assert run_words(["sessions", "replay", str(target)]) == 0
    assert run_words(["sessions", "import", str(target), "--record", str(tmp_path / "other")]) == 0
    assert run_words(["sessions", "redact", "last", "-o", str(target), "--key-file", str(key), *where]) == 2
    assert run_words(["sessions", "export", str(target), "-o", str(tmp_path / "again.tshoot")]) == 0
