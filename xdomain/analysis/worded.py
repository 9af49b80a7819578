"""A cell that is a family of its own: its p needs no adjustment."""

from __future__ import annotations

from xdomain.analysis.inference import Measured, to_cell
from xdomain.analysis.multiplicity import equivalences, word_for
from xdomain.analysis.result import Cell
from xdomain.analysis.study import Study


def worded(study: Study, measured: Measured) -> Cell:
    cell = study.spoken(to_cell(measured))
    (within,) = equivalences([cell], study.margin, "holm")
    return cell.model_copy(update={"p_adjusted": cell.p, "word": word_for(cell, cell.p, signed=True), **within})
