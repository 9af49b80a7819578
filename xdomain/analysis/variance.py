"""Variance of a mean over items that are crossed with seeds.

Every seed is evaluated on the same items, so items and seeds are crossed, not nested. With D[s, i] the (paired)
difference of item i within seed s,

    D[s, i] = mu + seed_s + item_i + e_si,    V(mean) = var(seed)/S + var(item)/n + var(e)/(n S).

All three parts are kept in the unit "variance of a mean". `between` is the variance of the S seed means (it contains
var(seed) and var(e)/n). `noise` estimates the var(e)/n in it. `items` is the whole item part of V(mean), including
var(e)/(n S). In mean squares: between = MS_seed/n, noise = MS_error/n, items = MS_item/(n S). Items that share a
context (clusters) enter through their cluster sums.

Source: ours (method, section 3); cluster sums after Miller 2411.00640, section 2.2, with the factor G/(G-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xdomain.analysis.columns import FloatArray


@dataclass(frozen=True)
class Components:
    """Variance parts of one or many contrasts. Every array has the leading shape of the input.

    Attributes:
        mean: Estimate.
        seed_means: Estimate within each seed, shape [..., S].
        between: Variance of the seed means; 0 with one seed.
        noise: Part of `between` that item noise explains.
        items: Item part of the variance of `mean`.
        n_seeds: Number of seeds, S.
        item_degrees: Degrees of freedom of `items`: the number of items (or clusters) minus one.
    """

    mean: FloatArray
    seed_means: FloatArray
    between: FloatArray
    noise: FloatArray
    items: FloatArray
    n_seeds: int
    item_degrees: FloatArray


def components(values: FloatArray, clusters: NDArray[np.intp] | None = None) -> Components:
    """Split the variation of `values`, shape [..., S, n].

    Args:
        values: One value per seed and item, without NaN.
        clusters: Cluster number of each item, 0 to G-1, shape [n]; None without clusters.
    """
    *_, n_seeds, n_items = values.shape
    seed_means = values.mean(axis=-1)
    item_means = values.mean(axis=-2)
    mean = seed_means.mean(axis=-1)
    item_rest = item_means - mean[..., None]
    item_sums = cluster_sums(item_rest, clusters)
    n_units = item_sums.shape[-1]
    degrees = np.full_like(mean, max(n_units - 1, 0))
    correction = n_units / (n_units - 1) if n_units > 1 else np.nan
    items = correction * (item_sums**2).sum(axis=-1) / n_items**2
    if n_seeds == 1:
        zero = np.zeros_like(mean)
        return Components(mean, seed_means, zero, zero, items, n_seeds, degrees)
    between = seed_means.var(axis=-1, ddof=1)
    rest = values - item_means[..., None, :] - (seed_means - mean[..., None])[..., None]
    noise = correction * (cluster_sums(rest, clusters) ** 2).sum(axis=(-2, -1)) / (n_items**2 * (n_seeds - 1))
    return Components(mean, seed_means, between, noise, items, n_seeds, degrees)


def add_domains(parts: Sequence[Components]) -> Components:
    """Return the sum of contrasts on different domains under the same seeds.

    Items of different domains are independent, so item parts add. Seeds are not independent (one checkpoint answers on
    all domains), so `between` is computed from the summed seed means.
    """
    seed_means = np.sum([part.seed_means for part in parts], axis=0)
    items = np.sum([part.items for part in parts], axis=0)
    spread = np.sum([part.items**2 / np.maximum(part.item_degrees, 1) for part in parts], axis=0)
    smallest = np.min([part.item_degrees for part in parts], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = np.where(spread > 0, items**2 / spread, smallest)
    n_seeds = parts[0].n_seeds
    mean = seed_means.mean(axis=-1)
    between = seed_means.var(axis=-1, ddof=1) if n_seeds > 1 else np.zeros_like(mean)
    noise = np.sum([part.noise for part in parts], axis=0)
    return Components(mean, seed_means, between, noise, items, n_seeds, degrees)


def cluster_sums(values: FloatArray, clusters: NDArray[np.intp] | None) -> FloatArray:
    """Sum the last axis within clusters; without clusters, every item is a separate sum."""
    if clusters is None:
        return values
    n_clusters = int(clusters.max()) + 1
    membership = np.zeros((values.shape[-1], n_clusters))
    membership[np.arange(values.shape[-1]), clusters] = 1.0
    return values @ membership


@dataclass(frozen=True)
class SeedPool:
    """Seed variation pooled over the contrasts of one matrix on one evaluated domain.

    Attributes:
        between: Pooled variance of seed means.
        noise: Pooled item noise in it.
        degrees: Degrees of freedom of `between`, from `pooled_degrees`.
        nominal_degrees: Degrees of freedom if the contrasts were independent.
        noise_degrees: Degrees of freedom of `noise`.
        lone: True if only one contrast was pooled, so that no other contrast contributes.
    """

    between: FloatArray
    noise: FloatArray
    degrees: FloatArray
    nominal_degrees: FloatArray
    noise_degrees: FloatArray
    lone: bool


def pooled_degrees(seed_means: FloatArray) -> FloatArray:
    """Return the degrees of freedom of the average of C variances between the same S seeds.

    Contrasts that share a stage vary together from seed to seed, so C of them have fewer than C(S - 1) degrees. With
    the covariance matrix W of the contrasts between seeds, the number is (S - 1) tr(W)^2 / tr(W^2); both traces are
    estimated without bias. Two seeds cannot determine W. For them the plain C(S - 1) is used, which is too large if
    contrasts share much.

    Args:
        seed_means: Seed means of each contrast, shape [..., C, S].

    Returns:
        Degrees of freedom, shape [...].

    Source: ours for this use; the unbiased estimates are those of Bai and Saranadasa 1996, Statistica Sinica 6, 311.
    """
    contrasts, seeds = seed_means.shape[-2:]
    n = float(seeds - 1)
    if seeds < 3 or contrasts == 1:
        return np.full(seed_means.shape[:-2], contrasts * n)
    rest = seed_means - seed_means.mean(axis=-1, keepdims=True)
    gram = np.swapaxes(rest, -1, -2) @ rest / n
    trace, square = np.trace(gram, axis1=-2, axis2=-1), (gram**2).sum(axis=(-2, -1))
    trace_squared = trace**2 - 2 * square / (n + 1)
    squared_trace = n / (n + 1) * (square - trace**2 / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        independent = np.where(squared_trace > 0, trace_squared / squared_trace, contrasts)
    degrees: FloatArray = n * np.clip(independent, 1.0, contrasts)
    return degrees


def satterthwaite(parts: Components, pool: SeedPool) -> tuple[FloatArray, FloatArray]:
    """Return the variance of each mean and its degrees of freedom.

    There are at least S - 1 degrees, and exactly S - 1 for a single contrast. The seed part is max(between - noise, 0),
    because a negative estimate is noise and would narrow the interval.
    """
    seeds = parts.n_seeds
    variance = np.maximum(pool.between - pool.noise, 0.0) / seeds + parts.items
    if pool.lone:
        return variance, np.full_like(variance, float(seeds - 1))
    spread = (
        (pool.between / seeds) ** 2 / pool.degrees
        + (pool.noise / seeds) ** 2 / pool.noise_degrees
        + parts.items**2 / np.maximum(parts.item_degrees, 1)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = np.where(spread > 0, variance**2 / spread, np.inf)
    return variance, np.maximum(degrees, seeds - 1)
