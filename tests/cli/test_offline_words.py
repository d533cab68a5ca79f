"""The command line without a network: exit codes, one JSON document, and no trace of Python whatever is typed or found on the disk."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.commandline import TRACES, TSHOOT, Home, ended
from tshoot.cli.main import run_words

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "fixtures" / "captures"
DENIED = CAPTURES / "nfs.mount-denied" / "over-tcp.pcap"
HEALTHY = CAPTURES / "healthy" / "mount-tcp.pcap"
NOISE = random.Random(1).randbytes(5000)
GIVEN = ("--target", "host=127.0.0.1:9", "--set", "server=192.0.2.1", "--set", "share=/vol/a")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no terminal"),
        (("nonsense",), "invalid choice"),
        (("run",), "required: playbook"),
        (("run", "nfs-mount"), "--target host=HOST is missing"),
        (("run", "nfs-mount", "--target", "host"), "expected ROLE=HOST"),
        (("run", "nfs-mount", "--target", "=x"), "expected ROLE=HOST"),
        (("run", "nfs-mount", "--target", "host="), "is missing"),
        (("run", "nfs-mount", "--target", "host=a:b:c:d"), "is no target"),
        (("run", "nfs-mount", "--target", "host=-oProxyCommand=id"), "is no target"),
        (("run", "nfs-mount", "--target", "host=a\nb"), "is no target"),
        (("run", "nfs-mount", "--target", "host=esx:99999"), "is no target"),
        (("run", "nfs-mount", "--target", "guest=a"), "`guest` is no target of nfs-mount"),
        (("run", "nfs-mount", "--set", "server"), "expected NAME=VALUE"),
        (("run", "nfs-mount", "--target", "host=esx", "--set", "server=nas01"), "`server` expects an IPv4 or IPv6 address"),
        (("run", "nfs-mount", *GIVEN, "--set", "vmk=vmk0;reboot"), "`vmk` expects an interface name"),
        (("run", "nfs-mount", *GIVEN, "--set", "vmk=-x"), "`vmk` expects an interface name"),
        (("run", "nfs-mount", *GIVEN, "--set", "mountd_port=0"), "`mountd_port` expects a port"),
        (("run", "nfs-mount", *GIVEN, "--set", "vkm=vmk0"), "`vkm` is no input"),
        (("run", "nfs-mount", *GIVEN, "--capture-dir", "hots=/tmp"), "--capture-dir hots=/tmp"),
        (("run", "nfs-mount", *GIVEN, "--capture-dir", "host=tmp"), "an absolute folder"),
        (("run", "nfs-muont", *GIVEN), "there is no playbook"),
        (("run", "nobody.yaml", *GIVEN), "No such file"),
        (("run", ".", *GIVEN), "Is a directory"),
        (("demo", "nobody"), "there is no demo case"),
        (("explain", "nobody"), "there is no cause"),
        (("explain", ""), "there is no cause"),
        (("explain", "\x1b]0;x\x07"), "there is no cause"),
        (("analyze", "nobody.pcap"), "No such file"),
        (("analyze", "."), "a directory"),
        (("analyze", "/dev/zero"), "not a regular file"),
        (("analyze", "--only", "smoke", str(DENIED)), "no such family of detectors"),
        (("playbooks",), "required: ACTION"),
        (("playbooks", "show", "nobody"), "there is no playbook"),
        (("playbooks", "graph", "."), "Is a directory"),
        (("playbooks", "test", "nobody"), "there is no playbook"),
        (("sessions", "show"), "there is no session yet"),
        (("sessions", "show", "nobody"), "no session is named"),
        (("sessions", "verify", "/"), "session.jsonl"),
        (("sessions", "replay", "--speed", "x"), "invalid float"),
        (("sessions", "show", "a\0b".replace("\0", "\x01")), "no session is named"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_line_with_exit_2(
    home: Home, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """In this process: a program of its own for each would spend a minute on starting."""
    environment = home.environment()
    for name in {*os.environ} - {*environment}:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.folder)
    try:
        code = run_words(list(words))
    except SystemExit as end:
        code = int(end.code or 0)
    out, error = capsysbinary.readouterr()
    assert (code, out) == (2, b"")
    assert said in " ".join(error.decode().split())
    assert b"\x1b" not in error and not [trace for trace in TRACES if trace in error]
    assert not home.sessions.exists(), "nothing is begun before everything is checked"


def test_everything_wrong_is_told_at_once(home: Home) -> None:
    said = home.run("run", "nfs-mount", "--target", "guest=a", "--set", "vkm=1", "--set", "server=x").said
    for part in ("`guest`", "--target host=HOST", "`vkm`", "`server` expects", "--set share="):
        assert part in said


@pytest.mark.parametrize("place", ["file", "/proc/nowhere", "file/below"])
def test_a_record_folder_that_cannot_be_written_is_said(home: Home, place: str) -> None:
    (home.folder / "file").touch()
    got = home.run("run", "nfs-mount", *GIVEN, "--record", place)
    assert (got.code, got.out) == (2, b"")
    assert "cannot be written" in got.said


@pytest.mark.parametrize(
    "changes",
    [{"HOME": "/proc", "XDG_DATA_HOME": None}, {"XDG_DATA_HOME": "/dev/null"}, {"HOME": "/nonexistent/home", "XDG_DATA_HOME": "/proc/x"}],
    ids=["read-only-home", "data-is-a-device", "no-home"],
)
def test_a_home_that_cannot_be_written_is_said(home: Home, changes: dict[str, str | None]) -> None:
    got = home.run("run", "nfs-mount", *GIVEN, **changes)
    assert got.code == 2
    assert "cannot be written" in got.said
    assert home.run("sessions", "list", **changes).code in (0, 2)
    assert home.run("doctor", **changes).code in (0, 5)


def test_a_relative_data_home_is_not_used(home: Home) -> None:
    assert home.run("sessions", "list", XDG_DATA_HOME="data").code == 0
    assert home.run("run", "nfs-mount", *GIVEN, XDG_DATA_HOME="relative").code == 4
    assert not (home.folder / "relative").exists()
    assert (home.folder / ".local" / "share" / "tshoot" / "sessions").is_dir()


# --- plan ------------------------------------------------------------------------------------------------

LISTENING = """
import sys
def tell(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        sys.stderr.write(f"TOUCHED {event} {arguments}\\n")
sys.addaudithook(tell)
"""


def test_the_plan_touches_nothing_and_lists_every_command(home: Home) -> None:
    hook = home.folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(LISTENING)
    got = home.run("run", "nfs-mount", *GIVEN, "--plan", PYTHONPATH=str(hook))
    assert got.code == 0
    assert b"TOUCHED" not in got.error
    connected = home.run("run", "nfs-mount", *GIVEN, PYTHONPATH=str(hook))
    assert b"TOUCHED socket.connect" in connected.error, "the hook sees what a run does"
    text = got.out.decode()
    for command in (
        "esxcfg-vmknic -l", "esxcfg-route -l", "vmkping -I vmk0 -d -s ", "vmkping -I vmk0 -s 56 -c 3 192.0.2.1", "nc -z -w 5 192.0.2.1 2049", "nc -z -w 5 192.0.2.1 111",
        "nc -z -w 5 192.0.2.1 635", "nc -uz -w 5 192.0.2.1 2049", "esxcli storage nfs list", "tcpdump-uw -i vmk0", "vdf -h", "grep -i nfs /var/log/vmkernel.log",
    ):  # fmt: skip
        assert command in text
    assert "changes: nothing" in text


def test_the_plan_as_json_names_host_and_command_of_each_step(home: Home) -> None:
    document = home.run("run", "nfs-mount", *GIVEN, "--plan", "--json").document()
    assert document["schema"] == 1
    assert {row["host"] for row in document["plan"]} == {"127.0.0.1:9"}
    assert all(row["command"] and row["node"] and row["changes"] is False for row in document["plan"])


ONE_COMMAND = """\
id: one-command
title: One command
targets:
  host: {{platform: vmware_esxi, help: any}}
inputs:
  word: {{type: text, default: x, help: any}}
start: act
nodes:
  act:
    run: {command}
    on: host
    changes: {changes}
    decide:
      - when: act.failed == 'declined'
        inconclusive: it was declined
      - otherwise: {{inconclusive: it was run}}
"""


def test_a_command_that_may_change_something_is_refused_unless_the_playbook_says_so(home: Home) -> None:
    playbook = home.folder / "one.yaml"
    playbook.write_text(ONE_COMMAND.format(command="reboot", changes="false"))
    got = home.run("run", "one.yaml", "--target", "host=127.0.0.1:9")
    assert got.code == 2
    assert "one.yaml:10:10: `reboot` is not known to only read on vmware_esxi" in got.said
    playbook.write_text(ONE_COMMAND.format(command="reboot", changes="true"))
    planned = home.run("run", "one.yaml", "--target", "host=127.0.0.1:9", "--plan")
    assert planned.code == 0
    assert "reboot   CHANGES" in planned.said
    assert "1 of these commands, each only after a yes" in planned.said


def test_the_plan_shows_commands_as_they_will_run(home: Home) -> None:
    (home.folder / "one.yaml").write_text(ONE_COMMAND.format(command='"grep {{ word }} /var/log/vmkernel.log"', changes="true"))
    said = home.run("run", "one.yaml", "--target", "host=127.0.0.1:9", "--set", "word=a b; reboot", "--plan").said
    assert "grep 'a b; reboot' /var/log/vmkernel.log" in said


# --- lint ------------------------------------------------------------------------------------------------


def test_lint_prints_one_problem_a_line_and_exits_2() -> None:
    home = Home(ROOT / "fixtures" / "bad-playbooks")
    got = home.run("playbooks", "lint", "many-at-once.yaml", "unknown-fact.yaml", "empty.yaml")
    assert got.code == 2
    expected = [line for name in ("many-at-once", "unknown-fact", "empty") for line in (home.folder / f"{name}.txt").read_text().splitlines()]
    assert got.out.decode().splitlines() == expected
    assert got.error == b""


def test_lint_of_what_ships_is_silent_about_problems(home: Home) -> None:
    got = home.run("playbooks", "lint")
    assert got.code == 0
    assert "without a problem" in got.said


# --- captures --------------------------------------------------------------------------------------------


def test_a_capture_with_a_fault_exits_1_and_names_cause_and_frame(home: Home) -> None:
    got = home.run("analyze", str(DENIED))
    assert got.code == 1
    for part in ("FAULT  nfs.mount-denied", "mount.status", "Who owns the fix", "frame 16", "192.0.2.21"):
        assert part in got.said


def test_a_healthy_capture_exits_0(home: Home) -> None:
    got = home.run("analyze", "--json", str(HEALTHY))
    assert got.code == 0
    assert got.document()["files"][0]["verdict"]["kind"] == "healthy"


def test_several_files_are_all_told_and_a_fault_outweighs_what_could_not_be_read(home: Home) -> None:
    (home.folder / "empty.pcap").touch()
    got = home.run("analyze", "--json", "empty.pcap", str(HEALTHY), "nobody.pcap", str(DENIED))
    assert got.code == 1
    document = got.document()
    assert [(file["file"], file["verdict"]["cause"]) for file in document["files"]] == [(str(HEALTHY), None), (str(DENIED), "nfs.mount-denied")]
    assert [error["file"] for error in document["errors"]] == ["empty.pcap", "nobody.pcap"]
    finding = document["files"][1]["findings"][0]
    assert finding["cause"] == "nfs.mount-denied"
    assert {"frame": 16, "field": "mount.status", "value": "13"} in finding["evidence"]


@pytest.mark.parametrize(("content", "said"), [(b"", "empty"), (b"hello\n", "not a capture file"), (NOISE, "")], ids=["empty", "text", "noise"])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_file_that_is_no_capture_exits_2(home: Home, content: bytes, said: str, form: tuple[str, ...]) -> None:
    (home.folder / "odd.pcap").write_bytes(content)
    got = home.run("analyze", *form, "odd.pcap")
    assert got.code == 2
    assert said in got.error.decode()
    assert "odd.pcap" in got.error.decode()
    if form:
        assert got.document()["files"] == []
        assert len(got.document()["errors"]) == 1


@pytest.mark.parametrize("length", [4, 24, 100, 1000, 1900])
def test_a_truncated_capture_is_read_as_far_as_it_goes(home: Home, length: int) -> None:
    (home.folder / "cut.pcap").write_bytes(DENIED.read_bytes()[:length])
    got = home.run("analyze", "--json", "cut.pcap")
    assert got.code in (1, 3)
    file = got.document()["files"][0]
    assert file["verdict"]["kind"] in ("fault", "inconclusive"), "a part never proves health"
    assert file["partial"] or length == 24


def test_a_file_name_is_no_terminal_command(home: Home) -> None:
    name = b"\xff\x1b]0;owned\x07[red]x.pcap"
    (home.folder / os.fsdecode(name)).write_bytes(DENIED.read_bytes())
    got = home.run("analyze", name)
    assert got.code == 1
    assert b"\x1b" not in got.out + got.error
    assert b"\x07" not in got.out + got.error
    assert home.run("analyze", "--json", name).document()["files"][0]["packets"] == 20


# --- what is missing -------------------------------------------------------------------------------------


@pytest.fixture
def no_tshark(tmp_path: Path) -> str:
    """A PATH with what the simulator needs, and no tshark."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for program in ("sh", "env", "cat", "ls", "rm", "apt-get"):
            if (Path(place) / program).exists() and not (folder / program).exists():
                (folder / program).symlink_to(Path(place) / program)
    return str(folder)


def test_doctor_names_what_is_missing_and_the_command_that_mends_it(home: Home, no_tshark: str) -> None:
    got = home.run("doctor", PATH=no_tshark)
    assert got.code == 5
    assert "MISSING  tshark" in got.said
    assert "install" in got.said
    checks = {check["name"]: check for check in home.run("doctor", "--json", PATH=no_tshark).document()["checks"]}
    assert not checks["tshark"]["ok"]
    assert checks["tshark"]["mend"]


def test_without_tshark_nothing_is_claimed(home: Home, no_tshark: str) -> None:
    for words in (("demo",), ("demo", "--json"), ("analyze", str(DENIED))):
        got = home.run(*words, PATH=no_tshark)
        assert got.code == 5
        assert "tshark" in got.error.decode()
        assert "doctor" in got.error.decode() or "install" in got.error.decode()
        assert not home.sessions.exists()


def test_analyze_as_json_is_a_document_also_without_tshark(home: Home, no_tshark: str) -> None:
    got = home.run("analyze", "--json", str(DENIED), PATH=no_tshark)
    assert got.code == 5
    assert got.document()["files"] == []


def test_a_tshark_that_does_not_run_is_no_tshark(home: Home, no_tshark: str) -> None:
    (Path(no_tshark) / "tshark").write_text("#!/bin/sh\nexit 1\n")
    (Path(no_tshark) / "tshark").chmod(0o700)
    assert home.run("doctor", PATH=no_tshark).code == 5
    assert home.run("analyze", str(DENIED), PATH=no_tshark).code in (2, 3, 5)


# --- sessions --------------------------------------------------------------------------------------------


def test_where_no_session_is_the_list_is_empty(home: Home) -> None:
    assert "no session yet" in home.run("sessions", "list").said
    assert home.run("sessions", "list", "--json").document() == {"schema": 1, "sessions": []}
    assert home.run("sessions", "list", "--json", "--record", "nowhere").document()["sessions"] == []


def test_a_run_that_could_not_connect_is_a_session_like_any_other(home: Home) -> None:
    got = home.run("run", "nfs-mount", *GIVEN, "--json")
    assert got.code == 4
    document = got.document()
    assert document["verdict"]["kind"] == "inconclusive"
    listed = home.run("sessions", "list", "--json").document()["sessions"]
    assert [(row["id"], row["verdict"], row["state"]) for row in listed] == [(document["session"], "inconclusive", "finished")]
    assert home.run("sessions", "show").code == 0
    assert home.run("sessions", "show", "--json", document["session"][:12]).document()["verdict"] == document["verdict"]
    assert "intact" in home.run("sessions", "verify", document["session"][-6:]).said
    assert home.run("sessions", "replay").code == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"{}\n", b'{"format": 99}\n', NOISE[:300], b"[" * 100_000],
    ids=["empty", "zeros", "object", "newer", "noise", "deep"],
)
def test_a_broken_session_is_listed_as_broken_and_explained(home: Home, content: bytes) -> None:
    folder = home.sessions / "20260101T000000Z-nfs-mount-abcdef"
    folder.mkdir(parents=True)
    (folder / "session.jsonl").write_bytes(content)
    listed = home.run("sessions", "list", "--json")
    assert listed.code == 0
    assert listed.document()["sessions"][0]["state"] == "broken"
    for verb in ("show", "replay", "verify"):
        got = home.run("sessions", verb)
        assert got.code == 2
        assert "session.jsonl" in got.said


