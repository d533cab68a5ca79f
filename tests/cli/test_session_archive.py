"""tshoot sessions report, search, similar, prune as a user starts them: documents on stdout, files, questions, exit codes."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from tests.answering import run_answering
from tests.cli.commandline import TSHOOT, Home
from tshoot.shipped import shipped

RECORDED = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/json.schema.json").read_text())
FIRST, SECOND = "20261121T045943Z-nfs-mount-44386f", "20261121T045943Z-nfs-mount-abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two sessions, alike."""
    home = Home(tmp_path)
    for name in (FIRST, SECOND):
        shutil.copytree(RECORDED, home.sessions / name)
    return home


def validated(name: str, document: object) -> None:
    Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}).validate(document)
    Draft202012Validator(SCHEMA).validate(document)


def test_a_report_goes_to_stdout_in_every_format(home: Home) -> None:
    text = home.run("sessions", "report", "44386f").out.decode()
    assert text.startswith("# nfs-mount: FAULT nfs.mount-denied\n") and "| 16 | 03:12:00.002 UTC | `mount.status` |" in text
    document = home.run("sessions", "report", "44386f", "--format", "json").document()
    validated("report", document)
    assert document["report"]["proof"][0]["frame"] == 16
    page = home.run("sessions", "report", "44386f", "--format", "html", LANG="C", PYTHONIOENCODING="ascii").out
    assert page.startswith(b"<!DOCTYPE html>") and page.endswith(b"</html>\n") and page.isascii()
    suite = ElementTree.fromstring(home.run("sessions", "report", "44386f", "--format", "junit").out)
    assert suite.get("failures") == "1"
    cast = home.run("sessions", "report", "44386f", "--format", "cast").out.splitlines()
    assert json.loads(cast[0])["version"] == 2 and all(isinstance(json.loads(line), list) for line in cast[1:])


def test_local_time_stands_beside_utc_where_it_is_another(home: Home) -> None:
    assert "(2026-11-21 05:59:43 CET, UTC+01:00)" in home.run("sessions", "report", "44386f", TZ="CET-1").out.decode()
    assert "Local (" not in home.run("sessions", "report", "44386f", TZ="UTC").out.decode()


def test_a_report_goes_to_a_file_that_only_its_owner_reads(home: Home) -> None:
    file = home.folder / "report.html"
    got = home.run("sessions", "report", "44386f", "--format", "html", "-o", str(file))
    assert (got.code, got.out) == (0, b"")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_bytes().endswith(b"</html>\n")
    there = home.run("sessions", "report", "44386f", "-o", str(file))
    assert there.code == 2 and "--force" in there.said and file.read_bytes().endswith(b"</html>\n"), "somebody may have written into it"
    assert home.run("sessions", "report", "44386f", "-o", str(file), "--force").code == 0
    assert file.read_bytes().startswith(b"# nfs-mount") and list(home.folder.glob(".*part")) == []


def test_of_an_altered_session_no_copy_is_made_and_what_is_read_says_so(home: Home) -> None:
    log = home.sessions / FIRST / "session.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"exit_status": 0', b'"exit_status": 1', 1))
    for action in ("export", "redact"):
        got = home.run("sessions", action, "44386f", "-o", "copy.tshoot")
        assert got.code == 2 and f"an altered session is not {action}ed" in got.said
        assert not (home.folder / "copy.tshoot").exists(), "its chain would be whole"
    got = home.run("sessions", "rejudge", "44386f")
    assert got.code == 3 and "does not follow line" in got.said


def test_a_ticket_says_where_its_evidence_is_gone(home: Home) -> None:
    assert "Integrity" not in home.run("sessions", "report", "abcdef", "--format", "ticket").said
    min((home.sessions / SECOND / "evidence").iterdir()).unlink()
    assert "- Integrity: " in home.run("sessions", "report", "abcdef", "--format", "ticket").said


def test_the_last_session_is_one_whatever_else_lies_in_the_folder(home: Home) -> None:
    (home.sessions / "notes").mkdir()
    assert home.run("sessions", "verify").code == 0


def test_a_link_to_a_session_file_is_that_file(home: Home) -> None:
    assert home.run("sessions", "export", "44386f", "-o", "one.tshoot").code == 0
    (home.folder / "link").symlink_to("one.tshoot")
    assert home.run("sessions", "verify", "link").code == home.run("sessions", "import", "link", "--record", "elsewhere").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "44386f", "-o", "/proc/nowhere/x"), "cannot be written"),
        (("report", "44386f", "-o", "."), "cannot be written"),
        (("report", "44386f", "--format", "pdf"), "invalid choice"),
        (("report", "44386f", "--format", "cast", "--idle", "-1"), "--idle takes seconds"),
        (("report", "nobody"), "no session is named"),
        (("show", "x" * 300), "no session is named"),
        (("rejudge", "--all", "44386f"), "one is named"),
        (("rejudge", "44386f", "--what-if", "ping_full.received=0", "--what-if", "ping_full.received=3"), "assumed twice"),
        (("search",), "required: WORD"),
        (("search", ""), "sessions list"),
        (("search", "", " ", "--json"), "sessions list"),
        (("search", "x", "--limit", "0"), "--limit takes a number"),
        (("similar", "nobody"), "no session is named"),
        (("prune",), "--older-than"),
        (("prune", "--older-than", "soon"), "is no age"),
        (("prune", "--older-than", "1d", "--keep-verdict", "bad"), "is no verdict"),
    ],
)
def test_what_cannot_be_done_is_said(home: Home, words: tuple[str, ...], said: str) -> None:
    got = home.run("sessions", *words)
    assert (got.code, got.out) == (2, b"") and said in got.error.decode()


