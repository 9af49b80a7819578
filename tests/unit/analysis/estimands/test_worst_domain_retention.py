"""Worst-domain retention against an independent computation, and its coverage in a small simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.support.cells import close
from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.estimands import estimands
from xdomain.analysis.gate import Answer, evaluate_gate
from xdomain.analysis.measurements import Measurements
from xdomain.analysis.study import build_study

RUN, PARENT = "math -> science -> logic", "math -> science"
COLUMN = "worst earlier domain"


def test_it_is_the_smallest_retention_over_earlier_domains(result, level):
    cell = result.matrices["worst_domain_retention"].cell(RUN, COLUMN)
    assert close(cell, min(level(RUN, domain) - level(PARENT, domain) for domain in ("math", "science")))
    assert cell.compares == (RUN, PARENT)
    pair = result.matrices["worst_domain_retention"].cell("science -> math", COLUMN)
    assert pair.estimate == result.matrices["retention"].cell("science -> math", "science").estimate


def test_the_interval_is_that_of_a_minimum_of_paired_differences():
    """One seed: t limits of each domain's item differences, the upper ones at level 0.025 / 2."""
    grid = make_grid(("math", "science", "logic"), ("math", PARENT, RUN), seeds=(0,), n_items=40)
    score = grid.records.groupby(["checkpoint", "domain", "item_id"])["score"].mean()
    name = {str(end.run): end.checkpoint for end in grid.checkpoints if end.is_end}
    means, errors = [], []
    for domain in ("math", "science"):
        difference = (score[name[RUN], domain] - score[name[PARENT], domain]).to_numpy()
        means.append(difference.mean())
        errors.append(difference.std(ddof=1) / len(difference) ** 0.5)
    low = min(np.array(means) + stats.t.ppf(0.025, 39) * np.array(errors))
    high = min(np.array(means) + stats.t.ppf(1 - 0.025 / 2, 39) * np.array(errors))
    cell = analyse(grid).matrices["worst_domain_retention"].cell(RUN, COLUMN)
    assert (cell.estimate, cell.low, cell.high) == pytest.approx((min(means), low, high))


def test_the_interval_holds_the_truth_in_95_percent():
    """At the null: every checkpoint answers by a coin, so the smallest retention is 0."""
    grid = make_grid(("math", "science", "logic"), ("math", PARENT, RUN), seeds=(0,), n_items=80, samples=1)
    rng, held, runs = np.random.default_rng(0), 0, 400
    for _ in range(runs):
        drawn = grid.records.assign(score=rng.integers(0, 2, len(grid.records)).astype(float))
        measured = replace(grid, records=drawn)
        found = Measurements(build_study(measured), measured, estimands()).matrix("worst_domain_retention")
        cell = found.cell(RUN, COLUMN)
        held += cell.low <= 0 <= cell.high
    assert held / runs >= 0.93


def test_a_gate_asks_for_it(result):
    cell = result.matrices["worst_domain_retention"].cell("science -> math", COLUMN)
    outcome = evaluate_gate(result, f"worst_domain_retention(science -> math) < {cell.high + 0.001:.4f}")
    assert outcome.answer is Answer.SUPPORTED
