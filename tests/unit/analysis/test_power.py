"""What a design could show: by simulation, by inversion, and over the families that an analysis tests."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.support.grids import make_grid
from tests.support.plans import make_plan
from xdomain.analysis.analyse import analyse
from xdomain.analysis.inference import Estimate
from xdomain.analysis.maxima import pairwise, size, smallest, spread
from xdomain.analysis.power import (
    Design,
    both_needed,
    items_needed,
    large_sample_quantile,
    power_factor,
    seeds_needed,
    smallest_detectable,
)
from xdomain.api.outlook import design_in_words, outlooks
from xdomain.config.domain import DomainConfig
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.resolve.sizes import EvaluatedItems, evaluated_items

DESIGN = Design(300, 4, 3)


@pytest.mark.parametrize("degrees", [200.5, 250.0, 1_000.0, 1e6])
def test_large_sample_quantiles_are_scipys(degrees):
    errors = {0.8: 1e-9, 0.975: 1e-9, 0.9975: 2e-8, 1 - 0.05 / 200: 1e-7, 1 - 2.5e-6: 1e-6}
    for probability, error in errors.items():
        expected = stats.t.ppf(probability, degrees)
        assert large_sample_quantile(probability, degrees) == pytest.approx(expected, abs=error)


def test_a_plan_of_many_items_needs_no_scipy():
    script = "import sys, xdomain.analysis.power as power; power.smallest_detectable(power.Design(300, 4))"
    script += "; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("sides", [1, 2])
def test_the_planned_effect_is_found_in_four_of_five_runs(sides):
    """Items, answers and seeds drawn as the design assumes; one contrast, whose degrees are those of its seeds."""
    design = replace(DESIGN, n_contrasts=1, trained_sides=sides, seed_sd=0.04)
    rng = np.random.default_rng(0)
    runs, n, s = 4_000, design.n_items, design.n_seeds
    answer_sd = (design.sample_variance / design.n_samples) ** 0.5
    items = rng.normal(0, design.item_variance**0.5, (runs, 1, n)).mean(axis=2)
    answers = rng.normal(0, answer_sd / n**0.5, (runs, s, sides)).sum(axis=2)
    if sides == 1:  # the base answers once
        answers = answers + rng.normal(0, answer_sd / n**0.5, (runs, 1))
    seeds = rng.normal(0, design.seed_sd * sides**0.5, (runs, s))
    means = smallest_detectable(design) + items + answers + seeds
    found = means.mean(axis=1) / means.mean(axis=1).std()
    # The error is known here, so a z meets the t's critical value, which is found in 91%.
    assert (found > stats.t.ppf(0.975, s - 1)).mean() == pytest.approx(0.91, abs=0.02)


def test_what_an_effect_needs_inverts_what_a_design_shows():
    one = replace(DESIGN, n_seeds=1)
    items = items_needed(0.03, one)
    assert smallest_detectable(replace(one, n_items=items)) <= 0.03
    assert smallest_detectable(replace(one, n_items=items - 1)) > 0.03
    seeds = seeds_needed(0.07, DESIGN)
    assert smallest_detectable(replace(DESIGN, n_seeds=seeds)) <= 0.07
    assert smallest_detectable(replace(DESIGN, n_seeds=seeds - 1)) > 0.07
    assert items_needed(0.03, DESIGN) is None, "seeds hide it"
    assert seeds_needed(0.03, DESIGN) is None, "items hide it"
    seeds, items = both_needed(0.03, DESIGN)
    assert smallest_detectable(replace(DESIGN, n_seeds=seeds, n_items=items)) <= 0.03
    with pytest.raises(ValueError, match="above 0"):
        items_needed(0.0, DESIGN)


def test_more_tests_or_parts_hide_more():
    assert smallest_detectable(DESIGN) < smallest_detectable(DESIGN, 12) < smallest_detectable(DESIGN, 24)
    assert smallest_detectable(DESIGN) < smallest_detectable(replace(DESIGN, n_parts=2))
    assert smallest_detectable(replace(DESIGN, trained_sides=1)) < smallest_detectable(DESIGN)


def test_extremes_are_found_as_often_as_their_detectable_effect_says():
    """Two differences at exactly the detectable size: their smallest, and their root mean square, show in 80%."""
    rng = np.random.default_rng(1)
    error, degrees, runs = 0.02, 8.0, 2_000

    def draw(value: float) -> list[Estimate]:
        found = []
        for drawn in rng.standard_t(degrees, 2):
            seen = Estimate(value + error * drawn, error**2, degrees, 100, 3)
            found.append(replace(seen, p=2 * stats.t.sf(abs(seen.value) / error, degrees)))
        return found

    for extreme in (smallest, size):
        detectable = extreme(draw(0.0)).detectable
        shown = sum(extreme(draw(detectable)).p <= 0.05 for _ in range(runs)) / runs
        assert shown > 0.79, extreme.__name__
        assert detectable > power_factor(degrees) * error


@pytest.mark.slow
def test_a_range_is_found_as_often_as_its_detectable_effect_says():
    rng = np.random.default_rng(2)
    nulls = (spread(pairwise(rng.normal(0, 0.3, (3, 3, 200)), None)) for _ in range(100))
    detectable = float(np.mean([found.detectable for found in nulls]))
    shown = 0
    for _ in range(200):
        drawn = rng.normal(0, 0.3, (3, 3, 200))
        drawn[0] += detectable
        shown += spread(pairwise(drawn, None)).p <= 0.05
    assert shown / 200 > 0.75


def test_mix_gain_order_sensitivity_and_range_say_what_they_could_have_shown():
    domains = ["math", "science", "logic"]
    triples = ("math -> science -> logic", "logic -> science -> math")
    curricula = (*domains, "math -> science", "science -> math", "math + science", *triples)
    result = analyse(make_grid(domains, curricula, (0, 1, 2), n_items=40))
    for matrix in (
        result.matrices["mix_gain"],
        result.matrices["order_sensitivity"],
        result.matrices["permutation_range"],
    ):
        cells = [cell for row in matrix.cells.values() for cell in row.values() if cell.low is not None]
        assert cells
        assert all(cell.smallest_detectable > 0 for cell in cells), matrix.name
    assert {row["worst domain"].smallest_detectable for row in result.matrices["sequence"].cells.values()} == {None}


def test_a_domain_counts_its_items_and_makes_none_for_it(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"q": "1 + 1 = ?", "a": "2"}\n{"q": "1 + 2 = ?", "a": "3"}\n')
    described = {"verifier": {"kind": "number"}, "fields": {"question": "q", "gold": "a"}}
    file = build_domain(
        DomainConfig.model_validate({"name": "d", "source": {"kind": "jsonl", "test": str(rows)}, **described})
    )
    assert file.count(Split.TEST) == 2
    assert file.count(Split.DEV) == 0
    hub = {"kind": "hf", "id": "nobody/nothing", "revision": "0" * 40, "test": "test"}
    fetched = build_domain(DomainConfig.model_validate({"name": "d", "source": hub, **described}))
    assert fetched.count(Split.TEST) is None
    math = build_domain("math")
    assert math.count(Split.TEST) == len(build_domain("math").items(Split.TEST))


def test_the_plan_counts_on_the_items_that_exist(tmp_path):
    plan = make_plan(evaluation={"items": 100_000})
    items = evaluated_items(plan.experiment)
    assert items["logic"] == EvaluatedItems(1000, 1000)
    assert "has fewer items than requested: logic 1000 of 100000, puzzle 1000 of 100000" in design_in_words(plan, items)
    uneven = {"logic": EvaluatedItems(1, 1), "puzzle": EvaluatedItems(300, None)}
    many, one = outlooks(plan, uneven, None)
    assert (many.domains, one.domains) == (("puzzle",), ("logic",))
    assert one.lines[0].before > 1 > many.lines[0].before
    assert outlooks(plan, {"logic": EvaluatedItems(0, 0)}, None) == []


def test_power_equals_the_printed_figures():
    """198 items with 1 and 10 samples: 13.3 and 7.6 points; three seeds of SD 2: 5.0 pooled, 9.2 alone."""
    assert 100 * smallest_detectable(Design(198, 1)) == pytest.approx(13.3, abs=0.06)
    assert 100 * smallest_detectable(Design(198, 10)) == pytest.approx(7.6, abs=0.06)
    endless = Design(10**9, 1, 3, seed_sd=0.02, n_contrasts=6)
    assert 100 * smallest_detectable(endless) == pytest.approx(5.0, abs=0.05)
    assert 100 * smallest_detectable(replace(endless, n_contrasts=1)) == pytest.approx(9.2, abs=0.05)


def test_power_factor_gives_80_percent():
    critical = stats.t.ppf(0.975, 7)
    assert stats.nct.sf(critical, 7, power_factor(7)) == pytest.approx(0.8, abs=1e-6)


def test_domains_with_other_numbers_of_items_or_samples_have_their_own_outlook():
    override = {"where": {"domain": "puzzle"}, "evaluation": {"samples": 4, "temperature": 1.0}}
    plan = make_plan(evaluation={"items": 100}, overrides=[override])
    items = evaluated_items(plan.experiment)
    several, one = outlooks(plan, items, None)
    assert [(each.domains, each.items, each.samples) for each in (several, one)] == [
        (("puzzle",), 100, 4), (("logic",), 100, 1)
    ]  # fmt: skip
    assert several.lines[0].before < one.lines[0].before  # samples reduce the variance of an item's mean
    assert "100 items x 1 to 4 samples x 1 seed" in design_in_words(plan, items)
    assert len(outlooks(make_plan(evaluation={"items": 100}), items, None)) == 1