def test_a_search_finds_words_and_says_where(home: Home) -> None:
    said = home.run("sessions", "search", "denied", "vmk1", "cause:nfs.mount-denied", "address:192.0.2.50").out.decode()
    assert FIRST in said and said.endswith("2 sessions fit\n")
    document = home.run("sessions", "search", "MNT3ERR_ACCES", "--json", "--limit", "1").document()
    validated("search", document)
    assert document["total"] == 2 and len(document["hits"]) == 1 and "MNT3ERR_ACCES" in document["hits"][0]["snippet"]
    nothing = home.run("sessions", "search", '"unfinished', "AND", "*", "(")
    assert (nothing.code, nothing.out) == (0, b"no session fits\n")


@pytest.mark.parametrize("typed", ['"', "!!!"])
def test_a_search_for_nothing_finds_nothing_and_says_so(home: Home, typed: str) -> None:
    got = home.run("sessions", "search", typed)
    assert (got.code, got.out) == (0, b"no session fits\n")
    assert f"{typed} has no letter or digit to look for" in got.error.decode()
    assert home.run("sessions", "search", typed, "--json").document()["total"] == 0


def test_sessions_alike_are_shown_with_reasons_also_below_a_session(home: Home) -> None:
    document = home.run("sessions", "similar", SECOND, "--json").document()
    validated("similar", document)
    assert document["similar"][0]["reasons"][0] == "same cause nfs.mount-denied"
    shown = home.run("sessions", "show", SECOND).out.decode()
    assert "Similar incidents\n" in shown and "  same cause nfs.mount-denied, same target" in shown.partition("Similar incidents")[2]
    shutil.rmtree(home.sessions / FIRST)
    assert "Similar" not in home.run("sessions", "show", SECOND).out.decode()
    assert home.run("sessions", "similar", SECOND).out == b"no session is like this one\n"


def test_the_list_is_the_same_with_an_index_and_without(home: Home) -> None:
    first = home.run("sessions", "list", "--json").document()
    assert (home.sessions / "index.sqlite").is_file()
    assert home.run("sessions", "list", "--json").document() == first == home.run("sessions", "list", "--json", "--reindex").document()
    (home.sessions / "index.sqlite").write_bytes(b"x" * 10_000)
    assert home.run("sessions", "list", "--json").document() == first


def test_prune_says_what_would_go_and_removes_nothing_unasked(home: Home) -> None:
    for folder in (FIRST, SECOND):
        header = (home.sessions / folder / "session.jsonl").read_bytes()
        (home.sessions / folder / "session.jsonl").write_bytes(header.replace(b'"started": "2026-', b'"started": "2020-', 1))
    dry = home.run("sessions", "prune", "--older-than", "1y", "--dry-run")
    assert dry.code == 0 and b"2 sessions, " in dry.out and b" bytes)" in dry.out
    unasked = home.run("sessions", "prune", "--older-than", "1y")
    assert unasked.code == 2 and b"no terminal to ask at" in unasked.error
    kept = home.run("sessions", "prune", "--older-than", "1y", "--keep-verdict", "fault", "--keep-verdict", "none", "--yes")
    assert len(list(home.sessions.glob("2*"))) == 2, kept.said
    gone = home.run("sessions", "prune", "--older-than", "1y", "--yes")
    assert gone.code == 0 and b"removed 2" in gone.out and list(home.sessions.glob("2*")) == []
    assert home.run("sessions", "list", "--json").document()["sessions"] == []


@pytest.mark.parametrize(("answer", "left"), [(b"no\n", 2), (b"\n", 2), (b"y\n", 2), (b"yes\n", 0)])
def test_prune_asks_at_a_terminal(home: Home, answer: bytes, left: int) -> None:
    code, said = run_answering([TSHOOT, "sessions", "prune", "--older-than", "0d"], answer, env=home.environment(), cwd=home.folder)
    assert "Remove all 2 for good?" in said
    assert len(list(home.sessions.glob("2*"))) == left and code == (2 if left else 0)


def test_a_session_with_a_capture_on_a_target_stays(home: Home) -> None:
    record = {"host": "esx01", "path": "/tmp/tshoot-abc.pcap", "state": "started", "pid": None}
    (home.sessions / FIRST / "captures.jsonl").write_text(json.dumps(record) + "\n")
    got = home.run("sessions", "prune", "--older-than", "0d", "--yes")
    assert [path.name for path in home.sessions.glob("2*")] == [FIRST]
    assert b"a capture may still lie on esx01" in got.error
