"""The archive of 10,000 sessions beside a plain look at every log's time and size, as ratios of runs in turn. Writes a section of docs/benchmarks.md.

    nothing    only finding out what has changed        list        sessions, newest first
    words      queries of one word that all sessions hold, of several, of none, of a phrase, of filters, of a network
    similar    incidents like the newest                 one more    a search after one session more was recorded
    screen     the list screen at 100x30: until its first picture, and the median and the slowest of its keys until they are drawn

The plain look is `os.lstat` of the log of each folder: what an index without a memory of its own would have to do before each answer.
The sessions are the recorded one of the fixtures, played again for other hosts, servers and days. What is measured begins when tshoot has started
and ends with the answer. Exit status 1 where an answer is wrong, or takes more than 50 ms (but for a list of all, and for reading one more).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import page
from textual.screen import Screen

from tshoot.model.events import CommandRan, EffectAnswered, Event, Ok, RunStarted, VerdictReached
from tshoot.session.archive.index import Archive, archived_sessions, with_archive
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.search import search
from tshoot.session.archive.similar import similar_sessions
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events, read_header
from tshoot.session.store import session_folders

RECORDED = Path(__file__).parents[1] / "fixtures/sessions/v1/nfs-mount-denied"
SESSIONS, ROUNDS, LONGEST = int(os.environ.get("SESSIONS", "10000")), 9, 0.05
TITLE = "An archive of 10,000 sessions"
QUERIES = {  # and how many sessions fit
    "vmk1 MNT3ERR_ACCES cause:nfs target:esx0777": SESSIONS > 777,
    "vmk1": SESSIONS,
    "denied vmk1 mount": SESSIONS,
    "xyzzy": 0,
    '"access denied"': 0,
    "cause:nfs verdict:fault": (SESSIONS + 2) // 3,
    "address:192.0.2.0/24": SESSIONS,
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_sessions(root, range(SESSIONS))
        before = time.perf_counter()
        archived_sessions(root)
        seconds = time.perf_counter() - before
        size = (root / "index.sqlite").stat().st_size
        told = [f"Indexed in {seconds:.0f} s, {seconds / SESSIONS * 1000:.1f} ms a session; the index has {size / 1e6:.0f} MB."]
        told += ["", "| asked | fit | beside a look at each log | ms |", "|---|---|---|---|"]
        newest = max(session_folders(root), key=lambda path: path.name)
        asked: dict[str, tuple[Callable[[], int], int]] = {
            "nothing": (lambda: with_archive(root, Archive.count), SESSIONS),
            "list, the newest 100": (lambda: len(with_archive(root, lambda archive: archive.entries(100))), min(SESSIONS, 100)),
            "list, all": (lambda: len(archived_sessions(root)), SESSIONS),
            **{f"`{query}`": (partial(found, root, query), wanted) for query, wanted in QUERIES.items()},
            "similar": (lambda: len(with_archive(root, lambda archive: similar_sessions(archive, newest))), 10),
        }
        sound = [compare(told, name, root, work, wanted) for name, (work, wanted) in asked.items()]
        sound.append(compare(told, "`vmk1`, one more", root, lambda: one_more(root), -1))
        told += ["", asyncio.run(screen(root))]
        print(told[-1], flush=True)
        page.put(TITLE, told)
    return 0 if all(sound) else 1


async def screen(root: Path) -> str:
    """How long the sessions screen takes to show itself, and for each key; in words."""
    from tshoot.opening import Opening
    from tshoot.tui.app import TshootApp
    from tshoot.tui.widgets.sessions.list import SessionList
    from tshoot.wiring import Settings

    app = TshootApp(Opening(settings=Settings(record=root)))
    async with app.run_test(size=(100, 30)) as pilot:
        before = time.perf_counter()
        app.show_sessions()
        while not any(shown.entries for shown in app.screen.query(SessionList)):
            await asyncio.sleep(0.001)
        await drawn(app.screen)
        picture = time.perf_counter() - before
        keys = []
        for key in ("j", "j", "j", "ctrl+d", "ctrl+d", "G", "k", "ctrl+u", "pageup", "g") * 5:
            before = time.perf_counter()
            app.simulate_key(key)
            await drawn(app.screen)
            keys.append(time.perf_counter() - before)
        assert len(app.screen.query_one(SessionList).entries) >= SESSIONS
        await pilot.press("q")
    return f"The screen: {picture * 1000:.0f} ms to the list; a key {statistics.median(keys) * 1000:.0f} ms, the slowest {max(keys) * 1000:.0f} ms."


async def drawn(shown: Screen[object]) -> None:
    """Until the screen has worked off what it was told and drawn it."""
    done = asyncio.Event()
    shown.call_later(lambda: shown.call_after_refresh(done.set))
    await done.wait()


def write_sessions(root: Path, numbers: Iterable[int]) -> None:
    os.fsync = lambda descriptor: None  # what is measured is reading
    header, events = read_header(RECORDED), [event for _, event in read_events(RECORDED)]
    for number in numbers:
        started = header.started - number * 3600
        with SessionLog.create(root, header.playbook, header.playbook_text, header.parsers, started=started) as log:
            for event in events:
                log.append(told_of(event, number))


def told_of(event: Event, number: int) -> Event:
    """The event as it would have been on another host, at another server."""
    event = replace(event, at=event.at - number * 3600)
    server = f"192.0.2.{number % 200 + 50}"
    if isinstance(event, RunStarted):
        return replace(event, targets=tuple(replace(one, host=f"esx{number:04}") for one in event.targets), inputs={**event.inputs, "server": server})
    if isinstance(event, VerdictReached) and number % 3:
        return replace(event, verdict=replace(event.verdict, cause=("path.loop", "bgp.periodic-flap")[number % 2]))
    if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok) and isinstance(event.outcome.answer, CommandRan):
        ran = event.outcome.answer
        return replace(event, outcome=Ok(replace(ran, stdout=ran.stdout + f"seen from esx{number:04}\n".encode())))
    return event


def found(root: Path, query: str) -> int:
    return with_archive(root, lambda archive: search(archive, parse_query(query, time.time())))[1]


recorded, recorded_last = count(SESSIONS), [0]
begun = [0.0]  # when what is measured began
UNBOUNDED = ("list, all", "`vmk1`, one more")  # answers that are longer than a screen, and one that has to read a session first


def one_more(root: Path) -> int:
    """A search after one session more; its recording is not measured."""
    recorded_last[0] = next(recorded)
    write_sessions(root, [recorded_last[0]])
    begun[0] = time.perf_counter()
    return found(root, "vmk1") - recorded_last[0] - 2


def looks(root: Path) -> int:
    """What finding out whether anything has changed costs without a memory: one look a log."""
    return len([os.lstat(f"{entry.path}/session.jsonl").st_mtime_ns for entry in os.scandir(root) if entry.is_dir()])


def compare(told: list[str], name: str, root: Path, work: Callable[[], int], wanted: int) -> bool:
    pairs = [(clock(work), clock(partial(looks, root))) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / theirs for (mine, _), (theirs, _) in pairs)
    mine = statistics.median(seconds for (seconds, _), _ in pairs)
    right = all(fit == wanted for (_, fit), _ in pairs)
    quick = mine <= LONGEST or name in UNBOUNDED
    fit = f"{pairs[0][0][1]:,}" if wanted >= 0 else "all"
    told.append(f"| {name} | {fit} | {ratio:.2f} | {mine * 1000:.0f} |")
    print(told[-1], "" if right else "WRONG", "" if quick else "TOO SLOW", flush=True)
    return right and quick


def clock(work: Callable[[], int]) -> tuple[float, int]:
    begun[0] = time.perf_counter()
    fit = work()
    return time.perf_counter() - begun[0], fit


if __name__ == "__main__":
    sys.exit(main())
