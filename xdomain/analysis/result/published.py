"""A published study beside a result."""

from __future__ import annotations

from typing import Literal

from xdomain.analysis.matrix import Cell, ResultModel

Standing = Literal["for any pairing", "if answers are independent", "not beyond noise"]
"""Under which bound of its error a published effect exceeds 1.96 standard errors."""


class PublishedEffect(ResultModel):
    """A difference of two published accuracies."""

    name: str
    """ "order(math, science) on science"."""
    matrix: str
    effect: float
    n_items: int
    error_any_pairing: float
    """Largest standard error, however the items go together."""
    error_independent: float
    """Bound of the standard error if answers are independent."""
    stands: Standing
    """Taken alone: |effect| exceeds 1.96 standard errors under this bound, not adjusted for the other effects."""
    stands_adjusted: Standing
    """The same by the p adjusted within the effect's matrix, as words of the matrices are."""
    seed_sd_to_undo: float | None
    """Standard deviation of one run between seeds at which 1.96 errors of the difference reach the effect, under the
    bound by which it stands alone; null where it does not stand."""
    own: Cell | None = None
    """The same quantity in this result; null where it has none."""


class PublishedStudy(ResultModel):
    """A published study beside this result."""

    name: str
    source: str
    effects: tuple[PublishedEffect, ...]
    contradictions: tuple[str, ...] = ()
    """Where what is printed or plotted does not follow from the published accuracies, a sentence each."""
    notes: tuple[str, ...] = ()
    """Further facts about the study, one sentence per entry: seeds, cost, what its code does."""
