"""Keys, memory and evidence while a device prints 20,000 lines a second: the run screen in this process, its real runner, log and bridge.

A key is the number of a region; it counts from its arrival to the region having the focus and the screen being drawn. The same keys before the
flood are the measure: ratios. The bound is 50 ms at the 99th percentile, asserted as is the rest: of the clock where the machine is quiet (the keys
before the flood keep it), else of the processor time that the screen's thread took for a key, which other programs do not lengthen.

    .venv/bin/python bench/tui.py [SECONDS]
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from textual.events import Key

from tshoot.engine.advance import begin
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Effect, RunCommand
from tshoot.model.events import CommandRan, Ok, Outcome, Progress, TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.playbook.loader import playbook_from_text
from tshoot.runner import Runner
from tshoot.session.log import SessionLog
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.wiring import Opening

PER_SECOND = 20_000
PIECE = 400  # lines
MOST = 0.050  # seconds, at the 99th percentile
FLAT = 40  # MB that may come once the ring is full, beside what the device printed
PLAYBOOK = """
id: flood
title: A device that prints without end
symptoms: [it prints and prints]
description: One command.
targets:
  host: {platform: linux, help: the host}
start: flood
nodes:
  flood:
    run: dmesg
    on: host
    why: what does it print?
    decide:
      - otherwise:
          inconclusive: it printed
          next: nothing
"""


def flooding(root: Path, seconds: float, hashes: list[str], go: Callable[[], bool]) -> Callable[[Bridge], Verdict | None]:
    playbook = playbook_from_text(PLAYBOOK, "flood.yaml")

    def perform(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        assert isinstance(effect, RunCommand)
        said = bytearray()
        while not go():
            time.sleep(0.01)
        started, number = time.monotonic(), 0
        while number < seconds * PER_SECOND:
            piece = b"".join(b"%08d the device prints and prints\n" % line for line in range(number, number + PIECE))
            said += piece
            number += PIECE
            show(Progress(effect.key, "stdout", output=piece))
            time.sleep(max(0.0, started + number / PER_SECOND - time.monotonic()))
        hashes.append(hashlib.sha256(said).hexdigest())
        return Ok(CommandRan(0, bytes(said), b"", time.monotonic() - started))

    def work(bridge: Bridge) -> Verdict | None:
        log = SessionLog.create(root, playbook.id, playbook.text, {})
        bridge.opened(log.header.session, log.folder)
        targets = {"host": TargetSpec("host", "host", "linux")}
        with log:
            return Runner(lambda: begin(playbook, targets, {}, ShippedKnowledge()), perform, log, views=[bridge], cancel=bridge.cancel).run()

    return work


def megabytes() -> float:
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Taken(NamedTuple):
    """Seconds: of the clock, and of the processor in the screen's thread."""

    clock: float
    processor: float


async def key(app: TshootApp, number: int) -> Taken:
    """Until the region of a key has the focus and is drawn."""
    name = ("path", "output")[number % 2]
    started, used = time.perf_counter(), time.thread_time()
    app.post_message(Key("12"[number % 2], None))
    drawn = asyncio.Event()
    while not app.screen.query_one(f"#{name}").has_focus:
        await asyncio.sleep(0.001)
    app.screen.call_after_refresh(drawn.set)
    await asyncio.wait_for(drawn.wait(), 10)
    return Taken(time.perf_counter() - started, time.thread_time() - used)


async def flood(root: Path, seconds: float) -> None:
    app, hashes, let, taken, kept = TshootApp(Opening()), [], [False], [], []
    async with app.run_test(size=(140, 40)) as pilot:
        app.show_work(flooding(root, seconds, hashes, lambda: let[0]), "a flood")
        while not isinstance(app.screen, RunScreen) or not app.screen.query("#output"):
            await pilot.pause(0.05)
        await pilot.pause(0.5)
        before = [await key(app, number) for number in range(220)][20:]
        let[0], started = True, time.monotonic()
        view = app.screen.query_one("#output", LinesView)
        full = 0.0
        while not hashes:
            await asyncio.sleep(0.03)
            taken.append(await key(app, len(taken)))
            if view.sections.given_up and not full:
                full = time.monotonic() - started
            if full:
                kept.append(megabytes() - (time.monotonic() - started) * PER_SECOND * 35 / 1e6)
        while not app.screen.has_ended:
            await asyncio.sleep(0.05)
        rows = view.sections.rows
    app.end_runs()
    evidence = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.glob("*/evidence/*")}
    told(before, taken, kept, full, rows)
    assert hashes[0] in evidence, "what the device printed is not whole in the evidence"
    assert evidence[hashes[0]] == hashes[0], "the evidence is not what the device printed"
    which = 0 if percentile([one.clock for one in before]) < MOST else 1
    slow = percentile([one[which] for one in taken])
    assert slow < MOST, f"a key took {slow * 1000:.0f} ms of the {Taken._fields[which]} at the 99th percentile"
    assert not kept or kept[-1] - kept[0] < FLAT, f"memory grew by {kept[-1] - kept[0]:.0f} MB"


def percentile(values: list[float], share: float = 0.99) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def told(before: list[Taken], taken: list[Taken], kept: list[float], full: float, rows: int) -> None:
    for which, measure in enumerate(Taken._fields):
        for name, of in (("median", statistics.median), ("99th percentile", percentile), ("longest", max)):
            here, there = of([one[which] for one in taken]), of([one[which] for one in before])
            print(f"{measure:9} {name:16} {here * 1000:7.1f} ms a key in the flood, {there * 1000:7.1f} before it: {here / there:5.1f} times")
    grown = f"{kept[-1] - kept[0]:+.0f} MB since the ring was full ({full:.0f} s), beside what was printed" if kept else "the ring was not filled"
    print(f"{len(taken)} keys; {rows:,} lines on the screen at the end; {grown}")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        asyncio.run(flood(Path(folder), float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
