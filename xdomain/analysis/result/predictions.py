"""Scores of predictions that were stored before the cells were run."""

from __future__ import annotations

from xdomain.analysis.matrix import ResultModel


class PredictedValue(ResultModel):
    """A predicted cell with its measurement."""

    first: str
    """First domain of the pair: the trained domain of transfer, the kept domain of retention."""
    second: str
    """Second domain of the pair: the evaluated domain of transfer, the domain that retention trains on next."""
    predicted: float
    measured: float | None
    """Estimate of the cell; null if it was not measured."""
    late: bool
    """True if an evaluation of the cell was finished when the prediction was stored."""


class PredictionScore(ResultModel):
    """The score of one predictor on the cells of one matrix."""

    predictor: str
    target: str
    """Name of the matrix."""
    unit: str
    """Unit of the predictions."""
    domains: tuple[str, ...]
    """Scored domains: those whose cells are all predicted and measured."""
    n_cells: int
    rank_correlation: float | None = None
    """Spearman's rank correlation of predicted and measured cells."""
    p: float | None = None
    """One-sided p by relabelling domains."""
    smallest_p: float | None = None
    """Smallest p that this number of domains allows."""
    left_out_r2: float | None = None
    """R2 of the cells of each domain, predicted by a line through the cells without that domain."""
    seed_agreement: float | None = None
    """Mean rank correlation of the measured cells of two seeds, the ceiling of a predictor; null with one seed."""
    cells: tuple[PredictedValue, ...]
    note: str = ""
    """Sentence on the reliability of the predictor's own measurement, or on why there is no score."""


class ScoredPredictions(ResultModel):
    """The predictions of an experiment and their scores."""

    written: str
    """Time when the predictions were stored, ISO 8601 in UTC."""
    digest: str
    """sha256 of the stored predictions."""
    scores: tuple[PredictionScore, ...]
    statement: str
    """Sentence on what the scores can support."""
