"""Which matrices a report shows, in which order, and how each one is to be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from xdomain.analysis.result import AnalysisResult, Matrix

ARXIV_NUMBER = re.compile(r"(?<![\w:.])\d{4}\.\d{5}\b")

Direction = Literal["difference", "size", "harm", "level"]
"""More is better; a size without a sign; more is worse; a level, which no centre belongs to."""


@dataclass(frozen=True)
class Reading:
    """The question that a matrix answers, and what its colours mean."""

    question: str
    hint: str = ""
    direction: Direction = "difference"


MAIN: dict[str, Reading] = {
    "strategy_effect": Reading(
        "Does a strategy end higher than joint, and on which domain?",
        "Blue: higher than joint on the column's domain. Hatched cells are ties; rows are in plan order, not ranked.",
    ),
    "strategy_matched": Reading(
        "Is it the strategy, or only a longer step?",
        "Blue: higher than a joint that moves the weights as far.",
    ),
    "transfer": Reading(
        "What does training on one domain do to every other?",
        "Blue: training on the row's domain raised the column's accuracy above the base.",
    ),
    "asymmetry": Reading(
        "Does A help B as much as B helps A?", "Blue: the row's domain does more for the column's than the reverse."
    ),
    "order_effect": Reading(
        "Is it better to train A first, or B?", "Blue: A first, then B, ends higher on the column's domain."
    ),
    "order_sensitivity": Reading(
        "How much does the order matter for a pair at all?",
        "A size without a sign: the darker, the more the order matters.",
        "size",
    ),
    "retention": Reading(
        "What does a later phase leave of what an earlier one taught?", "Orange: forgotten. Blue: improved further."
    ),
    "plasticity": Reading(
        "Does an earlier phase help or hinder learning the next domain?",
        "Blue: the domain ends higher than when trained alone from the base.",
    ),
    "refresh": Reading(
        "What does a short return to an earlier domain bring back?",
        "Blue: the domain returned to ends higher than before the return.",
    ),
    "mix_gain": Reading(
        "Is a mixture better than every order of its domains?",
        "Blue: the mixture ends above the better order. Orange: some order beats it.",
    ),
    "relative_transfer": Reading(
        "How much of a domain's own training does another domain's replace?",
        "1 is as good as training on the column's domain itself; 0 is no effect.",
    ),
}
"""The main matrices in reading order, by name."""

FURTHER: dict[str, Reading] = {
    "change": Reading("How far is every run from the base?"),
    "mix_gain_over_single": Reading("Is a mixture better than training on the domain alone?"),
    "permutation_range": Reading("How far apart do the orders of three or more phases end?", direction="size"),
    "sequence": Reading("How do whole curricula fare by the measures of continual learning?"),
    "asymmetry_logit": Reading("Is the asymmetry there on the logit scale?"),
    "asymmetry_relative": Reading("Is the asymmetry there when each domain's own gain is the yardstick?"),
    "gained": Reading("What share of items did a run turn from wrong to right?"),
    "lost": Reading("What share of items did a run turn from right to wrong?", direction="harm"),
    "gained_beyond_sampling": Reading("How much of the gain is more than the churn of sampling?"),
    "lost_beyond_sampling": Reading("How much of the loss is more than the churn of sampling?", direction="harm"),
    "odds_ratio": Reading("How do the odds of a right answer change, over all domains together?"),
    "odds_ratio_paired": Reading("What does the test that pairs items say of the same?"),
}
"""The matrices of the appendix."""

COLUMN_DIRECTIONS: dict[tuple[str, str], Direction] = {
    ("sequence", "ACC"): "level",
    ("sequence", "worst domain"): "level",
    ("sequence", "forgetting"): "harm",
}
"""Columns that are read otherwise than the rest of their matrix."""

BUDGETS: dict[str, str] = {
    "per_phase": "every phase gets the same number of steps, so a sequence of two phases trains twice as long as one",
    "per_domain": "a phase gets the steps of each of its domains, so a mixture trains as long as its sequence",
    "total": "every curriculum gets the same number of steps in total, split over its phases",
}
"""The budget rules in words."""


def main_matrices(result: AnalysisResult) -> list[Matrix]:
    """The matrices that every format shows, without those that nothing was measured of (see `unmeasured`)."""
    found = result.matrices()
    return [found[name] for name in MAIN if has_estimates(found[name])]


def further_matrices(result: AnalysisResult) -> list[Matrix]:
    """All others but accuracy, which has a table of its own."""
    matrices = result.matrices().items()
    return [matrix for name, matrix in matrices if name not in MAIN and name != "accuracy" and has_estimates(matrix)]


def unmeasured(result: AnalysisResult) -> list[tuple[str, str]]:
    """(title, why) of every matrix that the experiment defines but nothing was measured of."""
    matrices = [matrix for matrix in result.matrices().values() if has_cells(matrix) and not has_estimates(matrix)]
    notes = (
        (m.title, (cell.note for cells in m.cells.values() for cell in cells.values() if cell.note)) for m in matrices
    )
    return [(title, next(found, "not measured")) for title, found in notes]


def has_cells(matrix: Matrix) -> bool:
    """Whether the matrix defines any cell at all."""
    return any(matrix.cells.values())


def has_estimates(matrix: Matrix) -> bool:
    """Whether any cell has a number."""
    return any(cell.estimate is not None for cells in matrix.cells.values() for cell in cells.values())


def reading(matrix: Matrix) -> Reading:
    """How to read the matrix; one that is not listed here (pass@k) asks nothing."""
    return MAIN.get(matrix.name) or FURTHER.get(matrix.name) or Reading("")


def direction(matrix: Matrix, column: str) -> Direction:
    """How to read one column."""
    if matrix.centre is None:
        return "level"
    return COLUMN_DIRECTIONS.get((matrix.name, column), reading(matrix).direction)


EQUIVALENT = "≈"
"""Marks the interval of a cell that is equivalent to no effect."""


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
    """ "equivalent within 2 points"."""
    return f"equivalent within {100 * margin:g} points"


def source(matrix: Matrix) -> str:
    """Where the definition comes from; a bare arXiv number says that it is one."""
    return ARXIV_NUMBER.sub(r"arXiv:\g<0>", matrix.source)


def family(matrix: Matrix) -> str:
    """How p was adjusted; empty where nothing was tested."""
    return "" if matrix.family == "not tested" else matrix.family
