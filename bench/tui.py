"""Keys, memory and evidence while a device prints 20,000 lines a second: the run screen in this process, its real runner, log and bridge.

A key is the number of a region, typed by a thread of its own. It counts from when it was due to the update of the screen with that region in it
having been made into what a terminal is sent; and until the verdict is there, so that what is done with the output as a whole is part of it. The
same keys before the flood are the measure: ratios. First all must be in the evidence. The bound is 50 ms at the 99th percentile: of the clock
where the machine is quiet (the keys before the flood keep it), else of the processor time of the screen's thread, which others do not lengthen.

    .venv/bin/python bench/tui.py [SECONDS]
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import tshoot.tui  # noqa: F401  # isort: skip  # before textual: it says how often a picture may come
import page
from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.events import Key
from textual.screen import Screen

from tshoot.engine.advance import begin
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Effect, RunCommand
from tshoot.model.events import CommandRan, Ok, Outcome, Progress, TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.playbook.loader import playbook_from_text
from tshoot.runner import Runner
from tshoot.session.log import SessionLog
from tshoot.tui import app as app_module
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.wiring import Opening

PER_SECOND = 20_000
PIECE = 400  # lines
LINE = 38  # bytes
LONGEST = 30.0  # seconds after which a key counts as lost
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


class Measured(TshootApp):
    """Draws what a terminal would be sent, and notes when the region that a key leads to was in it, with the focus."""

    CSS_PATH = Path(app_module.__file__).with_name("tshoot.tcss")

    def __init__(self) -> None:
        super().__init__(Opening())
        self.awaited = ""
        self.due = 0.0
        self.used = 0.0
        self.taken: list[Taken] = []
        self.answered = threading.Event()

    async def press(self) -> None:
        """The key of the region that has not the focus."""
        self.used = time.thread_time()
        self.awaited = "path" if self.screen.query_one("#output").has_focus else "output"
        self.post_message(Key("1" if self.awaited == "path" else "2", None))

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable.render_segments(self.console)
        super()._display(screen, renderable)
        if self.awaited and renderable is not None and isinstance(self.screen, RunScreen) and self.screen.query_one(f"#{self.awaited}").has_focus:
            self.taken.append(Taken(time.perf_counter() - self.due, time.thread_time() - self.used))
            self.awaited = ""
            self.answered.set()


def type_on(app: Measured, until: Callable[[], bool]) -> None:
    """The operator's fingers: a thread that hands keys over as the terminal's reader does. A key counts from when it was due."""
    loop, pauses = app._loop, random.Random(2026)
    assert loop is not None
    due = time.perf_counter()
    while not until():
        due = max(due, time.perf_counter()) + pauses.uniform(0.02, 0.08)
        time.sleep(max(0.0, due - time.perf_counter()))
        app.due = due
        app.answered.clear()
        asyncio.run_coroutine_threadsafe(app.press(), loop)
        while not app.answered.wait(0.1) and not until():
            if time.perf_counter() > due + LONGEST:
                return  # it is not among the answered: `typed` says so


async def typed(app: Measured, until: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> list[Taken]:
    app.taken = []
    fingers = threading.Thread(target=type_on, args=(app, until), daemon=True)
    fingers.start()
    while fingers.is_alive():
        await asyncio.sleep(0.1)
        meanwhile()
    assert until(), f"a key was not answered within {LONGEST} s"
    app.awaited = ""
    return app.taken


async def flood(root: Path, seconds: float) -> None:
    app, hashes, let, kept, full = Measured(), [], [False], [], [0.0]
    async with app.run_test(size=(140, 40)) as pilot:
        app.show_work(flooding(root, seconds, hashes, lambda: let[0]), "a flood")
        while not isinstance(app.screen, RunScreen) or not app.screen.query("#output"):
            await pilot.pause(0.05)
        await pilot.pause(0.5)
        before = (await typed(app, lambda: len(app.taken) > 220))[20:]
        let[0], started = True, time.monotonic()
        run, view = app.screen, app.screen.query_one("#output", LinesView)

        def weigh() -> None:
            if view.sections.given_up and not full[0]:
                full[0] = time.monotonic() - started
            if full[0] and not hashes:
                kept.append(megabytes() - (time.monotonic() - started) * PER_SECOND * LINE / 1e6)

        taken = await typed(app, lambda: run.has_ended, weigh)  # to the verdict: what is done with the output as a whole is part of it
        rows = view.sections.rows
    app.end_runs()
    evidence = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.glob("*/evidence/*")}
    assert hashes[0] in evidence, "what the device printed is not whole in the evidence"
    assert evidence[hashes[0]] == hashes[0], "the evidence is not what the device printed"
    result(before, taken, kept, full[0], rows, seconds)
    which = 0 if percentile([one.clock for one in before]) < MOST else 1
    slow = percentile([one[which] for one in taken])
    assert slow < MOST, f"a key took {slow * 1000:.0f} ms of the {Taken._fields[which]} at the 99th percentile"
    assert not kept or kept[-1] - kept[0] < FLAT, f"memory grew by {kept[-1] - kept[0]:.0f} MB"


def percentile(values: list[float], share: float = 0.99) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def result(before: list[Taken], taken: list[Taken], kept: list[float], full: float, rows: int, seconds: float) -> None:
    table = ["| a key | of | in the flood | before it | times |", "|---|---|---|---|---|"]
    for which, measure in enumerate(("the clock", "the screen's processor")):
        for name, of in (("median", statistics.median), ("99th percentile", percentile), ("longest", max)):
            here, there = of([one[which] for one in taken]), of([one[which] for one in before])
            table.append(f"| {name} | {measure} | {here * 1000:.0f} ms | {there * 1000:.0f} ms | {here / there:.1f} |")
    grown = f"{kept[-1] - kept[0]:+.0f} MB since the ring was full ({full:.0f} s), beside what was printed" if kept else "the ring was not filled"
    last = f"{len(taken)} keys; {rows:,} lines on the screen at the end; memory: {grown}."
    begin = f"{PER_SECOND:,} lines a second for {seconds:g} s, all of them in the evidence."
    lines = [begin, "", *table, "", last]
    print("\n".join(lines))
    page.put("A device that prints without end", lines)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        asyncio.run(flood(Path(folder), float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
