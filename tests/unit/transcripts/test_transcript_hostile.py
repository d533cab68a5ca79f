"""Text that nobody means well with: sizes, encodings, controls, mutations. Nothing raises but what says why, nothing takes long."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError
from tshoot.transcripts import pieces, text
from tshoot.transcripts.analysis import TranscriptAnalysis, judged_text
from tshoot.transcripts.text import is_text, read_text, text_of

STORY = Path(__file__).parents[3] / "fixtures/transcripts/bgp.next-hop-in-own-prefix/polls-with-times.txt"
LONG = "interface GigabitEthernet0/1 > # [x] description %foo\n ip address 10.0.0.1 255.255.255.0\n"
HOSTILE = st.sampled_from(
    ["\x1b]0;x\x07", "\x1b[", "\x9b", "[/foo]", "R2#", "R2>", "\r", "\b" * 40, "\x00", "9" * 400, "\udcff", "\u202e", "::", "/129", "\n", "-" * 300]
)


def judged(raw: bytes) -> TranscriptAnalysis:
    return judged_text(text_of(Path("-"), raw), cancel=CancelToken())


def test_a_hundred_thousand_lines() -> None:
    story = STORY.read_text()
    begun = time.monotonic()
    analysis = judged(f"{story}R2#show running-config\n{LONG * 50_000}R2#\n".encode())
    assert analysis.line_count > 100_000
    assert analysis.verdict.cause == "bgp.next-hop-in-own-prefix"
    assert f"more than {pieces.LONGEST_ANSWER} lines" in analysis.remark
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    "repeated", ["BGP(1): no valid path for 2001:DB8::/32", "R2#show clock", "R2#", "> " * 1000, "a" * 4000, "IP6 a > b: x", "\t"]
)
def test_one_line_over_and_over(repeated: str) -> None:
    begun = time.monotonic()
    judged(f"{repeated}\n".encode() * 10_000)
    assert time.monotonic() - begun < 20


def test_pieces_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MOST_PIECES", 50)
    analysis = judged(STORY.read_bytes() * 3)
    assert "only the first 50 answers were read" in analysis.remark
    assert analysis.partial


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LARGEST_FILE", 1 << 20)
    with pytest.raises(CaptureFileError, match="more than 1 MB of text") as caught:
        judged(b"x\n" * (1 << 20))
    assert "cut out the part" in caught.value.hint


@pytest.mark.parametrize("raw", [bytes(range(256)) * 40, b"\x7fELF" + bytes(500), b"text\n" * 2000 + bytes(9000)])
def test_binary_data_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(CaptureFileError, match="neither a capture nor text"):
        judged(raw)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("latin-1", "utf-8")],
)
def test_encodings(encoding: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(("Gerät: für alle\n" + STORY.read_text()).encode(encoding))
    assert is_text(path)
    analysis = judged_text(read_text(path), cancel=CancelToken())
    assert analysis.encoding == name
    assert analysis.verdict.cause == "bgp.next-hop-in-own-prefix"


@pytest.mark.parametrize("name", ["nfs.mount-denied/over-tcp.pcap"])
def test_a_capture_is_no_text(name: str) -> None:
    assert not is_text(STORY.parents[2] / "captures" / name)


def test_what_is_no_file_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path in (tmp_path, tmp_path / "empty", tmp_path / "none", Path("/dev/zero"), Path("a\0b")):
        assert not is_text(path)


def test_cut_anywhere() -> None:
    raw = STORY.read_bytes()
    for cut in range(0, len(raw), 397):
        assert judged(raw[:cut]).verdict.kind in ("fault", "inconclusive")
        assert judged(raw[cut:]).verdict.kind in ("fault", "inconclusive")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 3000), HOSTILE), max_size=30))
def test_mutations_raise_nothing_and_show_nothing_unclean(changes: list[tuple[int, str]]) -> None:
    story = STORY.read_text()[:3000]
    for at, what in changes:
        story = story[:at] + what + story[at:]
    analysis = judged(story.encode("utf-8", "surrogateescape"))
    told = [analysis.verdict.reason, *analysis.hosts, *(value.text for one in analysis.findings for value in one.line_evidence)]
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for one in told for character in one)
    assert "failed" not in analysis.remark


@given(st.text(st.characters(exclude_categories=["Cc"]) | st.sampled_from("\n\r\t\x1b\b"), max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_text_at_all(story: str) -> None:
    analysis = judged(story.encode("utf-8", "surrogatepass") or b"\n")
    assert "failed" not in analysis.remark


def test_it_stops_when_told() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        judged_text(text_of(Path("-"), STORY.read_bytes()), cancel=token)
