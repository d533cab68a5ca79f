"""From a symptom in the operator's own words to playbooks: simple, ranked, and the same every time.

A word fits a word of a text where it is the same, the same but for its ending, the beginning of it, or (where no text at all
has it) one letter away. Symptoms count most, then titles and the causes that can be proven, then their texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tshoot.playbook.causes import Cause
from tshoot.playbook.tree import Playbook

_WORD = re.compile(r"[a-z0-9]+")
_WEAK = frozenset(
    ("a", "an", "and", "are", "be", "but", "by", "can", "cannot", "for", "from", "in", "is", "it", "not", "of", "on", "or", "the", "to", "with")
)
_ENDINGS = ("ings", "ing", "ed", "es", "s")
_SAME, _ALIKE, _BEGINS, _NEAR = 4, 3, 2, 1
_MOST_WORDS = 12  # of what is typed; a pasted page is no symptom
_WEIGHTS = {"symptom": 6, "title": 5, "cause": 5, "description": 2, "text": 1}


@dataclass(frozen=True, slots=True)
class Match:
    """A playbook, where the words fit best and why, and the titles of the causes it can reach.

    `because` is the text that fitted best and `source` what it is: symptom, title, cause, description, or text (of the cause `because`).
    `fitting` are the words of that text that were found; `missing` those typed that stand nowhere.
    """

    playbook: Playbook
    causes: tuple[str, ...]
    because: str = ""
    source: str = ""
    fitting: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    score: int = 0


@dataclass(frozen=True, slots=True)
class _Text:
    """One text of a playbook: `shown` is what a person is told of it."""

    source: str
    shown: str
    words: frozenset[str]


def matches(words: str, playbooks: Sequence[Playbook], causes: Mapping[str, Cause]) -> list[Match]:
    """Those that fit, best first; all of them, by id, where no word was given."""
    return Finder(playbooks, causes).matches(words)


def reachable(playbook: Playbook) -> tuple[str, ...]:
    """The ids of the causes that the playbook can conclude, in its order."""
    concluded = (branch.leads_to for node in playbook.nodes.values() for branch in node.decide if branch.kind == "conclude")
    return tuple(dict.fromkeys(concluded))


class Finder:
    """Reads the texts once and is asked at every key."""

    def __init__(self, playbooks: Sequence[Playbook], causes: Mapping[str, Cause]) -> None:
        self._books = [(book, _titles(book, causes), tuple(_texts(book, causes))) for book in playbooks]
        known = {word for _, _, texts in self._books for text in texts for word in text.words}
        self._near: dict[str, set[str]] = {}
        for word in known:
            for shorter in _shorter(word):
                self._near.setdefault(shorter, set()).add(word)
        self._known = known

    def matches(self, typed: str) -> list[Match]:
        wanted = wanted_words(typed)
        fits = {word: self._fits(word) for word in wanted}
        found = [_match(book, titles, texts, fits) for book, titles, texts in self._books]
        return sorted((match for match in found if match.score or not wanted), key=lambda match: (-match.score, match.playbook.id))

    def _fits(self, wanted: str) -> dict[str, int]:
        """The words of all texts that fit `wanted`, each with how well."""
        stem = _stem(wanted)
        found = {word: fit for word in self._known if (fit := _fit(wanted, stem, word))}
        if found or len(wanted) < 4:
            return found
        near = {word for shorter in _shorter(wanted) for word in self._near.get(shorter, ())}
        return {word: _NEAR for word in near if _one_apart(wanted, word)}


def wanted_words(typed: str) -> tuple[str, ...]:
    words = _WORD.findall(typed.lower())
    strong = [word for word in words if word not in _WEAK]
    return tuple(dict.fromkeys(strong or words))[:_MOST_WORDS]


def _titles(playbook: Playbook, causes: Mapping[str, Cause]) -> tuple[str, ...]:
    return tuple(causes[cause].title if cause in causes else cause for cause in reachable(playbook))


def _texts(playbook: Playbook, causes: Mapping[str, Cause]) -> Iterator[_Text]:
    yield from (_text("symptom", symptom) for symptom in playbook.symptoms)
    yield _text("title", playbook.title, playbook.id)
    yield _text("description", playbook.description)
    for name in reachable(playbook):
        cause = causes.get(name)
        title = cause.title if cause else name
        yield _text("cause", title, name)
        if cause:
            yield _text("text", title, " ".join((cause.on_the_wire, cause.fix, cause.verify, cause.owner)))


def _text(source: str, shown: str, more: str = "") -> _Text:
    return _Text(source, shown, frozenset(_WORD.findall(f"{'' if source == 'text' else shown} {more}".lower())))


def _match(playbook: Playbook, titles: tuple[str, ...], texts: Sequence[_Text], fits: Mapping[str, Mapping[str, int]]) -> Match:
    best, because, fitting = 0, _Text("", "", frozenset()), list[str]()
    missing = dict.fromkeys(fits)
    for text in texts:
        score, words = 0, list[str]()
        for wanted, known in fits.items():
            here = text.words & known.keys()
            if here:
                closest = max(sorted(here), key=lambda word: known[word])
                score += known[closest] * _WEIGHTS[text.source]
                words.append(closest)
                missing.pop(wanted, None)
        if score > best:
            best, because, fitting = score, text, words
    score = 2 * best + 10 * (len(fits) - len(missing)) if best else 0
    return Match(playbook, titles, because.shown, because.source, tuple(dict.fromkeys(fitting)), tuple(missing), score)


def _fit(wanted: str, stem: str, word: str) -> int:
    if word == wanted:
        return _SAME
    if len(stem) >= 3 and _stem(word) == stem:
        return _ALIKE
    return _BEGINS if (len(wanted) >= 3 and word.startswith(wanted)) or (len(stem) >= 4 and word.startswith(stem)) else 0


def _stem(word: str) -> str:
    ending = next((ending for ending in _ENDINGS if word.endswith(ending) and len(word) - len(ending) >= 3), "")
    bare = word.removesuffix(ending)
    return bare[:-1] if ending in ("ing", "ings", "ed") and len(bare) > 3 and bare[-1] == bare[-2] else bare


def _shorter(word: str) -> Iterable[str]:
    """The word, and the word without each of its letters: two words one letter apart have one of these in common."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))} if 4 <= len(word) <= 30 else ()


def _one_apart(one: str, other: str) -> bool:
    """One letter more, less or other, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, tail = one[start:], other[start:]
    swapped = rest[1:2] + rest[:1] + rest[2:] == tail
    return rest[1:] == tail[1:] or rest == tail[1:] or rest[1:] == tail or swapped
