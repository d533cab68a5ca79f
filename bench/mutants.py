"""Damaged captures by the thousand through `analyze_capture`: none may crash it, hang it, fill the memory or leave anything behind.

    python bench/mutants.py [--count 10000] [--seed 2026] [--from 0] [--every 10] [--workers 2] [--keep FOLDER]

Case (seed, number) is always the same capture, as long as the sources are: the captures of the fixtures, and the public ones where they lie
beside the checkout. Each case goes through the whole of an analysis except tshark (container, flow index, selection, what is judged
without decoded frames, the printed text and the JSON); each `--every`th, and each whose findings are not its source's, is decoded too; the packets
of the others are decoded together, by the batch. Each runs in a worker with a bounded address space, which is killed after its time.

Wrong is: an exception but those that `analyze_capture` names, or a detector that failed · more than `SECONDS`, or `MEGABYTES` for the process
and its tshark · a child process, descriptor, thread or temporary file left behind · a finding that cites a frame which is not there · a control
character in what is printed · a warning of numpy's. A failing capture is kept, with its number, cut to the records that it needs. Exit status 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import IO

sys.path.insert(0, str(Path(__file__).parent))

from mutations import FRAMES, Pieces, mutant, pieces

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ROOT.parent / "shared" / "captures"
SECONDS, MEGABYTES = 20.0, 450
PATIENCE = 5.0  # seconds for what ends a moment later: a thread that waited for a child
ADDRESS_SPACE = 4 << 30
BATCH_FRAMES = 1500


@cache
def sources() -> tuple[tuple[str, Pieces], ...]:
    """Names and captures, the fixtures first."""
    fixtures = sorted((ROOT / "fixtures/captures").glob("*/*.pcap*"))
    public = sorted(path for path in PUBLIC.glob("*/*") if path.is_file() and path.suffix not in (".md", ".jsonl"))
    found = [(str(path.relative_to(ROOT if path in fixtures else PUBLIC)), path) for path in (*fixtures, *public)]
    return tuple((name, pieces(path.read_bytes())) for name, path in found)


def case(seed: int, number: int) -> tuple[str, Pieces, str]:
    """Source, capture and mutations of one case."""
    return mutant(Random(f"{seed}/{number}"), sources())


# --- the parent ----------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Result:
    """What came of one capture; `wrong` is empty where all was in order."""

    number: int
    how: str
    wrong: str = ""
    outcome: str = ""
    seconds: float = 0.0
    megabytes: int = 0


@dataclass(slots=True)
class Worker:
    process: subprocess.Popen[bytes]
    number: int = -1
    since: float = 0.0
    said: bytes = b""


@dataclass(slots=True)
class Run:
    """`results` are complete when `run` has ended."""

    seed: int
    every: int
    folder: Path
    results: list[Result] = field(default_factory=list)
    _place: str = ""

    def run(self, numbers: Sequence[int], workers: int, tell: Callable[[int], None] = lambda done: None) -> list[Result]:
        waiting, done = deque(numbers), 0
        with tempfile.TemporaryDirectory(prefix="tshoot-mutants-") as place, selectors.DefaultSelector() as selector:
            self._place = place
            alive = [self._started(selector) for _ in range(workers)]
            try:
                for worker in list(alive):
                    self._give(worker, waiting)
                while any(worker.number >= 0 for worker in alive):
                    for key, _ in selector.select(0.5):
                        worker = key.data
                        if worker.process.poll() is None and self._heard(worker):
                            done += 1
                            tell(done)
                            self._give(worker, waiting)
                    for worker in [one for one in alive if self._stuck(one)]:
                        alive.remove(worker)
                        alive.append(self._replaced(selector, worker))
                        self._give(alive[-1], waiting)
            finally:
                for worker in alive:
                    _ended(worker)
        return self.results

    def _started(self, selector: selectors.BaseSelector) -> Worker:
        words = [sys.executable, __file__, "--worker", "--seed", str(self.seed), "--every", str(self.every), "--keep", str(self.folder)]
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, "TMPDIR": self._place}
        )
        worker = Worker(process)
        selector.register(process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]
        return worker

    def _give(self, worker: Worker, waiting: deque[int]) -> None:
        worker.number, worker.since = (waiting.popleft() if waiting else -1), time.monotonic()
        if worker.number >= 0 and worker.process.stdin:
            with suppress(BrokenPipeError):
                worker.process.stdin.write(f"{worker.number}\n".encode())
                worker.process.stdin.flush()

    def _heard(self, worker: Worker) -> bool:
        """Take what a worker says: results, and `{}` where its case is done."""
        worker.said += os.read(worker.process.stdout.fileno(), 1 << 16) if worker.process.stdout else b""
        worker.since = time.monotonic()
        *lines, worker.said = worker.said.split(b"\n")
        said = [json.loads(line) for line in lines]
        self.results += [Result(**result) for result in said if result]
        return {} in said

    def _stuck(self, worker: Worker) -> bool:
        if worker.number < 0:
            return False
        return worker.process.poll() is not None or time.monotonic() - worker.since > SECONDS + 10

    def _replaced(self, selector: selectors.BaseSelector, worker: Worker) -> Worker:
        status = worker.process.poll()
        why = f"the worker did not answer for {SECONDS + 10:g} s" if status is None else f"the worker ended with status {status}"
        self.results.append(Result(worker.number, "?", why))
        selector.unregister(worker.process.stdout)  # type: ignore[arg-type]
        _ended(worker)
        return self._started(selector)


def _ended(worker: Worker) -> None:
    with suppress(ProcessLookupError):
        os.killpg(worker.process.pid, signal.SIGKILL)
    for stream in (worker.process.stdin, worker.process.stdout):
        if stream:
            with suppress(BrokenPipeError):
                stream.close()
    worker.process.wait()


# --- a worker ------------------------------------------------------------------------------------------------------------------------


class Trial:
    """Runs captures in this process, one after the other, and looks at what each leaves behind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary = Path(tempfile.mkdtemp(prefix="tshoot-mutants-"))
        self._empty = self._temporary / "bin"
        self._empty.mkdir()
        tempfile.tempdir = str(self._temporary / "tmp")
        Path(tempfile.tempdir).mkdir()
        self.findings: frozenset[str] = frozenset()

    def wrong(self, content: bytes, decoded: bool) -> tuple[str, str, float, int]:
        """What is wrong ("" if nothing), the outcome, seconds and megabytes."""
        path = self._temporary / "mutant"
        path.write_bytes(content)
        before, started = _held(), time.monotonic()
        _forget_peak()
        with _limited(), _path(None if decoded else self._empty):
            wrong, outcome = self._analyzed(path)
        seconds, megabytes = time.monotonic() - started, _peak()
        wrong = wrong or self._left(before)
        if seconds > SECONDS:
            wrong = wrong or f"took {seconds:.1f} s"
        if megabytes > MEGABYTES:
            wrong = wrong or f"took {megabytes} MB"
        return wrong, outcome, seconds, megabytes

    def _analyzed(self, path: Path) -> tuple[str, str]:
        from tshoot.cancel import CancelToken
        from tshoot.errors import CaptureFileError, MissingProgram
        from tshoot.packets.analysis import analyze_capture

        self.findings = frozenset()
        try:
            analysis = analyze_capture(path, cancel=CancelToken())
            self.findings = frozenset(f"{finding.severity} {finding.cause}" for finding in analysis.findings)
            return _told(analysis), analysis.verdict.kind
        except CaptureFileError as error:
            return "", f"refused: {error.message.replace(str(path), '').lstrip(': ')[:40]}"
        except MissingProgram:
            return "", "needs tshark"
        except BaseException:
            import traceback

            return traceback.format_exc(limit=-6), "crash"

    def _left(self, before: tuple[int, ...]) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if all(now <= then for now, then in zip(_held(), before, strict=True)) and not any(Path(str(tempfile.tempdir)).iterdir()):
                return ""
            time.sleep(0.01)
        files = [path.name for path in Path(str(tempfile.tempdir)).iterdir()]
        return f"left behind (children, descriptors, threads): {before} before, {_held()} after; files {files}"


