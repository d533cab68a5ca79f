"""Values in commands that become inputs: those that the session was given, and every address and prefix that was typed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tshoot.model.text import clean_line

_WORD = re.compile(r"[^\s'\"]+")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Input:
    """`value` as its type writes it; `type` as playbooks name them."""

    name: str
    type: str
    value: str | int
    given: bool


def inputs_of(commands: Iterable[str], given: Mapping[str, str | int]) -> dict[str, Input]:
    """What stands in `commands` -> the input that takes its place."""
    found: dict[str, Input] = {}
    names: set[str] = set()
    for name, value in given.items():
        text = str(value)
        if _NAME.fullmatch(name) and clean_line(text) == text and len(text) > 1:
            found[text] = Input(name, _type(text), value, True)
            names.add(name)
    for command in commands:
        for word in _WORD.findall(command):
            known = found.get(word) or found.get(_plain(word))
            kind = _type(word)
            if known is not None:
                found.setdefault(word, known)
            elif kind in ("ip", "prefix"):
                name = _free({"ip": "address", "prefix": "prefix"}[kind], names)
                names.add(name)
                found[word] = found[_plain(word)] = Input(name, kind, _plain(word), False)
    return found


def templated(command: str, inputs: Mapping[str, Input]) -> tuple[str, str, list[Input]]:
    """The command with its inputs as templates, as it is rendered with their values, and the inputs in it."""
    used: list[Input] = []

    def put(match: re.Match[str], as_template: bool) -> str:
        one = inputs.get(match[0])
        if one is None:
            return match[0]
        used.append(one)
        return f"{{{{ {one.name} }}}}" if as_template else str(one.value)

    template = _WORD.sub(lambda match: put(match, True), command)
    return template, _WORD.sub(lambda match: put(match, False), command), list(dict.fromkeys(used))


def _type(word: str) -> str:
    try:
        ipaddress.ip_address(word)
        return "ip"
    except ValueError:
        pass
    try:
        ipaddress.ip_network(word, strict=True)
        return "prefix" if "/" in word else "text"
    except ValueError:
        return "integer" if re.fullmatch(r"-?[0-9]{1,12}", word) else "path" if re.fullmatch(r"/[^\x00-\x1f\x7f ]*", word) else "text"


def _plain(word: str) -> str:
    try:
        return str(ipaddress.ip_network(word, strict=True)) if "/" in word else str(ipaddress.ip_address(word))
    except ValueError:
        return word


def _free(stem: str, taken: set[str]) -> str:
    return next(name for name in (stem, *(f"{stem}_{number}" for number in range(2, 100_000))) if name not in taken)
