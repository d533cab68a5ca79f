"""A file of tshoot's that is there whole or not at all, for its owner alone: it may hold what devices said."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def put_whole(path: Path, content: bytes, *, new: bool = False) -> None:
    """Written beside its place and moved there, durably. OSError where that cannot be done, FileExistsError where `new` and it is there already."""
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")  # made with 0600
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if new:
            os.link(made, path)
        else:
            Path(made).replace(path)
    finally:
        with suppress(OSError):
            Path(made).unlink()
