"""Equivalence tests: whether an effect is shown to be smaller than a margin that was stated in advance."""

from __future__ import annotations

from scipy import special

from xdomain.analysis.result import Cell


def p_equivalent(cell: Cell, margin: float | None) -> float | None:
    """Return p of two one-sided t tests of "the effect is at least `margin` in size"; None if none is possible.

    It is at most 0.05 exactly if the unadjusted 90% interval is inside (-margin, margin).

    Source: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15, 657.
    """
    if margin is None or cell.p is None or cell.estimate is None or not cell.standard_error or cell.degrees is None:
        return None
    nearer_limit = (margin - abs(cell.estimate)) / cell.standard_error
    return float(special.stdtr(cell.degrees, -nearer_limit))
