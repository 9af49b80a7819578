"""Coverage of the interval of a chosen order, whose plain interval is too narrow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.coverage_simulation import Setting, simulate
from xdomain.analysis.inference import Estimate
from xdomain.analysis.ways_measured import difference_cell

REPLICATIONS = 2_000
SETTINGS = {
    "three seeds": Setting(n_items=200, samples=4, n_seeds=3, accuracy=0.5, seed_sd=0.02),
    "one seed": Setting(n_items=200, samples=1, n_seeds=1, accuracy=0.5),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_chosen_arm_is_covered(name: str) -> None:
    """Six equal arms, of which the one with the largest estimate is reported. Its true difference is 0."""
    setting = SETTINGS[name]
    found = simulate(setting, seed=5, replications=REPLICATIONS)
    method = "pooled" if setting.n_seeds > 1 else "items only"
    covered, plain = 0, 0
    for mean, error, degrees in zip(found.mean, found.error[method], found.degrees[method], strict=True):
        chosen = int(np.argmax(mean))
        part = Estimate(mean[chosen], error[chosen] ** 2, degrees[chosen], setting.n_items, setting.n_seeds, p=0.5)
        cell, bare = difference_cell(part, len(mean)), difference_cell(part)
        covered += cell.low <= 0 <= cell.high
        plain += bare.low <= 0 <= bare.high
    coverage, uncorrected = covered / REPLICATIONS, plain / REPLICATIONS
    print(f"\n| chosen of 6 | {name} | coverage {coverage:.3f} | without correction {uncorrected:.3f} |")
    assert coverage >= 0.95
    assert uncorrected < 0.92
