"""A log of a million events beside `wc -l` and beside `json.loads` of its lines: how long until it is there, and how much memory that takes.

    list       its row in the list of sessions, from the log alone      index      the same and its words, into the archive's index
    positions  what the replay with its time line needs                  verdict    `sessions show --json`
    picture    the first picture of that replay, before the positions are all known
    replay     every event, one after the other, to a view (in a process of its own: its peak of memory is that of the program)
    verify     every line, hash and piece of evidence

The log is that of a route sampled for days: request, answer, wait, waited. Exit status 1 where list, index, positions or verdict take more than 2 s,
the picture more than 0.5 s, or where replaying ten times as many events takes more than 16 MB more.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import page

from tshoot.cancel import CancelToken
from tshoot.model.effects import RunCommand, Wait
from tshoot.model.events import (
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Ok,
    RunEnded,
    RunStarted,
    TargetSpec,
    VerdictReached,
    Waited,
)
from tshoot.model.verdicts import Decision, Verdict
from tshoot.session.codec_v1 import encode, encode_seal
from tshoot.session.evidence import Evidence
from tshoot.session.log import SessionLog
from tshoot.session.read import EVIDENCE, LOG, line_hash
from tshoot.tui.messages import RunMoved
from tshoot.tui.player import Player

EVENTS, LONGEST, SOON, MOST_MORE = int(os.environ.get("EVENTS", "1000000")), 2.0, 0.5, 16
OUTPUTS = [b"B>* 198.51.100.0/24 [20/0] via 192.0.2.%d, eth1, weight 1, 00:00:%02d\n" % (number % 3 + 1, number) * 3 for number in range(60)]
TITLE = "A log of a million events"


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        root, small = Path(place) / "big", Path(place) / "small"
        log, tenth = write_log(root, EVENTS), write_log(small, EVENTS // 10)
        size = (log / LOG).stat().st_size
        told = [f"{EVENTS:,} events, {size / 1e6:.0f} MB; `wc -l` and `json.loads` once each.", ""]
        lines, parsed = clock(lambda: count_lines(log)), clock(lambda: parse(log))
        told += ["| | beside `wc -l` | beside `json.loads` | seconds |", "|---|---|---|---|"]
        sound = True
        for name, work, limit in steps(root, log):
            seconds = clock(work)
            told.append(f"| {name} | {seconds / lines:.1f} | {seconds / parsed:.2f} | {seconds:.2f} |")
            print(told[-1], flush=True)
            sound &= limit is None or seconds <= limit
        more = replayed(log) - replayed(tenth)
        told += ["", f"Replaying it takes {more:+.0f} MB beside replaying a tenth of it."]
        print(told[-1])
        page.put(TITLE, told)
        return 0 if sound and more <= MOST_MORE else 1


def steps(root: Path, log: Path) -> list[tuple[str, Callable[[], object], float | None]]:
    from tshoot.session.archive.index import archived_sessions
    from tshoot.session.indexing import read_positions
    from tshoot.session.store import entry_of, verdict_of
    from tshoot.session.verify import verify

    def intact() -> None:
        assert verify(log, CancelToken()) == []

    def listed() -> None:
        assert entry_of(log).state == "finished"

    def indexed() -> None:
        assert [entry.verdict for entry in archived_sessions(root)] == ["healthy"]

    def positioned() -> None:
        assert len(read_positions(log)) == EVENTS + 4

    def pictured() -> None:
        assert first_picture(log)

    def judged() -> None:
        verdict = verdict_of(log)
        assert verdict is not None and verdict.kind == "healthy"

    return [
        ("list", listed, LONGEST),
        ("index", indexed, LONGEST),
        ("positions", positioned, LONGEST),
        ("picture", pictured, SOON),
        ("verdict", judged, LONGEST),
        ("verify", intact, None),
    ]


def first_picture(log: Path) -> bool:
    """Whether the player told what the replay begins with; it is stopped then."""
    player, shown = Player(log), threading.Event()
    player.begin(lambda message: shown.set() if isinstance(message, RunMoved) else None)
    told = shown.wait(60.0) and player.positions is None
    player.cancel.cancel()
    return told and player.wait(60.0)


def write_log(root: Path, count: int) -> Path:
    os.fsync = lambda descriptor: None
    at, verdict = 1.79e9, Verdict("healthy", "the route stayed")
    with SessionLog.create(root, "bgp-walker-flap", "id: bgp-walker-flap\n", {}) as log:
        log.append(RunStarted(at, "bgp-walker-flap", (TargetSpec("router", "r1", "frr"),), {}))
        kept = Evidence(log.folder / EVIDENCE)
        names = {output: kept.keep(output) for output in OUTPUTS}
    path = log.folder / LOG
    whole = path.read_bytes().splitlines(keepends=True)[:-1]  # without the seal
    n, prev = len(whole), line_hash(whole[-1])
    with path.open("wb") as file:
        file.writelines(whole)
        for event in (
            *sampled(count, at),
            DecisionTaken(at, Decision("route", 1, "otherwise", "healthy", ())),
            VerdictReached(at, verdict),
            RunEnded(at, "finished"),
        ):
            line = encode(n, event, prev, names.__getitem__)
            file.write(line)
            n, prev = n + 1, line_hash(line)
        file.write(encode_seal(n, prev))
    return log.folder


def sampled(count: int, at: float) -> Iterator[Event]:
    for number in range(count // 4):
        asked, waited = f"route:sample-{number + 1}/1@router", f"route:wait-{number + 1}/1@router"
        at += 2.1
        yield EffectRequested(at, RunCommand(asked, "route", "router", "show ip route 198.51.100.0/24", "where does it lead, and does that change?"))
        yield EffectAnswered(at + 0.1, asked, Ok(CommandRan(None, OUTPUTS[number % len(OUTPUTS)], b"", 0.1)))
        yield EffectRequested(at + 0.1, Wait(waited, "route", 2.0))
        yield EffectAnswered(at + 2.1, waited, Ok(Waited(2.0)))


def replayed(folder: Path) -> float:
    """Peak of the memory of a process that replays it, in MB."""
    return float(subprocess.run([sys.executable, __file__, str(folder)], capture_output=True, text=True, check=True).stdout)


def replay_alone(folder: Path) -> None:
    from tshoot.session.replay import replay

    replay(folder, lambda event: None, cancel=CancelToken())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def count_lines(folder: Path) -> None:
    subprocess.run(["wc", "-l", folder / LOG], stdout=subprocess.DEVNULL, check=True)


def parse(folder: Path) -> None:
    with (folder / LOG).open("rb") as file:
        for line in file:
            json.loads(line)


def clock(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


if __name__ == "__main__":
    sys.exit(replay_alone(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
