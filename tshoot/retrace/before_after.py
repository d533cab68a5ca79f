"""Two walks side by side, that of the record and that with the new answers: what became of the deciding condition and of the facts.

Nothing is claimed beyond what was asked: "fixed" needs the fault's condition to be false now and the walk to end healthy; another fault, or the same
by another way, counts only where its own condition read something that was asked now. All else is not decided, and says what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from jinja2 import nodes

from tshoot.engine.citations import readings
from tshoot.engine.state import Result, State
from tshoot.model.effects import AskOperator, Effect, RunCommand, StartCapture
from tshoot.model.events import TARGET_FAILURES
from tshoot.model.facts import Unknown
from tshoot.model.verdicts import Decision, Reading
from tshoot.model.verification import Compared, ConditionCompared, Verification, VerificationOutcome
from tshoot.playbook.evaluation import evaluate
from tshoot.playbook.expressions import Expression
from tshoot.playbook.tree import Branch
from tshoot.retrace.deciding import OTHERWISE, Deciding, steps_read
from tshoot.retrace.fold import Folded
from tshoot.retrace.words import what

MOST_MISSING = 20
_GONE = "the condition that found the fault is false now"
_NOT_ALL = {
    "false": f"{_GONE}, but the way leads on to checks that were not asked when the fault was found",
    "true": "the condition that found the fault still holds, but the way leads to checks that were not asked when it was found",
    "unknown": "the way leads to checks that were not asked when the fault was found",
}


class _Told(NamedTuple):
    outcome: VerificationOutcome
    reason: str
    missing: tuple[str, ...] = ()
    next_steps: str = ""
    target_failed: str = ""


def before_after(deciding: Deciding, before: State, after: Folded, asked: tuple[Effect, ...], full_run: str) -> Verification:
    """`before` is the recorded walk at its verdict, `asked` what was asked anew, `full_run` the command that checks everything."""
    conditions = tuple(_conditions(deciding, before, after.state))
    told = _told(deciding, conditions[0].after, after, {effect.key for effect in asked}, full_run)
    return Verification(
        told.outcome,
        deciding.verdict.cause,
        told.reason,
        conditions,
        tuple(_facts(deciding, conditions, before, after.state)),
        tuple(dict.fromkeys(what(effect) for effect in asked if isinstance(effect, (RunCommand, StartCapture, AskOperator)))),
        after.state.verdict,
        told.missing,
        told.next_steps,
        told.target_failed,
    )


def _told(deciding: Deciding, now: str, after: Folded, asked: set[str], full_run: str) -> _Told:
    verdict = after.state.verdict
    if verdict is None or verdict.kind == "inconclusive":
        failed = _failed(after.state, asked)
        if failed is not None and failed.failed is not None:
            return _lost(failed, verdict.next_steps if verdict else "")
    if verdict is None:
        missing = tuple(what(effect) for effect in after.unanswered[:MOST_MISSING])
        return _Told("not-decided", _NOT_ALL[now], missing, f"a full run decides: `{full_run}`")
    if verdict.kind == "inconclusive":
        return _Told("not-decided", (f"{_GONE}; but " if now == "false" else "") + verdict.reason, verdict.missing, verdict.next_steps)
    if verdict.kind == "healthy":
        if now == "false":
            return _Told("fixed", verdict.reason)
        return _Told("not-decided", f"{verdict.reason}, but the condition that found the fault is {now} now", (), f"a full run decides: `{full_run}`")
    old = _not_asked(verdict.path[-1], after.state, asked) if verdict.path else ()
    if old:
        return _Told("not-decided", f"{verdict.cause} would be the verdict, but by answers of the record alone", old, f"ask them too: `{full_run}`")
    return _Told("still-there" if verdict.cause == deciding.verdict.cause else "another-fault", verdict.reason)


def _failed(state: State, asked: set[str]) -> Result | None:
    """A request of now that failed; first one that shows that its target cannot be used."""
    failed = [one for one in state.results.values() if one.failed is not None and one.effect is not None and one.effect.key in asked]
    lost = [one for one in failed if one.failed is not None and one.failed.kind in TARGET_FAILURES]
    return next(iter(lost or failed), None)


def _lost(result: Result, next_steps: str) -> _Told:
    assert result.failed is not None and result.effect is not None  # noqa: S101  the caller looked
    kind = result.failed.kind if result.failed.kind in TARGET_FAILURES else ""
    return _Told("not-decided", result.failed.detail or result.failed.kind, (what(result.effect),), result.failed.hint or next_steps, kind)


def _not_asked(decision: Decision, state: State, asked: set[str]) -> tuple[str, ...]:
    """What the decision rests on, where nothing of it was asked now."""
    tried = [value for value in decision.conditions if value.outcome == "true"] or decision.conditions
    steps = [state.results[step] for value in tried for step in sorted(steps_read(value)) if step in state.results]
    if any(result.effect is not None and result.effect.key in asked for result in steps):
        return ()
    return tuple(dict.fromkeys(what(result.effect) for result in steps if result.effect is not None))


# --- conditions ------------------------------------------------------------------------------------


def _conditions(deciding: Deciding, before: State, after: State) -> Iterator[ConditionCompared]:
    """That of the fault first, then the one by which the way leads elsewhere now."""
    at, fault = deciding.decision.node, deciding.branch
    now = next((one for one in after.path if (one.node, one.attempt) == (at, deciding.decision.attempt)), None)
    yield _compared(at, fault, before, after) if fault.condition else _otherwise(deciding, now)
    parted = _parted(deciding.verdict.path, after.path)
    if parted is None:
        return
    branch = next((b for b in after.playbook.nodes[parted.node].decide if (b.text, b.outcome) == (parted.branch, parted.leads_to)), None)
    if branch is None or (branch is fault and parted.node == at):
        return
    if branch.condition:
        yield _compared(parted.node, branch, before, after)
    else:
        yield ConditionCompared(parted.node, OTHERWISE, branch.outcome, "false", "true")


def _parted(recorded: tuple[Decision, ...], today: tuple[Decision, ...]) -> Decision | None:
    """Where the walk leads elsewhere than the recorded one."""
    for number, now in enumerate(today):
        then = recorded[number] if number < len(recorded) else None
        if then is None or (then.node, then.attempt, then.leads_to) != (now.node, now.attempt, now.leads_to):
            return now
    return None


def _compared(node: str, branch: Branch, before: State, after: State) -> ConditionCompared:
    assert branch.condition is not None  # noqa: S101  for the type checker: the caller looked
    was, _ = _truth(branch.condition, before)
    now, reason = _truth(branch.condition, after)
    return ConditionCompared(node, branch.text, branch.outcome, was, now, reason)


def _truth(condition: Expression, state: State) -> tuple[str, str]:
    truth = evaluate(condition, state.scope).truth
    return ("unknown", truth.reason) if isinstance(truth, Unknown) else ("true" if truth else "false", "")


def _otherwise(deciding: Deciding, now: Decision | None) -> ConditionCompared:
    """A fault that no condition had to say: it is gone where another branch applies, not known where one could not be tried."""
    decision = deciding.decision
    unknown = [value for value in now.conditions if value.outcome == "unknown"] if now else []
    same = now is not None and (now.branch, now.leads_to) == (decision.branch, decision.leads_to)
    outcome = "unknown" if now is None or (same and unknown) else "true" if same else "false"
    reason = "the way does not lead there now" if now is None else unknown[0].reason if outcome == "unknown" else ""
    return ConditionCompared(decision.node, OTHERWISE, decision.leads_to, "true", outcome, reason)


# --- facts -----------------------------------------------------------------------------------------


def _facts(deciding: Deciding, shown: tuple[ConditionCompared, ...], before: State, after: State) -> Iterator[Compared]:
    """What the shown conditions read, then what else of the deciding decision changed; where the fault is `otherwise`, all that was read."""
    tried = {value.condition for value in deciding.decision.conditions}
    told: dict[str, Compared] = {}
    for node in dict.fromkeys(one.node for one in shown):
        texts = {one.condition for one in shown if one.node == node}
        if deciding.branch.condition is None and node == deciding.decision.node:
            texts |= tried
        for branch in sorted(after.playbook.nodes[node].decide, key=lambda branch: branch.text not in texts):
            for compared in _read(branch.condition, before, after) if branch.condition and branch.text in texts | tried else ():
                if branch.text in texts or (compared.before and compared.after and compared.before != compared.after):
                    told.setdefault(compared.fact, compared)
    recorded = {reading.fact: reading for value in deciding.decision.conditions for reading in value.readings}
    for compared in told.values():
        holds_others = any(fact.startswith(f"{compared.fact}.") for fact in told)
        nothing = not compared.before and compared.after.startswith("unknown")
        if not holds_others and not nothing:
            yield _as_recorded(compared, recorded.get(compared.fact))


def _read(condition: Expression, before: State, after: State) -> Iterator[Compared]:
    """Each side of an `and` or `or` by itself: that one side decided must not hide what the other one says."""
    then, now = ({fact: found for part in _parts(condition.node) for fact, found in _readings(part, state)} for state in (before, after))
    for fact in dict.fromkeys([*then, *now]):
        was, is_ = then.get(fact, Reading(fact, "")), now.get(fact, Reading(fact, ""))
        yield Compared(fact, was.value, is_.value, was.citations, is_.citations)


def _parts(node: nodes.Expr) -> Iterator[Expression]:
    if isinstance(node, (nodes.And, nodes.Or)):
        yield from _parts(node.left)
        yield from _parts(node.right)
    elif isinstance(node, nodes.Not):
        yield from _parts(node.node)
    else:
        yield Expression("", node)


def _readings(condition: Expression, state: State) -> Iterator[tuple[str, Reading]]:
    for reading in readings(state, evaluate(condition, state.scope).readings):
        if reading.fact.partition(".")[0] in state.results:
            yield reading.fact, reading


def _as_recorded(compared: Compared, recorded: Reading | None) -> Compared:
    """What was decided on then is what the log says, whatever today's parsers would read."""
    return replace(compared, before=recorded.value, before_citations=recorded.citations) if recorded else compared
