"""Selection of the matrices that a report shows, and the texts that are printed around each."""

from __future__ import annotations

import re

from xdomain.analysis.result import AnalysisResult, Matrix

ARXIV_NUMBER = re.compile(r"(?<![\w:.])\d{4}\.\d{5}\b")
BUDGETS: dict[str, str] = {
    "per_phase": "every phase gets the same number of steps, so a sequence of two phases trains twice as long as one",
    "per_domain": "a phase gets the steps of each of its domains, so a mixture trains as long as its sequence",
    "total": "every curriculum gets the same number of steps in total, split over its phases",
}
"""The budget rules in words."""


def main_matrices(result: AnalysisResult) -> list[Matrix]:
    """Return the matrices that every format shows, except those without a measured cell (see `unmeasured`)."""
    return [matrix for matrix in result.matrices.values() if matrix.section == "main" and has_estimates(matrix)]


def further_matrices(result: AnalysisResult) -> list[Matrix]:
    """Return the matrices of the appendix, except those without a measured cell."""
    return [matrix for matrix in result.matrices.values() if matrix.section == "further" and has_estimates(matrix)]


def unmeasured(result: AnalysisResult) -> list[tuple[str, str]]:
    """Return (title, reason) of every matrix that the experiment defines but that has no measured cell."""
    matrices = [matrix for matrix in result.matrices.values() if has_cells(matrix) and not has_estimates(matrix)]
    notes = (
        (m.title, (cell.note for cells in m.cells.values() for cell in cells.values() if cell.note)) for m in matrices
    )
    return [(title, next(found, "not measured")) for title, found in notes]


def has_cells(matrix: Matrix) -> bool:
    """Return whether the matrix defines any cell."""
    return any(matrix.cells.values())


def has_estimates(matrix: Matrix) -> bool:
    """Return whether any cell has a number."""
    return any(cell.estimate is not None for cells in matrix.cells.values() for cell in cells.values())


EQUIVALENT = "≈"
"""Mark of the interval of a cell that is equivalent to no effect."""


def definition(matrix: Matrix) -> str:
    """Return the definition in sentences, with the meaning of the equivalence mark if cells were tested for it."""
    text = matrix.definition if matrix.definition.endswith((".", "!", "?")) else f"{matrix.definition}."
    answers = [c.equivalent for cells in matrix.cells.values() for c in cells.values() if c.equivalent is not None]
    if matrix.margin is None or not answers:
        return text
    return (
        f"{text} {EQUIVALENT}: {equivalent_words(matrix.margin)} (two one-sided tests at 5%, adjusted as p is), "
        f"{sum(answers)} of {len(answers)} cells."
    )


def equivalent_words(margin: float) -> str:
    """Return a text such as "equivalent within 2 points"."""
    return f"equivalent within {100 * margin:g} points"


def source(matrix: Matrix) -> str:
    """Return the source of the definition; a bare arXiv number is labelled as one."""
    return ARXIV_NUMBER.sub(r"arXiv:\g<0>", matrix.source)


def family(matrix: Matrix) -> str:
    """Return how p was adjusted, or an empty string if nothing was tested."""
    return "" if matrix.family == "not tested" else matrix.family
