"""Evaluated items are a prefix of one permutation, which the rest of the pool does not decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.draw import choose_items


class Pool(Domain):
    """Items that are given."""

    scorer = "pool/1"

    def __init__(self, items: Sequence[Item], name: str = "pool") -> None:
        self.name = name
        self.pool = list(items)

    def items(self, split: Split) -> Sequence[Item]:
        return self.pool

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [Verdict.wrong() for _ in items]

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return verdict.score

    def item_identity(self) -> Mapping[str, Any]:
        return {"pool": [item.id for item in self.pool]}

    def reward_identity(self) -> Mapping[str, Any]:
        return {}


def pool_of(numbers: Sequence[int], template: str = "{}?") -> Pool:
    return Pool([Item(str(number), template.format(number), "yes") for number in numbers])


def drawn(pool: Domain, count: int, seed: int = 0) -> list[str]:
    return [item.id for item in choose_items(pool, EvaluationConfig(items=count, seed=seed))]


numbers = st.lists(st.integers(0, 10_000), min_size=1, max_size=80, unique=True)
seeds = st.integers(0, 5)


@given(numbers, st.integers(1, 100), st.integers(1, 100), seeds)
def test_fewer_items_are_among_more(pool: list[int], few: int, many: int, seed: int) -> None:
    few, many = sorted((few, many))
    smaller, larger = drawn(pool_of(pool), few, seed), drawn(pool_of(pool), many, seed)
    assert len(smaller) == min(few, len(pool)) == len(set(smaller))
    assert set(smaller) <= set(larger)
    assert larger == [str(number) for number in pool if str(number) in larger], "in the order of the split"


@given(numbers, st.integers(1, 100), seeds)
def test_a_row_more_displaces_at_most_one_item(pool: list[int], count: int, seed: int) -> None:
    before, after = drawn(pool_of(pool), count, seed), drawn(pool_of([20_000, *pool]), count, seed)
    assert len(set(before) - set(after)) <= 1
    assert set(after) - set(before) <= {"20000"}


@given(numbers, st.integers(1, 100), st.randoms())
def test_the_order_of_rows_decides_nothing(pool: list[int], count: int, random: Any) -> None:
    shuffled = random.sample(pool, len(pool))
    assert set(drawn(pool_of(pool), count)) == set(drawn(pool_of(shuffled), count))


def test_300_of_1319_are_among_600_and_other_seeds_and_names_draw_others() -> None:
    pool = pool_of(range(1319))
    few, more = drawn(pool, 300), drawn(pool, 600)
    assert set(few) <= set(more)
    others = [drawn(pool, 300, 1), drawn(Pool(pool.pool, "other"), 300)]
    for other in others:
        assert 40 <= len(set(few) & set(other)) <= 100, "two independent draws share 68 on average"


def test_items_that_ask_the_same_with_other_golds_are_all_drawn() -> None:
    pool = Pool([Item(f"{number}", "the same?", str(number)) for number in range(9)])
    assert len(drawn(pool, 9)) == 9
    assert set(drawn(pool, 3)) <= set(drawn(pool, 5))
