"""Coverage of every interval with known truth, 4,000 replications; prints the table of docs/explanation/statistics.md.

    pytest -m slow -s tests/invariant/test_analysis_coverage.py

Source of the designs: method, section 3. Gated: one seed 93-97% for 50 items and more; three seeds of equal SD, pooled,
93-97% for 200 items and more and 93-99% for 50, shared parents included; family-wise error at most 5%.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from tests.support.coverage_simulation import (
    ITEM_SD,
    REPLICATIONS,
    VIEW_SD,
    Setting,
    base_logit,
    order_differences,
    parent_differences,
    simulate,
)
from xdomain.analysis.inference import Estimate, combine, t_test_p
from xdomain.analysis.maxima import pairwise, size, smallest, spread
from xdomain.analysis.proportion import accuracy_limits, wilson
from xdomain.analysis.ratio import fieller
from xdomain.analysis.variance import components

pytestmark = pytest.mark.slow
ITEMS = (50, 200, 500)
ACCURACIES = (0.05, 0.2, 0.5, 0.8, 0.95)
MONTE_CARLO = 2 * math.sqrt(0.05 * 0.95 / REPLICATIONS)
"""Two standard errors of a coverage of 95%."""


def row(name: str, setting: str, **values: float) -> None:
    print(f"| {name} | {setting} | " + " | ".join(f"{key} {100 * value:.1f}" for key, value in values.items()) + " |")


def answers(generator, accuracies, n_items, samples, replications=REPLICATIONS):
    """Item means of given checkpoints, one accuracy each: shape [replications, checkpoints, 1, items]."""
    item = ITEM_SD * generator.standard_normal((replications, 1, n_items))
    levels = np.array([base_logit(accuracy) for accuracy in accuracies])[:, None]
    view = VIEW_SD * generator.standard_normal((replications, len(accuracies), n_items))
    p = special.expit(levels + item + view)
    return (generator.binomial(samples, p) / samples)[:, :, None, :]


@pytest.mark.parametrize("samples", [1, 4])
def test_one_seed_paired_difference_and_accuracy(samples):
    """Given checkpoints: paired t over items, and Wilson with the effective number of items."""
    generator = np.random.default_rng(10 + samples)
    for n in ITEMS:
        for accuracy in ACCURACIES:
            scores = answers(generator, (accuracy, accuracy), n, samples)
            parts = components(scores[:, 0] - scores[:, 1])
            half = special.stdtrit(n - 1, 0.975) * np.sqrt(parts.items)
            difference = float((np.abs(parts.mean) <= half).mean())
            single = components(scores[:, 0])
            estimates = [
                Estimate(float(m), float(v), n - 1.0, n, 1) for m, v in zip(single.mean, single.items, strict=True)
            ]
            limits = np.array([accuracy_limits(e) for e in estimates])
            level = float(((limits[:, 0] <= accuracy) & (accuracy <= limits[:, 1])).mean())
            naive = np.array([wilson(e.value, n * samples, 1.959963984540054) for e in estimates])
            plain = float(((naive[:, 0] <= accuracy) & (accuracy <= naive[:, 1])).mean())
            setting = f"n {n}, accuracy {accuracy}, {samples} samples, 1 seed"
            row("paired difference, accuracy", setting, paired=difference, wilson=level, wilson_n_x_samples=plain)
            assert 0.93 <= difference <= 0.97 + MONTE_CARLO, setting
            assert 0.93 <= level <= 0.97 + MONTE_CARLO, setting


def test_three_seeds_pooled_over_the_order_matrix():
    for n in ITEMS:
        for accuracy in ACCURACIES:
            for seed_sd in (0.0, 0.02, 0.04):
                if seed_sd > accuracy * (1 - accuracy):
                    continue  # the accuracy could not vary that much
                found = simulate(Setting(n, 4, 3, accuracy, seed_sd), seed=n + int(1000 * (accuracy + seed_sd)))
                held = {name: float((np.abs(found.mean) <= found.half_width(name)).mean()) for name in found.error}
                setting = f"n {n}, accuracy {accuracy}, seed SD {100 * seed_sd:g}, 3 seeds"
                row("order effect", setting, **{name.replace(" ", "_"): value for name, value in held.items()})
                assert 0.93 <= held["pooled"] <= (0.99 if n == 50 else 0.97 + MONTE_CARLO), setting


@pytest.mark.parametrize("n_seeds", [2, 5])
def test_other_numbers_of_seeds(n_seeds):
    for n in ITEMS:
        for seed_sd in (0.0, 0.02, 0.04):
            found = simulate(Setting(n, 4, n_seeds, 0.5, seed_sd), seed=n_seeds)
            held = {name: float((np.abs(found.mean) <= found.half_width(name)).mean()) for name in found.error}
            setting = f"n {n}, accuracy 0.5, seed SD {100 * seed_sd:g}, {n_seeds} seeds"
            row("order effect", setting, **{name.replace(" ", "_"): value for name, value in held.items()})
            assert 0.92 <= held["pooled"] <= 0.99, setting


@pytest.mark.parametrize("n_seeds", [2, 3])
@pytest.mark.parametrize("kind", ["order", "transfer", "retention", "plasticity"])
def test_contrasts_with_a_shared_run(kind, n_seeds):
    """Two seeds cannot tell how contrasts move together: their coverage is printed, and gated more loosely.

    Of sequences of two phases BWT is retention, forgetting its mirror image and FWT a transfer.
    """
    draw = order_differences if kind == "order" else partial(parent_differences, kind=kind)
    for n in (200, 500):
        for seed_sd in (0.02, 0.04):
            found = simulate(Setting(n, 4, n_seeds, 0.5, seed_sd), seed=1000 * n_seeds + n, draw=draw)
            held = float((np.abs(found.mean) <= found.half_width("pooled")).mean())
            p = found.p_values("pooled")
            wrong = float((p.min(axis=1) * p.shape[1] <= 0.05).mean())
            setting = f"n {n}, seed SD {100 * seed_sd:g}, {n_seeds} seeds"
            row(kind, setting, covered=held, family_wise_error=wrong)
            assert held >= (0.94 if n_seeds > 2 else 0.91), setting
            assert wrong <= (0.06 if n_seeds > 2 else 0.09), setting


def test_sums_and_levels_with_three_seeds():
    """Asymmetry adds two tests, order sensitivity is a size of two effects, an accuracy is a level of its own."""
    for n in (200, 500):
        for seed_sd in (0.02, 0.04):
            setting = Setting(n, 4, 3, 0.5, seed_sd)
            transfers = [simulate(setting, seed, draw=partial(parent_differences, kind="transfer")) for seed in (1, 2)]
            orders = [simulate(setting, seed) for seed in (3, 4)]
            asymmetry, sensitivity = [], []
            for k in range(REPLICATIONS):
                left, right = (one_of(found, k, n) for found in transfers)
                low, high = combine([left, right], [1, -1]).limits()
                asymmetry.append(low <= 0 <= high)
                extreme = size([one_of(found, k, n) for found in orders])
                sensitivity.append(extreme.low <= 0 <= extreme.high)
            values = {"asymmetry": float(np.mean(asymmetry)), "order_sensitivity": float(np.mean(sensitivity))}
            row("two tests", f"n {n}, seed SD {100 * seed_sd:g}, 3 seeds", **values)
            assert min(values.values()) >= 0.93


def test_accuracies_with_three_seeds():
    for n in (200, 500):
        for seed_sd in (0.02, 0.04):
            setting = Setting(n, 4, 3, 0.5, seed_sd)
            found = simulate(setting, seed=5, draw=partial(parent_differences, kind="accuracy"))
            limits = [accuracy_limits(one_of(found, k, n)) for k in range(REPLICATIONS)]
            held = float(np.mean([low <= 0.5 <= high for low, high in limits]))
            row("accuracy", f"n {n}, seed SD {100 * seed_sd:g}, 3 seeds", covered=held)
            assert held >= 0.93


def test_ranges_with_three_seeds_at_the_null():
    """Four runs that do not differ; 1,000 replications, since the studentised range costs milliseconds a call."""
    for n in (200, 500):
        for seed_sd in (0.02, 0.04):
            setting = Setting(n, 4, 3, 0.5, seed_sd)
            generator = np.random.default_rng(n)
            held, rejected = [], []
            for _ in range(4):
                for scores in parent_differences(setting, generator, 250, "accuracy"):
                    found = spread(pairwise(scores, None))
                    held.append(found.low <= 0 <= found.high)
                    rejected.append(found.p <= 0.05)
            row("range of four", f"n {n}, seed SD {100 * seed_sd:g}, 3 seeds", covered=float(np.mean(held)))
            assert np.mean(held) >= 0.93
            assert np.mean(rejected) <= 0.07


def one_of(found, k, n, contrast=0) -> Estimate:
    """One simulated contrast as the package's estimate."""
    place = (k, contrast)
    error, degrees = found.error["pooled"][place], found.degrees["pooled"][place]
    bare = Estimate(float(found.mean[place]), float(error) ** 2, float(degrees), n, 3)
    return replace(bare, p=t_test_p(bare))


