"""The archive of all sessions against reading every log, as ratios of alternating runs over 1,000 sessions.

    list       `tshoot sessions list` from the index against decoding what tells in every log
    search     words and filters in the index against reading every log and its outputs for them
    similar    incidents like the newest, the same way

The sessions are the recorded one of the fixtures, played again for other hosts, servers and days. Exit status 1 where an answer takes a second or
more, or is wrong.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tshoot.model.events import CommandRan, EffectAnswered, Event, Ok, RunStarted, VerdictReached
from tshoot.session.archive.index import archived_sessions, with_archive
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.search import search
from tshoot.session.archive.similar import similar_sessions
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events, read_header
from tshoot.session.store import list_sessions, session_folders

RECORDED = Path(__file__).parents[1] / "fixtures/sessions/v1/nfs-mount-denied"
SESSIONS, ROUNDS, LONGEST = 1000, 3, 1.0
WANTED = "vmk1 MNT3ERR_ACCES cause:nfs target:esx0777"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_sessions(root)
        before = time.perf_counter()
        archived_sessions(root)
        print(f"{SESSIONS} sessions, indexed in {time.perf_counter() - before:.1f} s; {ROUNDS} alternating runs each")
        newest = max(session_folders(root), key=lambda path: path.name)
        sound = [
            compare("list", lambda: len(archived_sessions(root)) == SESSIONS, lambda: len(list_sessions(root)) == SESSIONS),
            compare("search", lambda: found(root) == 1, lambda: read_all(root) == 1),
            compare("similar", lambda: bool(with_archive(root, lambda archive: similar_sessions(archive, newest))), lambda: read_all(root) == 1),
        ]
    return 0 if all(sound) else 1


def write_sessions(root: Path) -> None:
    os.fsync = lambda descriptor: None  # what is measured is reading
    header, events = read_header(RECORDED), [event for _, event in read_events(RECORDED)]
    for number in range(SESSIONS):
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


def found(root: Path) -> int:
    return with_archive(root, lambda archive: search(archive, parse_query(WANTED, time.time())))[1]


def read_all(root: Path) -> int:
    """What a search without an index does."""
    fitting = 0
    for folder in session_folders(root):
        text = "\n".join(str(event) for _, event in read_events(folder))
        fitting += all(word in text for word in ("vmk1", "MNT3ERR_ACCES", "esx0777", "nfs."))
    return fitting


def compare(name: str, ours: Callable[[], bool], plain: Callable[[], bool]) -> bool:
    pairs = [(clock(ours), clock(plain)) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / theirs for (mine, _), (theirs, _) in pairs)
    mine = statistics.median(seconds for (seconds, _), _ in pairs)
    theirs = statistics.median(seconds for _, (seconds, _) in pairs)
    right = all(right and also for (_, right), (_, also) in pairs)
    print(f"{name:8} {ratio:.3f}   ({mine:.3f} s against {theirs:.3f} s){'' if right else '  WRONG'}{'' if mine < LONGEST else '  TOO SLOW'}")
    return right and mine < LONGEST


def clock(work: Callable[[], bool]) -> tuple[float, bool]:
    before = time.perf_counter()
    right = work()
    return time.perf_counter() - before, right


if __name__ == "__main__":
    sys.exit(main())
