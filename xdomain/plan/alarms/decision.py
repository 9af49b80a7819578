"""Decide at each look whether a domain has got worse since the stage's start.

D_ik is the score of item i at look k minus its score at the reference, with the same random numbers. Under "no effect"
each item's differences D_i1, ..., D_iK are as likely as their negatives, so flipping the signs of whole items gives the
distribution of any statistic. Missing scores count as no difference.

Source: ours; the spending rule is that of Lan and DeMets (1983) on permutations, so it needs no
independent increments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, comb
from typing import Protocol

import numpy as np
import numpy.typing as npt

from xdomain.core.seeds import derive_seed
from xdomain.plan.alarms.design import DomainDesign, Method

FloatArray = npt.NDArray[np.float64]

WINDOWS = (1, 2, 4, 8)
"""Numbers of latest looks whose mean is tested. A long window finds small drops, a short one finds large drops early.
"""
FLIPS = 9_999
FLIPS_OF_FIRST_LOOK = 10
"""Least number of flips that the first look may count, so that the smallest p is well below its level."""
SCREEN_LEVEL = 0.2
TIE = 1e-4
"""Relative difference below which two statistics are equal. Single precision rounds to 1e-7."""


@dataclass(frozen=True)
class Decision:
    """What a look decides.

    Attributes:
        p: p value of this look by itself; for a confirmed look that of the confirmation.
        change: Mean difference from the reference, of the confirmed items if there are any.
        alarm: Whether this is the look that raises the alarm. Later looks do not.
        confirmed: Whether the look answered the confirmation's items.
    """

    p: float
    change: float
    alarm: bool
    confirmed: bool = False


class Watch(Protocol):
    """The test of one domain during one stage. Looks are passed in order."""

    def look(self, differences: FloatArray, confirm: Callable[[], FloatArray]) -> Decision:
        """Decide on the next look.

        Args:
            differences: D_ik of the items of every look, shape [items]. NaN is a missing score.
            confirm: Function that returns D_ik of the confirmation's items. It may cost time and is called only if
                needed.
        """


def new_watch(design: DomainDesign, looks: int, alpha: float, *names: str | int) -> Watch:
    """Return the test of a domain.

    Args:
        design: Design of the domain.
        looks: Number of looks after the reference.
        alpha: Probability of a false alarm over all looks.
        names: Names that seed the random flips.
    """
    if design.method is Method.CONFIRM:
        return ScreenAndConfirm(looks, alpha, design.confirmations)
    return SignFlip(design.items, looks, alpha, *names)


class SignFlip:
    """A group-sequential sign-flip test of the maximum over windows of the standardised mean.

    T_k = max over windows w of -sum_i S_i / sqrt(sum_i S_i^2), with S_i the sum of the last w differences of item i.
    The observed data and the B flips are equally likely under "no effect". A share alpha k / K of these B + 1 may cross
    the boundary by look k, ties together, and only with T > 0. The alarm is raised when the observed data crosses. Its
    probability is therefore at most alpha.

    Args:
        items: Number of items.
        looks: K, the number of looks.
        alpha: Probability of a false alarm.
        names: Names that seed the flips.
    """

    def __init__(self, items: int, looks: int, alpha: float, *names: str | int) -> None:
        self._looks, self._alpha = looks, alpha
        flips = max(FLIPS, ceil(FLIPS_OF_FIRST_LOOK * looks / alpha) - 1)
        self._signs = random_signs(flips, items, *names)
        self._crossed = np.zeros(flips + 1, dtype=bool)
        self._history: list[FloatArray] = []
        self._alarmed = False

    def look(self, differences: FloatArray, confirm: Callable[[], FloatArray] | None = None) -> Decision:
        """See `Watch.look`. There is no confirmation."""
        self._history.append(np.nan_to_num(differences))
        statistics = self._statistics()
        observed = statistics[0]
        beyond = statistics >= observed - TIE * abs(observed)
        p = float(beyond.mean())
        alarm = False
        if not self._alarmed:
            allowed = int(self._alpha * len(self._history) / self._looks * len(statistics)) - int(self._crossed.sum())
            crossing = _most_extreme(np.where(self._crossed, -np.inf, statistics), allowed)
            alarm = self._alarmed = bool(crossing[0])
            self._crossed |= crossing
        return Decision(p, mean_known(differences), alarm)

    def _statistics(self) -> FloatArray:
        """Return T_k of the observed data and of each flip, shape [B + 1]."""
        windows = [each for each in WINDOWS if each <= len(self._history)]
        sums = np.stack([np.sum(self._history[-each:], axis=0) for each in windows], axis=1)  # [items, windows]
        scale = np.sqrt((sums**2).sum(axis=0))
        moved = sums[:, scale > 0] / scale[scale > 0]
        if not moved.shape[1]:
            return np.zeros(len(self._crossed))
        rows = np.abs(moved).sum(axis=1) > 0  # flipping an item without a difference changes nothing
        found = -moved[rows].T.astype(np.float32) @ self._signs[rows].astype(np.float32)
        return np.asarray(found.max(axis=0), dtype=np.float64)


class ScreenAndConfirm:
    """A screen of a few items at every look, and a test of other items at looks whose screen is at least suspicious.

    The confirmation's items are independent of the choice of looks to confirm. With at most C confirmations, each at
    level alpha / C, the probability of a false alarm is at most alpha. By look k at most ceil(C k / K) confirmations
    are used, so that some are left for the stage's end.

    Args:
        looks: K, the number of looks.
        alpha: Probability of a false alarm.
        confirmations: C.
    """

    def __init__(self, looks: int, alpha: float, confirmations: int) -> None:
        self._looks, self._alpha, self._confirmations = looks, alpha, confirmations
        self._look = self._used = 0
        self._alarmed = False

    def look(self, differences: FloatArray, confirm: Callable[[], FloatArray]) -> Decision:
        """See `Watch.look`."""
        self._look += 1
        p = flip_p(np.nan_to_num(differences))
        allowed = ceil(self._confirmations * self._look / self._looks)
        if self._alarmed or p > SCREEN_LEVEL or self._used >= allowed:
            return Decision(p, mean_known(differences), alarm=False)
        self._used += 1
        found = confirm()
        p = flip_p(np.nan_to_num(found))
        self._alarmed = p <= self._alpha / self._confirmations
        return Decision(p, mean_known(found), self._alarmed, confirmed=True)


def flip_p(differences: FloatArray) -> float:
    """Return the one-sided p of "the mean is not below 0" for item differences, shape [items].

    It is exact if all differences have the same size, as with one sample of an item that is right or wrong.
    """
    moved = differences[np.abs(differences) > 0]
    if not len(moved):
        return 1.0
    sizes = np.abs(moved)
    if np.allclose(sizes, sizes[0]):
        count, losses = len(moved), int((moved < 0).sum())
        return float(sum(comb(count, lost) for lost in range(losses, count + 1)) / 2**count)
    sums = moved @ random_signs(FLIPS, len(moved), "one look")
    return float((sums <= sums[0] + TIE * sizes.sum()).mean())


@lru_cache(maxsize=8)
def random_signs(flips: int, items: int, *names: str | int) -> npt.NDArray[np.int8]:
    """Return random signs with the observed ones (all 1) in the first column, shape [items, flips + 1].

    The array is shared and cannot be written.
    """
    generator = np.random.default_rng(derive_seed("alarm", items, *names))
    signs = generator.integers(0, 2, (items, flips + 1), dtype=np.int8) * 2 - 1
    signs[:, 0] = 1
    signs.flags.writeable = False
    return signs


def mean_known(differences: FloatArray) -> float:
    """Return the mean of the known differences; 0 if none is known."""
    known = differences[~np.isnan(differences)]
    return float(known.mean()) if len(known) else 0.0


def _most_extreme(statistics: FloatArray, allowed: int) -> npt.NDArray[np.bool_]:
    """Return a mask of the largest statistics above 0, at most `allowed` of them, with no tie divided."""
    nothing = np.zeros(len(statistics), dtype=bool)
    if allowed < 1:
        return nothing
    if allowed >= len(statistics):
        return statistics > 0
    # The largest statistic that does not fit takes all that equal it along.
    beyond = -np.partition(-statistics, allowed)[allowed]
    bound = max(beyond + TIE * abs(beyond), 0.0)
    mask: npt.NDArray[np.bool_] = statistics > bound
    return mask
