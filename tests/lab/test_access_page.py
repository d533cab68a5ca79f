"""docs/access.md says what the cases say, and the cases fit their worlds; that the cases come true, the laboratory shows."""

from __future__ import annotations

import re

import pytest

from tests.lab.access.accounts import CODE_SECRET, code
from tests.lab.access.case import FOLDER, load_access
from tests.lab.access.driving import plainly
from tests.lab.access.table import PAGE, written
from tests.lab.case import case_names

ACCESS = case_names([FOLDER])


def test_every_row_of_the_page_is_a_case_and_every_case_a_row() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "docs/access.md is old: python -m tests.lab.access.table"
    assert all(f"tests/lab/cases/{name}.yaml" in page for name in ACCESS)


@pytest.mark.parametrize("name", ACCESS)
def test_a_case_of_access_fits_its_world(name: str) -> None:
    case = load_access(name)
    hosts = set(case.world.interfaces)
    assert set(case.stop) | set(case.ready) | set(case.firewall) | set(case.operator.unknown) | set(case.operator.stranger) <= hosts
    for one in case.tries:
        assert one.says, "a row says what is seen"
        assert {check["on"] for check in one.after} <= hosts
        assert all(re.compile(str(check["prints"])) for check in one.after)
        assert one.at == "terminal" if one.answers else one.at in ("terminal", "nobody")
        assert one.run.startswith("doctor ") or ("--no-tui" in one.run) == (one.at == "terminal"), (
            "at a terminal the full-screen interface would open"
        )
        assert one.exit in (0, 1, 2, 3, 4, 5)


def test_a_failure_names_where_and_what_to_do() -> None:
    """Each failed try says more than one line: what happened, and what to do next."""
    terse = [f"{name}: {one.run}" for name in ACCESS for one in load_access(name).tries if one.exit and len(one.says) < 2]
    assert terse == []


def test_what_changes_from_run_to_run_is_left_out() -> None:
    shown = "\x1b[Kkey SHA256:IqDklxMT7lryXYVf3dGGt24Epcthv3ouLsovXJ/eoOE of\n   /run/home/.ssh/known_hosts:1, after 2.1 s at 15:10:28"
    assert plainly(shown) == "key SHA256:… of ~/.ssh/known_hosts:1, after … at …"


def test_codes_are_those_of_rfc_6238() -> None:
    """Its own vectors have another secret; these two were computed by `oathtool --totp -b`."""
    assert CODE_SECRET == "JBSWY3DPEHPK3PXPJBSWY3DPEH"
    assert (code(0.0), code(59.0)) == ("154113", "744635")
