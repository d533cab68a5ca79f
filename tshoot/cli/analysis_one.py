"""One file to its analysis, be it a capture or a text, plain or compressed.

A file that begins as text does is text, unless its name says that it should be a capture; the reader of captures says what else it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from tshoot.cancel import CancelToken
from tshoot.cli.analysis_input import standard_input
from tshoot.errors import CaptureFileError, UsageError

if TYPE_CHECKING:
    from tshoot.packets.analysis import Analysis as CaptureAnalysis
    from tshoot.packets.limits import Limits
    from tshoot.transcripts.analysis import TranscriptAnalysis

    Analysis = CaptureAnalysis | TranscriptAnalysis

_CAPTURES = (".pcap", ".pcapng", ".cap")
_COMPRESSED = (".gz", ".zst", ".zstd")
_COST = 24  # bytes of memory that a byte of text takes until it is judged
T = TypeVar("T")
OnProgress = Callable[[str, float | None], None]


@contextmanager
def readable(path: Path, cancel: CancelToken, tell: OnProgress) -> Iterator[Path]:
    """`path` itself, or a private copy of standard input for "-", which lives as long as the `with` block."""
    if str(path) != "-":
        yield path
        return
    tell("reading standard input", None)
    with standard_input(cancel) as copy:
        yield copy


def analysis_of(source: Path, called: Path, families: Sequence[str], limits: Limits | None, cancel: CancelToken, tell: OnProgress) -> Analysis:
    """The analysis of `source`, named `called`. Raises CaptureFileError, UsageError for a family that there is not, MissingProgram, Cancelled."""
    if source == called:
        return _judged(source, called, families, limits, cancel, tell)
    try:
        return replace(_judged(source, called, families, limits, cancel, tell), file=called)
    except CaptureFileError as error:
        raise CaptureFileError(error.message.replace(str(source), str(called)), error.hint) from error


def _judged(path: Path, called: Path, families: Sequence[str], limits: Limits | None, cancel: CancelToken, tell: OnProgress) -> Analysis:
    from tshoot.packets.inflate import beginning, inflated
    from tshoot.transcripts.text import begins_as_text, is_text

    chosen = _of_captures(families)  # refuses a family that neither knows
    cancel.check()  # that was much to import
    if not _named_capture(called):
        if is_text(path):
            return _text(path, called, families, limits, cancel, tell)
        if (compression := _compression(path)) and begins_as_text(beginning(path, compression)):
            with inflated(path, compression, cancel) as (plain, stopped):
                return _text(plain, called, families, limits, cancel, tell, stopped)
    from tshoot.packets.analysis import analyze_capture

    return analyze_capture(path, families=chosen, cancel=cancel, on_progress=tell, limits=limits)


def _named_capture(path: Path) -> bool:
    name = path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path
    return name.suffix.lower() in _CAPTURES


def _compression(path: Path) -> str:
    from tshoot.packets.inflate import compression_of

    try:
        with path.open("rb") as file:
            return compression_of(file.read(64)) if path.is_file() else ""
    except (OSError, ValueError, CaptureFileError):
        return ""  # the reader of captures says what is wrong


def _text(
    path: Path, called: Path, families: Sequence[str], limits: Limits | None, cancel: CancelToken, tell: OnProgress, stopped: str = ""
) -> TranscriptAnalysis:
    """`stopped` says why the text ends early, if it does."""
    from tshoot.transcripts.analysis import judged_text
    from tshoot.transcripts.text import read_text

    size = path.stat().st_size
    if limits and size * _COST > limits.memory:
        raise CaptureFileError(
            f"{called}: {size >> 20} MB of text need more memory than --limit-memory {limits.memory >> 20}",
            f"give --limit-memory {size * _COST >> 20}, or cut out the part around the fault",
        )
    text = read_text(path)
    text = replace(text, path=called, remark="; ".join(part for part in (stopped, text.remark) if part))
    return _leaving(lambda: judged_text(text, families=families, cancel=cancel, on_progress=tell), cancel)


def _leaving(work: Callable[[], T], cancel: CancelToken) -> T:
    """The result of `work`, which is left behind when the token is set: judges of texts do not ask, and hold nothing but memory."""
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # raised again below
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="text", daemon=True).start()
    while not done.wait(0.05):
        cancel.check()
    if errors:
        raise errors[0]
    return results[0]


def _of_captures(families: Sequence[str]) -> tuple[str, ...]:
    """Those of `families` that captures are judged by; UsageError for one that neither captures nor texts are judged by."""
    if not families:
        return ()
    from tshoot.packets.detect import detectors
    from tshoot.transcripts.judge import judges

    captures = {detector.family for detector in detectors()}
    known = captures | {judge.family for judge in judges()}
    if unknown := sorted(set(families) - known):
        raise UsageError(f"no such family of detectors: {', '.join(unknown)}", f"known families: {', '.join(sorted(known))}")
    return tuple(family for family in families if family in captures) or tuple(families)


def is_transcript(analysis: Analysis) -> TypeGuard[TranscriptAnalysis]:
    return analysis.format == "transcript"


def is_capture(analysis: Analysis) -> TypeGuard[CaptureAnalysis]:
    return analysis.format != "transcript"
