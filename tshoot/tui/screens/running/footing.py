"""Which keys the last line tells: those of the present state first, as many as there is room for; the others work all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual.binding import ActiveBinding

_AROUND = 3  # columns beside a key and its word
_ALWAYS = ("help", "close_search", "leave")


def fitting(bindings: Mapping[str, ActiveBinding], width: int, first: Sequence[str]) -> dict[str, ActiveBinding]:
    """`bindings` by key, each of the actions `first` before all others; what does not fit in `width` columns is not shown."""
    by_action: dict[str, list[str]] = {}
    for key, active in bindings.items():
        if active.binding.show:
            by_action.setdefault(active.binding.action, []).append(key)
    ranked = sorted(by_action, key=lambda action: (*_rank(action, first), list(by_action).index(action)))
    left, shown = width, set()
    for action in ranked:
        binding = bindings[by_action[action][0]].binding
        left -= len(binding.key_display or binding.key) + len(binding.description) + _AROUND
        if left >= 0:
            shown.update(by_action[action])
    ordered = [key for action in _in_sight(ranked) for key in by_action[action]]
    rest = [key for key in bindings if key not in ordered]
    return {key: bindings[key] if key in shown else _hidden(bindings[key]) for key in (*ordered, *rest)}


def _rank(action: str, first: Sequence[str]) -> tuple[int, int]:
    if action in _ALWAYS:
        return 0, 0
    return (1, first.index(action)) if action in first else (2, 0)


def _in_sight(ranked: Sequence[str]) -> list[str]:
    """Help and the ways out stand at the end, where they always were."""
    return [action for action in ranked if action not in _ALWAYS] + [action for action in ranked if action in _ALWAYS]


def _hidden(active: ActiveBinding) -> ActiveBinding:
    return active._replace(binding=replace(active.binding, show=False))
