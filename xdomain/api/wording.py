"""Word an analysis for models that were compared, of which nobody said what they were trained on."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.analysis.analyse import counted
from xdomain.analysis.definitions import BENJAMINI_HOCHBERG
from xdomain.analysis.order import EVERY
from xdomain.analysis.result import AccuracyMatrix, AnalysisResult, Cell, Matrix
from xdomain.api.model_runs import FailedEvaluation
from xdomain.core.measurement import BASE


def without_base(result: AnalysisResult) -> AnalysisResult:
    """Return the result without the row of the base model, which would only say that it was not measured."""
    kept = {row: cells for row, cells in result.accuracy.cells.items() if row != BASE}
    accuracy = result.accuracy.model_copy(update={"rows": tuple(kept), "cells": kept})
    several = tuple(matrix.model_copy(update={"rows": tuple(kept)}) for matrix in result.pass_at_k)
    return result.model_copy(update={"accuracy": accuracy, "pass_at_k": several})


def for_models(result: AnalysisResult) -> AnalysisResult:
    """Return the result in words that fit models and the base model that they are compared with."""
    odds = {name: _over_all(getattr(result, name)) for name in ("odds_ratio", "odds_ratio_paired")}
    parts = {
        name: getattr(result.turnover, name).model_copy(update={"row_meaning": "model, against the base"})
        for name in type(result.turnover).model_fields
    }
    change = result.change.model_copy(
        update={"definition": "R[model, d] - R[base, d]", "family": f"{BENJAMINI_HOCHBERG} over models and domains"}
    )
    turnover = result.turnover.model_copy(update=parts)
    return counted(result.model_copy(update={**odds, "change": change, "turnover": turnover}))


def _over_all(matrix: Matrix) -> Matrix:
    cells = {
        row: {name: cell for name, cell in of_row.items() if name == EVERY} for row, of_row in matrix.cells.items()
    }
    return matrix.model_copy(update={"columns": (EVERY,), "cells": cells})


def mark_failed(accuracy: AccuracyMatrix, failed: Iterable[FailedEvaluation]) -> AccuracyMatrix:
    """Return accuracies in which the cell of a failed evaluation says so."""
    cells = {row: dict(columns) for row, columns in accuracy.cells.items()}
    for each in failed:
        cells.setdefault(each.model, {})[each.domain] = Cell(note=f"failed: {each.reason}")
    return accuracy.model_copy(update={"cells": cells, "rows": tuple(dict.fromkeys((*accuracy.rows, *cells)))})
