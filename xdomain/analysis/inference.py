"""Estimates with intervals from measured contrasts. Seed variation is pooled within one matrix and domain."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from scipy import special

from xdomain.analysis.blank import Blank, join
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Effect
from xdomain.analysis.power import power_factor
from xdomain.analysis.result import Cell, SpeaksOf
from xdomain.analysis.signflip import sign_flip_p
from xdomain.analysis.variance import SeedPool, pooled_degrees, satterthwaite
from xdomain.core.number_text import points

UNUSUAL_LEVEL = 0.01
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Estimate:
    """A number with its variance and degrees of freedom.

    Attributes:
        variance: Variance of the value; NaN if it cannot be estimated (one item).
        degrees: Degrees of freedom of the t distribution.
        p: Two-sided p of "it is 0"; None if this is not tested (accuracies).
        n_seeds: Number of training seeds; 1 for the base model.
        note: Reason why a field is missing.
        caveat: Reason why the interval may cover less than it seems to.
    """

    value: float
    variance: float
    degrees: float
    n_items: int
    n_seeds: int
    p: float | None = None
    seed_sd: float | None = None
    compares: tuple[str, ...] = ()
    note: str = ""
    caveat: str = ""

    @property
    def error(self) -> float:
        """Standard error; NaN if unknown."""
        return math.sqrt(self.variance) if self.variance >= 0 else math.nan

    @property
    def has_interval(self) -> bool:
        return self.variance > 0

    @property
    def speaks_of(self) -> SpeaksOf:
        return "the recipe" if self.n_seeds > 1 else "these checkpoints"

    def limits(self, lower_tail: float = 0.025, upper_tail: float = 0.025) -> tuple[float, float]:
        """Return one-sided limits; by default they form the 95% interval."""
        low = self.value + t_quantile(lower_tail, self.degrees) * self.error
        return low, self.value + t_quantile(1 - upper_tail, self.degrees) * self.error


Measured = Estimate | Blank


def pool_effects(effects: Mapping[Key, Effect | Blank]) -> dict[Key, Measured]:
    """Turn the contrasts of one matrix into estimates. Contrasts on the same domains share their seed variation.

    With one seed, only a t interval over items is possible, and p is the exact sign-flip test on items.
    """
    groups: dict[tuple[str, ...], list[Effect]] = defaultdict(list)
    for found in effects.values():
        if isinstance(found, Effect) and found.parts.n_seeds > 1 and not math.isnan(float(found.parts.items)):
            groups[found.domains].append(found)
    pools = {domains: pool(group) for domains, group in groups.items()}
    return {key: found if isinstance(found, Blank) else _estimate(found, pools) for key, found in effects.items()}


def pool(effects: Sequence[Effect]) -> SeedPool:
    """Average `between` and `noise`, weighted by degrees of freedom.

    The covariance of the contrasts between seeds is estimated from those with the same number of seeds.
    """
    weights = np.array([effect.parts.n_seeds - 1 for effect in effects], dtype=np.float64)
    degrees = weights.sum()
    noise_degrees = sum(float(effect.parts.item_degrees) * (effect.parts.n_seeds - 1) for effect in effects)
    return SeedPool(
        between=np.asarray(weights @ [float(effect.parts.between) for effect in effects] / degrees),
        noise=np.asarray(weights @ [float(effect.parts.noise) for effect in effects] / degrees),
        degrees=_degrees_between(effects),
        nominal_degrees=np.asarray(degrees),
        noise_degrees=np.asarray(max(noise_degrees, 1.0)),
        lone=len(effects) == 1,
    )


def _degrees_between(effects: Sequence[Effect]) -> FloatArray:
    by_number: dict[int, list[FloatArray]] = defaultdict(list)
    for effect in effects:
        by_number[effect.parts.n_seeds].append(effect.parts.seed_means)
    return np.asarray(sum(pooled_degrees(np.stack(means)) for means in by_number.values()))


def _estimate(effect: Effect, pools: Mapping[tuple[str, ...], SeedPool]) -> Estimate:
    parts = effect.parts
    # An estimate from one seed does not cover a re-run, so it uses no pooled seed variation either.
    shared = pools.get(effect.domains) if parts.n_seeds > 1 else None
    value = float(parts.mean)
    bare = Estimate(
        value=value,
        variance=math.nan,
        degrees=1.0,
        n_items=effect.n_items,
        n_seeds=parts.n_seeds,
        compares=effect.compares,
        caveat=effect.caveat,
    )
    if parts.n_seeds > 1:
        bare = replace(bare, seed_sd=float(np.sqrt(parts.between)))
    if math.isnan(float(parts.items)):
        return replace(bare, note="no interval: one item or one cluster of items has no spread")
    if shared is None:
        p = sign_flip_p(effect.units) if effect.units is not None else None
        found = replace(bare, variance=float(parts.items), degrees=max(float(parts.item_degrees), 1.0), p=p)
    else:
        variance, degrees = satterthwaite(parts, shared)
        caveat = join(effect.caveat, unusual_seeds(effect, shared))
        found = replace(bare, variance=float(variance), degrees=float(degrees), caveat=caveat)
    if found.variance < 1e-18:
        note = "no interval: zero variance, all items have the same difference"
        return replace(found, variance=0.0, p=1.0 if abs(value) < 1e-12 else found.p, note=note)
    return found if found.p is not None else replace(found, p=t_test_p(found))


def unusual_seeds(effect: Effect, shared: SeedPool) -> str:
    """Return a warning if this contrast varies more between seeds than those it is pooled with (F test at 1%).

    Pooling assumes equal seed variation. A contrast with four times the SD of the others gets too narrow an interval.
    """
    own_degrees = effect.parts.n_seeds - 1.0
    other_degrees = float(shared.nominal_degrees) - own_degrees
    if shared.lone or other_degrees <= 0:
        return ""
    own = float(effect.parts.between)
    others = (float(shared.between * shared.nominal_degrees) - own * own_degrees) / other_degrees
    if others <= 1e-15 or special.fdtrc(own_degrees, other_degrees, own / others) >= UNUSUAL_LEVEL:
        return ""
    return (
        f"its seeds differ more (SD {points(math.sqrt(own))} points) than those it is pooled with "
        f"({points(math.sqrt(others))}), so the interval may be too narrow"
    )


def t_test_p(estimate: Estimate, against: float = 0.0) -> float | None:
    """Return the two-sided p of "the value is `against`"."""
    if not estimate.has_interval:
        return None
    return 2 * float(special.stdtr(estimate.degrees, -abs(estimate.value - against) / estimate.error))


def t_quantile(probability: float, degrees: float) -> float:
    """Return a quantile of the t distribution by the function behind `scipy.stats.t.ppf`, without its slow checks."""
    return float(special.stdtrit(degrees, probability))


def combine(parts: Sequence[Measured], weights: Sequence[float], compares: tuple[str, ...] = ()) -> Measured:
    """Return a weighted sum of independent estimates, with degrees of freedom by Welch and Satterthwaite.

    Different evaluated domains share no items, so nothing is paired between them, and variances add.
    """
    blanks = [part for part in parts if isinstance(part, Blank)]
    if blanks:
        return Blank(blanks[0].note, compares or blanks[0].compares)
    known = [part for part in parts if isinstance(part, Estimate)]
    if not known:
        return Blank("not defined: there are no values to combine", compares)
    shares = [weight**2 * part.variance for part, weight in zip(known, weights, strict=True)]
    variance = math.fsum(shares)
    spread = math.fsum(share**2 / part.degrees for share, part in zip(shares, known, strict=True))
    n_seeds = min(part.n_seeds for part in known)
    degrees = max(variance**2 / spread, n_seeds - 1, 1.0) if spread > 0 else 1.0
    total = Estimate(
        value=math.fsum(weight * part.value for part, weight in zip(known, weights, strict=True)),
        variance=variance,
        degrees=degrees,
        n_items=sum(part.n_items for part in known),
        n_seeds=n_seeds,
        compares=compares or tuple(dict.fromkeys(label for part in known for label in part.compares)),
        note=join(*(part.note for part in known)),
        caveat=join(*(part.caveat for part in known)),
    )
    return replace(total, p=t_test_p(total))


def to_cell(measured: Measured, *, tested: bool = True) -> Cell:
    """Return the published cell; p is adjusted, and the conclusion set, once the whole matrix is known."""
    if isinstance(measured, Blank):
        return Cell(note=measured.note, compares=measured.compares)
    low, high = measured.limits() if measured.has_interval else (None, None)
    return Cell(
        estimate=measured.value,
        low=low,
        high=high,
        n_items=measured.n_items,
        n_seeds=measured.n_seeds,
        p=measured.p if tested else None,
        seed_sd=measured.seed_sd,
        speaks_of=measured.speaks_of,
        standard_error=measured.error if measured.has_interval and tested else None,
        degrees=measured.degrees if measured.has_interval and tested else None,
        smallest_detectable=power_factor(measured.degrees) * measured.error
        if measured.has_interval and tested
        else None,
        compares=measured.compares,
        note=measured.note,
        caveat=measured.caveat,
    )
