"""`tshoot analyze` for a person: what stands first, nothing twice, several files and folders, timeline, extract, colours, widths."""

from __future__ import annotations

import gzip
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from commandline import TSHOOT, Home, ended

ROOT = Path(__file__).parents[2]
CAPTURES = ROOT / "fixtures/captures"
DENIED = CAPTURES / "nfs.mount-denied/over-tcp.pcap"
HOLE = CAPTURES / "path.mtu-mismatch/black-hole-from-server.pcap"
HEALTHY = CAPTURES / "healthy/arp-failover.pcap"
STORY = ROOT / "fixtures/transcripts/bgp.next-hop-in-own-prefix/polls-with-times.txt"
PARTS = ("FAULT  path.mtu-mismatch", "Why", "Proof", "How it is told", "Looked at", "Who owns the fix", "Fix", "Verify", "In Wireshark", "Timeline")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def at_terminal(home: Home, *words: str, columns: int = 80, **changes: str | None) -> tuple[int, str]:
    """Exit status, and what a terminal of that many columns is sent: stdout and stderr alike."""
    ours, theirs = pty.openpty()
    environment = home.environment(TERM="xterm-256color", **changes)
    set_size = f"import fcntl,os,struct,sys,termios; fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, {columns}, 0, 0)); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", set_size, TSHOOT, *words], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, env=environment
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    return process.wait(timeout=60), said.decode().replace("\r\n", "\n")


def test_the_verdict_stands_first_and_nothing_stands_twice(home: Home) -> None:
    got = home.run("analyze", "--timeline", str(HOLE), COLUMNS="80")
    said = got.out.decode()
    assert got.code == 1
    places = [said.index(part) for part in PARTS]
    assert places == sorted(places) and places[0] == 0
    sentences = [sentence for sentence in re.split(r"(?<=[.;])\s+", " ".join(said.split())) if len(sentence) > 40]
    assert len(sentences) == len(set(sentences))
    plain = [line for line in said.splitlines() if "wireshark -r" not in line and "&&" not in line and not line.startswith(f"  {HOLE}")]
    assert max(map(len, plain)) <= 80
    assert f"wireshark -r {HOLE} -Y 'tcp.analysis.retransmission" in said


