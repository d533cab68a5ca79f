"""No test of the interface reads or writes what its user has chosen, or waits until a question has been in sight for long enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from tshoot.tui.widgets.question.bar import QuestionBar


@pytest.fixture(autouse=True)
def _own_preferences(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings, empty."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who presses a key in a test has read the question; the tests of keys that come too early say so."""
    monkeypatch.setattr(QuestionBar, "quiet", 0.0)
