"""What only tshark knows of a capture that is looked at: columns, trees, filters, streams; and that nothing of it is left behind."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from test_browse_frames import MOUNT, udp_capture

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError, MissingProgram, TshootError, UsageError
from tshoot.packets.browse.browsing import Browsing
from tshoot.packets.browse.context import Excerpt
from tshoot.packets.browse.display_filter import named_frames
from tshoot.packets.browse.tree import tree_of
from tshoot.packets.browse.tshark import Tsharks
from tshoot.packets.browse.viewers import viewer_of
from tshoot.packets.prefilter import Candidates

BULK = 30_000


@pytest.fixture(scope="module")
def small():
    capture = Browsing(MOUNT)
    capture.open()
    yield capture
    capture.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory):
    """The denied mount behind so many other frames that tshark is given an excerpt."""
    capture = Browsing(udp_capture(tmp_path_factory.mktemp("large") / "large.pcap", BULK, MOUNT.read_bytes()[24:]))
    capture.open()
    yield capture
    capture.close()


@pytest.fixture
def cancel() -> CancelToken:
    return CancelToken()


# --- columns ---


def test_columns_are_tsharks(small: Browsing, cancel: CancelToken) -> None:
    list(small.tell(None, cancel))
    rows = small.rows([6, 16])
    assert [(row.protocol, row.info, row.told) for row in rows] == [
        ("Portmap", "V2 GETPORT Reply (Call In 4) Port:635", True),
        ("MOUNT", "V3 MNT Reply (Call In 14) Error:ERR_ACCESS", True),
    ]


def test_of_a_large_capture_the_asked_frames_are_told_with_their_own_numbers(large: Browsing, cancel: CancelToken) -> None:
    assert not large.small
    list(large.tell([BULK + 14, BULK + 16, BULK + 99], cancel))
    rows = large.rows([BULK + 14, BULK + 16, BULK + 17])
    assert rows[0].info == f"V3 MNT Call (Reply In {BULK + 16}) /vol/ds1"
    assert rows[1].info == f"V3 MNT Reply (Call In {BULK + 14}) Error:ERR_ACCESS"
    assert not rows[2].told


# --- trees ---


def test_every_field_lies_where_its_value_stands(small: Browsing, cancel: CancelToken) -> None:
    """Byte by byte: for each field that tshark gives a value of whole bytes."""
    proved = 0
    for number in range(1, 21):
        tree, packet = small.tree(number, cancel), small.packet(number)
        assert tree.number == number
        for index, node in enumerate(tree.nodes):
            place = tree.place(index, packet)
            if len(node.raw) == 2 * node.size and place:
                assert packet[slice(*place)].hex() == node.raw.lower()
                proved += 1
    assert proved > 900


def test_the_field_that_proves_the_denial(small: Browsing, cancel: CancelToken) -> None:
    tree = small.tree(16, cancel)
    index = next(index for index, node in enumerate(tree.nodes) if node.name == "mount.status")
    assert tree.nodes[index].text == "Status: ERR_ACCESS (13)"
    assert tree.place(index, small.packet(16)) == (94, 98)
    assert small.packet(16)[94:98] == bytes((0, 0, 0, 13))
    assert small.decoded(17)  # with its neighbours: the next frame does not wait


def test_a_tree_of_a_large_capture_names_frames_of_the_capture(large: Browsing, cancel: CancelToken) -> None:
    tree = large.tree(BULK + 16, cancel)
    texts = {node.name: node.text for node in tree.nodes}
    assert texts["rpc.repframe"] == f"This is a reply to a request in frame {BULK + 14}"
    assert texts["frame.number"] == f"Frame Number: {BULK + 16}"
    assert tree.nodes[0].text.startswith(f"Frame {BULK + 16}: 98 bytes")
    assert "frames around it" in tree.remark


REASSEMBLED = b"""<packet><proto name="geninfo"><field name="num" show="7" value="7" size="3"/></proto>
<proto name="top" showname="Top" size="4" pos="0">
 <field name="top.here" showname="Here: 1" size="2" pos="0" show="1" value="0102"/>
 <field name="top.secret" showname="hidden" hide="yes" size="2" pos="0" show="1" value="0102"/>
 <field name="top.there" showname="There: 9" size="2" pos="2" show="9" value="0909"><field name="top.bit" showname="x" size="2" pos="2" show="1"/></field>
