"""The first member of a session file: what it is, and every file that follows, in order, with its size and sha256."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tshoot import __version__
from tshoot.errors import SessionError

NAME = "manifest.json"
FORMAT = 1
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_EVIDENCE = re.compile(r"evidence/([0-9a-f]{64})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEYS = {"format", "session", "tshoot", "files"}


@dataclass(frozen=True, slots=True)
class PackedFile:
    """`name` is `session.jsonl` or `evidence/<sha256>`."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`tshoot` is the version that wrote the file; the log is the first of `files`, evidence follows by name."""

    session: str
    files: tuple[PackedFile, ...]
    tshoot: str = __version__

    def encoded(self) -> bytes:
        files = [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in self.files]
        return json.dumps({"format": FORMAT, "session": self.session, "tshoot": self.tshoot, "files": files}, indent=1).encode("ascii") + b"\n"


def valid_id(session: str) -> bool:
    """Whether a session may be named so: one plain folder name."""
    return _SESSION.fullmatch(session) is not None


def decode_manifest(raw: bytes, place: str) -> Manifest:
    """SessionError where it is none, or says what no session file may."""
    try:
        body = json.loads(raw.decode("ascii"), object_pairs_hook=_unrepeated)
        if isinstance(body, dict) and isinstance(body.get("format"), int) and body["format"] > FORMAT:
            raise SessionError(f"{place}: is of format {body['format']}, this tshoot reads format {FORMAT}", "open it with a newer tshoot")
        return _manifest(body)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise SessionError(f"{place}: its manifest cannot be read: {error}", "it is no session file, or was altered: have it sent again") from error


def _manifest(body: Any) -> Manifest:
    if not isinstance(body, dict) or set(body) != _KEYS or body["format"] != FORMAT:
        raise ValueError("it does not hold format, session, tshoot and files")
    session, version = body["session"], body["tshoot"]
    if not isinstance(session, str) or not valid_id(session):
        raise ValueError("the session has no valid id")
    if not isinstance(version, str) or not isinstance(body["files"], list):
        raise ValueError("version or files are not what they should be")
    files = tuple(_file(item) for item in body["files"])
    names = [file.name for file in files]
    if not names or names[0] != "session.jsonl" or "session.jsonl" in names[1:]:
        raise ValueError("the log is not its first file")
    if names[1:] != sorted(set(names[1:])):
        raise ValueError("a file is named twice, or out of order")
    return Manifest(session, files, version)


def _file(item: Any) -> PackedFile:
    if not isinstance(item, dict) or set(item) != {"name", "size", "sha256"}:
        raise ValueError("a file lacks name, size or sha256")
    name, size, sha256 = item["name"], item["size"], item["sha256"]
    if not isinstance(size, int) or isinstance(size, bool) or size < 0 or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError("a file has no valid size or sha256")
    evidence = _EVIDENCE.fullmatch(name) if isinstance(name, str) else None
    if name != "session.jsonl" and (evidence is None or evidence[1] != sha256):
        raise ValueError("a file is neither session.jsonl nor evidence/<its sha256>")
    return PackedFile(name, size, sha256)


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
