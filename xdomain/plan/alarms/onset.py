"""Estimate when a domain began to get worse: the change point of its accuracy over the looks, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from xdomain.core.seeds import derive_seed
from xdomain.plan.alarms.decision import FloatArray

RESAMPLES = 999
LEVEL = 0.95


@dataclass(frozen=True)
class Onset:
    """The steps between which a domain began to get worse.

    Attributes:
        after: Step of the last look before the change; 0 is the reference.
        by: Step of the first look after it.
        low: Lower end of the 95% interval: the step of a look, after which the change came.
        high: Upper end: the step of a look, by which the change had come.
    """

    after: int
    by: int
    low: int
    high: int


def onset(differences: FloatArray, steps: Sequence[int]) -> Onset:
    """Return the change point of the mean difference, by least squares with one level before and one after.

    The interval resamples items, each with its differences at all looks. It holds the uncertainty from the choice of
    items only. A gradual decline has no change point; the estimate then lies within the decline.

    Source: ours; least-squares change point of a mean (Bai 1994), percentile bootstrap.

    Args:
        differences: D_ik, shape [items, looks], without the reference. NaN is a missing score.
        steps: Step of each look, ascending.
    """
    values = np.nan_to_num(differences)
    steps_at = (0, *steps)
    means = np.vstack([values.mean(axis=0), _resamples(len(values)) @ values / len(values)])
    change = _change_points(np.hstack([np.zeros((len(means), 1)), means]))
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(change[1:], [tail, 100 - tail], method="nearest").astype(int)
    best = int(change[0])
    low, high = min(int(low), best), max(int(high), best)
    return Onset(steps_at[best - 1], steps_at[best], steps_at[low - 1], steps_at[high])


@lru_cache(maxsize=8)
def _resamples(items: int) -> FloatArray:
    """Return how often each item is drawn in each resample, shape [resamples, items]."""
    generator = np.random.default_rng(derive_seed("onset", items))
    return generator.multinomial(items, np.full(items, 1 / items), size=RESAMPLES).astype(np.float64)


def _change_points(series: FloatArray) -> FloatArray:
    """Return for each series [rows, 1 + looks] the index of the first point of the lower level, from 1 to looks."""
    points = series.shape[1]
    splits = np.arange(1, points)
    total = np.cumsum(series, axis=1)
    before = total[:, :-1] / splits
    after = (total[:, -1:] - total[:, :-1]) / (points - splits)
    drop = before - after
    explained = np.where(drop > 0, drop**2 * splits * (points - splits), 0.0)
    found: FloatArray = explained.argmax(axis=1) + 1
    return found
