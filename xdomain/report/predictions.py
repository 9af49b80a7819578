"""Predictions and their scores, as text."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult, PredictedValue, PredictionScore
from xdomain.core.number_text import decimals, points
from xdomain.report.text_section import TextSection, TextTable

SCORES = (
    "predictor",
    "predicts",
    "domains",
    "cells",
    "rank correlation",
    "p",
    "smallest possible p",
    "R2, one domain left out",
    "agreement of seeds",
    "note",
)
MEANING = (
    "Predictors are scored, not recommended. Rank correlation: Spearman over cells. p: one-sided, by relabelling the "
    "domains, because cells that share a domain are not independent. R2: the cells of each domain, predicted by a line "
    "through the cells without it; negative is worse than the mean. Agreement of seeds: the mean rank correlation of "
    "the measured cells of two seeds, which a predictor can hardly exceed."
)
PLACES: dict[str, str] = {
    "transfer": "transfer({first} on {second})",
    "retention": "retention({first} -> {second})",
}


def prediction_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the section with the scores and the predicted cells; [] if nothing was predicted."""
    found = result.predictions
    if found is None:
        return []
    stored = f"The predictions were stored at {found.written} (digest {found.digest[:16]})."
    return [
        TextSection(
            "predictions",
            "Predictions",
            "Was an effect predicted before it was measured?",
            " ".join(filter(None, [found.statement, stored, MEANING])),
            (
                TextTable("scores", SCORES, tuple(map(_row, found.scores))),
                *(_cells(target, found.scores) for target in dict.fromkeys(each.target for each in found.scores)),
            ),
        )
    ]


def _row(score: PredictionScore) -> tuple[str, ...]:
    return (
        score.predictor,
        score.target,
        str(len(score.domains)),
        str(score.n_cells),
        _number(score.rank_correlation, 2),
        _number(score.p, 3),
        _number(score.smallest_p, 3),
        _number(score.left_out_r2, 2),
        _number(score.seed_agreement, 2),
        score.note,
    )


def _cells(target: str, scores: tuple[PredictionScore, ...]) -> TextTable:
    """Return one line per predicted cell of a matrix, with the value of each predictor."""
    own = [score for score in scores if score.target == target]
    by_pair: dict[tuple[str, str], dict[str, PredictedValue]] = {}
    for score in own:
        for cell in score.cells:
            by_pair.setdefault((cell.first, cell.second), {})[score.predictor] = cell
    rows = []
    for (first, second), values in by_pair.items():
        one = next(iter(values.values()))
        rows.append((
            PLACES[target].format(first=first, second=second),
            "not measured" if one.measured is None else points(one.measured, sign=True),
            *(
                predicted_text(score, values[score.predictor].predicted) if score.predictor in values else ""
                for score in own
            ),
            "late" if one.late else "before",
        ))  # fmt: skip
    columns = (f"{score.predictor} ({unit_text(score)})" for score in own)
    return TextTable(f"predicted {target}", ("cell", "measured (points)", *columns, "predicted"), tuple(rows))


def unit_text(score: PredictionScore) -> str:
    """Return the unit of a predictor's values."""
    return "points" if score.unit == "accuracy" else score.unit


def predicted_text(score: PredictionScore, value: float) -> str:
    """Return a predicted value: points of accuracy, or the number in the predictor's unit."""
    return points(value, sign=True) if score.unit == "accuracy" else decimals(value, 4)


def _number(value: float | None, places: int) -> str:
    return "" if value is None else decimals(value, places)
