"""Hosts whose names look like interfaces (nfs01, node12, po1) are hidden as hosts; what is an interface by the playbook's word stays one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.unit.redaction.hidden import evidence
from tests.unit.redaction.proving import problems
from tests.unit.retrace.retraced import events_of, write
from tshoot.cancel import CancelToken
from tshoot.cli.main import run_words
from tshoot.model.events import RunStarted
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.hosts import learn_hosts
from tshoot.redaction.session import redacted
from tshoot.redaction.text import TextMap
from tshoot.redaction.vocabulary import vocabulary
from tshoot.session.store import open_session

KEY = bytes(range(32))
PLAYBOOK = """id: own
title: t
symptoms: [s]
targets:
  host: {platform: linux, help: h}
inputs:
  server: {type: host, help: h}
  port: {type: interface, help: h}
  way: {type: choice, choices: [eth3, eth4], help: h}
  share: {type: path, help: h}
start: a
nodes:
  a:
    run: date
    on: host
    why: w
    decide:
      - otherwise: healthy
"""


def fresh() -> TextMap:
    return SessionMap(KEY, vocabulary()).texts


@pytest.mark.parametrize("name", ["nfs01", "node12", "bond01", "po1", "line4", "row7", "mgmt1", "r2"])
@pytest.mark.parametrize("said", ["{}", "root@{}", "{}.corp.example", "root@{}:2222"])
def test_a_target_is_hidden_wherever_it_stands(name: str, said: str) -> None:
    texts = fresh()
    learn_hosts([{"targets": [{"role": "host", "host": said.format(name), "platform": "linux"}]}], PLAYBOOK, texts)
    other = texts.line(name)
    assert other != name and len(other) == len(name)
    assert texts.name(name) == texts.whole(name) == other
    assert texts.line(f"{name}:/vol/x root@{name} ({name.upper()})").count(other[:-1]) == 2
    assert texts.whole(f"the {name} asks").split()[1] == other


def test_interfaces_by_the_playbook_and_other_words_stay() -> None:
    texts = fresh()
    inputs = {"server": "nfs01", "port": "po1", "way": "eth3", "share": "/vol/r7", "times": 3}
    learn_hosts([{"targets": [{"host": "eth9"}], "inputs": inputs}, {"targets": [{"host": "nfs3"}, {"host": "po1"}]}], PLAYBOOK, texts)
    assert texts.line("po1 eth3 r7 mounted by nfs3 vers=nfsv3 on vmk1") == "po1 eth3 r7 mounted by nfs3 vers=nfsv3 on vmk1"
    assert "nfs01" not in texts.line("nfs01 eth9") and "eth9" not in texts.line("nfs01 eth9")


def test_a_name_that_no_interface_has_is_hidden_unlearnt() -> None:
    assert fresh().line("vmk0 eth1 Te1/0/1 po10") == "vmk0 eth1 Te1/0/1 po10"
    assert not {"nfs01", "node007", "bond01"} & set(fresh().line("nfs01 node007 bond01").split())


def test_a_session_of_such_hosts(tmp_path: Path) -> None:
    """Target, input, verdict and note of one session: node12 and nfs01 are nowhere in what is shared."""
    events = [
        dataclasses.replace(
            event,
            targets=tuple(dataclasses.replace(target, host="root@node12") for target in event.targets),
            inputs={**event.inputs, "server": "nfs11"},
        )
        if isinstance(event, RunStarted)
        else event
        for event in events_of("nfs-mount/export-policy")
    ]
    session = write(tmp_path / "own", "nfs-mount/export-policy", events)
    vmk = next(event.inputs["vmk"] for event in events if isinstance(event, RunStarted))
    assert problems(session.folder, ["node12", "nfs11"], judged=False) == []
    with redacted(session, SessionMap(KEY, vocabulary()), tmp_path, CancelToken()) as (shared, _):
        started = next(event for event in shared.events() if isinstance(event, RunStarted))
        assert started.inputs["vmk"] == vmk and started.inputs["server"] not in ("nfs11", "server")


def test_the_hosts_of_prompts(tmp_path: Path) -> None:
    typed = tmp_path / "a.log"
    typed.write_text(
        "jdoe@node12:~$ ip neigh\n10.1.2.3 dev eth0 lladdr 00:50:56:01:02:03 REACHABLE\njdoe@node12:~$ echo po1\npo1\nR7#show clock\nR7#\nR7#\n"
    )
    assert run_words(["sessions", "import", str(typed), "--record", str(tmp_path / "root")]) == 0
    folder = next(path for path in (tmp_path / "root").iterdir() if path.is_dir())
    session = open_session(folder.parent, str(folder))
    with redacted(session, SessionMap(KEY, vocabulary()), tmp_path, CancelToken()) as (shared, _):
        text = "\n".join(path.read_text("utf-8").lower() for path in [shared.folder / "session.jsonl", *evidence(shared.folder)])
        assert "po1" in text and "eth0" in text
        assert "node12" not in text and "r7" not in {word for line in text.splitlines()[1:] for word in json.dumps(line).replace("#", " ").split()}
