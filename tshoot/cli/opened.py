"""The session that an argument means: one that is kept, or a session file, unpacked privately for as long as it is looked at. Not a verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.session.packed.unpack import is_session_file, unpacked
from tshoot.session.store import Session, open_session


@contextmanager
def opened(root: Path, name: str) -> Iterator[Session]:
    """As `open_session`; `name` may also be a file of `tshoot sessions export`."""
    path = Path(name).resolve()  # a link that somebody names is followed, one within a session is not
    if is_session_file(path):
        with unpacked(path, CancelToken()) as session:
            yield session
    else:
        yield open_session(root, name)
