"""The corpus of hostile texts from every source over every screen: none crashes, restyles, links, retitles the terminal or vanishes.

Many strings go through one start of the interface; what a real terminal gets is looked at byte by byte, once.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_corpus import CORPUS, LINES, Hostile
from textual.widgets import Input
from tui_helpers import ended, region, screen_text, small_events, told, until

from tshoot.model.effects import AskOperator
from tshoot.model.events import EffectAnswered, Event, Failed, NoteAdded, OperatorSteered, RunStarted, TargetSpec, VerdictReached
from tshoot.model.text import clean_line
from tshoot.session.archive.search import Hit
from tshoot.session.glance import Glance
from tshoot.session.log import SessionLog
from tshoot.session.store import SessionEntry
from tshoot.transports.base import HostKey
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.compare import CompareScreen
from tshoot.tui.screens.packets import PacketsScreen
from tshoot.tui.screens.stream import StreamScreen
from tshoot.tui.screens.text_analysis import TextAnalysisScreen
from tshoot.tui.widgets.lines.drawing import drawn
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.wiring import Opening, Settings

DATA = Path(__file__).parent / "data"
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
ALL = " ".join(LINES)


def harmless(pilot) -> None:
    """What is on the screen holds no control character and no link."""
    for strip in pilot.app.screen._compositor.render_strips():
        for segment in strip:
            assert not FORBIDDEN.search(segment.text), repr(segment.text[:100])
            assert not (segment.style and (segment.style.link or "@click" in segment.style.meta)), repr(segment.text[:100])


def nothing_vanished(text: str, hostiles: tuple[Hostile, ...] = CORPUS) -> None:
    assert not FORBIDDEN.search(text), repr(FORBIDDEN.findall(text)[:5])
    missing = [piece for hostile in hostiles for piece in hostile.seen if " ".join(piece.split()) not in text]
    assert not missing, f"{len(missing)} vanished, the first: {missing[0]!r}"


def all_rows(view: LinesView) -> None:
    """Every row of a region as it would be drawn, also those out of sight."""
    for number in range(min(view.sections.rows, 5000)):
        strip, _ = drawn(view, number, 0, 200)
        assert not FORBIDDEN.search(strip.text)
        assert not any(segment.style and segment.style.link for segment in strip)


def hostile_events() -> list[Event]:
    """A run in which the device, its name, notes, failures, findings and the operator's reasons all are hostile."""
    events = small_events("\n".join(LINES).encode("utf-8", "replace"), host=LINES[0])
    started, *rest = events
    assert isinstance(started, RunStarted)
    verdict = next(event for event in events if isinstance(event, VerdictReached))
    notes = [NoteAdded(1_700_000_001.0, text, LINES[(index * 7) % len(LINES)][:60]) for index, text in enumerate(LINES)]
    steered = [OperatorSteered(1_700_000_002.0, "skipped", text[:80], "reach", "reach/1@host", why=text) for text in LINES[:40]]
    failed = [EffectAnswered(1_700_000_003.0, "reach/1@host", Failed("refused", text, text)) for text in LINES[40:80]]
    reason = replace(verdict, verdict=replace(verdict.verdict, reason=ALL[:4000]))
    return [replace(started, targets=(TargetSpec("host", LINES[3], "linux"),)), *notes, *rest[:2], *steered, *failed, *rest[2:-2], reason, rest[-1]]


def session_of(events: list[Event], root: Path) -> Path:
    with SessionLog.create(root, "small", (DATA / "small.yaml").read_text(), {}, started=1_700_000_000.0) as log:
        for event in events:
            log.append(_writable(event))
    return log.folder


def _writable(event: Event) -> Event:
    return replace(event, text=event.text.encode("utf-8", "replace").decode()) if isinstance(event, NoteAdded) else event


def test_the_corpus_is_large_and_tells_its_strings_apart() -> None:
    assert len(CORPUS) >= 200
    assert len({hostile.text for hostile in CORPUS}) == len(CORPUS)