def test_unequal_seed_deviations_are_reported():
    """One contrast four times as noisy between seeds as the others: its pooled coverage falls, so print its own SD."""
    for n in ITEMS:
        found = simulate(Setting(n, 4, 3, 0.5, 0.01, spread=(4.0, 1, 1, 1, 1, 1)), seed=n)
        held = np.abs(found.mean) <= found.half_width("pooled")
        alone = np.abs(found.mean) <= found.half_width("lone")
        row(
            "order effect, unequal SDs",
            f"n {n}, seed SD 4 and 1, 3 seeds",
            noisiest=float(held[:, 0].mean()),
            others=float(held[:, 1:].mean()),
            noisiest_alone=float(alone[:, 0].mean()),
        )
        assert held[:, 1:].mean() >= 0.93


@pytest.mark.parametrize("seed_sd", [0.01, 0.02, 0.04])
def test_family_wise_error_and_false_discoveries_of_the_whole_matrix(seed_sd):
    """24 cells: six pairs on four domains; Holm under the null, Benjamini-Hochberg with a third of true effects."""
    null = [simulate(Setting(200, 4, 3, 0.5, seed_sd), seed=70 + d) for d in range(4)]
    p = np.concatenate([found.p_values("pooled") for found in null], axis=1)
    holm = float(np.mean([multipletests(values, method="holm")[0].any() for values in p]))
    items_only = np.concatenate([found.p_values("items only") for found in null], axis=1)
    shifts = (0.6, -0.6, 0.0, 0.0, 0.0, 0.0)
    mixed = [simulate(Setting(200, 4, 3, 0.5, seed_sd, shifts=shifts), seed=80 + d) for d in range(4)]
    q = np.concatenate([found.p_values("pooled") for found in mixed], axis=1)
    is_null = np.tile(np.array(shifts) == 0, 4)
    rejected = np.array([multipletests(values, method="fdr_bh")[0] for values in q])
    false_share = float((rejected[:, is_null].sum(axis=1) / np.maximum(rejected.sum(axis=1), 1)).mean())
    row(
        "order matrix",
        f"n 200, seed SD {100 * seed_sd:g}, 3 seeds",
        holm_family_wise_error=holm,
        bh_false_discoveries=false_share,
        bh_power=float(rejected[:, ~is_null].mean()),
        items_only_rejects_a_cell=float((items_only < 0.05).mean()),
    )
    assert holm <= 0.05 + MONTE_CARLO
    assert false_share <= 0.05 * 2 / 3 + MONTE_CARLO


