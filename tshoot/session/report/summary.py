"""Five lines for the incident channel: what, verdict, proof, owner, next step. Each can be read alone."""

from __future__ import annotations

import re

from tshoot.model.verdicts import Verdict
from tshoot.session.report.model import Checked, Input, Summary, Target, VerdictTold
from tshoot.session.report.proof import place
from tshoot.session.report.text import line

_NUMBER = re.compile(r"\A(?:1\.\s+|[-*]\s+)")


def summarize(
    playbook: str,
    targets: tuple[Target, ...],
    inputs: tuple[Input, ...],
    told: VerdictTold | None,
    verdict: Verdict | None,
    later: VerdictTold | None,
    checks: tuple[Checked, ...] = (),
) -> Summary:
    """`verdict` is what `told` tells; `later` is the one that came after the fix; `checks` are its verifications."""
    on = ", ".join(f"{target.role} {target.host}" for target in targets)
    given = ", ".join(f"{given.name} {given.value}" for given in inputs if given.value)
    what = line("; ".join(filter(None, (f"{playbook} on {on}" if on else playbook, given))), 400)
    if told is None or verdict is None:
        return Summary(what, "none: the run ended before one was reached", "none", "nobody yet", "run the playbook again, or go on with the session")
    last = next((one for one in reversed(checks) if one.outcome), None)
    since = f" Since then: {later.kind}." if later else f" Verified since: {last.outcome.replace('-', ' ')}." if last else ""
    name = ": ".join(filter(None, (" ".join(filter(None, (told.kind.upper(), told.cause))), told.title or told.reason)))
    return Summary(
        what,
        line(f"{name}{'' if name.endswith('.') else '.'}{since}", 400),
        _proof(verdict),
        told.owner or ("nobody: nothing to mend was found" if told.kind == "healthy" else "nobody yet"),
        _next(told, later, last),
    )


def _proof(verdict: Verdict) -> str:
    return line(place(verdict.evidence[0]), 400) if verdict.evidence else line(verdict.reason, 400)


def _next(told: VerdictTold, later: VerdictTold | None, last: Checked | None) -> str:
    if last and last.outcome == "fixed":
        return "nothing: the deciding checks were asked again, and the fault is gone"
    if last and last.next_steps and last.outcome == "not-decided":
        return line(last.next_steps)
    if later:
        return f"nothing: the session's later verdict is {later.kind}"
    if told.kind == "healthy":
        return "none"
    text = told.fix or told.next_steps or (told.missing[0] if told.missing else "")
    lines = [words for words in text.splitlines() if words.strip()]
    first = next((words for words in lines if words.startswith("1. ")), lines[0] if lines else "")
    return line(_NUMBER.sub("", first), 300) or "none is named"
