"""Asking the archive of all sessions, with a word on the terminal while it is being brought up to date. Not a verb."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.session.archive.index import Archive, with_archive

T = TypeVar("T")
_WORTH_TELLING = 50  # sessions


def ask_archive(root: Path, ask: Callable[[Archive], T], *, reindex: bool = False) -> T:
    """What `ask` says of the archive of `root`. Cancelled where the operator stops it: what was read so far stays in the index."""

    def tell(done: int, total: int) -> None:
        if total >= _WORTH_TELLING:
            diagnostics.status(f"reading sessions: {done:,} of {total:,}")

    def work(cancel: CancelToken) -> T:
        return with_archive(root, ask, reindex=reindex, tell=tell, cancel=cancel)

    try:
        return cancellable(work)
    finally:
        diagnostics.clear_status()
