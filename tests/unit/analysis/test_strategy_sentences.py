"""The comparison of strategies in words."""

from __future__ import annotations

import pytest

from tests.support.strategy_grids import DOMAINS, MIXTURE, strategy_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.strategy_sentences import strategy_sentences


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    flips = {"cgpo": dict.fromkeys(DOMAINS, 0.3), "pcgrad": {}, "harmful": {"science": -0.5}}
    return list(strategy_sentences(analyse(strategy_grid(flips, displacement={"cgpo": 1.5}))))


def test_what_is_shown_has_a_direction_and_a_size(sentences: list[str]) -> None:
    (helps,) = [each for each in sentences if each.startswith(f"Strategies of {MIXTURE}: cgpo ends")]
    assert all(f"higher on {domain} by" in helps for domain in DOMAINS)
    assert helps.endswith("than joint.")
    (harms,) = [each for each in sentences if "harmful ends" in each]
    assert "lower on science by" in harms
    assert "math" not in harms.removeprefix(f"Strategies of {MIXTURE}")


def test_what_is_not_shown_is_no_tie_of_known_size(sentences: list[str]) -> None:
    (tied,) = [each for each in sentences if "no difference from joint is shown" in each]
    assert "for pcgrad" in tied


def test_a_strategy_that_moves_farther_is_compared_along(sentences: list[str]) -> None:
    (moved,) = [each for each in sentences if "moves the weights" in each]
    assert moved.startswith("cgpo moves the weights 1.50 times [")
    assert "learning_rate_scale: 1.50" in moved


def test_nothing_to_say_without_strategies() -> None:
    assert list(strategy_sentences(analyse(strategy_grid({}, n_items=12)))) == []
