"""Means of amounts that may be missing."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None; None if there are none."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def mean_if_all_known(values: Iterable[float | None]) -> float | None:
    """Return the mean; None if any value is None or there are none."""
    every = list(values)
    return None if None in every else mean_of_known(every)