# --- terminals -------------------------------------------------------------------------------------------

PLAIN = [
    {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "20"},
    {"TERM": None, "COLUMNS": "1", "LINES": "1"},
    {"COLUMNS": "x", "TERM": "nonsense"},
]


SHOWN = [("explain", "nfs.mount-denied"), ("playbooks", "graph", "nfs-mount"), ("analyze", str(DENIED)), ("doctor",), ("demo", "--list"), ("--help",)]


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        pytest.param(words, changes, id=f"{'-'.join(words)[:20]}-{number}")
        for at, words in enumerate(SHOWN)
        for number, changes in enumerate(PLAIN)
        if number in (at % 5, (at + 2) % 5)  # each on two terminals, each terminal with two or three
    ],
)
def test_every_terminal_will_do(home: Home, words: tuple[str, ...], changes: dict[str, str | None]) -> None:
    got = home.run(*words, **changes)
    assert got.code in (0, 1)
    assert got.out.strip()
    assert b"\x1b" not in got.out + got.error
    if changes.get("PYTHONIOENCODING") == "ascii":
        assert got.out.isascii()


@pytest.mark.parametrize(
    "words", ["--help", "run --help", "playbooks schema", "playbooks graph nfs-mount", "demo --list", "explain nfs.mount-denied", f"analyze {DENIED}"]
)
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_that_goes_away_is_no_error(home: Home, words: str, reader: str) -> None:
    script = f"{TSHOOT} {words} | {reader}"
    got = ended(subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.environment()))
    assert got.code == 0
    assert got.error == b""


