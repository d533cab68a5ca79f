"""A command repeated: when the next sample is due, when there are enough, and what the series show.

A sampled step alternates RunCommand and Wait, `every` seconds from answer to answer, for `for` seconds or until its `until`
holds. Time is that of the answers. A sample that fails says nothing; one that shows that no other can come (the target is lost,
the device refused the command, the operator declined) ends the sampling. Conditions read the facts of the last sample
that gave any, and `samples`, `span_seconds` and `series.<name>` over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from tshoot.engine.assumed import assume
from tshoot.engine.results import with_facts
from tshoot.engine.state import Result, Sample, State
from tshoot.model.events import TARGET_FAILURES
from tshoot.model.facts import Unknown, Value
from tshoot.model.routing import alternation
from tshoot.playbook.evaluation import Evaluation, evaluate, render
from tshoot.playbook.expressions import Template
from tshoot.playbook.tree import Sampling

MAX_SAMPLES = 5_000
_ENOUGH = 1e-6  # clocks that say 179.9999999
_LAST_WORDS = TARGET_FAILURES | {"declined", "cancelled", "missing-program"}


def seconds_of(template: Template, state: State) -> float | Unknown:
    """A number of seconds that a playbook gives, or Unknown with the reason."""
    text = render(template, state.scope)[0]
    if isinstance(text, Unknown):
        return text
    try:
        value = float(text)
    except ValueError:
        return Unknown(f"`{text}` is no number of seconds")
    return value if 0 < value <= 7200 else Unknown(f"{text} seconds are not between 0 and 7200")


def add_sample(state: State, step: str, sampling: Sampling, result: Result, at: float) -> State:
    """The state with one more sample of `step`, and with the step's result over all of them."""
    assumed = state.assumed.get(step, {})
    result = assume(result, assumed)
    here = replace(state, results={**state.results, step: result})
    watched = {name: evaluate(expression, here.scope) for name, expression in sampling.watch.items()}
    sample = Sample(
        at,
        result,
        {name: evaluation.value for name, evaluation in watched.items()},
        {name: _read(evaluation) for name, evaluation in watched.items()},
    )
    samples = (*state.samples.get(step, ()), sample)
    return replace(state, samples={**state.samples, step: samples}, results={**state.results, step: assume(_over_all(samples), assumed)})


def _read(evaluation: Evaluation) -> tuple[str, ...]:
    """The paths that a watched value was read from, first those that it repeats: `bgp, not usable` is told by the protocol."""
    value = "" if isinstance(evaluation.value, Unknown) else _text(evaluation.value)
    return tuple(path for path, _ in sorted(evaluation.readings, key=lambda reading: not value.startswith(_text(reading[1]) or "\0")))


def _over_all(samples: tuple[Sample, ...]) -> Result:
    """The last sample that gave facts (else the last), with the facts of the whole series."""
    said = [sample for sample in samples if sample.result.failed is None]
    lost = samples[-1].result.failed is not None and samples[-1].result.failed.kind in _LAST_WORDS
    result = samples[-1].result if lost or not said else said[-1].result
    facts = {
        "samples": len(said),
        "span_seconds": round(samples[-1].at - samples[0].at, 3),
        "series": {name: _series(name, samples) for name in samples[0].watched},
    }
    return replace(with_facts(result, facts), samples=samples)


def _series(name: str, samples: tuple[Sample, ...]) -> Value:
    known = [(sample.at, _text(value)) for sample in samples if not isinstance(value := sample.watched[name], Unknown)]
    if not known:
        return samples[-1].watched[name]
    series = alternation(known)
    undecided = Unknown(f"{series.changes} changes in {series.span_seconds:.0f} s show no period")
    return {fact: undecided if value is None else list(value) if isinstance(value, tuple) else value for fact, value in asdict(series).items()}


def _text(value: Value) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def enough(state: State, step: str, sampling: Sampling) -> bool:
    """Whether the sampling ends here."""
    samples = state.samples[step]
    last = samples[-1].result
    if len(samples) >= MAX_SAMPLES or (last.failed is not None and last.failed.kind in _LAST_WORDS) or last.refused:
        return True
    if sampling.until is not None and evaluate(sampling.until, state.scope).truth is True:
        return True
    limit = seconds_of(sampling.seconds, state)
    return isinstance(limit, Unknown) or samples[-1].at - samples[0].at >= limit - _ENOUGH


def pause(state: State, step: str, sampling: Sampling) -> float:
    """Seconds until the next sample: `every`, less the time that the last one took, at most to the end."""
    samples = state.samples[step]
    every, limit = seconds_of(sampling.every, state), seconds_of(sampling.seconds, state)
    assert not isinstance(every, Unknown) and not isinstance(limit, Unknown)  # noqa: S101  asked before the first sample
    took = samples[-1].result.ran.seconds if samples[-1].result.ran else 0.0
    left = limit - (samples[-1].at - samples[0].at)
    return max(0.0, min(every - took, left))


def told(state: State, step: str, sampling: Sampling) -> str:
    """How far the sampling is, in words."""
    samples = state.samples[step]
    limit = seconds_of(sampling.seconds, state)
    span = samples[-1].at - samples[0].at
    values = ", ".join(f"{name} {_brief(samples[-1].watched, name)}" for name in sampling.watch)
    return f"{len(samples)} samples, {span:.0f} of {limit if isinstance(limit, float) else 0:.0f} s: {values}"


def _brief(watched: Mapping[str, Value], name: str) -> str:
    value = watched[name]
    return "not read" if isinstance(value, Unknown) else _text(value)[:60]
