"""The diverging colour scale of the heat maps: one limit for all matrices of a unit, centred at "no effect"."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from xdomain.analysis.result import Cell, Matrix, Unit

NICE_LIMITS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Ends that a scale may have. Beyond the last colours saturate: one wild ratio must not pale the rest."""


@dataclass(frozen=True)
class Scale:
    """How far from the centre full colour is reached, in the unit of the matrix (log odds for odds ratios)."""

    unit: Unit
    limit: float

    def shade(self, matrix: Matrix, cell: Cell) -> int:
        """Signed strength of colour in percent, -100 to 100; 0 where there is no centre or no estimate."""
        distance = distance_from_centre(matrix, cell)
        return 0 if distance is None else round(100 * max(-1.0, min(1.0, distance / self.limit)))


def scales(matrices: Iterable[Matrix]) -> dict[Unit, Scale]:
    """One scale for each unit, wide enough for its largest estimate."""
    largest: dict[Unit, float] = {}
    for matrix in matrices:
        for row in matrix.cells.values():
            for cell in row.values():
                distance = distance_from_centre(matrix, cell)
                largest[matrix.unit] = max(largest.get(matrix.unit, 0.0), abs(distance or 0.0))
    return {unit: Scale(unit, _nice(size)) for unit, size in largest.items()}


def distance_from_centre(matrix: Matrix, cell: Cell) -> float | None:
    """How far to colour a cell; None where there is nothing to colour."""
    if cell.estimate is None or matrix.centre is None:
        return None
    if matrix.unit == "odds ratio":
        return math.log(cell.estimate / matrix.centre) if cell.estimate > 0 else None
    return cell.estimate - matrix.centre


def _nice(size: float) -> float:
    return next((limit for limit in NICE_LIMITS if size <= limit), NICE_LIMITS[-1])