@pytest.mark.parametrize("words", [f"analyze {DENIED}", "demo jumbo-own-vswitch --no-tui"])
def test_a_reader_that_goes_away_is_told_no_health(home: Home, words: str) -> None:
    """Of a fault: 1 where it was told whole, else 141, never 0."""
    script = f"set -o pipefail; {TSHOOT} {words} | true"
    got = ended(subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.environment()))
    assert got.code in (1, 141)


def test_closed_streams_are_survived(home: Home) -> None:
    for closing in (">&-", "2>&-", "<&-", ">&- 2>&- <&-"):
        script = f"{TSHOOT} analyze {DENIED} {closing}"
        got = ended(subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.environment()))
        assert got.code == 1, closing
        version = ended(
            subprocess.Popen(["bash", "-c", f"{TSHOOT} --version {closing}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.environment())
        )
        assert version.code == 0, closing
    full = ended(
        subprocess.Popen(
            ["bash", "-c", f"{TSHOOT} explain nfs.mount-denied > /dev/full"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=home.environment()
        )
    )
    assert full.code == 2
    assert b"No space left" in full.error


def test_version_and_help() -> None:
    from tshoot import __version__

    home = Home(ROOT)
    assert home.run("--version").out.decode() == f"tshoot {__version__}\n"
    assert "130 interrupted" in " ".join(home.run("--help").said.split())


def test_an_interrupted_analysis_exits_130(home: Home, tmp_path: Path) -> None:
    """A tshark that never ends stands for a capture that takes hours."""
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "tshark").write_text('#!/bin/sh\ncase "$*" in *-v*|*-G*) exec /usr/bin/tshark "$@";; esac\ntouch started; exec sleep 600\n')
    (folder / "tshark").chmod(0o700)
    process = home.start("analyze", str(DENIED), PATH=f"{folder}:{os.environ['PATH']}")
    from tests.waiting import wait_until

    wait_until((home.folder / "started").exists, what="tshark")
    process.send_signal(signal.SIGINT)
    got = ended(process, 60)
    assert got.code == 130
    assert "stopping" in got.said


def test_json_documents_are_one_and_ascii(home: Home) -> None:
    for words in (("playbooks", "list", "--json"), ("sessions", "list", "--json"), ("doctor", "--json"), ("analyze", "--json", str(DENIED))):
        got = home.run(*words)
        assert got.out.isascii()
        assert json.loads(got.out)["schema"] == 1
        assert got.error == b""