def test_asymmetry_relative_transfer_and_pair_extremes():
    """One seed: sums over two tests, Fieller's ratio, the size of an order effect, and mix gain as a smallest value."""
    generator = np.random.default_rng(5)
    for n in ITEMS:
        for level in (0.2, 0.5, 0.8):
            first = answers(generator, (level, level + 0.1, level + 0.15), n, 4)
            second = answers(generator, (level, level + 0.1), n, 4)
            one, two = components(first[:, 1] - first[:, 0]), components(second[:, 1] - second[:, 0])
            truth = 0.1
            variance = one.items + two.items
            degrees = variance**2 / ((one.items**2 + two.items**2) / (n - 1))
            asymmetry = np.abs(one.mean - two.mean) <= special.stdtrit(degrees, 0.975) * np.sqrt(variance)
            own = components(first[:, 2] - first[:, 0])
            both = components(first[:, 1] + first[:, 2] - 2 * first[:, 0])
            covariance = (both.items - one.items - own.items) / 2
            critical = float(stats.t.ppf(0.975, n - 1))
            ratio_held, size_held, mix_held = [], [], []
            for k in range(REPLICATIONS):
                ratio = fieller(
                    float(one.mean[k]), float(own.mean[k]), (one.items[k], own.items[k]), float(covariance[k]), critical
                )
                unbounded = ratio is None or ratio.low is None
                ratio_held.append(unbounded or ratio.low <= truth / 0.15 <= ratio.high)
                parts = [estimate(one, k, n), estimate(two, k, n)]
                extreme = size(parts)
                size_held.append(extreme.low <= truth <= extreme.high)
                mix = smallest(parts)
                mix_held.append(mix.low <= truth <= mix.high)
            values = {
                "asymmetry": float(asymmetry.mean()),
                "relative_transfer": float(np.mean(ratio_held)),
                "order_sensitivity": float(np.mean(size_held)),
                "mix_gain": float(np.mean(mix_held)),
            }
            setting = f"n {n}, accuracy {level}, 4 samples, 1 seed"
            row("two tests", setting, **values)
            assert 0.93 <= values["asymmetry"] <= 0.97, setting
            assert values["relative_transfer"] >= 0.93, setting
            assert values["order_sensitivity"] >= 0.94, setting
            assert values["mix_gain"] >= 0.93, setting


