"""Nothing is skipped silently where CI is set: a skip for a missing program or file is a failure there.

In order are only the skips named below: those for rights that a machine may well refuse.

Nor does a test that failed and then passed (`make test` gives each a second try) pass unseen: its failure is shown, and several of them fail the whole.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`recorded(NAME)`: the folder of a session recorded from the scenario, or of the fixtures' session, of that name; see tests/recorded_sessions.py."""
    from tests.recorded_sessions import recorder

    base = tmp_path_factory.getbasetemp()
    return recorder((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "recorded")


LONGEST_NAME = 120
MOST_SECOND_TRIES = 3
IN_ORDER = {
    r"a real PAM login needs root and a mount namespace": "containers often refuse a mount namespace, even to root",
    r"capturing on lo( with tcpdump)? (is not permitted here|needs root)": "raw sockets need a capability",
    r"cannot mount a small disk here": "mounting needs a capability",
}


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long texts are named by their size and hash: a test's name travels to every worker, and once these were 286 MB in all."""
    if not isinstance(val, (str, bytes)) or len(val) <= LONGEST_NAME:
        return None  # as pytest does it
    data = val.encode(errors="surrogatepass") if isinstance(val, str) else val
    return f"{argname} of {len(val)} {hashlib.sha256(data).hexdigest()[:6]}"


def refused(reason: str) -> bool:
    """Whether a skip for this reason must not pass unseen."""
    return bool(os.environ.get("CI")) and not any(re.search(expression, reason) for expression in IN_ORDER)


def _fail_instead(report: Any) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if refused(reason):
            report.outcome = "failed"
            report.longrepr = f"{report.nodeid}: skipped, which CI does not take: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _fail_instead(report)
    return report


def _second_tries(config: pytest.Config) -> list[Any]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return list(reporter.stats.get("rerun", ())) if reporter is not None else []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if len(_second_tries(session.config)) > MOST_SECOND_TRIES and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for report in _second_tries(config):
        terminalreporter.section(f"failed, then tried again: {report.nodeid}", sep="_")
        terminalreporter.write_line(report.longreprtext)
        terminalreporter.write_line(report.capstdout)
    if tries := len(_second_tries(config)):
        terminalreporter.write_line(
            f"{tries} failed at the first try; more than {MOST_SECOND_TRIES} that pass at the second are a failure all the same"
        )
