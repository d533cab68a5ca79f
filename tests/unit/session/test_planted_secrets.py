"""A secret in each place where one can appear is in no file that tshoot writes: the log, evidence, the index and its journal, reports, session files.

Secrets that a syntax announces are masked where they enter; what is typed at a prompt or stands in the environment never enters. Not covered, and
said in docs/security.md: a secret that nothing announces, a playbook that holds one itself, and captures, which are stored as they are.
"""

from __future__ import annotations

import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from session_samples import START, short_session
from test_session_secrets import HIDDEN

from tests.unit.simulator.simulated import scenario
from tshoot.cancel import CancelToken
from tshoot.errors import UsageError
from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import (
    CommandRan,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    NoteAdded,
    Ok,
    OperatorAnswered,
    OperatorSteered,
    RunEnded,
    RunStarted,
    TargetSpec,
)
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.session import redacted
from tshoot.redaction.vocabulary import vocabulary
from tshoot.session.archive.index import with_archive
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.search import search
from tshoot.session.log import SessionLog
from tshoot.session.packed.export import export_session
from tshoot.session.report.formats import report_text
from tshoot.session.store import open_session
from tshoot.simulator.serving import serve
from tshoot.transports.address import parse_address
from tshoot.transports.base import HostKey
from tshoot.transports.settings import SshSettings
from tshoot.wiring import Settings, prepare, start

FORMATS = ("md", "html", "json", "cast", "junit")
PLANTED = "Xyl0ph0neQuartz"
PLATFORMS = ("cisco_ios", "cisco_nxos", "arista_eos", "frr", "bird", "linux", "vmware_esxi")