def estimate(parts, k, n) -> Estimate:
    found = Estimate(float(parts.mean[k]), float(parts.items[k]), n - 1.0, n, 1)
    return Estimate(found.value, found.variance, found.degrees, n, 1, p=t_test_p(found))


def test_sizes_and_ranges_at_the_null():
    """Where nothing differs a plain bootstrap of a size or a range never covers 0; the corrected intervals must."""
    generator = np.random.default_rng(6)
    replications = 1_000  # the studentised range costs a millisecond a call
    for n in ITEMS:
        scores = answers(generator, (0.4,) * 6, n, 4, replications)
        size_held, range_held, rejected = [], [], []
        for k in range(replications):
            found = spread(pairwise(scores[k], None))
            range_held.append(found.low <= 0 <= found.high)
            rejected.append(found.p <= 0.05)
            pair = [components(scores[k, 0] - scores[k, 1]), components(scores[k, 2] - scores[k, 3])]
            parts = []
            for part in pair:
                bare = Estimate(float(part.mean), float(part.items), n - 1.0, n, 1)
                parts.append(Estimate(bare.value, bare.variance, bare.degrees, n, 1, p=t_test_p(bare)))
            extreme = size(parts)
            size_held.append(extreme.low <= 0 <= extreme.high)
        held = {"range_of_six": float(np.mean(range_held)), "order_sensitivity": float(np.mean(size_held))}
        row("at the null", f"n {n}, 1 seed", **held, range_test_rejects=float(np.mean(rejected)))
        assert held["range_of_six"] >= 0.94
        assert held["order_sensitivity"] >= 0.94
        assert np.mean(rejected) <= 0.065


def test_smallest_of_two_with_seeds_and_equal_truths():
    """The hardest case of a smallest value: both truths equal."""
    found = [simulate(Setting(200, 4, 3, 0.5, sd), seed=90) for sd in (0.0, 0.02, 0.04)]
    for sd, result in zip((0.0, 0.02, 0.04), found, strict=True):
        held = []
        for k in range(REPLICATIONS):
            parts = [
                Estimate(
                    float(result.mean[k, c]),
                    float(result.error["pooled"][k, c]) ** 2,
                    float(result.degrees["pooled"][k, c]),
                    200,
                    3,
                )
                for c in (0, 5)
            ]
            extreme = smallest(parts)
            held.append(extreme.low <= 0 <= extreme.high)
        row("mix gain, equal truths", f"n 200, seed SD {100 * sd:g}, 3 seeds", covered=float(np.mean(held)))
        assert np.mean(held) >= 0.93
