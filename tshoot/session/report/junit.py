"""A report for a CI system: one test suite a session, one test case a cause that was judged (the JUnit XML that Jenkins and GitLab read).

Failed: the cause that was found, with its proof. Passed: a cause that was ruled out, with why. Skipped: one that stayed undecided.
Without any verdict, or with one that does not decide, the case `verdict` is an error. A healthy run has a case `verdict` that passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tshoot.session.report.clock import iso
from tshoot.session.report.markup import Markup, join, raw, tag
from tshoot.session.report.model import Judged, Report
from tshoot.session.report.quoted import proof_words


def junit(report: Report) -> str:
    """The XML document, pure ASCII."""
    cases = list(_cases(report))
    kinds = Counter(kind for kind, _ in cases)
    counts = {"tests": len(cases), "failures": kinds["failure"], "errors": kinds["error"], "skipped": kinds["skipped"]}
    properties = [*((f"target.{target.role}", f"{target.host} ({target.platform})") for target in report.targets)]
    properties += [(f"input.{given.name}", given.value) for given in report.inputs]
    suite = tag(
        "testsuite",
        tag("properties", *(tag("property", name=name, value=value) for name, value in properties)),
        *(case for _, case in cases),
        tag("system-out", _told(report)),
        name=f"tshoot {report.playbook}",
        id=report.session,
        timestamp=iso(report.started)[:19],
        time=f"{report.seconds:.3f}",
        **counts,
    )
    return raw('<?xml version="1.0" encoding="UTF-8"?>\n') + tag("testsuites", suite, name="tshoot", time=f"{report.seconds:.3f}", **counts) + "\n"


def _cases(report: Report) -> Iterator[tuple[str, Markup]]:
    """(passed, failure, error or skipped; the test case)."""
    verdict = report.verdict
    if verdict is None:
        yield "error", _case(report, "verdict", tag("error", report.state, message="the run reached no verdict", type="no-verdict"))
    elif verdict.kind == "fault":
        proof = "\n".join([verdict.reason, *(words for proof in report.proof for words in proof_words(proof)), "", f"Fix: {verdict.fix}"])
        yield (
            "failure",
            _case(report, verdict.cause or "fault", tag("failure", proof, message=verdict.title or verdict.reason, type=verdict.cause or "fault")),
        )
    elif verdict.kind == "healthy":
        yield "passed", _case(report, "verdict", tag("system-out", verdict.reason))
    else:
        said = "\n".join([verdict.reason, *(f"missing: {text}" for text in verdict.missing), verdict.next_steps])
        yield "error", _case(report, "verdict", tag("error", said, message=f"not decided: {verdict.reason}", type=verdict.kind))
    for out in report.ruled_out:
        yield "passed", _case(report, out.cause, tag("system-out", _because(out)))
    for open_ in report.undecided:
        yield "skipped", _case(report, open_.cause, tag("skipped", message=f"not decided: {open_.because}"))


def _case(report: Report, name: str, *inside: Markup) -> Markup:
    return tag("testcase", *inside, classname=f"tshoot.{report.playbook}", name=name, time="0")


def _because(out: Judged) -> str:
    return "\n".join([f"ruled out: {out.because}", *out.places])


def _told(report: Report) -> Markup:
    told = report.summary
    lines = (f"what: {told.what}", f"verdict: {told.verdict}", f"proof: {told.proof}", f"owner: {told.owner}", f"next: {told.next_step}")
    return join(f"{line}\n" for line in lines)
