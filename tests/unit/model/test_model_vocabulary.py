"""The vocabulary is closed, frozen and told apart by the name of its classes: a session on disk relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

from tshoot import errors
from tshoot.model import effects, events, evidence
from tshoot.model.facts import Unknown

SETS = {
    "effects": (effects.Effect, effects.EFFECTS),
    "answers": (events.Answer, events.ANSWERS),
    "events": (events.Event, (*events.EVENTS, events.UnknownEvent)),
    "citations": (evidence.Citation, evidence.CITATIONS),
}


@pytest.mark.parametrize(("union", "listed"), SETS.values(), ids=SETS.keys())
def test_a_set_lists_all_its_classes(union: Any, listed: tuple[type, ...]) -> None:
    assert get_args(union) == listed
    assert len({kind.__name__ for kind in listed}) == len(listed)


def reached(kind: Any, seen: dict[str, type]) -> dict[str, type]:
    """Every dataclass that `kind` is made of, by name."""
    if is_dataclass(kind) and isinstance(kind, type) and kind.__name__ not in seen:
        seen[kind.__name__] = kind
        for hint in get_type_hints(kind).values():
            reached(hint, seen)
    for part in get_args(kind):
        reached(part, seen)
    return seen


PARTS = reached(events.Event, {})


@pytest.mark.parametrize("kind", PARTS.values(), ids=PARTS.keys())
def test_every_part_of_an_event_is_frozen_and_holds_no_list(kind: type) -> None:
    record = kind.__new__(kind)
    with pytest.raises(FrozenInstanceError):
        setattr(record, fields(kind)[0].name, 1)  # type: ignore[arg-type]
    hints = str(get_type_hints(kind))
    assert "list[" not in hints and "dict[" not in hints.replace(str(Mapping), "")
    assert "type" not in get_type_hints(kind), "`type` names the class on disk"


def test_an_unknown_value_has_no_truth() -> None:
    with pytest.raises(TypeError, match="no truth: nobody looked"):
        bool(Unknown("nobody looked"))


def test_every_error_has_one_of_the_promised_exit_codes() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TshootError)]
    assert len(kinds) >= 8
    assert {kind.exit_code for kind in kinds} <= {2, 4, 5, 130}
