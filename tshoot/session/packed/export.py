"""Writing a session file: whole and durable, or not there at all; 0600; nothing is overwritten unasked.

What is packed is the session as it stands on disk: the lines of the log that were written to their end, and the evidence that they
name. Of a session that is being written that is a snapshot, which verifies as one that was interrupted.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError, UsageError
from tshoot.session.files import create_private, disk_errors, read_regular, sync_folder
from tshoot.session.packed.limits import check_sizes
from tshoot.session.packed.manifest import NAME, Manifest, PackedFile, valid_id
from tshoot.session.packed.ustar import END, header, padding
from tshoot.session.read import EVIDENCE, LOG, complete_lines
from tshoot.session.references import references
from tshoot.session.store import Session
from tshoot.session.verify import refuse_altered

SUFFIX = ".tshoot"
_PIECE = 1 << 20


def export_session(session: Session, target: Path, *, force: bool, cancel: CancelToken) -> int:
    """Write `session` to `target` and give the size of the file in bytes.

    UsageError where `target` exists and `force` is false, SessionError where the session was altered or the file cannot be written, Cancelled.
    """
    if not force and os.path.lexists(target):
        raise UsageError(f"{target}: is there already", "name another file with -o, or overwrite it with --force")
    refuse_altered(session.folder, "an altered session is not exported", cancel)
    manifest = _manifest_of(session, cancel)
    check_sizes([file.size for file in manifest.files], manifest.files[0].size, None, str(session.folder))
    with _new_file(target, force) as descriptor, os.fdopen(os.dup(descriptor), "wb") as file:
        _pack(session.folder, manifest, file, cancel)
        file.flush()
        cancel.check()  # from here on it is written
        packed = os.fstat(descriptor).st_size
        check_sizes([file.size for file in manifest.files], manifest.files[0].size, packed, str(session.folder))
    return packed


def _manifest_of(session: Session, cancel: CancelToken) -> Manifest:
    digest, size, named = hashlib.sha256(), 0, dict[str, int]()
    for _, line in complete_lines(session.folder):
        cancel.check()
        digest.update(line)
        size += len(line)
        named.update(references(json.loads(line)))
    if not valid_id(session.header.session):
        raise SessionError(f"{session.folder}: its id cannot be the name of a folder", "the header was edited: this session cannot be exported")
    evidence = (PackedFile(f"{EVIDENCE}/{sha256}", named[sha256], sha256) for sha256 in sorted(named))
    return Manifest(session.header.session, (PackedFile(LOG, size, digest.hexdigest()), *evidence))


def _pack(folder: Path, manifest: Manifest, file: IO[bytes], cancel: CancelToken) -> None:
    import zstandard

    encoded = manifest.encoded()
    with zstandard.ZstdCompressor(level=9, write_checksum=True).stream_writer(file, closefd=False) as packed:
        packed.write(header(NAME, len(encoded)) + encoded + bytes(padding(len(encoded))))
        for member in manifest.files:
            packed.write(header(member.name, member.size))
            _copy(folder / member.name, member, packed, cancel.check)
            packed.write(bytes(padding(member.size)))
        packed.write(END)


def _copy(path: Path, member: PackedFile, packed: Any, check: Callable[[], None]) -> None:
    digest, rest = hashlib.sha256(), member.size
    with read_regular(path) as source:
        while rest and (piece := source.read(min(rest, _PIECE))):
            check()
            digest.update(piece)
            packed.write(piece)
            rest -= len(piece)
    if rest or digest.hexdigest() != member.sha256:
        raise SessionError(f"{path}: was changed while it was read", "try again; `tshoot sessions verify` says whether it was altered")


@contextmanager
def _new_file(target: Path, force: bool) -> Iterator[int]:
    """A descriptor of a file that becomes `target` when the block ends well, and is gone when it does not."""
    temporary = target.parent / f".{secrets.token_hex(8)}{SUFFIX}.part"
    with disk_errors("written", target):
        descriptor = create_private(temporary)
        try:
            try:
                yield descriptor
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            _name(temporary, target, force)
            sync_folder(target.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


def _name(temporary: Path, target: Path, force: bool) -> None:
    if force:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)  # fails where somebody was faster, other than a rename
    except FileExistsError:
        raise UsageError(f"{target}: is there already", "name another file with -o, or overwrite it with --force") from None
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise UsageError(f"{target}: is there already", "name another file with -o, or overwrite it with --force") from None
        temporary.replace(target)
        return
    temporary.unlink()