def test_cleaning_loses_nothing_that_is_to_be_seen() -> None:
    for hostile in CORPUS:
        nothing_vanished(clean_line(hostile.text), (hostile,))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
async def test_a_run(size: tuple[int, int]) -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=size, notifications=True) as pilot:
        app.show_work(told(hostile_events()), ALL[:3000], ALL[3000:6000])
        await until(pilot, lambda: ended(pilot), "the end")
        harmless(pilot)
        nothing_vanished(region(pilot, "output"))
        for number, name in enumerate(("path", "output", "evidence", "verdict"), 1):
            await pilot.press(str(number))
            view = app.screen.query_one(f"#{name}", LinesView)
            all_rows(view)
            harmless(pilot)
        await pilot.press("2", "v", "g")
        harmless(pilot)
        all_rows(app.screen.query_one("#output", LinesView))
        await pilot.press("slash", *"[/foo]", "enter")
        harmless(pilot)
    assert app.return_value is None


async def test_what_is_asked() -> None:
    def ask(bridge: Bridge) -> None:
        bridge.ask(AskOperator("q/1", "q", ALL[:2000], why=ALL[2000:4000]), bridge.cancel)
        bridge.ask(AskOperator("q/2", "q", "which?", "choice", tuple(LINES)), bridge.cancel)
        bridge.accept_host_key(HostKey(LINES[5], 22, LINES[130], LINES[140]))
        bridge.secret(ALL[4000:5000], LINES[150], True)

    app = TshootApp(Opening())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        app.show_work(told([], ask), "questions")
        for wanted, keys in (("a000", "y"), ("which?", ("enter",)), ("not known yet", "n"), ("asks", ("x", "enter"))):
            await until(pilot, lambda wanted=wanted: wanted in screen_text(pilot), wanted)
            harmless(pilot)
            await pilot.press(*keys)
        await until(pilot, lambda: ended(pilot), "the end")


async def test_home_the_palette_and_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = (DATA / "small.yaml").read_text()
    books = []
    for index in range(40):
        (path := tmp_path / f"book{index:02}.yaml").write_text(small)
        books.append(path)
    from tshoot.playbook.loader import load_playbook

    def hostile_book(path: Path):
        text = LINES[int(path.stem[4:]) * 7 % len(LINES)]
        return replace(load_playbook(path), id=path.stem, title=text[:500], symptoms=(text,), description=text)

    entries = [SessionEntry(text[:80], tmp_path / str(number), 0.0, text[:60], "finished", "fault", text) for number, text in enumerate(LINES[:199])]
    monkeypatch.setattr("tshoot.tui.catalogue.shipped_playbooks", lambda: tuple(books))
    monkeypatch.setattr("tshoot.tui.catalogue.load_playbook", hostile_book)
    monkeypatch.setattr("tshoot.tui.catalogue.all_causes", dict)
    monkeypatch.setattr("tshoot.tui.catalogue.archived_sessions", lambda root: entries)
    app = TshootApp(Opening(targets={"host": LINES[1]}, inputs={"server": ALL[:3000]}))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "book00" in screen_text(pilot) and "a000" in screen_text(pilot), "the lists")
        sessions = app.screen.query_one("#sessions")
        shown = "\n".join(str(sessions.get_option_at_index(index).prompt) for index in range(sessions.option_count))
        assert not FORBIDDEN.search(shown)
        assert sum(f"a{number:03}" in shown for number in range(199)) == 199
        for name in ("playbooks", "sessions"):
            app.screen.query_one(f"#{name}").focus()
            for key in ("G", "ctrl+u", "k", "g"):
                await pilot.press(key)
                harmless(pilot)
        field = app.screen.query_one(Input)
        for at in range(0, len(LINES), 40):
            field.value = " ".join(LINES[at : at + 40])[:2000]
            await pilot.pause()
            harmless(pilot)
        field.value = ""
        await pilot.press("ctrl+p", *"a0")
        await until(pilot, lambda: "a000[/foo]z000" in screen_text(pilot), "the palette")
        for _ in range(5):
            await pilot.press("pagedown")
            harmless(pilot)
        await pilot.press("escape")
        app.set_up(hostile_book(books[3]))
        await until(pilot, lambda: "What it will do" in screen_text(pilot), "the set-up")
        harmless(pilot)
        for one in app.screen.query(Input):
            one.value = ALL[:1500]
        await pilot.pause()
        harmless(pilot)
        await pilot.press("ctrl+r", "f1")
        harmless(pilot)


