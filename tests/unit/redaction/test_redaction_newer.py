"""What is not as tshoot wrote it: events and fields of a newer one are left out and told of, an id that is a path is refused, and a verdict that
cannot be judged again is not said to be the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.recorded_sessions import FIXTURES
from tests.unit.redaction.hidden import evidence
from tshoot.cancel import CancelToken
from tshoot.cli.main import run_words
from tshoot.errors import SessionError
from tshoot.model.events import UnknownEvent
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.log_fields import mapped_fields
from tshoot.redaction.session import redacted
from tshoot.redaction.vocabulary import vocabulary
from tshoot.session.store import Session, open_session
from tshoot.session.verify import verify

KEY = bytes(range(32))
NEWER = {
    "event": "NewerEvent",
    "peers": {"172.20.31.77": "down", "ziggurat01.corp": 1},
    "facts": {"hops": ["172.20.31.77"], "more": {"a": "ziggurat"}},
    "node": "ziggurat01.corp",
}


def chain_anew(log: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """As another program, or a newer tshoot, would have written the lines."""
    lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    change(lines)
    raw, out = b"", b""
    for number, line in enumerate(lines):
        line.pop("prev", None)
        raw = json.dumps({**line, "n": number, **({"prev": hashlib.sha256(raw).hexdigest()} if number else {})}).encode() + b"\n"
        out += raw
    log.write_bytes(out)


def altered(folder: Path, change: Callable[[list[dict[str, Any]]], None]) -> Session:
    """A session of the fixtures with other lines, its chain made anew, below `folder`."""
    shutil.copytree(FIXTURES["v1/nfs-mount-denied"], folder)
    chain_anew(folder / "session.jsonl", change)
    for place in (folder, *folder.rglob("*")):  # of a checkout, they are as open as git makes them
        place.chmod(0o700 if place.is_dir() else 0o600)
    return open_session(folder.parent, str(folder))


def mapping(session: Session) -> SessionMap:
    return SessionMap(KEY, vocabulary().and_of([session.header.playbook_text]))


def test_a_newer_event_is_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "evidence"
    secret.write_bytes(b"ziggurat01 of 172.20.31.77")
    secret.chmod(0o600)
    name = hashlib.sha256(secret.read_bytes()).hexdigest()

    def change(lines: list[dict[str, Any]]) -> None:
        lines.insert(2, {"at": lines[1]["at"], **NEWER, "more": {"kind": "stdout", "sha256": name, "size": 26}})

    session = altered(tmp_path / "own", change)
    shutil.copy(secret, session.folder / "evidence" / name)
    assert verify(session.folder) == []
    with redacted(session, mapping(session), tmp_path, CancelToken()) as (shared, remarks):
        assert remarks == ("events that are not known here were left out: NewerEvent",)
        assert verify(shared.folder) == []
        events, before = list(shared.events()), [event for event in session.events() if not isinstance(event, UnknownEvent)]
        assert [type(event) for event in events] == [type(event) for event in before]
        stored = b"".join(path.read_bytes() for path in [shared.folder / "session.jsonl", *evidence(shared.folder)])
        assert b"ziggurat" not in stored and b"172.20" not in stored


def test_a_newer_field_and_a_newer_class_are_left_out(tmp_path: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        started = next(line for line in lines if line.get("event") == "RunStarted")
        started["seen_by"] = {"172.20.31.77": {"node": "ziggurat01.corp"}}
        started["targets"][0]["node"] = "ziggurat01.corp"
        requested = {"at": lines[1]["at"], "event": "EffectRequested", "effect": {"type": "NewerEffect", "key": "a", "node": "ziggurat01.corp"}}
        lines.insert(3, requested)

    session = altered(tmp_path / "own", change)
    with redacted(session, mapping(session), tmp_path, CancelToken()) as (shared, remarks):
        assert remarks == (
            "events that are not known here were left out: EffectRequested",
            "fields that are not known here were left out: node, seen_by",
        )
        raw = (shared.folder / "session.jsonl").read_bytes()
        assert b"ziggurat" not in raw and b"172.20" not in raw
        assert verify(shared.folder) == []


def test_an_address_that_no_map_reaches_is_told_of(tmp_path: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        started = next(line for line in lines if line.get("event") == "RunStarted")
        started["targets"][0].update(role="172.20.31.77", host="root@172.20.31.77")

    session = altered(tmp_path / "own", change)
    with redacted(session, mapping(session), tmp_path, CancelToken()) as (_, remarks):
        assert [remark for remark in remarks if "addresses of the original" in remark and "172.20.31.77" in remark] == list(remarks) != []


def test_values_are_mapped_however_deep_they_stand() -> None:
    line = {"event": "DecisionTaken", "facts": {"hops": ["172.20.31.77", 3], "by_peer": {"172.20.31.77": ["ziggurat", None]}, "port": "up"}}
    shown = mapped_fields(line, SessionMap(KEY, vocabulary()).texts, {})
    assert "172.20.31.77" not in json.dumps(shown) and "ziggurat" not in json.dumps(shown)
    assert shown["facts"]["port"] == "up" and shown["facts"]["hops"][1] == 3
    assert list(shown["facts"]) == ["hops", "by_peer", "port"]
    assert list(shown["facts"]["by_peer"]) == [shown["facts"]["hops"][0]]


@pytest.mark.parametrize(
    ("fact", "ours"),
    [
        ("seen.by_address.172.20.31.77.mac", "seen.by_address. .mac"),
        ("by_name.ziggurat", "by_name. "),
        ("seen.by_name.ziggurat.", "seen.by_name. ."),
        ("seen.count", "seen.count"),
        ("by_name.", "by_name."),
    ],
)
def test_the_name_of_a_fact_may_hold_somebodys_word(fact: str, ours: str) -> None:
    shown = mapped_fields({"fact": fact}, SessionMap(KEY, vocabulary()).texts, {})["fact"]
    before, _, behind = ours.partition(" ")
    assert shown.startswith(before) and shown.endswith(behind) and "ziggurat" not in shown and "20.31" not in shown


@pytest.mark.parametrize("name", ["/{}/out", "../{}", "..", "a/b", "", ".hidden", "x" * 200, "a\nb"])
def test_an_id_that_is_a_path_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[0]["session"] = name.format(str(tmp_path).strip("/"))

    session = altered(tmp_path / "own", change)
    place = tmp_path / "place" / "deep"
    place.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SessionError, match="which is no name of one"), redacted(session, mapping(session), place, CancelToken()):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def test_where_nothing_could_be_judged_nothing_is_said_to_be_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        next(line for line in lines if line.get("event") == "RunStarted")["inputs"]["server"] = "nfs01"  # no command of today's was asked

    session = altered(tmp_path / "own" / "session", change)
    words = ["sessions", "redact", str(session.folder), "-o", str(tmp_path / "shared.tshoot"), "--key-file", str(tmp_path / "key")]
    assert run_words(words) == 3
    said = capsys.readouterr().out
    assert "whether it is judged the same could not be tried" in said and "the same as the original" not in said
    assert "fault nfs.mount-denied is recorded" in said


def test_a_session_without_a_verdict_is_shared_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        at = next(index for index, line in enumerate(lines) if line.get("event") == "EffectAnswered")
        del lines[at:]

    session = altered(tmp_path / "own" / "session", change)
    words = ["sessions", "redact", str(session.folder), "-o", str(tmp_path / "shared.tshoot"), "--key-file", str(tmp_path / "key")]
    assert run_words(words) == 0
    assert "the same as the original: no verdict" in capsys.readouterr().out
