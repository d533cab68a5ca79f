"""The owner's secret: 32 random bytes in a file of their own, 0600, made once and never sent.

Whoever holds it can turn everything back; whoever does not sees what docs/security.md says. The same key gives the same names in every session.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from tshoot.errors import SessionError, UsageError
from tshoot.session.files import create_private, disk_errors, make_private_folder, open_regular, write_all

_HEAD = "tshoot redaction key 1"
_LENGTH = 32


def default_key_file(root: Path) -> Path:
    """`redaction.key` beside the folder of all sessions: no session holds it, so none that is sent takes it along."""
    return root.parent / "redaction.key"


def load_key(path: Path) -> bytes:
    """The key at `path`. UsageError where there is none, or others could read it, or it is no key of ours."""
    if not path.exists():
        raise UsageError(f"{path}: there is no key", "`tshoot sessions redact` makes one; --key-file names another place")
    descriptor = open_regular(path)
    with os.fdopen(descriptor, "rb") as file, disk_errors("read", path):
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise UsageError(f"{path}: others can read the key", f"chmod 600 {path}, and make a new key if somebody may have read it")
        text = file.read(1000).decode("ascii", "replace")
    match = re.fullmatch(rf"{_HEAD}\n([0-9a-f]{{{2 * _LENGTH}}})\n", text)
    if match is None:
        raise UsageError(f"{path}: holds no key of tshoot", "name the right file with --key-file")
    return bytes.fromhex(match[1])


def key_at(path: Path) -> tuple[bytes, bool]:
    """`load_key`, and whether it was made now because there was none."""
    if os.path.lexists(path):
        return load_key(path), False
    key = secrets.token_bytes(_LENGTH)
    with disk_errors("written", path):
        if not path.parent.exists():
            make_private_folder(path.parent)
        temporary = path.parent / f".{secrets.token_hex(8)}.key"
        descriptor = create_private(temporary)
        try:
            write_all(descriptor, f"{_HEAD}\n{key.hex()}\n".encode("ascii"))
            os.fsync(descriptor)
            os.link(temporary, path)
        except FileExistsError as error:
            raise SessionError(f"{path}: appeared meanwhile", "run it again: the key that is there will be used") from error
        finally:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)
    return key, True