def written(place: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below `place`, its name in front, and what the session files among them hold."""
    for path in place.rglob("*"):
        yield str(path), str(path.relative_to(place)).encode()
        if path.is_file():
            yield str(path), path.read_bytes()
            if path.suffix == ".tshoot":
                raw = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
                with tarfile.open(fileobj=BytesIO(raw)) as tar:
                    yield from ((f"{path}/{member.name}", tar.extractfile(member).read()) for member in tar)  # type: ignore[union-attr]


def nowhere(place: Path, *secrets: str) -> None:
    found = [(secret, name) for name, content in written(place) for secret in secrets if secret.encode() in content]
    assert found == []


def all_that_is_made_of(folder: Path, place: Path) -> sqlite3.Connection:
    """Every report, a session file, a redacted one, the index; a reader that keeps the index's journal there until it is closed."""
    session, onwards = open_session(folder.parent, str(folder)), CancelToken()
    for form in FORMATS:
        (place / f"report.{form}").write_text(report_text(session, form, frame_times=lambda sha256, frames: {}, idle=2.0))
    export_session(session, place / "whole.tshoot", force=False, cancel=onwards)
    mapping = SessionMap(b"k" * 32, vocabulary().and_of([session.header.playbook_text]))
    with tempfile.TemporaryDirectory() as making, redacted(session, mapping, Path(making), onwards) as (shared, _):
        export_session(shared, place / "redacted.tshoot", force=False, cancel=onwards)
    with_archive(folder.parent, lambda archive: archive.count())
    reader = sqlite3.connect(folder.parent / "index.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM session").fetchone()
    (folder.parent / "20260101T000000Z-other-aaaaaa").mkdir()
    assert with_archive(folder.parent, lambda archive: search(archive, parse_query("planted", START)))[1] == 1
    return reader


# --- everywhere in a log -------------------------------------------------------------------------


def everywhere(line: str, number: int) -> list[Event]:
    """`line` as what a device prints on each stream, whole and in part, in a note, an answer, a command that was typed, a failure."""
    at, raw, key = START + number, f"planted\n{line}\n".encode(), f"own-{number}/1@host"
    ran = CommandRan(0, raw, raw, 0.1)
    typed = RunCommand(key, "", "host", line, "", typed=True)
    return [
        EffectRequested(at, typed),
        EffectAnswered(at, key, Ok(ran)),
        EffectAnswered(at, f"{key}b", Failed("timeout", line, line, ran)),
        EffectAnswered(at, f"{key}c", Ok(OperatorAnswered(line))),
        NoteAdded(at, line, "anna"),
        OperatorSteered(at, "edited", "anna", key=key, to=line, was=line, why=line),
    ]


def test_a_secret_of_any_syntax_in_any_place_is_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    begun, *rest = short_session()
    assert isinstance(begun, RunStarted)
    with SessionLog.create(tmp_path / "sessions", "nfs-mount", "id: nfs-mount\n", {}, started=START) as log:
        targets = tuple(TargetSpec(platform, f"{platform}.example", platform) for platform in PLATFORMS)
        log.append(
            replace(
                begun,
                targets=(*begun.targets, *targets),
                inputs={**begun.inputs, **{f"input-{number}": line for number, (line, _) in enumerate(HIDDEN)}},
            )
        )
        for event in rest[:-1]:
            log.append(event)
        configuration = "\n".join(line for line, _ in HIDDEN).encode()
        for platform in PLATFORMS:
            log.append(EffectRequested(START, RunCommand(f"all/1@{platform}", "all", platform, "show running-config")))
            log.append(EffectAnswered(START, f"all/1@{platform}", Ok(CommandRan(None, configuration + platform.encode(), b"", 0.1))))
        for number, (line, _) in enumerate(HIDDEN):
            for event in everywhere(line, number):
                log.append(event)
        log.append(RunEnded(START + 99, "failed", f"ValueError: https://bob:{PLANTED}@repo.example.net/x"))
    reader = all_that_is_made_of(log.folder, tmp_path)
    assert (tmp_path / "sessions" / "index.sqlite-wal").stat().st_size > 0
    nowhere(tmp_path, PLANTED, *(secret for _, secret in HIDDEN if len(secret) > 5))
    reader.close()


# --- what is typed -------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [f"root:{PLANTED}@esx01", f"root:{PLANTED}@[2001:db8::1]:22"])
def test_a_password_in_a_target_is_refused_and_not_repeated(target: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_address(target)
    assert PLANTED not in error.value.message + error.value.hint


@pytest.mark.parametrize("value", [f"https://bob:{PLANTED}@192.0.2.50/vol", f"/vol/ds1,password={PLANTED}"])
def test_a_secret_as_an_input_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(UsageError, match="`share` holds a secret") as error:
        prepare("nfs-mount", {"host": "esx01"}, {"server": "192.0.2.50", "share": value}, {})
    assert PLANTED not in error.value.message + error.value.hint


class Person:
    """Types the password at the prompt, and secrets as answers."""

    def __init__(self, password: str) -> None:
        self.password, self.prompts = password, list[str]()

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        return "yes"

    def accept_host_key(self, key: HostKey) -> bool:
        return True

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        self.prompts.append(prompt)
        return self.password

    def agree(self, question: str, why: str) -> bool:
        return False


@pytest.mark.parametrize("refuses", ["publickey", "publickey, keyboard-interactive"], ids=["keyboard-interactive", "password"])
def test_what_is_typed_at_a_prompt_or_stands_in_the_environment_is_in_no_file(refuses: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGPASSWORD", "SSHPASS", "TSHOOT_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"{PLANTED}-{name}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    commands = f"""
    commands:
      - run: esxcfg-vmknic -l
        stdout: |
          password={PLANTED}
          url https://bob:{PLANTED}@nas/
        stderr: "authorization: basic {PLANTED}"
"""
    acted = scenario(
        tmp_path.parent / f"{tmp_path.name}-scenario", f"    login: {{refuse: [{refuses}]}}\n", commands, "inputs: {server: 192.0.2.50}\n"
    )
    with serve(acted) as served:
        device = served.devices["host"]
        person = Person(device.password)
        ssh = SshSettings(config_file=None, known_hosts=(tmp_path / "known_hosts",), global_known_hosts=(), identity_files=(), use_agent=False)
        given = {"server": "192.0.2.50", "share": "/vol/ds1"}
        prepared = prepare("nfs-mount", {"host": device.address}, given, {"host": device.platform})
        started = start(prepared, Settings(tmp_path / "data" / "sessions", tmp_path / "data", ssh, {}), operator=person, prompter=person)
        started.run()
        assert person.prompts, "it was asked for"
        evidence = [path.read_bytes() for path in (started.folder / "evidence").iterdir()]
        assert any(b"password=****" in content for content in evidence)
        nowhere(tmp_path, PLANTED, device.password)