async def test_all_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        SessionEntry(text[:80], tmp_path / str(number), 0.0, text[:60], ("finished", "broken")[number % 2], "fault", text, problem=text)
        for number, text in enumerate(LINES)
    ]
    hits = {entry.path: Hit(entry, text[:50], text, text) for entry, text in zip(entries, LINES, strict=True)}
    monkeypatch.setattr("tshoot.tui.screens.sessions.found_sessions", lambda *rest: (entries, hits, len(entries)))
    monkeypatch.setattr("tshoot.tui.screens.sessions.glance", lambda path: Glance((TargetSpec("host", LINES[int(path.name)], LINES[4]),), 1.0))
    monkeypatch.setattr("tshoot.tui.screens.sessions.last_verdict", lambda path: None)
    monkeypatch.setattr("tshoot.tui.screens.sessions.similar_to", lambda *rest: [])
    app = TshootApp(Opening())
    async with app.run_test(size=(160, 50), notifications=True) as pilot:
        app.show_sessions()
        await until(pilot, lambda: f"{len(LINES)} sessions" in screen_text(pilot), "the list")
        for _ in range(8):
            await pilot.press("ctrl+d")
            await pilot.press("ctrl+d", "j")
            harmless(pilot)
        app.screen.query_one("#query", Input).value = ALL[:2000]
        await pilot.pause()
        harmless(pilot)


async def test_a_session_shown_replayed_and_compared(tmp_path: Path) -> None:
    folder = session_of(hostile_events(), tmp_path / LINES[30].replace("/", "_").replace("\x00", "")[:60])
    other = session_of(small_events(), tmp_path / "other")
    app = TshootApp(Opening(settings=Settings(tmp_path)))
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        app.show_session(folder, LINES[7])
        await until(pilot, lambda: ended(pilot), "the end")
        nothing_vanished(region(pilot, "output"))
        harmless(pilot)
        app.show_replay(folder, LINES[9])
        await until(pilot, lambda: app.screen._player.positions, "the index")
        await pilot.press(*["plus"] * 9)
        await until(pilot, lambda: ended(pilot), "the end of the replay")
        nothing_vanished(region(pilot, "output"))
        for name in ("path", "output", "evidence", "verdict"):
            all_rows(app.screen.query_one(f"#{name}", LinesView))
        harmless(pilot)
        app.compare_sessions(folder, other)
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and "judged" not in screen_text(pilot), "the comparison")
        await pilot.pause(0.3)
        harmless(pilot)
        for view in app.screen.query(LinesView):
            all_rows(view)
    app.end_runs()


async def test_a_text_that_somebody_pasted(tmp_path: Path) -> None:
    kept = [number for number, text in enumerate(LINES) if not re.search("[\x00-\x06\x0e-\x1a]", text)]  # with these it is no text, which is said
    name = LINES[6].replace("/", "_") + "\x1b]0;title\x07\u202e.txt"
    (path := tmp_path / name).write_bytes("\n".join(("esx01# show version", *(LINES[number] for number in kept))).encode("utf-8", "replace"))
    app = TshootApp(Opening())
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        app.push_screen(TextAnalysisScreen(path))
        await until(pilot, lambda: app.screen.query("#about") and f"a{kept[-1]}" in region(pilot, "about"), "the lines")
        moved = re.compile("\x1b\\[999|\x1b\\[1K|\x08")  # what a terminal overwrote itself: the line as it stood in the end is judged
        nothing_vanished(region(pilot, "about"), tuple(CORPUS[number] for number in kept if not moved.search(LINES[number])))
        all_rows(app.screen.query_one("#about", LinesView))
        harmless(pilot)


