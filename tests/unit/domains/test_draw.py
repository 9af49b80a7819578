"""Which items are evaluated."""

from __future__ import annotations

from xdomain.config.evaluation import EvaluationConfig
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.draw import choose_items


def ids(**settings: int) -> list[str]:
    return [item.id for item in choose_items(build_domain("logic"), EvaluationConfig(**settings))]


def test_a_smaller_evaluation_lies_within_a_larger_one() -> None:
    small, large = ids(items=20), ids(items=50)
    assert set(small) < set(large)
    assert [name for name in large if name in small] == small, "both keep the order of the split"
    assert small == ids(items=20)


def test_the_seed_draws_others() -> None:
    assert set(ids(items=20)) != set(ids(items=20, seed=1))


def test_a_split_that_is_too_small_is_used_whole() -> None:
    everything = ids(items=10**6)
    assert len(everything) == build_domain("logic").count(Split.TEST)
