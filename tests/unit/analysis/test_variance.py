"""Variance parts equal the textbook mean squares of a crossed layout, and intervals scipy's where those exist."""

import numpy as np
import pytest
from scipy import stats

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.contrast import Effect
from xdomain.analysis.inference import pool_effects
from xdomain.analysis.variance import components, pooled_degrees


@pytest.fixture(scope="module")
def values():
    generator = np.random.default_rng(0)
    seeds, items = generator.normal(0, 0.05, (3, 1)), generator.normal(0, 0.3, (1, 40))
    return 0.1 + seeds + items + generator.normal(0, 0.2, (3, 40))


def test_parts_are_the_mean_squares(values):
    n_seeds, n = values.shape
    rest = values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()
    ms_seed = n * values.mean(1).var(ddof=1)
    ms_item = n_seeds * values.mean(0).var(ddof=1)
    ms_error = (rest**2).sum() / ((n - 1) * (n_seeds - 1))
    parts = components(values)
    assert parts.between == pytest.approx(ms_seed / n, abs=1e-12)
    assert parts.noise == pytest.approx(ms_error / n, abs=1e-12)
    assert parts.items == pytest.approx(ms_item / (n * n_seeds), abs=1e-12)


def test_leading_axes_are_independent(values):
    stacked = components(np.stack([values, 2 * values]))
    assert stacked.items[1] == pytest.approx(4 * stacked.items[0])
    assert stacked.between[0] == pytest.approx(float(components(values).between))


def test_one_seed_is_the_paired_t_interval(values):
    parts = components(values[:1])
    effect = Effect(parts, values[0], ("math",), 40, ("a", "b"))
    found = pool_effects({"only": effect})["only"]
    expected = stats.ttest_1samp(values[0], 0).confidence_interval(0.95)
    assert found.limits() == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_lone_contrast_has_one_degree_of_freedom_less_than_seeds(values):
    effect = Effect(components(values), None, ("math",), 40, ("a", "b"))
    assert pool_effects({"only": effect})["only"].degrees == 2


def test_pooling_averages_seed_variation(values):
    twin = values[::-1] * 2
    effects = {name: Effect(components(v), None, ("math",), 40, ("a", "b")) for name, v in (("x", values), ("y", twin))}
    found = pool_effects(effects)
    parts = {name: effect.parts for name, effect in effects.items()}
    pooled = (parts["x"].between + parts["y"].between - parts["x"].noise - parts["y"].noise) / 2
    assert found["x"].variance == pytest.approx(float(max(pooled, 0) / 3 + parts["x"].items), abs=1e-12)
    assert found["x"].degrees > 2
    assert found["x"].seed_sd == pytest.approx(float(parts["x"].between) ** 0.5)


def test_a_contrast_with_unusual_seeds_says_so():
    generator = np.random.default_rng(8)
    effects = {}
    for name, seed_sd in (("wild", 0.3), ("a", 0.01), ("b", 0.01), ("c", 0.01)):
        scores = generator.normal(0, 0.3, (1, 80)) + seed_sd * np.array([[-1.0], [0.0], [1.0]])
        parts = components(scores + generator.normal(0, 0.05, (3, 80)))
        effects[name] = Effect(parts, None, ("math",), 80, (name, "base"))
    found = pool_effects(effects)
    assert found["wild"].caveat.startswith("its seeds differ more (SD 29.7 points) than those it is pooled with (1.0)")
    assert [found[name].caveat for name in "abc"] == ["", "", ""]


def test_clusters_of_identical_items_count_once(values):
    doubled = np.repeat(values, 2, axis=1)
    clusters = np.repeat(np.arange(values.shape[1]), 2)
    single, clustered = components(values), components(doubled, clusters)
    for name in ("between", "noise", "items"):
        assert getattr(clustered, name) == pytest.approx(float(getattr(single, name)), abs=1e-12)
    assert components(doubled).items < 0.6 * single.items


def test_one_item_has_no_interval():
    result = analyse(make_grid(("math", "science"), n_items=1, seeds=(0,)))
    cell = result.matrices["transfer"].cells["math"]["science"]
    assert cell.estimate is not None
    assert cell.low is None
    assert "one item" in cell.note


def test_zero_variance_is_said():
    grid = make_grid(("math", "science"), n_items=20, seeds=(0,))
    grid.records["score"], grid.records["outcome"] = 1.0, "right"
    result = analyse(grid)
    cell = result.matrices["order_effect"].cells["math, science"]["math"]
    assert (cell.estimate, cell.low, cell.high, cell.word) == (0.0, None, None, "no effect shown")
    assert "zero variance" in cell.note
    accuracy = result.accuracy.cells["math"]["math"]
    assert accuracy.estimate == 1.0
    assert 0.8 < accuracy.low < accuracy.high == 1.0


def test_pooled_degrees_follow_how_contrasts_move_together() -> None:
    """Independent contrasts count C(S-1) on average; copies of one count S-1; two seeds cannot tell."""
    generator = np.random.default_rng(3)
    alone = generator.standard_normal((20_000, 6, 5))
    n = 4.0
    assert np.median(pooled_degrees(alone)) == pytest.approx(6 * n, rel=0.1)
    copies = np.repeat(generator.standard_normal((50, 1, 5)), 6, axis=1)
    np.testing.assert_allclose(pooled_degrees(copies), n)
    np.testing.assert_allclose(pooled_degrees(alone[..., :2]), 6.0)
    np.testing.assert_allclose(pooled_degrees(np.zeros((6, 5))), 6 * n)
