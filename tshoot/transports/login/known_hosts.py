"""Which host keys are known, revoked or new: the files of OpenSSH (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), read and appended to.

A host that is known by another key, whatever its type, has changed and is refused without asking: offering only
a type that the victim does not know is how an impostor avoids the comparison.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tshoot.errors import UsageError
from tshoot.transports.config.patterns import fits_list

_PATTERN = re.compile(r"[*?!]")
_MARKERS = ("", "@revoked", "@cert-authority")
Standing = Literal["known", "unknown", "changed", "revoked"]


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One line that names the host. `place` is `file:line`. `authority`: the key is no host key, it signs those of hosts (@cert-authority)."""

    key_type: str
    blob: bytes
    revoked: bool
    place: str
    authority: bool = False


def fingerprint(blob: bytes) -> str:
    """OpenSSH's `SHA256:…` of a public key's wire form."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def entry_name(host: str, port: int) -> str:
    """How a host is written in known_hosts: `host`, or `[host]:port` where the port is not 22."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def known_keys(files: Iterable[Path], name: str) -> tuple[KnownKey, ...]:
    """All keys that `files` hold for `name` (as `entry_name` writes it); files that are absent or unreadable hold none."""
    return tuple(key for file in files for key in _keys_in(file, name))


def standing(keys: Iterable[KnownKey], blob: bytes) -> Standing:
    """What the `keys` of a host say about the key it showed."""
    keys = tuple(keys)
    if any(key.revoked and key.blob == blob for key in keys):
        return "revoked"
    trusted = [key for key in keys if not key.revoked and not key.authority]
    if any(key.blob == blob for key in trusted):
        return "known"
    return "changed" if trusted else "unknown"


def rests_on_authority(keys: Iterable[KnownKey]) -> bool:
    """Whether only a certificate authority vouches for the host."""
    trusted = [key for key in keys if not key.revoked]
    return bool(trusted) and all(key.authority for key in trusted)


def remember(file: Path, name: str, key_type: str, blob: bytes, hashed: bool = False) -> None:
    """Append one key to `file`, which is created 0600 in a folder 0700. `hashed`: as HashKnownHosts writes the name."""
    name = _hash(name) if hashed else name
    line = f"{name} {key_type} {base64.b64encode(blob).decode()}\n"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as known:
            size = known.seek(0, os.SEEK_END)
            known.seek(max(size - 1, 0))
            if size and known.read(1) != b"\n":
                line = "\n" + line
            known.write(line.encode())
    except OSError as error:
        raise UsageError(
            f"{file}: the accepted host key cannot be written: {error.strerror}", "check the permissions of the folder and the file"
        ) from error


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line; `names` in lower case, unless hashed."""

    number: int
    marker: str
    names: str
    key_type: str
    key: str


@dataclass(frozen=True, slots=True)
class _Entries:
    """The lines of a file: those of plain names by each of them, and those that must be compared with every name."""

    by_name: Mapping[str, list[_Entry]]
    others: tuple[_Entry, ...]


def _keys_in(file: Path, name: str) -> Iterator[KnownKey]:
    try:
        entries = _entries(file.read_bytes())
    except OSError:
        return
    fitting = [*entries.by_name.get(name, ()), *(entry for entry in entries.others if _names(entry.names, name))]
    for entry in sorted(fitting, key=lambda entry: entry.number):
        try:
            blob = base64.b64decode(entry.key, validate=True)
        except (binascii.Error, ValueError):
            continue
        yield KnownKey(entry.key_type, blob, entry.marker == "@revoked", f"{file}:{entry.number}", entry.marker == "@cert-authority")


@lru_cache(maxsize=8)
def _entries(raw: bytes) -> _Entries:
    """Taken apart once for all targets of a fleet, whose file has a line for each."""
    by_name: dict[str, list[_Entry]] = {}
    others: list[_Entry] = []
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#") or marker not in _MARKERS:
            continue
        hashed = words[0].startswith("|1|")
        entry = _Entry(number, marker, words[0] if hashed else words[0].lower(), words[1], words[2])
        if hashed or _PATTERN.search(entry.names):
            others.append(entry)
        else:
            for name in dict.fromkeys(entry.names.split(",")):
                by_name.setdefault(name, []).append(entry)
    return _Entries(by_name, tuple(others))


def _names(patterns: str, name: str) -> bool:
    return _hash_matches(patterns, name) if patterns.startswith("|1|") else fits_list(name, patterns.split(","))


def _hash(name: str) -> str:
    salt = os.urandom(20)
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def _hash_matches(hashed: str, name: str) -> bool:
    parts = hashed.split("|")
    try:
        salt, digest = base64.b64decode(parts[2]), base64.b64decode(parts[3])
    except (IndexError, ValueError):
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
