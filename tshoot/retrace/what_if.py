"""What if a fact had been another? `node.fact=value`, as typed, checked against what the playbook's steps can tell.

What came of it, once the walk was folded, is told in `retrace.what_came`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import get_args

from tshoot.errors import UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.events import FailureKind
from tshoot.model.facts import Unknown, Value
from tshoot.playbook.facts_read import known_facts
from tshoot.playbook.tree import Playbook

_WORDS = {"true": True, "false": False, "none": None}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_QUESTION = re.compile(r"(found|warned)\(\s*(['\"]?)([^'\"()]{1,200}?)\2\s*\)")  # the quotes may have been taken by a shell
_EXAMPLE = "for example --what-if ping_full.received=0, or --what-if \"trace.found('nfs.mount-denied')=true\""

Assumed = dict[str, dict[str, Value]]  # step -> fact -> value


def assumptions(words: Sequence[str], playbook: Playbook) -> Assumed:
    """UsageError where a word is no assumption, or names a step or fact that the playbook does not have."""
    known = known_facts(playbook, ShippedKnowledge())
    found: Assumed = {}
    for word in words:
        name, equals, value = word.partition("=")
        step, dot, path = name.strip().partition(".")
        if not equals or not dot or not path:
            raise UsageError(f"--what-if {word}: expected NODE.FACT=VALUE", _EXAMPLE)
        if step not in known:
            raise UsageError(f"--what-if {word}: {playbook.id} has no step `{step}`", near(step, known))
        path = _as_asked(path)
        if not _is_told(path, known[step]):
            raise UsageError(f"--what-if {word}: {_no_fact(step, path, known[step])}", near(path, _names(known[step])))
        told = typed(value.strip())
        if path == "failed" and told is not None and told not in get_args(FailureKind):
            raise UsageError(f"--what-if {word}: `{value.strip()}` is no kind of failure", f"one of none, {', '.join(get_args(FailureKind))}")
        if path in found.setdefault(step, {}):
            raise UsageError(f"--what-if {word}: {step}.{path} is assumed twice", "one value for each fact")
        found[step][path] = told
    return {step: dict(sorted(facts.items(), key=lambda fact: fact[0] != "failed")) for step, facts in found.items()}


def typed(text: str) -> Value:
    """`true`, `false`, `none`, `unknown`, a number, or text; in quotes it is text whatever it looks like."""
    if text in _WORDS:
        return _WORDS[text]
    if text == "unknown":
        return Unknown("assumed to be unknown")
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def near(word: str, known: Iterable[str]) -> str:
    """A hint: those of `known` that are like `word`, else the first of them."""
    names = list(known)
    close = get_close_matches(word, names, 5, 0.4) or names[:12]
    return f"did you mean: {', '.join(close)}" if close else _EXAMPLE


def _as_asked(path: str) -> str:
    """`found(x)`, `found("x")` and `found('x')` are the same question, written as conditions write it."""
    question = _QUESTION.fullmatch(path)
    return f"{question[1]}('{question[3].strip()}')" if question else path


def _is_told(path: str, facts: Mapping[str, str]) -> bool:
    question = _QUESTION.fullmatch(path)
    if question:
        return _is_question(question[1], facts) and f"found({question[3]})" in facts
    return any(re.fullmatch(re.escape(fact).replace(r"\*", ".+"), path) for fact in facts if not _is_question(fact, facts))


def _is_question(fact: str, facts: Mapping[str, str]) -> bool:
    """`found` and `warned` of a capture, alone or with a cause; a parser's own `found` is a plain fact."""
    return "(" in fact or facts.get(fact, "").startswith(f"{fact}(")


def _no_fact(step: str, path: str, facts: Mapping[str, str]) -> str:
    question = _QUESTION.fullmatch(path)
    if question and _is_question(question[1], facts):
        return f"no detector of `{step}` knows the cause `{question[3]}`"
    if path in facts:
        return f"`{step}.{path}` is asked about one cause, `{step}.{path}('nfs.mount-denied')`"
    return f"`{step}` has no fact `{path}`"


def _names(facts: Mapping[str, str]) -> list[str]:
    plain = [fact for fact in facts if not _is_question(fact, facts)]
    causes = [fact[len("found(") : -1] for fact in facts if fact.startswith("found(")]
    return [*plain, *(f"{question}('{cause}')" for question in ("found", "warned") for cause in causes)]
