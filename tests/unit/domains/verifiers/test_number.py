"""Numbers with tolerance and unit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.verdicts import M, R, U, W, outcome
from xdomain.core.records import Outcome


@pytest.mark.parametrize(
    ("settings", "gold", "completion", "expected"),
    [
        ({}, "12.5", "it is 12.5", R),
        ({}, "12.5", "it is 12.50 m.", R),
        ({}, "1200", "\\boxed{1,200}", R),
        ({}, "32000", "\\boxed{3.2 \\times 10^{4}}", R),
        ({}, "-5", "\\boxed{−5}", R),
        ({}, "12.5", "it is 12.6", W),
        ({}, "12.5", "it is twelve", M),
        ({}, "many", "it is 12", U),
        ({"relative_tolerance": 0.01}, "100", "100.9", R),
        ({"relative_tolerance": 0.01}, "100", "101.1", W),
        ({"unit": "required"}, "3.5 m/s", "\\boxed{3.5\\,\\text{m/s}}", R),
        ({"unit": "required"}, "3.5 m/s", "\\boxed{3.5}", M),
        ({"unit": "required"}, "3.5 m/s", "\\boxed{3.5 km/h}", W),
        ({}, "1", "1e999", M),
    ],
)
def test_number(settings: dict[str, Any], gold: str, completion: str, expected: Outcome) -> None:
    assert outcome({"kind": "number", **settings}, gold, completion) is expected
