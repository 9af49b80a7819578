"""Mix gain over the single."""

from __future__ import annotations

from tests.support.cells import close


def test_it_is_the_difference_from_the_domain_alone(result, level):
    expected = level("math + science", "math") - level("math", "math")
    assert close(result.matrices["mix_gain_over_single"].cell("math + science", "math"), expected)
    assert result.matrices["mix_gain_over_single"].cell("math + science", "logic") is None
