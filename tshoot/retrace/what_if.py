"""What if a fact had been another? `node.fact=value`, as typed, checked against what the playbook's steps can tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from tshoot.engine.assumed import FUNCTION
from tshoot.errors import UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.facts import Unknown, Value
from tshoot.playbook.facts_read import known_facts
from tshoot.playbook.tree import Playbook

_WORDS = {"true": True, "false": False, "none": None}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
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
            raise UsageError(f"--what-if {word}: {playbook.id} has no step `{step}`", _meant(step, known))
        if not any(_pattern(fact).fullmatch(path) for fact in known[step]) and not _is_function(path, known[step]):
            raise UsageError(f"--what-if {word}: `{step}` has no fact `{path}`", _meant(path, known[step]))
        found.setdefault(step, {})[path] = typed(value.strip())
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


def _pattern(fact: str) -> re.Pattern[str]:
    return re.compile(re.escape(fact).replace(r"\*", ".+"))


def _is_function(path: str, facts: object) -> bool:
    function = FUNCTION.fullmatch(path)
    return function is not None and isinstance(facts, dict) and function[1] in facts


def _meant(word: str, known: object) -> str:
    names = [str(name) for name in known] if isinstance(known, dict) else []
    close = get_close_matches(word, names, 5, 0.4) or names[:12]
    return f"did you mean: {', '.join(close)}" if close else _EXAMPLE
