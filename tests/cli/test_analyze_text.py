"""`tshoot analyze` of pasted text: what a person reads, the JSON, exit codes, standard input, captures and texts mixed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from commandline import TSHOOT, Home

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "fixtures/transcripts"
STORY = TEXTS / "bgp.next-hop-in-own-prefix/polls-with-times.txt"
HEALTHY = TEXTS / "healthy/steady-polls.txt"
OPEN = TEXTS / "inconclusive/nc-alone.txt"
DENIED = ROOT / "fixtures/captures/nfs.mount-denied/over-tcp.pcap"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_story_is_told_with_its_lines(home: Home) -> None:
    got = home.run("analyze", str(STORY))
    assert got.code == 1
    for part in (
        "FAULT  bgp.next-hop-in-own-prefix",
        "R2: cisco_ios, because",
        'Known via "bgp 65012", distance 200',
        "  line",
        "60 s",
        "-> next hop 2001:db9:121:100::1 ->",
    ):
        assert part in " ".join(got.said.split()) or part in got.said
    cited = [line.split()[0] for line in got.said.splitlines() if "Known via" in line]
    lines = STORY.read_text().splitlines()
    assert cited and all("Known via" in lines[int(number) - 1] for number in cited)
    assert "display filter" not in got.said


@pytest.mark.parametrize(
    ("path", "code", "kind"), [(STORY, 1, "fault"), (HEALTHY, 0, "healthy"), (OPEN, 3, "inconclusive")], ids=["fault", "healthy", "open"]
)
def test_exit_codes_and_the_document(home: Home, path: Path, code: int, kind: str) -> None:
    got = home.run("analyze", "--json", str(path))
    assert got.code == code
    file = got.document()["files"][0]
    assert (file["verdict"]["kind"], file["format"], file["packets"], file["link_types"]) == (kind, "transcript", 0, [])
    assert file["lines"] == len(path.read_text().splitlines())
    for finding in file["findings"]:
        assert finding["frames"] == [] and finding["lines"]
        assert all(set(entry) == {"line", "field", "value", "text"} for entry in finding["evidence"])


def test_captures_and_texts_in_one_call(home: Home) -> None:
    got = home.run("analyze", "--json", str(HEALTHY), str(DENIED), str(OPEN))
    assert got.code == 1
    files = got.document()["files"]
    assert [file["verdict"]["cause"] for file in files] == [None, "nfs.mount-denied", None]
    assert "lines" not in files[1] and files[1]["findings"][0]["lines"] == []
    assert home.run("analyze", str(HEALTHY), str(OPEN)).code == 3


def test_standard_input(home: Home) -> None:
    with STORY.open("rb") as stdin:
        ran = subprocess.run([TSHOOT, "analyze", "--json", "-"], stdin=stdin, capture_output=True, env=home.environment(), timeout=60)
    assert ran.returncode == 1
    assert b'"bgp.next-hop-in-own-prefix"' in ran.stdout
    nothing = home.run("analyze", "-")
    assert nothing.code == 2
    assert "standard input is empty" in nothing.said


def test_it_needs_no_program(home: Home, tmp_path: Path) -> None:
    assert home.run("analyze", str(STORY), PATH=str(tmp_path)).code == 1


def test_only_some_families(home: Home) -> None:
    assert home.run("analyze", "--only", "bgp", str(STORY)).code == 1
    assert home.run("analyze", "--only", "nfs", str(STORY)).code == 3
    refused = home.run("analyze", "--only", "smoke", str(STORY))
    assert refused.code == 2
    assert "no such family of detectors: smoke" in refused.said
    assert "bgp" in refused.said


def test_what_is_named_a_capture_and_is_text_is_refused_as_before(home: Home) -> None:
    (home.folder / "odd.pcap").write_text("hello\n")
    assert "not a capture file: it looks like text" in home.run("analyze", "odd.pcap").said
    (home.folder / "odd.txt").write_text("hello\n")
    got = home.run("analyze", "odd.txt")
    assert got.code == 3
    assert "paste commands with their prompts" in " ".join(got.said.split())


def test_nothing_hostile_reaches_the_terminal(home: Home) -> None:
    for form in ((), ("--json",)):
        got = home.run("analyze", *form, str(TEXTS / "hostile/controls.txt"))
        assert got.code == 1
        assert not any(byte < 32 and byte != 10 for byte in got.out)
        assert b"\x9b" not in got.out and b"owned" not in got.out


def test_binary_data_is_refused(home: Home) -> None:
    (home.folder / "late.txt").write_bytes(b"R2#show clock\n" * 1000 + bytes(9000))
    got = home.run("analyze", "late.txt")
    assert got.code == 2
    assert "neither a capture nor text" in got.said
