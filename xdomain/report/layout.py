"""Which matrices a report shows, in which order, and the question that each one answers."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult, Matrix

QUESTIONS: dict[str, str] = {
    "transfer": "What does training on one domain do to every other?",
    "asymmetry": "Does A help B as much as B helps A?",
    "order_effect": "Is it better to train A first, or B?",
    "order_sensitivity": "How much does the order matter for a pair, over both of its domains?",
    "retention": "What does a second phase leave of what the first one taught?",
    "plasticity": "Does an earlier phase help or hinder what comes after?",
    "mix_gain": "Is training on a mixture better than the better of both orders?",
    "relative_transfer": "How much of a domain's own training does another domain's replace?",
}
"""The main matrices in reading order, by name."""

FURTHER_QUESTIONS: dict[str, str] = {
    "change": "How far is every run from the base?",
    "mix_gain_over_single": "Is a mixture better than training on the domain alone?",
    "permutation_range": "How far apart do the orders of three or more domains end?",
    "sequence": "How do whole sequences fare by the measures of continual learning?",
    "asymmetry_logit": "Is the asymmetry there on the logit scale, where points near 0 and 100 count more?",
    "asymmetry_relative": "Is the asymmetry there when each domain's own gain is the yardstick?",
    "gained": "How many items did a phase turn from wrong to right?",
    "lost": "How many items did a phase turn from right to wrong?",
    "gained_beyond_sampling": "How many of the gained items are more than the churn of sampling?",
    "lost_beyond_sampling": "How many of the lost items are more than the churn of sampling?",
    "odds_ratio": "How do the odds of a right answer change, over all strata together?",
    "odds_ratio_paired": "What does the test that pairs items say of the same?",
}

BUDGETS: dict[str, str] = {
    "per_phase": "every phase gets the same number of steps, so a sequence of two phases trains twice as long as one",
    "per_domain": "a phase gets the steps of each of its domains, so a mixture trains as long as its sequence",
    "total": "every curriculum gets the same number of steps in total, split over its phases",
}
"""The budget rules in words."""


def main_matrices(result: AnalysisResult) -> list[Matrix]:
    """The matrices that every format shows, without those that the experiment defines no cell of."""
    found = result.matrices()
    return [found[name] for name in QUESTIONS if has_cells(found[name])]


def further_matrices(result: AnalysisResult) -> list[Matrix]:
    """All others but accuracy, which has a table of its own."""
    return [m for name, m in result.matrices().items() if name not in QUESTIONS and name != "accuracy" and has_cells(m)]


def has_cells(matrix: Matrix) -> bool:
    """Whether the matrix defines any cell at all."""
    return any(matrix.cells.values())


def question(matrix: Matrix) -> str:
    """The question in plain words, empty for a matrix that has none."""
    return QUESTIONS.get(matrix.name) or FURTHER_QUESTIONS.get(matrix.name, "")


def is_shown(word: str | None) -> bool:
    """Whether a cell's effect is distinguishable from noise."""
    return word not in {None, "no effect shown"}
