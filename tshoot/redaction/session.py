"""A session with other addresses and names, as a folder of its own: the same events at the same times, a hash chain of its own.

Every text of the log goes through the map, field by field; every output line by line; every capture through `packets.rewrite`. What the
log says of its evidence (sha256, size) is that of the new evidence. Events, fields and evidence that this version does not know are left out,
for nobody can say what they hold. What was written is looked through for the addresses of the original.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, SessionError
from tshoot.model.text import clean_line
from tshoot.packets.rewrite import rewrite_capture
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.familiar import familiar, remark
from tshoot.redaction.hosts import learn_hosts, prompting
from tshoot.redaction.log_fields import mapped_fields, texts_of
from tshoot.session.codec_v1 import Header, encode_header, encode_seal
from tshoot.session.evidence import Evidence
from tshoot.session.files import create_private, disk_errors, make_private_folder, write_all
from tshoot.session.packed.manifest import valid_id
from tshoot.session.read import EVIDENCE, LOG, line_hash
from tshoot.session.references import references
from tshoot.session.secrets import without_secrets
from tshoot.session.store import Session
from tshoot.session.verify import refuse_altered

EVIDENCE_KINDS = {"stdout": "text", "stderr": "text", "capture": "packets", "file": "recording"}  # how each is redacted
_ALTERED = "an altered session is not redacted"
MOST_TEXT = 256 << 20  # bytes of one output


@contextmanager
def redacted(session: Session, mapping: SessionMap, place: Path, cancel: CancelToken) -> Iterator[tuple[Session, tuple[str, ...]]]:
    """The redacted session in a private folder below `place` (which must be there), gone with the block; and what is to be said of it.

    SessionError where the session cannot be read or was altered (its copy would have a whole chain), or its header names no session: it names
    the folder.
    """
    if not valid_id(session.header.session):
        raise SessionError(
            f"{session.folder}: its header names the session {clean_line(session.header.session)[:80]!r}, which is no name of one",
            "it was made or altered by something else than tshoot",
        )
    refuse_altered(session.folder, _ALTERED, cancel)
    redaction = _Redaction(session, mapping, cancel)
    folder = place / redaction.header.session
    try:
        with disk_errors("written", folder):
            make_private_folder(folder)
            make_private_folder(folder / EVIDENCE)
            redaction.write(folder)
        yield Session(folder, redaction.header), tuple(redaction.remarks)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Redaction:
    def __init__(self, session: Session, mapping: SessionMap, cancel: CancelToken) -> None:
        self._session, self._map, self._cancel = session, mapping, cancel
        self._old = Evidence(session.folder / EVIDENCE)
        self._new: dict[str, tuple[str, int]] = {}
        self._recordings: set[str] = set()
        self._timing: bytes | None = None
        self._left: set[str] = set()
        self.remarks: list[str] = []
        mapping.texts.addresses.check = cancel.check
        self.header = _header(session.header, mapping)

    def write(self, folder: Path) -> None:
        lines = self._known_lines()
        named = {sha256: size for line in lines for sha256, size in references(line)}
        captures = {str(one["sha256"]) for line in lines for one in _of_kind(line, "capture")}
        kinds = {str(one["sha256"]): str(one.get("kind")) for line in lines for one in _of_kind(line)}
        files = {str(one["sha256"]): one for line in lines for one in _of_kind(line, "file")}
        timing = next((one for one in files.values() if str(one.get("origin", "")).startswith("timing of ")), None)
        self._timing = self._old.read(str(timing["sha256"]), int(timing["size"])) if timing else None
        self._recordings = set(files)
        self._emptied = {sha256 for sha256, kind in kinds.items() if kind not in EVIDENCE_KINDS}
        self.remarks += [f"evidence of a kind that is not known here was left out: {kind}" for kind in sorted({kinds[one] for one in self._emptied})]
        for line in lines:
            for text in texts_of(line):
                self._learn(text, prompts="\n" in text)
        for sha256, size in named.items():
            self._cancel.check()
            if sha256 not in captures:
                self._learn(self._output(sha256, size), prompts=sha256 in self._recordings)
        learn_hosts(lines, self._session.header.playbook_text, self._map.texts)
        self.header = _header(self._session.header, self._map)  # now that all networks are known
        new = Evidence(folder / EVIDENCE)
        for sha256, size in sorted(named.items(), key=lambda one: one[0] not in captures):  # what captures show is learnt for the texts
            self._cancel.check()
            self._new[sha256] = self._capture(new, sha256, size) if sha256 in captures else new.keep(self._mapped_output(sha256, size))
        self._write_log(folder, lines)
        self.remarks += remark("addresses of the original still stand in it, in a spelling that is not known here; look it through", self._left)

    def _known_lines(self) -> list[dict[str, Any]]:
        known = familiar(self._session.folder, self._cancel)
        self.remarks += remark("events that are not known here were left out", known.events)
        self.remarks += remark("fields that are not known here were left out", known.fields)
        return known.lines

    def _learn(self, text: str, *, prompts: bool) -> None:
        """Take note of the addresses of `text`, and of the hosts that its prompts name."""
        for part in text.split("\n"):
            self._cancel.check()
            self._map.texts.addresses.learn(part)
        if prompts:
            for host in prompting(text):
                self._map.texts.learn_host(host)

    # --- evidence ---

    def _output(self, sha256: str, size: int) -> str:
        if sha256 in self._emptied:
            return ""
        if size > MOST_TEXT:
            raise SessionError(f"{self._old.path(sha256)}: {size} bytes are too many to be redacted", "narrow the command that printed them")
        raw = self._old.read(sha256, size)
        if sha256 in self._recordings:
            return without_secrets(_as_shown(raw, self._timing).encode("utf-8", "replace")).decode("utf-8", "replace")
        return without_secrets(raw).decode("utf-8", "replace")

    def _mapped_output(self, sha256: str, size: int) -> bytes:
        from tshoot.redaction.tables import mapped_lines

        text = self._output(sha256, size)
        parts = _answers(text) if sha256 in self._recordings else (text,)
        mapped = "".join(mapped_lines(part, self._map.texts) for part in parts)
        self._look_through(mapped)
        return mapped.encode("utf-8")

    def _look_through(self, mapped: str) -> None:
        for line in mapped.split("\n"):
            self._cancel.check()
            self._left |= set(self._map.texts.addresses.left(line))

    def _capture(self, new: Evidence, sha256: str, size: int) -> tuple[str, int]:
        problem = self._old.problem(sha256, size)
        if problem:
            raise SessionError(f"{self._session.folder}: {problem}", _ALTERED)
        temporary = new.folder / f".{sha256}.capture"
        descriptor = create_private(temporary)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                try:
                    rewrite_capture(self._old.path(sha256), file, self._map, self._cancel)
                except CaptureFileError as error:
                    file.seek(0)
                    file.truncate()
                    file.write(bytes(min(size, 1 << 20)))
                    self.remarks.append(f"a capture could not be read and was emptied: {error.message.rpartition(': ')[2]}")
                file.flush()
                file.seek(0)
                return new.keep_stream(file)
        finally:
            temporary.unlink(missing_ok=True)

    # --- the log ---

    def _write_log(self, folder: Path, lines: list[dict[str, Any]]) -> None:
        descriptor = create_private(folder / LOG)
        try:
            raw = encode_header(self.header)
            write_all(descriptor, raw)
            for number, line in enumerate(lines, start=1):
                self._cancel.check()
                prev = line_hash(raw)
                if "event" not in line:
                    raw = encode_seal(number, prev)
                else:
                    body = mapped_fields(line, self._map.texts, self._new)
                    for text in texts_of(body):
                        self._look_through(text)
                    raw = json.dumps({**body, "n": number, "prev": prev}, allow_nan=False).encode("ascii") + b"\n"
                write_all(descriptor, raw)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _header(header: Header, mapping: SessionMap) -> Header:
    """The start in the id stays; its last part becomes another."""
    stem, _, short = header.session.rpartition("-")
    other = hashlib.sha256(mapping.opaque(header.session.encode())).hexdigest()[: max(6, len(short))]
    text = mapping.playbook_text(header.playbook_text)
    return replace(
        header, session=f"{stem}-{other}", playbook_text=text, playbook_sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    )


def _of_kind(line: Any, kind: str = "") -> Iterator[dict[str, Any]]:
    """The references in a line to evidence of this kind (a capture, a file), or of any."""
    rest = [line]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            if isinstance(value.get("sha256"), str) and (value.get("kind") == kind if kind else "kind" in value):
                yield value
            rest += value.values()
        elif isinstance(value, list):
            rest += value


def _as_shown(raw: bytes, timing: bytes | None) -> str:
    """A recording of another program as lines that a terminal would show: there a name that came letter by letter is one word. Else nothing."""
    from tshoot.transcripts.foreign.recorded import read_recording
    from tshoot.transcripts.foreign.typescript import is_typescript

    try:
        lines = read_recording(Path("recording"), raw, timing if is_typescript(raw) else None).dated().lines
    except SessionError:  # a timing file, or what somebody else attached
        return ""
    return "".join(f"{line.text}\n" for line in lines)


def _answers(text: str) -> Iterator[str]:
    """The text of a recording cut before and behind each prompt: what one answer lays out as a table ends there."""
    from tshoot.transcripts.prompts import prompt_of, router_prompts

    lines = text.splitlines(keepends=True)
    routers = router_prompts(lines)
    answer = ""
    for line in lines:
        if prompt_of(line.rstrip("\n"), routers) is None:
            answer += line
            continue
        yield from (answer, line)
        answer = ""
    yield answer
