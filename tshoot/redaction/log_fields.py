"""The fields of the log's lines, each mapped as what it is: what tshoot itself names stays, names and paths are mapped whole, the rest as text.

A field that is not known here is text. Numbers and times stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tshoot.engine.steered import BY_HAND
from tshoot.redaction.tables import mapped_lines
from tshoot.redaction.text import TextMap
from tshoot.session.secrets import without_secrets

_IDS = (  # ids and words of tshoot and of the playbook
    "n at event prev type key node target role platform parser interface_kind field fact cause severity confidence kind stream stopped_by reason_kind"
    " action capture condition outcome leads_to branch form family families failure target_failed playbook attempt started tshoot program"
)
_OURS = frozenset(_IDS.split())
_NAMES = frozenset({"host"})  # names as a whole


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a line."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            rest += item.values()
        elif isinstance(item, list):
            rest += item


def mapped_fields(value: Any, texts: TextMap, evidence: Mapping[str, tuple[str, int]], name: str = "") -> Any:
    """`value`, a JSON value under the field `name`, with every text mapped; references lead to the new `evidence`."""
    if isinstance(value, dict):
        if name in ("inputs", "details", "facts"):
            return {key: _value(item, texts) for key, item in value.items()}
        mapped = {key: mapped_fields(item, texts, evidence, key) for key, item in value.items()}
        if isinstance(value.get("sha256"), str) and isinstance(value.get("size"), int) and value["sha256"] in evidence:
            mapped["sha256"], mapped["size"] = evidence[value["sha256"]]
        return mapped
    if isinstance(value, list):
        return [mapped_fields(item, texts, evidence, name) for item in value]
    if not isinstance(value, str):
        return value
    if name == "sha256":
        return evidence[value][0] if value in evidence else "" if not value else "0" * 64
    if name == "branch" and value.startswith(BY_HAND):
        return BY_HAND + mapped_lines(_unsecret(value.removeprefix(BY_HAND)), texts)
    if name in _OURS:
        return value
    if name in _NAMES:
        return texts.name(value)
    return mapped_lines(_unsecret(value), texts)


def _value(value: Any, texts: TextMap) -> Any:
    """An input or a fact of a finding: a name, a path, an address, or a word of tshoot's own."""
    if not isinstance(value, str):
        return value
    return texts.whole(_unsecret(value))


def _unsecret(text: str) -> str:
    return without_secrets(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
