"""What a cause is: one entry of `playbooks/causes/<family>.yaml`, by its id.

`fix` and `verify` may hold `{client}`-like words; `filled` puts in what the deciding finding knows, and
plain words (`the client`) where it knows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tshoot.errors import PlaybookError, UsageError
from tshoot.shipped import shipped
from tshoot.yamltext import load_yaml_file, position

_REQUIRED = ("title", "on_the_wire", "owner", "fix", "verify")
_STEP = re.compile(r"[0-9]+\. ")
_ID = re.compile(r"[a-z0-9]+\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Cause:
    id: str
    title: str
    on_the_wire: str
    owner: str
    fix: str
    verify: str
    references: tuple[str, ...] = ()


def filled(text: str, details: Mapping[str, str | int]) -> str:
    """`text` with `{word}` replaced by `details[word]`, or by `the word`."""
    return re.sub(r"\{(\w+)\}", lambda match: str(details.get(match[1], f"the {match[1].replace('_', ' ')}")), text)


def folded(text: str) -> str:
    """Lines joined to paragraphs: one a numbered step, one for what follows the steps at the margin, one for the rest."""
    paragraphs: list[str] = []
    for line in text.splitlines():
        numbered = bool(_STEP.match(line))
        after_steps = bool(paragraphs) and bool(_STEP.match(paragraphs[-1])) and not line.startswith(" ")
        if numbered or after_steps or not paragraphs:
            paragraphs.append(line.strip())
        elif line.strip():
            paragraphs[-1] += f" {line.strip()}"
    return "\n".join(paragraphs)


def load_causes(path: Path) -> tuple[Cause, ...]:
    """The causes of one family file; every problem of the file in one PlaybookError."""
    raw = load_yaml_file(path)
    problems: list[str] = []
    causes: list[Cause] = []
    entries = raw.get("causes") if isinstance(raw, Mapping) else None
    if not isinstance(entries, Mapping):
        where = f"{path}:1:1: expected `family:` and `causes:`"
        raise PlaybookError(where, "see an existing file of causes", (where,))
    for name, body in entries.items():
        line, column = position(entries, name)
        where = f"{path}:{line}:{column}"
        if not _ID.fullmatch(str(name)) or str(name).split(".")[0] != str(raw.get("family")):
            problems.append(f"{where}: `{name}` is no cause id of family `{raw.get('family')}`")
            continue
        missing = [key for key in _REQUIRED if not isinstance(body, Mapping) or not str(body.get(key) or "").strip()]
        if missing:
            problems.append(f"{where}: {name} lacks {', '.join(missing)}")
            continue
        unknown = [key for key in body if key not in (*_REQUIRED, "references")]
        problems += [f"{path}:{position(body, key)[0]}:1: {name}: this key is not known here: {key}" for key in unknown]
        texts = {key: folded(str(body[key])) for key in _REQUIRED}
        causes.append(Cause(str(name), references=tuple(map(str, body.get("references") or ())), **texts))
    if problems:
        raise PlaybookError(f"{path}: {len(problems)} problems", "correct these lines", tuple(problems))
    return tuple(causes)


@cache
def all_causes() -> Mapping[str, Cause]:
    """Every shipped cause by id."""
    found: dict[str, Cause] = {}
    for path in sorted((shipped("playbooks") / "causes").glob("*.yaml")):
        found.update({cause.id: cause for cause in load_causes(path)})
    return found


def cause(cause_id: str) -> Cause:
    known = all_causes()
    if cause_id not in known:
        near = [name for name in known if cause_id.rsplit(".", maxsplit=1)[-1] in name or name.split(".")[0] == cause_id.split(".", maxsplit=1)[0]]
        raise UsageError(f"there is no cause `{cause_id}`", f"known causes: {', '.join(near or known)}")
    return known[cause_id]
