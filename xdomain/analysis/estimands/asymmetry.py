"""Asymmetry in points: whether A helps B more than B helps A."""

from __future__ import annotations

import math
from itertools import permutations
from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Family, Grid, Place
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.config.analysis import Quantity

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return transfer(A on B) - transfer(B on A). They use two different tests, so variances add."""
    study, transfer = measurements.study, measurements.transfer
    names = compared_domains(study)
    cells = {
        (a, b): measurements.cell(
            measurements.combined(
                [transfer[a, b], transfer[b, a]], [1, -1], (study.singles[a].label, study.singles[b].label)
            )
        )
        for a, b in permutations(names, 2)
    }
    return tested_once(measurements, template, cells, names)


def compared_domains(grid: Grid) -> list[str]:
    """Return the evaluated domains that a single run trains."""
    return [name for name in grid.book.singles(grid.domains) if name in grid.domains]


def tested_once(
    measurements: Measurements, template: Matrix, cells: dict[tuple[str, str], Cell], names: list[str]
) -> Matrix:
    """Adjust over unordered pairs, and give (B, A) the adjusted p of (A, B), since both are one test."""
    position = {name: number for number, name in enumerate(names)}
    once = [(a, b) for a, b in cells if position[a] < position[b]]
    adjusted = measurements.tested(template, cells, names, [once])
    found = {row: dict(columns) for row, columns in adjusted.cells.items()}
    for a, b in once:
        tested = found[a][b]
        mirrored = {name: getattr(tested, name) for name in ("p_adjusted", "p_equivalent", "equivalent")}
        found[b][a] = found[b][a].model_copy(update={**mirrored, "word": tested.opposite_word})
    return adjusted.model_copy(update={"cells": found})


def pair_of_domains(quantity: Quantity) -> tuple[Place, ...]:
    """Return the cell of asymmetry(A, B)."""
    return (Place(str(quantity.runs[0]), str(quantity.runs[1])),)


def planned(grid: Grid) -> Family:
    """Return the family of unordered pairs of domains."""
    names = compared_domains(grid)
    return Family(math.comb(len(names), 2), len(names), trained_sides=1, n_domains=2)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="asymmetry",
            title="Asymmetry",
            definition="asymmetry(A, B) = transfer(A on B) - transfer(B on A), in points of two different tests",
            source="ours",
            row_meaning="A",
            column_meaning="B",
            family=f"{BENJAMINI_HOCHBERG} over unordered pairs",
            section="main",
            question="Does A help B as much as B helps A?",
            hint="Blue: the row's domain does more for the column's than the reverse.",
            mirrored=True,
            limits=(-2.0, 2.0),
        ),
        compute=compute,
        rank=40,
        addresses=(Address("asymmetry", (2,), domain=False, places=pair_of_domains),),
        planned=planned,
    ),
)
