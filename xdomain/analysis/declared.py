"""Contrasts that the experiment declared in advance, adjusted by Holm over all of them."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.analysis.gate import find_cell
from xdomain.analysis.multiplicity import adjust, equivalences, word_for
from xdomain.analysis.quantities import address_of, checked_contrast
from xdomain.analysis.result import AnalysisResult, Cell, DeclaredContrast
from xdomain.config.analysis import Quantity
from xdomain.core.errors import AnalysisError


def declared_contrasts(
    result: AnalysisResult, quantities: Sequence[Quantity], margin: float | None = None
) -> tuple[DeclaredContrast, ...]:
    """Find each contrast in the result's matrices and adjust their p together.

    A contrast whose cell does not exist is blank and gives the reason, so that a half-finished grid can be reported.

    Raises:
        ConfigError: A quantity has an unknown name, or cannot be a contrast.
    """
    quantities = [checked_contrast(quantity) for quantity in quantities]
    cells: list[Cell] = []
    for quantity in quantities:
        try:
            cells.append(find_cell(result, quantity))
        except AnalysisError as error:
            cells.append(Cell(note=error.paragraph()))
    adjusted = adjust([cell.p for cell in cells], "holm")
    # Only cells of matrices with a margin were tested for equivalence, so only those are adjusted again.
    asked = [cell if cell.p_equivalent is not None else Cell() for cell in cells]
    within = equivalences(asked, margin, "holm")
    found = []
    for quantity, cell, p, update in zip(quantities, cells, adjusted, within, strict=True):
        word = word_for(cell, p, signed=is_signed(result, quantity))
        told = cell.model_copy(update={"p_adjusted": p, "word": word, **update})
        found.append(DeclaredContrast(contrast=quantity, cell=told))
    return tuple(found)


def is_signed(result: AnalysisResult, quantity: Quantity) -> bool:
    """Return whether the quantity is a difference rather than a size without a sign."""
    name, _ = address_of(quantity)
    return name not in result.matrices or result.matrices[name].direction != "size"
