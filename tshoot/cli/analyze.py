"""tshoot analyze: captures and pasted terminal text that somebody sent, to their root cause, without a network."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.analysis_input import given
from tshoot.cli.analysis_progress import progress_of
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import emit_json, say
from tshoot.errors import Cancelled, TshootError, UsageError

if TYPE_CHECKING:
    from tshoot.cli.analysis_one import Analysis
    from tshoot.packets.extract import Extracted
    from tshoot.packets.limits import Limits


@dataclass(slots=True)
class _Done:
    """`results`: file, verdict or ERROR, cause or message, in the order of the files."""

    analyses: list[Analysis] = field(default_factory=list)
    errors: list[tuple[Path, TshootError]] = field(default_factory=list)
    results: list[tuple[Path, str, str]] = field(default_factory=list)
    extracted: Extracted | None = None


def run(arguments: Namespace) -> int:
    done = _Done()
    if not arguments.browse:
        return cancellable(lambda cancel: _analyze(arguments, cancel, done))
    from tshoot.cli.analysis_browse import browse, refuse

    refuse(arguments)
    code = cancellable(lambda cancel: _analyze(arguments, cancel, done))
    browse(done.analyses, done.errors)
    return code


def _analyze(arguments: Namespace, cancel: CancelToken, done: _Done) -> int:
    limits = _limits(arguments.limit_memory)
    if arguments.extract_frames < 1:
        raise UsageError("--extract-frames expects a number from 1 on")
    files = given(arguments.files, cancel)
    if arguments.extract:
        from tshoot.cli.analysis_extract import refuse

        refuse(len(files.files), Path(arguments.extract), arguments.force)
    for line in files.told:
        diagnostics.note(line)
    for path, error in files.errors:
        _failed(path, error, done)
    several = len(files.files) + len(files.errors) > 1
    for number, path in enumerate(files.files, 1):
        place = f"{number}/{len(files.files)} " if several else ""
        _one(path, arguments, limits, cancel, done, place)
    if arguments.json:
        _emit(arguments, files.told, done)
    elif several:
        from tshoot.cli.analysis_text import tell_all

        tell_all(done.results)
    return _exit_code(done)


def _one(path: Path, arguments: Namespace, limits: Limits | None, cancel: CancelToken, done: _Done, place: str) -> None:
    from tshoot.cli.analysis_one import analysis_of, readable

    try:
        with readable(path, cancel, progress_of(path, place)) as source:
            analysis = analysis_of(source, path, tuple(arguments.only), limits, cancel, progress_of(path, place))
            diagnostics.clear_status()
            _tell(analysis, arguments, done)
            if arguments.extract:
                _extract(analysis, source, arguments, cancel, done)
    except Cancelled:
        raise
    except TshootError as error:
        diagnostics.clear_status()
        _failed(path, error, done)


def _tell(analysis: Analysis, arguments: Namespace, done: _Done) -> None:
    from tshoot.cli.analysis_one import is_capture
    from tshoot.cli.analysis_text import VERDICTS, tell

    done.analyses.append(analysis)
    done.results.append((analysis.file, VERDICTS[analysis.verdict.kind], analysis.verdict.cause))
    if arguments.json:
        return
    tell(analysis)
    if arguments.timeline and is_capture(analysis):
        from tshoot.cli.analysis_plot import tell_timeline

        tell_timeline(analysis)


def _extract(analysis: Analysis, source: Path, arguments: Namespace, cancel: CancelToken, done: _Done) -> None:
    from tshoot.cli.analysis_extract import extract_proof

    target = Path(arguments.extract)
    got = extract_proof(
        analysis, source, target, cancel, conversations=arguments.with_conversation, limit=arguments.extract_frames, force=arguments.force
    )
    if isinstance(got, str):
        diagnostics.note(got)
        return
    done.extracted = got
    left = f"; {got.left_out} more of these conversations are left out (--extract-frames)" if got.left_out else ""
    if not arguments.json:
        say(f"Extracted: {target}: {got.frames} frames, {got.cited} of them with a comment that says why{left}")


def _failed(path: Path, error: TshootError, done: _Done) -> None:
    diagnostics.report(error)
    done.errors.append((path, error))
    done.results.append((path, "ERROR", error.message.removeprefix(f"{path}: ")))


def _limits(megabytes: int | None) -> Limits | None:
    if megabytes is None:
        return None
    from tshoot.packets.limits import limits_of

    return limits_of(megabytes)


def _emit(arguments: Namespace, told: list[str], done: _Done) -> None:
    from tshoot.cli.analysis_json import document

    failed = [{"file": str(path), "message": error.message, "hint": error.hint} for path, error in done.errors]
    got = done.extracted
    extracted = {"file": str(got.path), "frames": got.frames, "cited": got.cited, "left_out": got.left_out} if got else None
    emit_json(
        {
            "files": [document(analysis, timeline=arguments.timeline) for analysis in done.analyses],
            **({"errors": failed} if failed else {}),
            **({"remarks": told} if told else {}),
            **({"extracted": extracted} if extracted else {}),
        }
    )


def _exit_code(done: _Done) -> int:
    """A fault anywhere outweighs a file that could not be read, that one the files that decide nothing."""
    kinds = {analysis.verdict.kind for analysis in done.analyses}
    if "fault" in kinds:
        return diagnostics.FAULT
    if done.errors:
        return max(error.exit_code for _, error in done.errors)
    return diagnostics.INCONCLUSIVE if "inconclusive" in kinds else diagnostics.HEALTHY
