"""The comparison that the workers of the math verifier make, in this process."""

from __future__ import annotations

import pytest

from xdomain.domains.verifiers.math_worker import STATUSES, compare


@pytest.mark.parametrize(
    ("gold", "answer", "status"),
    [
        ("x^2+1", "1+x^2", "equal"),
        ("x^2+1", "x^2-1", "different"),
        ("\\frac{1}{2}", "\\frac{2}{4}", "equal"),
        ("\\{1,2\\}", "\\{2,1\\}", "equal"),
        ("", "5", "unparsed gold"),
        ("5", "", "unparsed answer"),
    ],
)
def test_two_texts_mean_the_same(gold: str, answer: str, status: str) -> None:
    assert status in STATUSES
    assert compare(gold, answer) == status
