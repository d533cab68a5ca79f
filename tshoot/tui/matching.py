"""From a symptom in the operator's own words to playbooks: simple, ranked, and the same every time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tshoot.playbook.causes import Cause
from tshoot.playbook.tree import Playbook

_WORD = re.compile(r"[a-z0-9]+")
_WEAK = frozenset(
    ("a", "an", "and", "are", "be", "but", "by", "can", "cannot", "for", "from", "in", "is", "it", "not", "of", "on", "or", "the", "to")
)


@dataclass(frozen=True, slots=True)
class Match:
    """A playbook, what fitted best (a symptom, a cause's title, or nothing), and the titles of the causes it can reach."""

    playbook: Playbook
    causes: tuple[str, ...]
    because: str = ""
    score: int = 0


def matches(words: str, playbooks: Sequence[Playbook], causes: Mapping[str, Cause]) -> list[Match]:
    """Those that fit, best first; all of them, by id, where no word was given."""
    wanted = [word for word in _WORD.findall(words.lower()) if word not in _WEAK or words.strip().lower() == word]
    found = [_match(playbook, wanted, causes) for playbook in playbooks]
    return sorted((match for match in found if match.score or not wanted), key=lambda match: (-match.score, match.playbook.id))


def reachable(playbook: Playbook) -> tuple[str, ...]:
    """The ids of the causes that the playbook can conclude, in its order."""
    concluded = (branch.leads_to for node in playbook.nodes.values() for branch in node.decide if branch.kind == "conclude")
    return tuple(dict.fromkeys(concluded))


def _match(playbook: Playbook, wanted: Sequence[str], causes: Mapping[str, Cause]) -> Match:
    titles = tuple(causes[cause].title if cause in causes else cause for cause in reachable(playbook))
    best, because = max(((_score(wanted, text), text) for text in (*playbook.symptoms, *titles)), key=lambda pair: pair[0], default=(0, ""))
    named = _score(wanted, f"{playbook.id} {playbook.title}")
    everywhere = _score(wanted, " ".join((playbook.id, playbook.title, playbook.description, *playbook.symptoms, *titles)))
    return Match(playbook, titles, because if best else "", 4 * best + 3 * named + 2 * everywhere)


def _score(wanted: Iterable[str], text: str) -> int:
    """Two for each word that stands in the text, one for each that begins a word of it."""
    words = _WORD.findall(text.lower())
    return sum(2 if word in words else 1 if any(known.startswith(word) for known in words) else 0 for word in wanted)
