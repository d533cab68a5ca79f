"""The fields of the log's lines, each mapped as what it is: what tshoot itself names stays, names and paths are mapped whole, the rest as text.

A field that is not known here is text, but none shall be unknown: a test holds that every field of the vocabulary stands below; what a newer
tshoot wrote beyond it is left out before. Numbers and times stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tshoot.engine.steered import BY_HAND
from tshoot.redaction.tables import mapped_lines
from tshoot.redaction.text import TextMap
from tshoot.session.secrets import without_secrets

_IDS = (  # ids and words of tshoot and of the playbook
    "n at event prev type key node target role platform parser interface_kind field cause severity confidence kind stream stopped_by reason_kind"
    " action capture outcome seen leads_to form family session state families failure target_failed playbook attempt started tshoot program"
)
OURS = frozenset(_IDS.split())
NAMES = frozenset({"host"})  # names as a whole
CONDITIONS = frozenset({"condition", "branch"})  # as in the playbook: its addresses are mapped
_SAID = (  # by devices, people, detectors and playbooks
    "reason asked missing next_steps title owner fix verify why value command detail question answer text because before after by to was author"
    " origin hint remark explanation display_filter remote_path choices interface filter told"
)
TEXTS = frozenset(_SAID.split())
MAPPINGS = frozenset({"inputs", "details", "facts", "body"})  # keys of ours, values of somebody's
FACTS = frozenset({"fact"})  # their names, which may hold a key: by_address.192.0.2.1.mac
HASHES = frozenset({"sha256"})
_BY = re.compile(r"\bby_[a-z]+\.")
_OF_ITEM = re.compile("[a-z][a-z0-9_]*")  # what of it: mac


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a line, and every name of a field or value."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            rest += [*item, *item.values()]
        elif isinstance(item, list):
            rest += item


def mapped_fields(value: Any, texts: TextMap, evidence: Mapping[str, tuple[str, int]], name: str = "") -> Any:
    """`value`, a JSON value under the field `name`, with every text mapped; references lead to the new `evidence`."""
    if isinstance(value, dict):
        if name in MAPPINGS:
            return {key: _value(item, texts) for key, item in value.items()}
        mapped = {key: mapped_fields(item, texts, evidence, key) for key, item in value.items()}
        if value.get("action") == "branched" and "to" in value:  # a node
            mapped["to"] = value["to"]
        if isinstance(value.get("sha256"), str) and isinstance(value.get("size"), int) and value["sha256"] in evidence:
            mapped["sha256"], mapped["size"] = evidence[value["sha256"]]
        return mapped
    if isinstance(value, list):
        return [mapped_fields(item, texts, evidence, name) for item in value]
    if not isinstance(value, str):
        return value
    if name in HASHES:
        return evidence[value][0] if value in evidence else "" if not value else "0" * 64
    return _text(value, texts, name)


def _text(value: str, texts: TextMap, name: str) -> str:
    if name == "branch" and value.startswith(BY_HAND):
        return BY_HAND + mapped_lines(_unsecret(value.removeprefix(BY_HAND)), texts)
    if name in CONDITIONS:
        return texts.addresses_only(value)
    if name in FACTS:
        return _keyed(value, texts)
    if name in OURS:
        return value
    return texts.name(value) if name in NAMES else mapped_lines(_unsecret(value), texts)


def _keyed(fact: str, texts: TextMap) -> str:
    """The name of a fact: behind `by_…` stands somebody's word, and behind that perhaps one of ours."""
    by = _BY.search(fact)
    if by is None:
        return fact
    key, dot, of_item = fact[by.end() :].rpartition(".")
    if not key or not _OF_ITEM.fullmatch(of_item):
        key, dot, of_item = fact[by.end() :], "", ""
    return f"{fact[: by.end()]}{mapped_lines(_unsecret(key), texts)}{dot}{of_item}"


def _value(value: Any, texts: TextMap) -> Any:
    """An input or a fact of a finding: a name, a path, an address, or a word of tshoot's own; also several, or one by the name of another."""
    if isinstance(value, dict):
        return {texts.whole(_unsecret(key)): _value(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item, texts) for item in value]
    if not isinstance(value, str):
        return value
    return texts.whole(_unsecret(value))


def _unsecret(text: str) -> str:
    return without_secrets(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
