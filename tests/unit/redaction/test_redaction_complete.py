"""Nothing of a session's vocabulary is redacted by chance: every field of every event, and every kind of evidence, is mapped as something."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from tshoot.model.events import EVENTS
from tshoot.model.evidence import EvidenceRef
from tshoot.redaction import log_fields
from tshoot.redaction.session import EVIDENCE_KINDS

DECLARED = [log_fields.OURS, log_fields.NAMES, log_fields.CONDITIONS, log_fields.TEXTS, log_fields.FACTS, log_fields.HASHES, log_fields.MAPPINGS]


def parts_of(hint: Any) -> Iterator[Any]:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        yield str
    elif arguments:
        for argument in arguments:
            yield from parts_of(argument)
    else:
        yield hint


def fields_with_text() -> dict[str, str]:
    """Every field that can hold text, below any event, and one class that has it."""
    found: dict[str, str] = {}
    rest, seen = list[Any](EVENTS), set[Any]()
    while rest:
        kind = rest.pop()
        if kind in seen:
            continue
        seen.add(kind)
        for name, hint in typing.get_type_hints(kind).items():
            parts = list(parts_of(hint))
            if any(part in (str, object, Any) for part in parts):
                found[name] = kind.__name__
            rest += [part for part in parts if dataclasses.is_dataclass(part)]
    return found


@pytest.mark.parametrize("name", sorted(fields_with_text()))
def test_every_field_is_mapped_on_purpose(name: str) -> None:
    where = [declared for declared in DECLARED if name in declared]
    assert len(where) == 1, f"{fields_with_text()[name]}.{name}: say in redaction/log_fields.py what it is"


def test_no_field_is_declared_that_nothing_has() -> None:
    written = {"n", "at", "event", "prev", "type", "body", "family", "attempt", "started", "interface_kind", "reason_kind"}  # of the log's lines
    unknown = frozenset().union(*DECLARED) - set(fields_with_text()) - written
    assert unknown == set(), unknown


def test_every_kind_of_evidence_is_redacted_on_purpose() -> None:
    assert set(EVIDENCE_KINDS) == set(typing.get_args(typing.get_type_hints(EvidenceRef)["kind"]))