async def test_packets_that_carry_it(tmp_path: Path) -> None:
    from scapy.layers.inet import IP, TCP
    from scapy.layers.l2 import Ether
    from scapy.utils import wrpcap

    packets, sequence = [], 1
    for text in LINES:
        payload = f"GET /{text[:900]} HTTP/1.1\r\nHost: {text[:200]}\r\n\r\n".encode("utf-8", "replace")[:1400]
        packets.append(
            Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
            / IP(src="192.0.2.1", dst="192.0.2.2")
            / TCP(sport=40000, dport=80, flags="PA", seq=sequence, ack=1)
            / payload
        )
        sequence += len(payload)
    file = tmp_path / "hostile[red]\x1b]0;t\x07\u202e[.pcap"
    wrpcap(str(file), packets)
    app = TshootApp(Opening(), first=lambda app: app.show_packets(file, file.name))
    async with app.run_test(size=(160, 50), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, PacketsScreen) and "GET /a000" in screen_text(pilot), "tshark's columns")
        for key in ("ctrl+d", "ctrl+d", "ctrl+d", "G", "g"):
            await pilot.press(key)
            await pilot.pause(0.1)
            harmless(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "Hypertext" in screen_text(pilot), "the tree")
        await pilot.press("E", "G")
        harmless(pilot)
        await pilot.press("1", "f")
        await until(pilot, lambda: isinstance(app.screen, StreamScreen) and app.screen.query("#stream") and region(pilot, "stream"), "the stream")
        assert "a000[/foo]z000" in region(pilot, "stream")
        harmless(pilot)
        all_rows(app.screen.query_one("#stream", LinesView))


# --- what a real terminal gets -----------------------------------------------------------------------

SHOWN = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from hostile_corpus import LINES
from test_tui_hostile_corpus import ALL, hostile_events
from tui_helpers import told
from tshoot.tui.app import TshootApp
from tshoot.wiring import Opening
app = TshootApp(Opening(), first=lambda app: app.show_work(told(hostile_events()), ALL[:500], ALL[500:1000]))
app.run()
"""
SEQUENCE = re.compile(rb"\x1b\][^\x07\x1b]*|\x1b[P^_X][^\x1b]*|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[^\[\]P^_X]")
OWN = re.compile(rb"\x1b\]22;[a-z]+$|\x1b\[(?:[0-9;:]*[mHJK]|\?[0-9;]+(?:[hl]|\$p)|[<>=][0-9;]*u|\?u|[0-9]* ?q|>[0-9;]*[qmc]|c)|\x1b[78=>(]")


def test_the_bytes_of_a_real_terminal() -> None:
    root = str(Path(__file__).parents[2])
    code = SHOWN.format(root=root, tests=str(Path(__file__).parent))
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="30")
        os.execv(sys.executable, [sys.executable, "-c", code])
    said, deadline, pressed = b"", time.monotonic() + 60, 0
    keys = (b"1", b"G", b"3", b"g", b"2", b"g", b"\x04", b"\x04", b"v", b"4", b"\x10", b"\x1b", b"q")
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([terminal], [], [], 0.4)
            if ready:
                try:
                    said += os.read(terminal, 65536)
                except OSError:
                    break  # it has left
            elif b"FAULT" in said and pressed < len(keys):
                os.write(terminal, keys[pressed])
                pressed += 1
    finally:
        if time.monotonic() >= deadline:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    assert pressed == len(keys)
    assert b"a000[/foo]z000" in said
    foreign = [sequence for sequence in SEQUENCE.findall(said) if not OWN.match(sequence)]
    assert not foreign, foreign[:10]
    assert not re.search(rb"\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]", said)
    assert b"\x07" not in re.sub(rb"\x1b\]22;[a-z]+\x07", b"", said)  # Textual's own: the shape of the pointer
    assert said.rstrip().endswith((b"\x1b[?25h", b"\x1b[?1049l", b"\x1b[?1004l")) or b"\x1b[?1049l" in said[-300:]
