"""A recording as it is kept: to the byte, but for secrets, which are asterisks before anything is written.

Secrets are looked for in what a terminal would show, where a password that was typed with corrections, or came letter by letter, is one word.
A line that holds one is kept as it would be shown, with the secret hidden; pieces of an asciicast that make up such a line are hidden whole. What
was typed without being shown (input events, `script --log-io`) is not kept at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tshoot.session.secrets import without_secrets
from tshoot.transcripts.foreign import asciicast, typescript
from tshoot.transcripts.foreign.recorded import Recorded, read_recording
from tshoot.transcripts.prompts import prompt_of, router_prompts
from tshoot.transcripts.text import LONGEST_LINE, TextLine, text_of

_VISIBLE = re.compile(r"\S")
_EDITED = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


def kept_recording(path: Path, raw: bytes, timing: bytes | None) -> tuple[bytes, bytes | None]:
    """The recording, and its timing file, without secrets. SessionError as `read_recording` has it."""
    recorded = read_recording(path, raw, timing)
    if recorded.format.startswith("asciicast"):
        return _cast(raw), None
    if recorded.format == "typescript" and timing is not None:
        raw, timing = typescript.output_only(raw, timing)
        recorded = read_recording(path, raw, timing)
    return _text(raw, recorded), timing


def hidden(text: str) -> str:
    """`text` without its secrets."""
    return without_secrets(text.encode("utf-8", "replace")).decode("utf-8", "replace")


def shown_lines(lines: Sequence[TextLine]) -> list[str]:
    """The lines without secrets, each as long as it was; what was typed at a prompt is looked at by itself, too."""
    routers = router_prompts(line.text for line in lines)
    found = hidden("\n".join(line.text.replace("\n", " ") for line in lines)).split("\n")
    for place, text in enumerate(found):
        prompt = prompt_of(text, routers)
        if prompt is not None and prompt.command and (command := hidden(prompt.command)) != prompt.command:
            found[place] = command.join(text.rsplit(prompt.command, 1))
    return found


# --- text -----------------------------------------------------------------------------------------


def _text(raw: bytes, recorded: Recorded) -> bytes:
    lines = recorded.text.lines
    shown = shown_lines(lines)
    secret = {place for place, line in enumerate(lines) if shown[place] != line.text}
    if recorded.text.encoding != "utf-8":
        return "\n".join([*shown, ""]).encode("utf-8", "replace") if secret else raw
    raw = without_secrets(raw)
    pieces = raw.split(b"\n")
    for place, piece in enumerate(pieces[: len(shown)]):
        if place in secret or (len(piece) > LONGEST_LINE and _EDITED.search(piece.removesuffix(b"\r"))):
            pieces[place] = shown[place].encode("utf-8", "replace")
    return b"\n".join(pieces)


# --- asciicasts -----------------------------------------------------------------------------------


def _cast(raw: bytes) -> bytes:
    unread = asciicast.Unread()
    events = list(asciicast.events(raw, unread))
    spans = list(_secret_spans(b"".join(_sent(event) for event in events)))
    lines = raw.split(b"\n")
    kept = [_header(lines[0])]
    changed = dict(_changed(events, spans))
    known = {event.line for event in events}
    for number, line in enumerate(lines[1:], 1):
        if number in changed:
            kept.append(json.dumps([_time(line), *changed[number]]).encode("ascii"))
        elif number in known or not line.strip():
            kept.append(line)
        else:
            kept.append(without_secrets(line) if line.startswith(b"#") else b"[]")  # what is no event may be half of one
    return b"\n".join(kept)


def _sent(event: asciicast.CastEvent) -> bytes:
    return event.data.encode("utf-8", "replace") if event.code == "o" else b""


def _secret_spans(stream: bytes) -> Iterator[tuple[int, int]]:
    """From where to where in the stream lines with secrets reach."""
    if not stream.strip():
        return
    lines = text_of(Path("-"), stream).lines
    at = 0
    masked = without_secrets(stream).split(b"\n")
    for line, shown, raw, bare in zip(lines, shown_lines(lines), stream.split(b"\n"), masked, strict=False):
        if shown != line.text or bare != raw or (len(raw) > LONGEST_LINE and _EDITED.search(raw.removesuffix(b"\r"))):
            yield at, at + len(raw)
        at += len(raw) + 1


def _changed(events: Sequence[asciicast.CastEvent], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Line of the file -> code and data, of the events that are not kept as they are."""
    at = place = 0
    for event in events:
        if event.code == "o":
            end = at + len(_sent(event))
            while place < len(spans) and spans[place][1] <= at:
                place += 1
            if place < len(spans) and spans[place][0] < end:
                yield event.line, ("o", _VISIBLE.sub("*", event.data))
            at = end
        elif event.code == "i":
            yield event.line, ("i", "*" * len(event.data))
        elif (data := hidden(event.data)) != event.data:
            yield event.line, (event.code, data)


def _time(line: bytes) -> Any:
    return json.loads(line)[0]


def _header(line: bytes) -> bytes:
    """The header as it is, or with the secrets in its texts (title, command, environment) hidden."""
    head = json.loads(line.decode("utf-8-sig"))
    masked = _without(head)
    return line if masked == head else json.dumps(masked).encode("ascii")


def _without(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item) for item in value]
    if not isinstance(value, str):
        return value
    named = hidden(f"{name}={value}")  # an environment tells by its name that it holds a secret
    return named.partition("=")[2] if name and named != f"{name}={value}" else hidden(value)
