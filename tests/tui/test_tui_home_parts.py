"""The parts behind home and set-up, without a screen: paths, how long, what was before, completion."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_helpers import SMALL, small_playbook

from tshoot.model.events import TargetSpec
from tshoot.performers.connection import Tried
from tshoot.playbook.causes import Cause
from tshoot.playbook.loader import playbook_from_text
from tshoot.session.packed.unpack import MAGIC
from tshoot.session.store import SessionEntry
from tshoot.shipped import shipped
from tshoot.transports.settings import SshSettings
from tshoot.tui.duration import duration_text, longest_seconds
from tshoot.tui.earlier import earlier_hosts, last_used, run_times
from tshoot.tui.matching import Finder
from tshoot.tui.paths import choices, completed, looks_like_path, path_of, what_lies_at
from tshoot.tui.trial import TrialEnded, Trials, TrialsOver
from tshoot.tui.widgets.field.candidates import Candidates
from tshoot.tui.widgets.home.telling import playbook_row
from tshoot.wiring import Settings

CAPTURE = shipped("fixtures/captures") / "nfs.mount-denied" / "over-tcp.pcap"


@pytest.mark.parametrize(
    "typed", ["/tmp/x", "~/x", "./", "..", "'/a b.pcap'", '"/a b"', "file:///a%20b.pcap", "trace.pcap", "Trace.PCAPNG.gz", "vmkernel.log"]
)
def test_what_is_meant_as_a_path(typed: str) -> None:
    assert looks_like_path(typed)


@pytest.mark.parametrize("typed", ["", "mount denied", "a/b ratio", "route 2001:db8::/32 flaps", "vmkernel.log says denied", "why?"])
def test_what_is_meant_as_words(typed: str) -> None:
    assert not looks_like_path(typed)


@pytest.mark.parametrize("typed", ["/a b/c.pcap", "'/a b/c.pcap'", '"/a b/c.pcap"', r"/a\ b/c.pcap", "file:///a%20b/c.pcap", "  /a b/c.pcap "])
def test_a_pasted_path_however_it_is_quoted(typed: str) -> None:
    assert path_of(typed) == Path("/a b/c.pcap")


@given(st.text(max_size=60))
def test_no_text_that_is_typed_ends_in_an_error(typed: str) -> None:
    looks_like_path(typed)
    assert what_lies_at(f"/nowhere/{typed}").kind == "wrong" or typed.strip() in ("", ".", "..") or ".." in typed
    choices(f"/nowhere/{typed}")


def test_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(CAPTURE.read_bytes())
    (tmp_path / "a.pcap.gz").write_bytes(gzip.compress(CAPTURE.read_bytes()))
    (tmp_path / "b.log").write_text("R1# show ip route\n", encoding="utf-8")
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(b"R1# show ip route\n"))
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "exported").write_bytes(MAGIC + b"x")
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "session.jsonl").touch()
    os.mkfifo(tmp_path / "pipe")
    kinds = {path.name: what_lies_at(str(path)).kind for path in tmp_path.iterdir()}
    assert kinds == {
        "a.pcap": "capture",
        "a.pcap.gz": "capture",
        "b.log": "text",
        "b.log.gz": "text",
        "empty": "wrong",
        "binary": "wrong",
        "exported": "wrong",
        "session": "session",
        "pipe": "wrong",
    }
    assert "sessions import" in what_lies_at(str(tmp_path / "exported")).said
    assert what_lies_at(str(tmp_path)).kind == "folder"
    assert what_lies_at(str(tmp_path / "b.log" / "below")).said.startswith("there is no such file")


def test_choices_are_completed_as_far_as_they_agree(tmp_path: Path) -> None:
    for name in ("trace-1.pcap", "trace-2.pcap", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "traces").mkdir()
    found = choices(f"{tmp_path}/tr")
    assert [choice.name for choice in found] == ["traces", "trace-1.pcap", "trace-2.pcap"]
    assert completed(f"{tmp_path}/tr", found) == f"{tmp_path}/trace"
    assert completed(f"{tmp_path}/trace-", choices(f"{tmp_path}/trace-")) == f"{tmp_path}/trace-"
    assert completed(f"{tmp_path}/traces", choices(f"{tmp_path}/traces")) == f"{tmp_path}/traces/"


def test_how_long_follows_the_longest_way() -> None:
    plain = longest_seconds(small_playbook(), {"server": "192.0.2.1"})
    longer = playbook_from_text(SMALL.replace("seconds: 60", "seconds: 600"), "small.yaml")
    assert longest_seconds(longer, {}) - plain == pytest.approx(540)
    again = playbook_from_text(
        SMALL.replace("otherwise: trace", "otherwise: reach2").replace(
            "  trace:\n",
            "  reach2:\n    run: uptime\n    on: host\n    why: again\n    decide:\n      - when: reach2.exit_status != 0\n        go: reach\n      - otherwise: trace\n\n  trace:\n",
            1,
        ),
        "small.yaml",
    )
    timeout = small_playbook().nodes["reach"].step.timeout  # type: ignore[union-attr]
    attempts = small_playbook().nodes["reach"].attempts
    assert longest_seconds(again, {}) - plain == pytest.approx(timeout * (2 * attempts - 1)), "a circle counts as often as it may be walked"


def test_how_long_it_took_before_is_told(tmp_path: Path) -> None:
    entries = []
    for number, seconds in enumerate((10, 30, 400)):
        folder = tmp_path / str(number)
        folder.mkdir()
        lines = [{"n": 0}, {"at": f"2026-01-01T00:{seconds // 60:02}:{seconds % 60:02}Z", "event": "RunEnded"}, {"sealed": True}]
        (folder / "session.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
        entries.append(SessionEntry(str(number), folder, 1767225600.0, "small", "finished"))
    broken = replace(entries[0], path=tmp_path / "gone")
    assert run_times([*entries, broken, replace(entries[0], playbook="other")], "small") == (10.0, 30.0, 400.0)
    assert duration_text(small_playbook(), {}, (10.0, 30.0, 400.0)).startswith("30 s as the last 3 runs")
    assert duration_text(small_playbook(), {}, ()).startswith("at most ")


def test_nothing_was_before(tmp_path: Path) -> None:
    assert last_used(tmp_path / "none", "small") is None
    assert earlier_hosts(tmp_path / "none") == ()


def test_completion_keeps_the_user_and_takes_no_unclean_name() -> None:
    hosts = Candidates(hosts=True)
    hosts.offer(["esx01", "esx02", "evil\x1b[2J", "", "esx01"])
    assert hosts.fitting("es") == ["esx01", "esx02"]
    assert hosts.fitting("root@esx02") == []
    assert hosts.fitting("root@e") == ["root@esx01", "root@esx02"]
    assert hosts.fitting("root@") == hosts.fitting("") == hosts.fitting("evil") == []


def test_a_word_one_letter_away_counts_only_where_no_other_is_there() -> None:
    cause = Cause("nfs.mount-denied", "The server refuses the mount", "The reply holds MNT3ERR_ACCES", "storage", "1. Add it.", "It mounts.")
    finder = Finder([small_playbook()], {cause.id: cause})
    (found,) = finder.matches("acces")
    assert (found.source, found.because) == ("text", "The server refuses the mount")
    for typed in ("muont", "mont", "mounnt", "maunt"):
        (near,) = finder.matches(typed)
        assert near.fitting == ("mount",), typed
    assert finder.matches("mxxnt") == []
    (some,) = finder.matches("mount zzzz")
    assert some.missing == ("zzzz",)


def test_a_row_holds_what_the_playbook_says_as_plain_text() -> None:
    hostile = playbook_from_text(SMALL.replace("mount denied by server", "'[/foo] [red]denied[/] \\e[2J'"), "small.yaml")
    row = playbook_row(Finder([hostile], {}).matches("denied")[0])
    assert "[/foo] [red]denied[/]" in str(row)
    assert "\x1b" not in str(row)


def test_the_first_picture_needs_no_engine_no_playbook_and_no_ssh() -> None:
    program = "import sys, tshoot.cli.home, tshoot.tui.app, tshoot.tui.screens.home, tshoot.opening; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    late = {"tshoot.engine.advance", "tshoot.runner", "tshoot.wiring", "tshoot.tui.bridge", "tshoot.playbook.loader", "yaml"}
    late |= {"jinja2", "pydantic", "paramiko", "sqlite3", "numpy", "pyshark"}
    assert not late & set(loaded)


def tried_by(monkeypatch: pytest.MonkeyPatch, rejecting: str = "") -> list[str]:
    """Logins that trials make, none of them real."""
    logins: list[str] = []

    def attempt(target: TargetSpec, *rest: object) -> Tried:
        logins.append(target.host)
        return Tried(target, 0.1, kind="auth-rejected" if target.host == rejecting else "", rejected=target.host == rejecting)

    monkeypatch.setattr("tshoot.tui.trial.try_connection", attempt)
    return logins


def test_a_device_in_two_roles_is_logged_into_once(monkeypatch: pytest.MonkeyPatch) -> None:
    logins, told = tried_by(monkeypatch), list[object]()
    targets = [TargetSpec("a", "ada@r1", "frr"), TargetSpec("b", "ada@R1:22", "frr"), TargetSpec("c", "ada@r2", "frr")]
    Trials(targets, Settings(ssh=SshSettings(config_file=None)), told.append)._run()
    assert logins == ["ada@r1", "ada@r2"]
    assert [message.tried.target.role for message in told if isinstance(message, TrialEnded)] == ["a", "b", "c"]
    assert [message.left for message in told if isinstance(message, TrialsOver)] == [()]


def test_after_a_rejected_login_the_other_targets_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    logins, told = tried_by(monkeypatch, rejecting="ada@r1"), list[object]()
    targets = [TargetSpec("a", "ada@r1", "frr"), TargetSpec("b", "ada@r2", "frr")]
    Trials(targets, Settings(ssh=SshSettings(config_file=None)), told.append)._run()
    assert logins == ["ada@r1"]
    (over,) = (message for message in told if isinstance(message, TrialsOver))
    assert over.left == ("b",)
    assert "was rejected" in over.why
