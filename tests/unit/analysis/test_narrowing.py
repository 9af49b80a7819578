"""The expected width of an interval with one more seed, against simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.grids import family, make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.contrast import Effect
from xdomain.analysis.narrowing import UNKNOWN, half_width, with_one_more_seed
from xdomain.analysis.power import Design, expected_error
from xdomain.analysis.result import Cell
from xdomain.analysis.study import build_study
from xdomain.plan.measurement import MeasuredGrid

DOMAINS = ("math", "logic")
DESIGN = Design(100, 4, 3)


def first_seeds(grid: MeasuredGrid, count: int) -> MeasuredGrid:
    seeds = grid.seeds[:count]
    kept = tuple(each for each in grid.checkpoints if each.seed is None or each.seed in seeds)
    names = [each.checkpoint for each in kept]
    records = grid.records[grid.records["checkpoint"].isin(names)]
    return replace(grid, checkpoints=kept, seeds=seeds, records=records)


def expected_and_found(rng_seed: int) -> tuple[float, float, float]:
    """Half-width with three seeds, expected with four, and measured with four."""
    grid = make_grid(DOMAINS, family(DOMAINS, mixed=False), seeds=(0, 1, 2, 3), n_items=100, rng_seed=rng_seed)
    three = first_seeds(grid, 3)
    study = build_study(three)
    runs = {run.label: run for run in study.book}
    effect = study.difference(runs["math -> logic"], runs["math"], "math")
    assert isinstance(effect, Effect)
    now, later = (analyse(each).matrices["retention"].cells["math -> logic"]["math"] for each in (three, grid))
    return half_width(now), with_one_more_seed(now, effect.parts, DESIGN), half_width(later)


def test_the_expected_width_is_that_of_a_further_seed_on_average() -> None:
    now, expected, found = np.median([expected_and_found(seed) for seed in range(12)], axis=0)
    assert expected < now
    assert expected == pytest.approx(found, rel=0.15)


def test_a_contrast_with_fewer_than_two_seeds_has_no_interval_for_the_recipe() -> None:
    assert half_width(Cell(n_seeds=1, standard_error=0.01, degrees=99)) == UNKNOWN
    assert half_width(Cell()) == UNKNOWN
    assert half_width(Cell(n_seeds=2, standard_error=0.01, degrees=1)) == pytest.approx(0.127, abs=1e-3)


def test_an_unmeasured_contrast_uses_the_assumptions_of_the_plan() -> None:
    error, degrees = expected_error(replace(DESIGN, n_seeds=1))
    assert degrees == 99
    assert with_one_more_seed(Cell(), None, DESIGN) == pytest.approx(1.984 * error, rel=1e-3)
