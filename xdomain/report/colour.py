"""Diverging colour scale of the heat maps: all matrices of a unit share one limit, centred at "no effect"."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from xdomain.analysis.result import Cell, Matrix, Unit

NICE_LIMITS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Ends that a scale may have. Beyond the last one colours saturate: one wild ratio must not pale the rest."""


@dataclass(frozen=True)
class Scale:
    """Distance from the centre at which full colour is reached, in the matrix's unit (log odds for odds ratios)."""

    unit: Unit
    limit: float

    def strength(self, matrix: Matrix, cell: Cell, column: str) -> int:
        """Return the signed strength of colour in percent, from -100 (bad) to 100 (good); 0 means no colour."""
        distance = distance_from_centre(matrix, cell, column)
        return 0 if distance is None else round(100 * max(-1.0, min(1.0, distance / self.limit)))


def scales(matrices: Iterable[Matrix]) -> dict[Unit, Scale]:
    """Return one scale per unit, wide enough for the largest estimate of that unit."""
    largest: dict[Unit, float] = {}
    for matrix in matrices:
        for cells in matrix.cells.values():
            for column, cell in cells.items():
                distance = distance_from_centre(matrix, cell, column)
                largest[matrix.unit] = max(largest.get(matrix.unit, 0.0), abs(distance or 0.0))
    return {unit: Scale(unit, _nice(size)) for unit, size in largest.items()}


def distance_from_centre(matrix: Matrix, cell: Cell, column: str) -> float | None:
    """Return the signed distance that colours a cell, negative if it is worse; None leaves the cell without colour."""
    way = matrix.direction_of(column)
    if cell.estimate is None or matrix.centre is None or way == "level":
        return None
    if cell.low is not None and cell.low == cell.high:  # so by definition: no finding
        return None
    if matrix.unit == "odds ratio":
        return math.log(cell.estimate / matrix.centre) if cell.estimate > 0 else None
    distance = cell.estimate - matrix.centre
    return -distance if way == "harm" else distance


def _nice(size: float) -> float:
    return next((limit for limit in NICE_LIMITS if size <= limit), NICE_LIMITS[-1])
