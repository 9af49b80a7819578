"""Metamorphic laws: what must not change, and what must change exactly so."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.support.grids import make_grid, relabelled
from xdomain.analysis.analyse import analyse
from xdomain.analysis.gate import find_cell
from xdomain.analysis.result import Cell
from xdomain.config.analysis import parse_quantity
from xdomain.config.curriculum import parse_curriculum

DOMAINS = ("math", "science")
few = settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
"""No shrinking: an analysis takes a third of a second, and a failing grid is small as it is."""
grids = st.builds(
    make_grid,
    st.just(DOMAINS),
    seeds=st.sampled_from([(0,), (0, 1), (0, 1, 2)]),
    n_items=st.integers(6, 25),
    samples=st.integers(1, 4),
    saved_every=st.just(40),
    rng_seed=st.integers(0, 1000),
)


def same(first: Cell, second: Cell) -> bool:
    """Numbers equal to rounding; words, counts and notes equal."""
    for name in ("estimate", "low", "high", "p", "p_adjusted", "smallest_detectable"):
        a, b = getattr(first, name), getattr(second, name)
        if (a is None) != (b is None) or (a is not None and a != pytest.approx(b, abs=1e-9)):
            return False
    return (first.n_items, first.n_seeds, first.word) == (second.n_items, second.n_seeds, second.word)


def cells(result, name):
    matrix = result.matrices[name]
    return {(row, column): cell for row, columns in matrix.cells.items() for column, cell in columns.items()}


@few
@given(grids)
def test_relabelling_domains_permutes_matrices(grid):
    names = {"math": "alpha", "science": "zeta"}
    first, second = analyse(grid), analyse(relabelled(grid, names))

    def rename(text):
        if text == "base":
            return text
        phases = [" + ".join(names[d] for d in phase.domains) for phase in parse_curriculum(text).phases]
        return str(parse_curriculum(" -> ".join(phases)))

    for matrix in ("accuracy", "transfer", "asymmetry", "retention", "plasticity", "mix_gain", "relative_transfer"):
        other = cells(second, matrix)
        for (row, column), cell in cells(first, matrix).items():
            assert same(cell, other[rename(row), names[column]]), (matrix, row, column)
    for (_, column), cell in cells(first, "order_effect").items():
        assert same(cell, second.matrices["order_effect"].cell("alpha, zeta", names[column]))


@few
@given(grids)
def test_swapping_a_and_b_negates_asymmetry_and_order(grid):
    result = analyse(grid)
    swapped = analyse(replace(grid, domains=tuple(reversed(grid.domains))))
    for matrix in ("asymmetry", "asymmetry_logit", "asymmetry_relative"):
        for (a, b), cell in cells(result, matrix).items():
            mirror = result.matrices[matrix].cell(b, a)
            if cell.estimate is not None:
                assert cell.estimate == pytest.approx(-mirror.estimate, abs=1e-12)
            if cell.low is not None:
                assert (cell.low, cell.high) == pytest.approx((-mirror.high, -mirror.low), abs=1e-9)
    for t in DOMAINS:
        forward = result.matrices["order_effect"].cell("math, science", t)
        backward = swapped.matrices["order_effect"].cell("science, math", t)
        assert forward.estimate == pytest.approx(-backward.estimate, abs=1e-12)
        assert same(find_cell(swapped, parse_quantity(f"order(math, science) on {t}")), forward)


@few
@given(grids, st.floats(0.05, 0.5))
def test_a_constant_moves_levels_and_nothing_else(grid, constant):
    halved = grid.records.drop(columns=["outcome"]).assign(score=grid.records["score"] / 2)
    moved = halved["score"] + constant * (halved["domain"] == "math")
    first = analyse(replace(grid, records=halved))
    second = analyse(replace(grid, records=halved.assign(score=moved)))
    for (row, column), cell in cells(first, "accuracy").items():
        expected = cell.estimate + (constant if column == "math" else 0.0)
        assert second.accuracy.cell(row, column).estimate == pytest.approx(expected, abs=1e-9)
    for matrix in ("transfer", "order_effect", "retention", "plasticity", "mix_gain", "asymmetry"):
        for key, cell in cells(first, matrix).items():
            assert same(cell, second.matrices[matrix].cell(*key)), (matrix, key)


@few
@given(grids, st.integers(0, 1000))
def test_the_order_of_records_does_not_matter(grid, seed):
    shuffled = replace(grid, records=grid.records.sample(frac=1, random_state=seed).reset_index(drop=True))
    first, second = analyse(grid), analyse(shuffled)
    assert (first.items, first.sentences, first.effort) == (second.items, second.sentences, second.effort)
    for name, matrix in first.matrices.items():
        for row, columns in matrix.cells.items():
            for column, cell in columns.items():
                assert same(cell, second.matrices[name].cells[row][column]), (name, row, column)


@few
@given(grids)
@example(make_grid(DOMAINS, seeds=(0,), n_items=10, samples=3, saved_every=40, rng_seed=0))
def test_duplicated_items_do_not_narrow_a_clustered_interval(grid):
    copy = grid.records.assign(
        item_id=grid.records["item_id"] + "-copy", prompt_hash=grid.records["prompt_hash"] + "-copy"
    )
    both = pd.concat([grid.records, copy], ignore_index=True)
    first = analyse(grid)
    clustered = analyse(replace(grid, records=both))
    naive = analyse(replace(grid, records=both.assign(cluster_id=both["item_id"])))
    for matrix in ("transfer", "order_effect", "retention"):
        for key, cell in cells(first, matrix).items():
            if cell.low is None:
                continue
            held, narrowed = clustered.matrices[matrix].cell(*key), naive.matrices[matrix].cell(*key)
            assert held.high - held.low == pytest.approx(cell.high - cell.low, rel=1e-6), (matrix, key)
            if cell.n_seeds == 1:  # several seeds: less error of items can leave more of the spread to the seeds
                assert narrowed.high - narrowed.low < cell.high - cell.low


@few
@given(st.integers(0, 1000), st.sampled_from([(0,), (0, 1, 2)]))
def test_a_control_has_no_order_effect(rng_seed, seeds):
    curricula = ("math", "science", "math -> math", "math -> science", "science -> math")
    result = analyse(make_grid(DOMAINS, curricula, seeds, n_items=12, saved_every=40, rng_seed=rng_seed))
    assert result.matrices["order_effect"].rows == ("math, science",)
    assert result.matrices["order_sensitivity"].rows == ("math, science",)


@few
@given(grids)
def test_every_cell_is_sane(grid):
    result = analyse(grid)
    for name, matrix in result.matrices.items():
        for row, columns in matrix.cells.items():
            for column, cell in columns.items():
                where = (name, row, column)
                if cell.low is not None and cell.high is not None:
                    assert cell.low <= cell.high, where
                if cell.p is not None:
                    assert 0 <= cell.p <= 1, where
                    assert cell.p_adjusted is not None, where
                    assert cell.p_adjusted >= cell.p - 1e-12, where
                if cell.estimate is None:
                    assert cell.note, where
                assert set(cell.compares) <= set(result.effort), where
                assert (
                    (cell.speaks_of == "the recipe") == ((cell.n_seeds or 1) > 1)
                    or cell.speaks_of is None
                    or (name == "odds_ratio")
                ), where
