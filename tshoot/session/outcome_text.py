"""What came of a request, as plain indented lines: output, capture, findings, or how it failed."""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.model.events import Answer, CaptureStarted, CaptureTaken, CommandRan, Decoded, Failed, OperatorAnswered, Outcome, Waited
from tshoot.model.findings import Finding
from tshoot.session.prose import one_line, output, plural, wrapped

_INDENT = 4
_MARGIN = " " * _INDENT


def outcome_lines(outcome: Outcome, most: int | None) -> list[str]:
    """At most `most` lines of each stream of an output, None for all."""
    if isinstance(outcome, Failed):
        partial = list(_ran(outcome.partial, most)) if outcome.partial else []
        hint = wrapped(f"hint: {outcome.hint}", _INDENT * 2) if outcome.hint else []
        return [*partial, *wrapped(f"failed ({outcome.kind}): {outcome.detail}", _INDENT * 2, _MARGIN), *hint]
    return list(_answer(outcome.answer, most))


def _answer(answer: Answer, most: int | None) -> Iterator[str]:
    match answer:
        case CommandRan():
            yield from _ran(answer, most)
        case CaptureStarted():
            yield f"{_MARGIN}capturing with {one_line(answer.program)}, process {answer.pid}, into {one_line(answer.remote_path)}"
            yield from wrapped(answer.sample.told if answer.sample else "", _INDENT)
        case CaptureTaken():
            yield from _taken(answer)
        case Decoded():
            yield from _decoded(answer)
        case OperatorAnswered():
            yield f"{_MARGIN}answer: {one_line(answer.answer)}"
        case Waited():
            pass


def _ran(ran: CommandRan, most: int | None) -> Iterator[str]:
    yield from output(ran.stdout, _INDENT, most)
    yield from (f"{_MARGIN}stderr: {line}" for line in output(ran.stderr, 0, most))
    if ran.truncated:
        yield f"{_MARGIN}(the output was cut off)"
    if ran.exit_status:
        yield f"{_MARGIN}exit status {ran.exit_status}"
    elif not ran.stdout.strip() and not ran.stderr.strip():
        yield f"{_MARGIN}(no output)"


def _taken(taken: CaptureTaken) -> Iterator[str]:
    received = "" if taken.received is None else f"{plural(taken.received, 'packet')}, "
    stopped = f"after {taken.seconds:.1f} s, stopped by {one_line(taken.stopped_by)}"
    yield f"{_MARGIN}captured {received}{plural(taken.capture.size, 'byte')} {stopped}: evidence {one_line(taken.capture.sha256)[:12]}"
    if taken.dropped:
        yield f"{_MARGIN}{plural(taken.dropped, 'packet')} dropped by the target: what is missing may have been there"
    if not taken.removed:
        yield f"{_MARGIN}the file could not be removed from the target"


def _decoded(decoded: Decoded) -> Iterator[str]:
    yield f"{_MARGIN}{plural(decoded.packets, 'packet')}{', not all that there was' if decoded.partial else ''}"
    yield from wrapped(decoded.remark, _INDENT)
    for finding in decoded.findings:
        yield from _finding(finding)
    if not decoded.findings:
        seen = ", ".join(f"{one_line(name)}: {count}" for name, count in decoded.seen.items() if count)
        yield from wrapped(f"nothing found{f'; seen: {seen}' if seen else ''}", _INDENT)


def _finding(finding: Finding) -> Iterator[str]:
    listed = ", ".join(str(frame) for frame in finding.frames[:8]) + (", …" if len(finding.frames) > 8 else "")
    frames = f" (frame{'s' if len(finding.frames) > 1 else ''} {listed})" if finding.frames else ""
    yield f"{_MARGIN}{one_line(finding.severity)} {one_line(finding.cause)}{frames}"
    yield from wrapped(finding.explanation, _INDENT * 2)
    yield f"{_MARGIN * 2}filter: {one_line(finding.display_filter)}"
