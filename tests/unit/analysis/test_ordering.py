"""The order that a grid's pairs predict to forget least: against a search by hand, and what cannot be told apart."""

from dataclasses import replace
from itertools import combinations, permutations

import pytest

from tests.support.grids import family, make_grid
from xdomain.analysis.ordering import omni_thinker_order
from xdomain.core.errors import AnalysisError

DOMAINS = ("math", "science", "logic")


@pytest.fixture(scope="module")
def grid():
    return make_grid(DOMAINS, family(DOMAINS, mixed=False), seeds=(0, 1, 2, 3), n_items=150, samples=8, saved_every=40)


def level(grid, label, domain):
    ends = [c.checkpoint for c in grid.checkpoints if str(c.run) == label and c.is_end]
    own = grid.records[grid.records["checkpoint"].isin(ends) & (grid.records["domain"] == domain)]
    return own["score"].mean()


def test_the_largest_sum_of_backward_transfer_over_all_orders(grid):
    transfer = {(a, b): level(grid, f"{a} -> {b}", a) - level(grid, a, a) for a, b in permutations(DOMAINS, 2)}
    sums = {order: sum(transfer[pair] for pair in combinations(order, 2)) for order in permutations(DOMAINS)}
    found = omni_thinker_order(grid)
    assert found.backward_transfer == pytest.approx(transfer)
    assert found.sum_of_transfer == pytest.approx(max(sums.values()))
    assert sums[found.order] == pytest.approx(max(sums.values()))
    assert found.orders == 6
    assert found.order not in found.not_told_apart


def test_without_effects_no_order_is_told_from_another():
    flat = make_grid(DOMAINS, family(DOMAINS, mixed=False), seeds=(0, 1, 2), n_items=60, saved_every=40, null=True)
    assert len(omni_thinker_order(flat).not_told_apart) == 5


def test_a_clear_forgetter_goes_last(grid):
    """Whatever follows math destroys it: every order with math before the end is told apart."""
    hurt = grid.records["checkpoint"].str.startswith("math->") & (grid.records["domain"] == "math")
    spoiled = replace(grid, records=grid.records.assign(score=grid.records["score"].where(~hurt, 0.0)))
    found = omni_thinker_order(spoiled)
    assert found.order[-1] == "math"
    assert all(order[-1] == "math" for order in found.not_told_apart)


def test_a_missing_pair_and_a_lone_domain_are_refused(grid):
    kept = tuple(c for c in grid.checkpoints if str(c.run) != "math -> logic")
    records = grid.records[grid.records["checkpoint"].isin([c.checkpoint for c in kept])]
    partial = replace(grid, checkpoints=kept, records=records)
    with pytest.raises(AnalysisError, match="math -> logic"):
        omni_thinker_order(partial)
    with pytest.raises(AnalysisError, match=r"2 to 6 domains\. Found 1"):
        omni_thinker_order(make_grid(("math",), ("math",), n_items=10))