</proto>
<proto name="fake-field-wrapper"><field name="data" size="2" pos="2" show="03:04" value="0304"/></proto></packet>"""


def test_bytes_of_another_place_are_not_shown_as_the_frames() -> None:
    tree = tree_of(REASSEMBLED, Excerpt(Candidates(Path("/x"), 9), frozenset()))
    packet = bytes((1, 2, 3, 4))
    assert [(node.depth, node.text, tree.place(index, packet)) for index, node in enumerate(tree.nodes)] == [
        (0, "Top", (0, 4)),
        (1, "Here: 1", (0, 2)),
        (1, "There: 9", None),
        (2, "x", (2, 4)),
        (0, "Data", None),
        (1, "data: 03:04", (2, 4)),
    ]
    assert tree.number == 7


def test_a_deep_and_wide_tree_is_bounded() -> None:
    deep = b'<field name="a" showname="a">' * 1500 + b"</field>" * 1500
    xml = b'<packet><proto name="p" showname="p">' + deep + b'<field name="b" showname="b"/>' * 30_000 + b"</proto></packet>"
    tree = tree_of(xml, Excerpt(Candidates(Path("/x"), 9), frozenset()))
    assert len(tree.nodes) == 20_000
    assert tree.remark == "only the first 20,000 fields are shown"
    assert tree.nodes[0].end == 20_000


# --- display filters ---


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("rpc", ""),
        ("", ""),
        ("tcp.port == 99999999", '"99999999" too big for this field, maximum 65535, at column 13'),
        ("foo.bar", "neither a field nor a protocol name"),
        ("tcp.port ==", "Unexpected end of filter expression"),
        ("-Y tcp", "was unexpected in this context"),
        ("\x1b]0;x\x07", ""),
        ("a\0b", "NUL"),
        ("x" * 5000, "longer than 4,000 characters"),
    ],
)
def test_tsharks_own_parser_judges_a_filter(small: Browsing, cancel: CancelToken, expression: str, said: str) -> None:
    problem = small.problem(expression, cancel)
    assert said in problem
    assert bool(problem) == (expression not in ("rpc", ""))
    assert problem.isprintable()


def matched(capture: Browsing, expression: str) -> list[int]:
    return [number for piece in capture.matching(expression, CancelToken()) for number in piece]


def test_a_filter_gives_the_numbers_of_the_file(small: Browsing, large: Browsing) -> None:
    assert matched(small, "mount") == [14, 16]
    assert matched(large, "mount.status == 13") == [BULK + 16]
    with pytest.raises(UsageError, match="neither a field nor a protocol"):
        matched(small, "foo.bar")


def test_frames_that_are_named_need_no_tshark(small: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert matched(small, "frame.number in {14, 16..18}") == [14, 16, 17, 18]
    with pytest.raises(MissingProgram):
        matched(small, "mount")


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [
        ("frame.number == 7", [7]),
        ("(frame.number in {1,3})", [1, 3]),
        ("frame.number in {1..999999999}", None),
        ("frame.number in {5..2}", None),
        ("frame.number in {1..2..3}", None),
        ("frame.number in {,}", None),
        ("frame.number == 7 or tcp", None),
    ],
)
def test_which_filters_name_frames(expression: str, numbers: list[int] | None) -> None:
    assert named_frames(expression) == numbers


# --- streams ---


@pytest.mark.parametrize("which", ["small", "large"])
def test_a_stream_is_what_both_ends_said(which: str, request: pytest.FixtureRequest, cancel: CancelToken) -> None:
    capture: Browsing = request.getfixturevalue(which)
    stream = capture.follow(16 if which == "small" else BULK + 16, cancel)
    assert (stream.kind, stream.ends) == ("tcp", ("192.0.2.21:1012", "192.0.2.50:635"))
    assert [one.by for one in stream.said] == [0, 1]
    assert stream.said[0].data.endswith(b"/vol/ds1")
    assert stream.said[1].data == capture.packet(16 if which == "small" else BULK + 16)[66:]


def test_a_frame_without_a_stream_has_none(cancel: CancelToken) -> None:
    capture = Browsing(sorted((MOUNT.parents[1] / "arp.duplicate-address").glob("*.pcap"))[0])
    capture.open()
    with pytest.raises(UsageError, match="belongs to no TCP or UDP stream"):
        capture.follow(1, cancel)
    capture.close()


# --- a tshark that lies, floods or hangs ---


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Browsing]:
    """A capture whose tshark is this shell script."""

    def make(script: str) -> Browsing:
        program = tmp_path / "tshark"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        capture = Browsing(MOUNT)
        capture.open()
        return capture

    return make


def test_no_packet_can_forge_a_row(fake: Callable[[str], Browsing], cancel: CancelToken) -> None:
    evil = "&lt;/section&gt;&lt;/packet&gt;&lt;packet&gt; 3 \x1b]0;title\x07 [/red]"
    capture = fake(f"printf '%s' '<packet><section>2</section><section>P\x1b[31m</section><section>{evil}\n3\tFAKE</section></packet>'")
    list(capture.tell(None, cancel))
    two, three = capture.rows([2, 3])
    assert (two.protocol, two.info) == ("P[31m", "</section></packet><packet> 3 ]0;title [/red] 3 FAKE")
    assert not three.told
    capture.close()


def test_an_endless_packet_ends_in_words(fake: Callable[[str], Browsing], cancel: CancelToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tshoot.packets.browse.tshark.LONGEST_XML", 1 << 20)
    capture = fake("printf '<packet>'; exec cat /dev/zero")
    with pytest.raises(CaptureFileError, match="more than 1 MB to describe one frame"):
        capture.tree(1, cancel)
    capture.close()


def test_an_endless_stream_is_cut(fake: Callable[[str], Browsing], cancel: CancelToken) -> None:
    capture = fake("case \"$*\" in *follow*) echo 'Node 0: a'; exec yes 4142434445464748 ;; *) printf '3\\t\\n' ;; esac")
    stream = capture.follow(1, cancel)
    assert sum(len(one.data) for one in stream.said) == 1 << 20
    assert "only the first 1 MB" in stream.remark
    capture.close()


@pytest.mark.parametrize("how", ["token", "close"])
def test_a_tshark_that_hangs_ends_at_once_and_is_gone(fake: Callable[[str], Browsing], cancel: CancelToken, how: str) -> None:
    capture = fake('echo $$ > "$(dirname $0)/pid"; exec sleep 600')
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            capture.tree(1, cancel)
        except Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    pid = Path(os.environ["PATH"].split(":")[0]) / "pid"
    until(lambda: pid.exists() and pid.read_text().strip())
    begun = time.monotonic()
    cancel.cancel() if how == "token" else capture.close()
    thread.join(60)
    assert ended and time.monotonic() - begun < 30
    assert not Path(f"/proc/{int(pid.read_text())}").exists()
    capture.close()
    with pytest.raises(Cancelled):
        capture.problem("rpc", CancelToken())


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_tshark_that_says_nothing_for_long_is_ended(fake: Callable[[str], Browsing], cancel: CancelToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tshoot.packets.browse.tshark.Stall.hangs", lambda self, pids: True)
    capture = fake("exec sleep 600")
    with pytest.raises(TshootError, match="did nothing for 30 s"):
        capture.tree(1, cancel)
    capture.close()


def test_a_tshark_that_dies_says_why(fake: Callable[[str], Browsing], cancel: CancelToken) -> None:
    capture = fake("echo 'tshark: \033[31mout of memory' >&2; exit 1")
    with pytest.raises(CaptureFileError, match="says nothing of frame 1: out of memory"):
        capture.tree(1, cancel)
    capture.close()


def test_nothing_of_an_excerpt_is_left(large: Browsing, cancel: CancelToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    large.follow(BULK + 16, cancel)
    large.problem("rpc", cancel)
    assert list(tmp_path.iterdir()) == []


def test_without_tshark_the_reason_is_said(small: Browsing, cancel: CancelToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    for ask in (lambda: small.follow(1, cancel), lambda: small.problem("rpc", cancel), lambda: list(Browsing.tell(small, [1], cancel))):
        with pytest.raises(MissingProgram, match="tshark is not installed here"):
            small._told.clear()
            ask()
    assert Tsharks(cancel).program == ""


# --- other programs ---


@pytest.mark.parametrize(
    ("programs", "display", "name", "command"),
    [
        (("wireshark", "termshark"), ":0", "wireshark", ["-r", "FILE", "-g", "16", "-Y", "rpc"]),
        (("wireshark", "termshark"), "", "termshark", ["-r", "FILE", "-Y", "rpc"]),
        (("termshark",), ":0", "termshark", ["-r", "FILE", "-Y", "rpc"]),
        (("wireshark",), "", "", []),
        ((), ":0", "", []),
    ],
)
def test_which_program_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: tuple[str, ...], display: str, name: str, command: list[str]
) -> None:
    for program in programs:
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(MOUNT.parent)
    viewer = viewer_of(Path(MOUNT.name), 16, "rpc", {"DISPLAY": display} if display else {})
    assert viewer.name == name
    assert list(viewer.command[1:]) == [str(MOUNT) if part == "FILE" else part for part in command]
    if not name:
        assert f"wireshark -r {MOUNT} -g 16 -Y rpc" in viewer.why
        assert ("no display" in viewer.why) == bool(programs)
