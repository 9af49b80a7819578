"""A published study, compared with a result."""

from __future__ import annotations

from typing import Literal

from xdomain.analysis.matrix import Cell, ResultModel

Standing = Literal["for any pairing", "if answers are independent", "not beyond noise"]
"""Bound of its error under which a published effect exceeds 1.96 standard errors."""


class PublishedEffect(ResultModel):
    """A difference of two published accuracies."""

    name: str
    """Name of the effect, such as "order(math, science) on science"."""
    matrix: str
    effect: float
    n_items: int
    error_any_pairing: float
    """Largest possible standard error, for any pairing of the items."""
    error_independent: float
    """Bound of the standard error if answers are independent."""
    stands: Standing
    """Bound under which |effect| exceeds 1.96 standard errors, not adjusted for the other effects."""
    stands_adjusted: Standing
    """Bound under which the p adjusted within the effect's matrix shows the effect."""
    seed_sd_to_undo: float | None
    """Standard deviation of one run between seeds at which the effect no longer exceeds 1.96 standard errors.

    It is computed under the bound of `stands`; null if the effect is not beyond noise.
    """
    own: Cell | None = None
    """The same quantity in this result; null if the result does not have it."""


class PublishedStudy(ResultModel):
    """A published study, compared with this result."""

    name: str
    source: str
    effects: tuple[PublishedEffect, ...]
    contradictions: tuple[str, ...] = ()
    """One sentence per printed or plotted value that does not follow from the published accuracies."""
    notes: tuple[str, ...] = ()
    """Further facts about the study, one sentence per entry: seeds, cost, behaviour of its code."""
