"""Every format, with hostile text everywhere: valid by its own rules, self-contained, and nothing in it that a device put there to act."""

from __future__ import annotations

import json
import re
from datetime import timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import report_samples as samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from session_samples import START, VERDICT, of_type, short_session

from tests.contrast import contrast
from tshoot.model.events import EVENTS, DecisionTaken, Event, NoteAdded, RunStarted, VerdictReached
from tshoot.model.verdicts import ConditionValue, Decision, RuledOut, Verdict
from tshoot.session import report
from tshoot.session.report.cast import cast_lines
from tshoot.session.report.clock import Clock
from tshoot.session.report.formats import FORMATS, report_text
from tshoot.session.report.markup import tag
from tshoot.session.store import open_session
from tshoot.shipped import shipped

CET = Clock(timezone(timedelta(hours=1), "CET"))
SCHEMA = json.loads((Path(__file__).parents[3] / "docs/json.schema.json").read_text())
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and text; every element that opens closes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment was opened")


def written(root: Path, events: list[Event], format_: str) -> str:
    folder = samples.write_session(root, events)
    return report_text(open_session(root, str(folder)), format_, clock=CET)


@pytest.mark.parametrize("format_", FORMATS)
def test_hostile_text_does_nothing_in_any_format(tmp_path: Path, format_: str) -> None:
    text = written(tmp_path, samples.hostile_session(), format_)
    assert not FORBIDDEN.search(text), "no control, bidirectional or invalid character"
    assert text.endswith("\n")
    if format_ not in ("md", "ticket"):
        assert text.isascii()


def test_a_page_holds_only_elements_of_ours_and_loads_nothing(tmp_path: Path) -> None:
    for events in (samples.hostile_session(), list(samples.believable())):
        page = Page(written(tmp_path, events, "html"))
        names = {name for name, _ in page.elements}
        assert not names & {"script", "img", "iframe", "object", "embed", "link", "form", "base", "audio", "video"}
        for name, attributes in page.elements:
            assert not [key for key in attributes if key.startswith("on") or key in ("src", "style", "action", "xlink:href")], attributes
            assert name != "a" or (attributes["href"] or "").startswith("#")
    assert "<script>alert(1)</script>" in Page(written(tmp_path, samples.hostile_session(), "html")).text, "it is shown, as text"


def test_the_style_of_a_page_is_its_own(tmp_path: Path) -> None:
    text = written(tmp_path, short_session(), "html")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style and "prefers-color-scheme: dark" in style and "@media print" in style
    assert "default-src &#39;none&#39;" in text


def test_a_page_can_be_read_without_seeing_it(tmp_path: Path) -> None:
    page = Page(written(tmp_path, list(samples.believable()), "html"))
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1 and levels.count(1) == 1 and all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for name, attributes in page.elements if name == "th")
    assert sum(name == "caption" for name, _ in page.elements) == sum(name == "table" for name, _ in page.elements) > 3
    assert dict(page.elements)["html"]["lang"] == "en"
    assert [attributes["role"] for name, attributes in page.elements if name == "svg"] == ["img"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(attributes["href"] or "")[1:] for name, attributes in page.elements if name == "a"}
    assert targets <= set(ids)
    for word in ("FAULT", "2026-11-21 03:41:07", "04:41:07", "CET, UTC+01:00", "esxcfg-vmknic -l", "Add 192.0.2.21", "changed the policy"):
        assert word in page.text


