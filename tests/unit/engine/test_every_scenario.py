"""Every shipped scenario walked once, and all that must hold of a walk and of its verdict held to it."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.unit.engine.citation_checks", "tests.unit.engine.fold_checks")

from tests.unit.engine import citation_checks, fold_checks  # noqa: E402
from tests.unit.engine.walking import SCENARIOS, SHORT, recorded  # noqa: E402
from tshoot.model.effects import AskOperator, Decode, RunCommand, StartCapture, StopCapture  # noqa: E402

SHORT_ONES = {scenario.id for scenario in SHORT}


@pytest.mark.parametrize("name", [scenario.id for scenario in SCENARIOS])
def test_scenario(name: str) -> None:
    run = recorded(name)
    for check in (*citation_checks.CHECKS, *(fold_checks.CHECKS if name in SHORT_ONES else ())):
        check(run)


def test_the_kinds_of_effects_are_all_walked_by_the_scenarios() -> None:
    left = {RunCommand, StartCapture, StopCapture, Decode, AskOperator}
    for scenario in SHORT:
        left -= {type(effect) for effect in recorded(scenario.id).requested()}
        if not left:
            return
    raise AssertionError(left)
