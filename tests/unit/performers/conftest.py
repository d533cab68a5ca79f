"""A capture on this machine, for tests that need no connection; others have a `capture` of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.performers.local_target import LocalTarget
from tshoot.performers.journal import CaptureJournal
from tshoot.performers.remote_capture import RemoteCapture


@pytest.fixture
def capture(tmp_path: Path) -> Iterator[RemoteCapture]:
    journal = CaptureJournal(tmp_path / "journal", "abc123")
    capture = RemoteCapture(LocalTarget(), journal, "abc123")  # type: ignore[arg-type]
    yield capture
    capture.abandon()
    journal.close()