CONTRASTS = [
    ("text", "ground", 7), ("muted", "ground", 4.5), ("muted", "panel", 4.5), ("text", "cited", 7), ("muted", "cited", 4.5), ("fault", "panel", 4.5), ("fault", "ground", 4.5),
    ("healthy", "panel", 4.5), ("open", "panel", 4.5), ("link", "ground", 4.5),
]  # fmt: skip


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "paper"])
@pytest.mark.parametrize(("front", "back", "least"), CONTRASTS)
def test_every_colour_can_be_read_on_its_ground(theme: int, front: str, back: str, least: float) -> None:
    style = (Path(report.__file__).parent / "page.css").read_text()
    colours = [dict(re.findall(r"--(\w+): #([0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)][theme]
    assert contrast(colours[front], colours[back]) >= least


def test_text_is_markup_only_where_it_was_made_so() -> None:
    assert tag("p", "<b>", tag("b", "a&'\""), None, title='"><') == '<p title="&quot;&gt;&lt;">&lt;b&gt;<b>a&amp;&#39;&quot;</b></p>'


def test_markdown_makes_no_link_tag_or_mention_of_what_was_read(tmp_path: Path) -> None:
    text = written(tmp_path, samples.hostile_session(), "md")
    prose = re.sub(r"(?ms)^ *(`{3,})text$.*?^ *\1$", "", text)
    prose = re.sub(r"(?<![`\\])(`+)(?!`).+?(?<!`)\1(?!`)", "", prose)
    assert not re.search(r"(?<!\\)`", prose), "every block and span of code ends where it should"
    assert "<" not in prose and not re.search(r"(?<!\\)\]\(", prose) and "@everyone" not in prose and "http://" not in prose
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert all(line.startswith(("# ", "## ")) for line in headings) and headings[1:5] == ["## Verdict", "## Missing", "## Next steps", "## Proof"]


def test_markdown_tells_the_whole_story(tmp_path: Path) -> None:
    text = written(tmp_path, list(samples.believable()), "md")
    for part in (
        "- **Verdict:** FAULT nfs.mount-denied: the NFS server denies the mount.",
        "| Started | 2026-11-21 03:41:07 UTC (2026-11-21 04:41:07 CET, UTC+01:00) |",
        "| 18 | - | `mount.status` | `13` | 192.0.2.10 denied the mount of /vol/ds1 to 192.0.2.21. |",
        "└─ TAKEN   trace.found('nfs.mount-denied')  ->  nfs.mount-denied",
        "├─ false   interfaces.by_name[vmk].mtu > 9000",
        "| 2026-11-21 03:41:57 | 04:41:57 | operator | was asked: Retry the mount now. Was it retried? | answered: yes |",
        "- 2026-11-21 03:41:58 UTC, anna: storage says they changed the policy at 03:30",
    ):
        assert part in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows and all(line.endswith("|") for line in rows)


def test_a_bar_in_a_command_neither_ends_a_cell_nor_is_altered(tmp_path: Path) -> None:
    text = written(tmp_path, samples.fault("show run | include a\\|b", b"one\ntwo\n", 2, 2), "md")
    assert "| `show run \\| include a\\\\|b` | 0 |" in text, "as GitHub's tables have it"
    assert "from `host $ show run | include a\\|b`, line 2" in text


CASES = {
    "fault": (short_session(), {"nfs.mount-denied": "failure", "path.mtu-mismatch": "passed"}),
    "healthy": ([VerdictReached(START, Verdict("healthy", "all is well"))], {"verdict": "passed"}),
    "inconclusive": (
        [
            DecisionTaken(START, Decision("a", 1, "otherwise", "", (ConditionValue("x", "unknown", "conclude nfs.stale-handle", "timeout"),))),
            VerdictReached(START, Verdict("inconclusive", "who knows", missing=("a capture",), ruled_out=(RuledOut("path.loop", "", "seen"),))),
        ],
        {"verdict": "error", "nfs.stale-handle": "skipped", "path.loop": "passed"},
    ),
    "cut off": ([RunStarted(START, "nfs-mount", (), {})], {"verdict": "error"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_test_result_has_a_case_for_each_cause(tmp_path: Path, case: str) -> None:
    events, expected = CASES[case]
    root = ElementTree.fromstring(written(tmp_path, list(events), "junit"))
    (suite,) = root.findall("testsuite")
    got = {}
    for one in suite.findall("testcase"):
        got[one.get("name")] = next((child.tag for child in one if child.tag in ("failure", "error", "skipped")), "passed")
    assert got == expected
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(name, "")) == int(root.get(name, "")) == list(expected.values()).count(kind)
    assert int(suite.get("tests", "")) == len(expected)


def test_a_failure_carries_its_proof(tmp_path: Path) -> None:
    root = ElementTree.fromstring(written(tmp_path, samples.fault("cat f", b"one\ntwo\nthree\n", 2, 2), "junit"))
    failure = root.find(".//failure")
    assert failure is not None and "> 2 | two" in (failure.text or "") and "Add 192.0.2.21" in (failure.text or "")


def test_a_recording_is_valid_and_keeps_time(tmp_path: Path) -> None:
    folder = samples.write_session(tmp_path, samples.believable())
    lines = report_text(open_session(tmp_path, str(folder)), "cast", idle=2.0).splitlines()
    header, events = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
    assert header["version"] == 2 and header["width"] == 110 and header["height"] == 32 and header["timestamp"] == int(START)
    times = [event[0] for event in events]
    assert times == sorted(times) and times[0] == 0
    assert max(after - before for before, after in pairwise(times)) <= 2.0 and times[-1] > 2
    assert {event[1] for event in events} == {"o", "m"} and all(len(event) == 3 for event in events)
    shown = "".join(event[2] for event in events if event[1] == "o")
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", shown) and shown.count("\r\n") == shown.count("\n") == shown.count("\r")
    chapters = [event[2] for event in events if event[1] == "m"]
    assert chapters[:3] == ["start: nfs-mount", "interfaces", "nfsd_port"]
    assert chapters[-2:] == ["verdict: fault nfs.mount-denied", "note by anna: storage says they changed the policy at 03:30"]


def test_a_clock_that_jumps_back_never_makes_a_recording_go_back() -> None:
    events = [NoteAdded(START + at, "x", "y") for at in (0, 100, 50, 60, 101)]
    times = [json.loads(line)[0] for line in list(cast_lines("t", START, events, idle=0.5))[1:]]
    assert times == sorted(times) and times[-1] == 1.0


@pytest.mark.parametrize("events", [samples.hostile_session(), list(samples.believable()), []], ids=["hostile", "believable", "empty"])
def test_the_json_is_as_its_schema_says(tmp_path: Path, events: list[Event]) -> None:
    document = json.loads(written(tmp_path, events, "json"))
    Draft202012Validator({"$ref": "#/$defs/report", "$defs": SCHEMA["$defs"]}).validate(document)


def test_an_output_of_ten_megabytes_stays_out_of_every_report(tmp_path: Path) -> None:
    output = b"<b>&" * 2_500_000 + b"\n" + b"x\n" * 10
    folder = samples.write_session(tmp_path, samples.fault("cat", output, 1, 3))
    for format_ in FORMATS:
        assert len(report_text(open_session(tmp_path, str(folder)), format_, clock=CET)) < 200_000, format_


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
)
@given(events=st.lists(st.one_of([of_type(event) for event in EVENTS]), max_size=6))
def test_no_session_breaks_any_format(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    root = tmp_path_factory.mktemp("any")
    for format_ in FORMATS:
        text = written(root, events, format_)
        assert not FORBIDDEN.search(text)
        if format_ == "html":
            Page(text)
        elif format_ == "junit":
            ElementTree.fromstring(text)
        elif format_ == "cast":
            assert [json.loads(line) for line in text.splitlines()]


def test_the_recorded_session_is_reported_with_its_frames() -> None:
    session = open_session(shipped("fixtures/sessions") / "v1", "nfs-mount-denied")
    text = report_text(session, "md", frame_times=lambda sha256, frames: dict.fromkeys(frames, START), clock=CET)
    assert "| 16 | 03:41:07.123 UTC | `mount.status` | `13` |" in text
    assert "> 7 | 3 packets transmitted, 3 packets received, 0% packet loss" in text
    assert VERDICT.cause in text
