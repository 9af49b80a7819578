"""Adjustment of p, and conclusions.

Conclusions follow the adjusted p; intervals stay unadjusted, and reports say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from statsmodels.stats.multitest import multipletests

from xdomain.analysis.equivalence import p_equivalent
from xdomain.analysis.result import Cell, Matrix, Word

LEVEL = 0.05


def adjust(p_values: Sequence[float | None], method: str) -> list[float | None]:
    """Adjust the known p-values by "holm" or "fdr_bh"; None stays None."""
    known = [p for p in p_values if p is not None]
    if not known:
        return list(p_values)
    adjusted = iter(float(p) for p in multipletests(known, alpha=LEVEL, method=method)[1])
    return [None if p is None else next(adjusted) for p in p_values]


def word_for(cell: Cell, p_adjusted: float | None, *, signed: bool, centre: float | None = 0.0) -> Word | None:
    """Return "gain", "loss" or "no effect shown"; a size without a sign gets "effect shown"."""
    if p_adjusted is None or cell.estimate is None:
        return None
    if p_adjusted > LEVEL:
        return "no effect shown"
    if not signed:
        return "effect shown"
    return "gain" if cell.estimate > (centre or 0.0) else "loss"


def equivalences(cells: Sequence[Cell], margin: float | None, method: str) -> list[dict[str, float | bool | None]]:
    """Return the fields `p_equivalent` and `equivalent` of one family's cells, adjusted like p; {} without a margin."""
    if margin is None:
        return [{} for _ in cells]
    p_values = [p_equivalent(cell, margin) for cell in cells]
    adjusted = adjust(p_values, method)
    return [
        {"p_equivalent": p, "equivalent": None if p_adjusted is None else p_adjusted <= LEVEL}
        for p, p_adjusted in zip(p_values, adjusted, strict=True)
    ]


def adjust_matrix(
    matrix: Matrix, families: Sequence[Sequence[tuple[str, str]]], *, method: str = "fdr_bh", signed: bool = True
) -> Matrix:
    """Adjust each family of (row, column) cells separately, and give every tested cell a conclusion."""
    cells = {row: dict(columns) for row, columns in matrix.cells.items()}
    for family in families:
        members = [(row, column) for row, column in family if column in cells.get(row, {})]
        family_cells = [cells[row][column] for row, column in members]
        adjusted = adjust([cell.p for cell in family_cells], method)
        within = equivalences(family_cells, matrix.margin, method)
        for (row, column), cell, p, update in zip(members, family_cells, adjusted, within, strict=True):
            word = word_for(cell, p, signed=signed, centre=matrix.centre)
            cells[row][column] = cell.model_copy(update={"p_adjusted": p, "word": word, **update})
    return matrix.model_copy(update={"cells": cells})


def whole_matrix(matrix: Matrix) -> list[tuple[str, str]]:
    """Return all defined cells, as one family."""
    return [(row, column) for row in matrix.rows for column in matrix.columns if column in matrix.cells.get(row, {})]


def word_counts(matrices: Mapping[str, Matrix]) -> dict[str, dict[str, int]]:
    """Return the number of cells with an effect "shown" and of cells "tested", for each matrix with tested cells.

    A pair that appears twice in a mirrored matrix (asymmetry) counts once.
    """
    shown: dict[str, int] = {}
    tested: dict[str, int] = {}
    for name, matrix in matrices.items():
        words = [cell.word for columns in matrix.cells.values() for cell in columns.values() if cell.word]
        twice = 2 if matrix.mirrored else 1
        if words:
            shown[name] = sum(word != "no effect shown" for word in words) // twice
            tested[name] = len(words) // twice
    return {"shown": shown, "tested": tested}