def _told(analysis: object) -> str:
    """What is wrong with the findings and with what a user is shown of them."""
    import contextlib
    import io

    from tshoot.cli.analysis_json import document
    from tshoot.cli.analysis_plot import tell_timeline
    from tshoot.cli.analysis_text import tell

    if " failed: " in analysis.remark and "the detector" in analysis.remark:  # type: ignore[attr-defined]
        return str(analysis.remark)  # type: ignore[attr-defined]
    for finding in analysis.findings:  # type: ignore[attr-defined]
        cited = {*finding.frames, *(value.frame for value in finding.evidence)}
        if not cited or not all(1 <= number <= analysis.packets for number in cited):  # type: ignore[attr-defined]
            return f"{finding.cause} cites frames {sorted(cited)[:5]} of {analysis.packets}"  # type: ignore[attr-defined]
    json.dumps(document(analysis, timeline=True), allow_nan=False)  # type: ignore[arg-type]
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        tell(analysis)  # type: ignore[arg-type]
        tell_timeline(analysis)  # type: ignore[arg-type]
    odd = {character for character in shown.getvalue() if (ord(character) < 32 and character != "\n") or 0x7F <= ord(character) < 0xA0}
    return f"prints control characters: {odd}" if odd else ""


def _held() -> tuple[int, int, int]:
    import threading

    children = 0
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            children += len(path.read_text().split())
    return children, len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Megabytes: the peak of this process since the last `_forget_peak`, and the largest of its children ever."""
    lines = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return int(own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) >> 10


class _limited:
    """An alarm that ends the case with the stack of where it hangs."""

    def __enter__(self) -> None:
        def late(*_: object) -> None:
            raise RuntimeError(f"still busy after {SECONDS:g} s")

        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _path:
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        self._before = os.environ["PATH"]
        if self._folder:
            os.environ["PATH"] = str(self._folder)

    def __exit__(self, *_: object) -> None:
        os.environ["PATH"] = self._before


def work(seed: int, every: int, folder: Path) -> None:
    """Take numbers from stdin; print one JSON line a capture, and `{}` at the end of each case."""
    import warnings

    from tshoot.packets import decode  # noqa: F401 - its imports are no cost of the first case

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    warnings.simplefilter("error", RuntimeWarning)
    trial, batch = Trial(folder), Batch()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    at_rest: dict[str, frozenset[str]] = {}
    trial.wrong(sources()[0][1].whole(), True)  # what is loaded once is loaded
    for line in sys.stdin:
        number = int(line)
        name, whole, done = case(seed, number)
        content = whole.whole()
        if name not in at_rest:
            trial.wrong(dict(sources())[name].whole(), False)
            at_rest[name] = trial.findings
        result = trial.wrong(content, False)
        findings = trial.findings
        _report(out, trial, number, f"index: {name}: {done}", whole, False, result)
        if number % every == 0 or findings != at_rest[name]:
            _report(out, trial, number, f"decoded: {name}: {done}", whole, True, trial.wrong(content, True))
        elif not result[1].startswith("refused"):
            batch.add(content, trial)
        if batch.frames >= BATCH_FRAMES or number % every == every - 1:
            _decode_batch(out, trial, number, batch)
        print("{}", file=out, flush=True)


class Batch:
    """Packets of several captures as one pcapng capture, one interface a link type."""

    def __init__(self) -> None:
        self.frames, self._links, self._blocks, self.cases = 0, dict[int, int](), list[bytes](), 0

    def add(self, content: bytes, trial: Trial) -> None:
        import struct

        from tshoot.cancel import CancelToken
        from tshoot.errors import TshootError
        from tshoot.packets.batches import Batch as Read
        from tshoot.packets.container import inspect

        def take(read: Read) -> None:
            for start, size, wire, time_ns, link in zip(
                *(column.tolist() for column in (read.starts, read.captured, read.wire, read.times, read.links)), strict=True
            ):
                if size >= 0 and self.frames < 2 * BATCH_FRAMES:
                    packet, ticks = bytes(read.data[start : start + size]), min(max(time_ns, 0), (1 << 63) - 1)
                    interface = self._links.setdefault(link & 0xFFFF, len(self._links))
                    length, padding = 32 + size + -size % 4, bytes(-size % 4)
                    head = struct.pack("<7I", 6, length, interface, ticks >> 32, ticks & 0xFFFFFFFF, size, wire)
                    self._blocks.append(head + packet + padding + struct.pack("<I", length))
                    self.frames += 1

        path = Path(str(tempfile.tempdir)) / "part"
        path.write_bytes(content)
        with _path(trial._empty), suppress(TshootError), inspect(path, CancelToken(), take):
            self.cases += 1
        path.unlink()

    def taken(self) -> Pieces:
        import struct

        heads = [struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)]
        heads += [struct.pack("<IIHHIHHBxxxHHI", 1, 32, link, 0, 0, 9, 1, 9, 0, 0, 32) for link in self._links]
        whole = Pieces("pcapng", "<", 0, b"".join(heads), tuple(self._blocks))
        self.frames, self._links, self._blocks, self.cases = 0, {}, [], 0
        return whole


def _decode_batch(out: IO[str], trial: Trial, number: int, batch: Batch) -> None:
    if batch.frames:
        cases, whole = batch.cases, batch.taken()
        _report(out, trial, number, f"batch: {cases} cases", whole, True, trial.wrong(whole.whole(), True))


def _report(out: IO[str], trial: Trial, number: int, how: str, whole: Pieces, decoded: bool, result: tuple[str, str, float, int]) -> None:
    wrong, outcome, seconds, megabytes = result
    if wrong:
        wrong = f"{wrong}\nkept in {_kept(trial, number, how, whole, decoded)}"
    said = {"number": number, "how": how, "wrong": wrong, "outcome": outcome, "seconds": round(seconds, 3), "megabytes": megabytes}
    print(json.dumps(said), file=out, flush=True)


def _kept(trial: Trial, number: int, how: str, whole: Pieces, decoded: bool) -> Path:
    """Save the capture, with as few records as still fail."""
    from dataclasses import replace

    part, ends = max(1, len(whole.records) // 2), time.monotonic() + SECONDS / 2
    while whole.records and time.monotonic() < ends:
        for at in range(0, len(whole.records), part):
            fewer = replace(whole, records=whole.records[:at] + whole.records[at + part :])
            if time.monotonic() < ends and trial.wrong(fewer.whole(), decoded)[0]:
                whole = fewer
                break
        else:
            if part == 1:
                break
            part = max(1, part // 2)
    trial._folder.mkdir(parents=True, exist_ok=True)
    path = trial._folder / f"{number}-{how.partition(':')[0]}.bin"
    path.write_bytes(whole.whole())
    return path


# --- what is said ---------------------------------------------------------------------------------------------------------------------


def summary(results: Sequence[Result]) -> Iterator[str]:
    """Lines: what was covered, what came of it, the most that one took, and what is wrong."""
    ways = Counter(result.how.partition(":")[0] for result in results)
    batched = sum(int(result.how.split()[1]) for result in results if result.how.startswith("batch:"))
    cases = len({result.number for result in results if not result.how.startswith("batch:")})
    yield f"{cases} captures; {ways['decoded']} decoded one by one, {batched} in {ways['batch']} batches"
    outcomes = Counter(result.outcome.partition(":")[0] for result in results if result.how.startswith("index"))
    yield "without tshark: " + ", ".join(f"{count} {name}" for name, count in outcomes.most_common())
    decoded = Counter(result.outcome.partition(":")[0] for result in results if not result.how.startswith("index"))
    yield "decoded: " + ", ".join(f"{count} {name}" for name, count in decoded.most_common())
    slowest, largest = max(results, key=lambda result: result.seconds), max(results, key=lambda result: result.megabytes)
    yield f"most time {slowest.seconds:.1f} s ({slowest.number}, {slowest.how}); most memory {largest.megabytes} MB"
    bad = [result for result in results if result.wrong]
    yield f"{len(bad)} wrong"
    for result in bad:
        yield f"--- {result.number}, {result.how}\n{result.wrong}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "tshoot-mutants-kept")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        work(chosen.seed, chosen.every, chosen.keep)
        return 0
    started = time.monotonic()

    def tell(done: int) -> None:
        if sys.stderr.isatty() or done % 1000 == 0:
            print(f"{done} of {chosen.count}, {time.monotonic() - started:.0f} s", file=sys.stderr, end="\r" if sys.stderr.isatty() else "\n")

    print(f"seed {chosen.seed}, cases {chosen.first} to {chosen.first + chosen.count - 1}; {len(sources())} sources of at most {FRAMES} frames")
    results = Run(chosen.seed, chosen.every, chosen.keep).run(range(chosen.first, chosen.first + chosen.count), chosen.workers, tell)
    print("\n".join(summary(results)))
    return 1 if any(result.wrong for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
