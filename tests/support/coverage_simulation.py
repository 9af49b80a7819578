"""Simulation with known truth: how often do the package's own intervals hold it?

Items have a difficulty (logits), every run has its own view of each item, and seeds move whole runs. A child shares
half of its seed variance with its parent, as `math -> science` and `math -> logic` do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from scipy import special

from xdomain.analysis.variance import Components, SeedPool, components, pooled_degrees, satterthwaite

REPLICATIONS = 4_000
CHUNK = 250
DOMAINS = range(4)
ORDERS = list(permutations(DOMAINS, 2))
PAIRS = list(combinations(DOMAINS, 2))
ITEM_SD, VIEW_SD = 1.5, 0.6
Draw = Callable[["Setting", np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Setting:
    """One simulated design.

    Attributes:
        seed_sd: standard deviation of a run's accuracy between seeds, fraction.
        spread: factors on the seed SD of the six contrasts (1 = equal).
        shifts: true order effect of the six contrasts, logits.
    """

    n_items: int
    samples: int
    n_seeds: int
    accuracy: float
    seed_sd: float = 0.0
    spread: tuple[float, ...] = (1.0,) * 6
    shifts: tuple[float, ...] = (0.0,) * 6


def base_logit(accuracy: float) -> float:
    """Mean logit that gives this mean accuracy over items."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    scale = np.hypot(ITEM_SD, VIEW_SD)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        mean = (special.expit(middle + scale * nodes) * weights).sum() / weights.sum()
        low, high = (middle, high) if mean < accuracy else (low, middle)
    return (low + high) / 2


def logit_sd(setting: Setting) -> float:
    """Seed SD in logits that moves the accuracy by about `seed_sd`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    p = special.expit(base_logit(setting.accuracy) + np.hypot(ITEM_SD, VIEW_SD) * nodes)
    slope = float((p * (1 - p) * weights).sum() / weights.sum())
    return setting.seed_sd / slope


def order_differences(setting: Setting, generator: np.random.Generator, size: int) -> np.ndarray:
    """D[replication, contrast, seed, item] of the six order effects on one domain; the truth is 0 where shifts are."""
    n, s = setting.n_items, setting.n_seeds
    level, sd = base_logit(setting.accuracy), logit_sd(setting)
    item = level + ITEM_SD * generator.standard_normal((size, 1, n))
    parents = generator.standard_normal((size, len(DOMAINS), s))
    scores = {}
    for a, b in ORDERS:
        pair = PAIRS.index((min(a, b), max(a, b)))
        own = (parents[:, a] + generator.standard_normal((size, s))) / np.sqrt(2)
        shift = sd * setting.spread[pair] * own + (setting.shifts[pair] if a < b else 0.0)
        view = VIEW_SD * generator.standard_normal((size, 1, n))
        p = special.expit(item + view + shift[:, :, None])
        scores[a, b] = generator.binomial(setting.samples, p) / setting.samples
    return np.stack([scores[a, b] - scores[b, a] for a, b in PAIRS], axis=1)


def parent_differences(setting: Setting, generator: np.random.Generator, size: int, kind: str) -> np.ndarray:
    """D[replication, contrast, seed, item] of runs against one that they share, on one domain; the truth is 0.

    Args:
        kind: "transfer": four singles against the base, which has no seed. "retention": three children against their
            parent, which gave them half of their seed variance. "plasticity": three sequences against one single.
            "accuracy": four singles against nothing; at an accuracy of 0.5 the truth is 0.5 at any seed SD.
    """
    n, s = setting.n_items, setting.n_seeds
    level, sd = base_logit(setting.accuracy), logit_sd(setting)
    item = level + ITEM_SD * generator.standard_normal((size, 1, n))

    def scores(own: np.ndarray) -> np.ndarray:
        view = VIEW_SD * generator.standard_normal((size, 1, n))
        p = special.expit(item + view + sd * own[:, :, None])
        return np.asarray(generator.binomial(setting.samples, p) / setting.samples)

    shared = generator.standard_normal((size, s))
    if kind in ("transfer", "accuracy"):
        other = np.repeat(scores(np.zeros((size, 1))), s, axis=1) * (kind == "transfer")
        runs = [scores(generator.standard_normal((size, s))) for _ in range(4)]
    else:
        other = scores(shared)
        inherited = np.sqrt(0.5) if kind == "retention" else 0.0
        runs = [
            scores(inherited * shared + np.sqrt(1 - inherited**2) * generator.standard_normal((size, s)))
            for _ in range(3)
        ]
    return np.stack([run - other for run in runs], axis=1)


def pooled(parts: Components, setting: Setting) -> SeedPool:
    """Pool over the contrasts (axis 1), as `inference.pool` does for one matrix and domain."""
    contrasts = parts.mean.shape[1]
    nominal = contrasts * (setting.n_seeds - 1)
    return SeedPool(
        between=parts.between.mean(axis=1, keepdims=True),
        noise=parts.noise.mean(axis=1, keepdims=True),
        degrees=np.maximum(pooled_degrees(parts.seed_means)[:, None], 1.0),
        nominal_degrees=np.full((len(parts.mean), 1), float(nominal)),
        noise_degrees=np.full((len(parts.mean), 1), max(nominal * (setting.n_items - 1.0), 1.0)),
        lone=False,
    )


def lone(parts: Components) -> SeedPool:
    one = np.ones_like(parts.mean)
    return SeedPool(parts.between, parts.noise, one, one, one, lone=True)


@dataclass(frozen=True)
class Simulated:
    """Estimates of all replications, shape [replications, contrasts].

    Attributes:
        error, degrees: by method ("pooled", "lone", "items only").
    """

    mean: np.ndarray
    error: dict[str, np.ndarray]
    degrees: dict[str, np.ndarray]

    def half_width(self, method: str) -> np.ndarray:
        return np.asarray(special.stdtrit(self.degrees[method], 0.975) * self.error[method])

    def p_values(self, method: str) -> np.ndarray:
        return np.asarray(2 * special.stdtr(self.degrees[method], -np.abs(self.mean) / self.error[method]))


def simulate(
    setting: Setting, seed: int, replications: int = REPLICATIONS, draw: Draw = order_differences
) -> Simulated:
    """Contrasts (order effects by default) by three methods."""
    generator = np.random.default_rng(seed)
    means, errors, degrees = [], [], []
    for start in range(0, replications, CHUNK):
        parts = components(draw(setting, generator, min(CHUNK, replications - start)))
        found = {"items only": (parts.items, parts.item_degrees)}
        if setting.n_seeds > 1:
            found["pooled"] = satterthwaite(parts, pooled(parts, setting))
            found["lone"] = satterthwaite(parts, lone(parts))
        means.append(parts.mean)
        errors.append({name: np.sqrt(variance) for name, (variance, _) in found.items()})
        degrees.append({name: np.broadcast_to(d, parts.mean.shape) for name, (_, d) in found.items()})
    join = {name: np.concatenate([chunk[name] for chunk in errors]) for name in errors[0]}
    freedom = {name: np.concatenate([chunk[name] for chunk in degrees]) for name in degrees[0]}
    return Simulated(np.concatenate(means), join, freedom)