def test_the_proof_has_frames_times_words_and_wiresharks_names(home: Home) -> None:
    said = home.run("analyze", str(DENIED)).out.decode()
    row = next(line for line in said.splitlines() if line.split()[:1] == ["16"])
    shown = subprocess.run(
        ["tshark", "-r", DENIED, "-Y", "frame.number==16", "-t", "ud", "-T", "fields", "-e", "frame.time_relative", "-e", "_ws.col.Time"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert row.split() == [
        "16",
        shown[0][:8],
        "s",
        shown[-1][:15],
        *["answer", "to", "the", "mount:", "access", "denied", "(13)", "[mount.status", "==", "13]"],
    ]


def test_several_files_end_in_a_table(home: Home) -> None:
    (home.folder / "odd.pcap").write_bytes(b"hello\n")
    got = home.run("analyze", str(HEALTHY), "odd.pcap", str(DENIED), str(STORY))
    assert got.code == 1
    rows = [line.split() for line in got.out.decode().split("In all\n")[1].splitlines()]
    assert [row[0] for row in rows[1:]] == ["HEALTHY", "ERROR", "FAULT", "FAULT"]
    assert rows[3] == ["FAULT", str(DENIED), "nfs.mount-denied"]
    assert "not a capture file" in got.error.decode()
    assert home.run("analyze", str(HEALTHY), "odd.pcap").code == 2
    assert "In all" not in home.run("analyze", str(DENIED)).out.decode()


def test_a_folder_with_captures_texts_and_other_things(home: Home) -> None:
    folder = home.folder / "case"
    (folder / "deep" / ".git").mkdir(parents=True)
    (folder / "deep" / "a.bin").write_bytes(DENIED.read_bytes())
    (folder / "deep" / ".git" / "hidden.pcap").write_bytes(DENIED.read_bytes())
    (folder / "notes.log").write_bytes(STORY.read_bytes())
    (folder / "z.log.gz").write_bytes(gzip.compress(STORY.read_bytes()))
    (folder / "config.yaml").write_text("a: b\n")
    (folder / "picture").write_bytes(bytes(range(256)) * 20)
    (folder / "nothing").touch()
    (folder / "again.pcap").symlink_to(folder / "deep" / "a.bin")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    got = home.run("analyze", "--json", "case")
    assert got.code == 1
    document = got.document()
    assert [Path(file["file"]).name for file in document["files"]] == ["again.pcap", "notes.log", "z.log.gz"]
    assert [file["verdict"]["cause"] for file in document["files"]] == ["nfs.mount-denied", *["bgp.next-hop-in-own-prefix"] * 2]
    told = "\n".join(document["remarks"])
    for name, why in (("config.yaml", "another kind"), ("picture", "neither"), ("nothing", "empty"), ("pipe", "no regular file")):
        assert re.search(rf"skipped: case/{name} \({why}", told.replace("text of ", "")), told
    assert "judged once" in told
    empty = home.run("analyze", "case/deep/.git/..", "case/nowhere")
    assert "No such file" in empty.error.decode()


@pytest.mark.parametrize("form", ["capture", "text", "gzip", "zstd-text"])
def test_standard_input_takes_what_a_file_takes(home: Home, form: str) -> None:
    raw = {
        "capture": DENIED.read_bytes(),
        "text": STORY.read_bytes(),
        "gzip": gzip.compress(DENIED.read_bytes()),
        "zstd-text": zstandard.compress(STORY.read_bytes()),
    }[form]
    ran = subprocess.run([TSHOOT, "analyze", "-"], input=raw, capture_output=True, env=home.environment(TMPDIR=str(home.folder)), timeout=60)
    said = ran.stdout.decode()
    assert ran.returncode == 1 and said.startswith("FAULT"), ran.stderr
    assert "  -: " in said and str(home.folder) not in said
    assert list(home.folder.iterdir()) == []


def test_a_torn_text_is_never_healthy(home: Home) -> None:
    whole = (ROOT / "fixtures/transcripts/healthy/steady-polls.txt").read_bytes()
    (home.folder / "whole.gz").write_bytes(gzip.compress(whole))
    assert home.run("analyze", "whole.gz").code == 0
    (home.folder / "torn.gz").write_bytes(gzip.compress(whole + os.urandom(5000).hex().encode())[:-200])
    got = home.run("analyze", "torn.gz")
    assert got.code == 3 and "cut short" in " ".join(got.said.split())


def test_the_same_file_twice_is_judged_once_and_said(home: Home) -> None:
    got = home.run("analyze", "--json", str(DENIED), str(DENIED), str(DENIED.parent / "." / DENIED.name))
    assert len(got.document()["files"]) == 1
    assert "named 3 times" in got.error.decode()


def test_the_extract_holds_the_proof(home: Home) -> None:
    got = home.run("analyze", "--json", "--extract", "proof.pcapng", str(DENIED))
    assert got.code == 1
    target = home.folder / "proof.pcapng"
    words = ["tshark", "-r", target, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"]
    comments = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(comments) == got.document()["extracted"]["cited"] == 3
    assert comments[-1].startswith("frame 16 of over-tcp.pcap: nfs.mount-denied: ") and "mount.status == 13" in comments[-1]
    refused = home.run("analyze", "--extract", "proof.pcapng", str(DENIED))
    assert refused.code == 2 and refused.out == b"" and "--force" in refused.said
    assert home.run("analyze", "--extract", "proof.pcapng", "--force", "--no-with-conversation", str(DENIED)).code == 1
    assert home.run("analyze", "--extract", "other.pcapng", str(DENIED), str(HEALTHY)).code == 2
    assert not (home.folder / "other.pcapng").exists()
    again = home.run("analyze", "proof.pcapng")
    assert again.code in (1, 3)


def test_the_timeline_is_drawn_in_ascii_where_blocks_cannot_be(home: Home) -> None:
    blocks = home.run("analyze", "--timeline", str(HOLE)).out.decode()
    assert "█" in blocks and "sent again 5" in blocks
    for changes in ({"LANG": "C", "PYTHONUTF8": "1"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}):
        got = home.run("analyze", "--timeline", str(HOLE), **changes)
        assert got.out.isascii() and b"@" in got.out, changes
    drawn = blocks[blocks.index("Timeline") :].splitlines()
    again = next(line for line in drawn if "sent again" in line)
    marks = next(line for line in drawn if "^" in line)
    assert [at for at, sign in enumerate(again) if sign in "▁▂▃▄▅▆▇█"] == [at for at, sign in enumerate(marks) if sign == "^"]
    document = home.run("analyze", "--timeline", "--json", str(HOLE)).document()["files"][0]
    assert sum(document["timeline"]["packets"]) == document["packets"] and sum(document["timeline"]["retransmissions"]) == 5
    assert "timeline" not in home.run("analyze", "--json", str(HOLE)).document()["files"][0]
    assert home.run("analyze", "--timeline", str(STORY)).code == 1


@pytest.mark.parametrize("columns", [40, 80, 132])
def test_nothing_is_wider_than_the_terminal(home: Home, columns: int) -> None:
    code, said = at_terminal(home, "analyze", "--timeline", str(STORY), str(HOLE), columns=columns)
    assert code == 1
    plain = re.sub(r"\x1b\[(?:[0-9;]*[mK]|\?7[lh])", "", said)
    wide = [line.rsplit("\r", 1)[-1] for line in plain.splitlines()]
    whole = ("  wireshark -r", "  tcp.analysis", f"  {HOLE}", f"  {STORY}")  # to be copied, or one word
    left = [line for line in wide if len(line) > columns and not line.startswith(whole) and " " in line.strip()]
    assert left == []


def test_colours_are_for_terminals_that_want_them(home: Home) -> None:
    coloured = re.compile(r"\x1b\[[0-9;]*m")
    assert re.search(r"\x1b\[1;31mFAULT  nfs.mount-denied\x1b\[0m", at_terminal(home, "analyze", str(DENIED))[1])
    assert not coloured.search(at_terminal(home, "analyze", str(DENIED), NO_COLOR="1")[1])
    assert not coloured.search(home.run("analyze", str(DENIED)).said)


def test_a_hostile_name_paints_nothing(home: Home) -> None:
    name = "\x1b]0;owned\x07[red]x.pcap"
    (home.folder / name).write_bytes(DENIED.read_bytes())
    _, said = at_terminal(home, "analyze", str(home.folder / name))
    assert "\x07" not in said and "\x1b]" not in said


def test_limits_that_cannot_work_are_refused(home: Home) -> None:
    got = home.run("analyze", "--limit-memory", "10", str(DENIED))
    assert got.code == 2 and "before the first packet" in got.said and got.out == b""
    assert home.run("analyze", "--extract-frames", "0", str(DENIED)).code == 2


def spent(pid: int) -> float:
    """Seconds of processor time of a process, its children, and those that it has waited for."""
    ticks = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
    children = [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return ticks / os.sysconf("SC_CLK_TCK") + sum(map(spent, children))


def test_ctrl_c_ends_it_within_a_second_and_leaves_nothing(home: Home, tmp_path: Path) -> None:
    """Wherever it is then; a second of the processor's, for other tests use it too."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    frame = b"\xff" * 6 + bytes.fromhex("020000000001 0806 0001080006040001 020000000001 0a010001 000000000000 0a010002") + bytes(18)
    record = struct.pack("<IIII", 1_700_000_000, 0, len(frame), len(frame)) + frame
    with gzip.open(home.folder / "storm.gz", "wb", compresslevel=1) as file:
        file.write(DENIED.read_bytes()[:24] + record * 40_000)
    for share in (0.2, 0.6, 1.2):
        process = home.start("analyze", "storm.gz", TMPDIR=str(temporary))
        while process.poll() is None and spent(process.pid) < share:
            time.sleep(0.005)
        used = spent(process.pid)
        before = os.times()
        process.send_signal(signal.SIGINT)
        got = ended(process, 60)
        after = os.times()
        assert got.code in (130, -signal.SIGINT)
        assert after.children_user + after.children_system - before.children_user - before.children_system - used < 1.0
        assert list(temporary.iterdir()) == []


def test_cited_times_do_not_run_backwards(home: Home) -> None:
    times = home.run("analyze", "--json", str(HOLE)).document()["files"][0]["findings"][0]["times"]
    assert [entry["frame"] for entry in times] == [58, 59, 60, 61, 62]
    assert all(one["after"] < other["after"] and one["at"] < other["at"] for one, other in pairwise(times))


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="capinfos is not installed")
def test_progress_is_for_terminals_alone(home: Home) -> None:
    assert home.run("analyze", str(HEALTHY)).error == b""
    assert "judging" in at_terminal(home, "analyze", str(HEALTHY))[1]


def test_ctrl_c_leaves_a_text_that_takes_long(home: Home) -> None:
    story = STORY.read_bytes()
    (home.folder / "long.log").write_bytes(story * (3_000_000 // len(story)))
    process = home.start("analyze", "long.log")
    while process.poll() is None and spent(process.pid) < 1.5:
        time.sleep(0.005)
    used, before = spent(process.pid), os.times()
    process.send_signal(signal.SIGINT)
    assert ended(process, 60).code == 130
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system - used < 1.0
