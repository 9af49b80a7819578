"""Predictions as tables of the report."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.result import AnalysisResult, PredictedValue, PredictionScore, ScoredPredictions
from xdomain.report.html import render_html
from xdomain.report.latex import render_latex
from xdomain.report.markdown import render_markdown
from xdomain.report.predictions import SCORES, prediction_sections

CELL = PredictedValue(first="math", second="logic", predicted=0.0123, measured=-0.02, late=False)
SCORE = PredictionScore(
    predictor="first_order_transfer",
    target="retention",
    unit="nats per completion",
    domains=("math", "logic", "science", "puzzle"),
    n_cells=12,
    rank_correlation=0.66,
    p=1 / 24,
    smallest_p=1 / 24,
    left_out_r2=-0.3,
    seed_agreement=0.55,
    cells=(CELL, CELL.model_copy(update={"second": "science", "measured": None, "late": True})),
    note="Split-half reliability of the gradients: math 0.50.",
)
MERGE = SCORE.model_copy(
    update={"predictor": "additive_merge", "unit": "accuracy", "cells": (CELL,), "rank_correlation": None}
)
FOUND = ScoredPredictions(
    written="2026-11-29T12:00:00+00:00", digest="d" * 64, scores=(SCORE, MERGE), statement="4 domains are few."
)


def with_predictions(found: ScoredPredictions | None) -> AnalysisResult:
    return example_result(3, 1).model_copy(update={"predictions": found})


def test_scores_and_cells() -> None:
    (section,) = prediction_sections(with_predictions(FOUND))
    assert section.meaning.startswith(
        "4 domains are few. The predictions were stored at 2026-11-29T12:00:00+00:00 (digest dddddddddddddddd)."
    )
    scores, cells = section.tables
    assert scores.header == SCORES
    first, second = scores.rows
    assert first == (
        "first_order_transfer", "retention", "4", "12", "0.66", "0.042", "0.042", "−0.30", "0.55", SCORE.note,
    )  # fmt: skip
    assert second[4] == ""
    assert cells.header == (
        "cell", "measured (points)", "first_order_transfer (nats per completion)", "additive_merge (points)",
        "predicted",
    )  # fmt: skip
    assert cells.rows == (
        ("retention(math -> logic)", "−2.0", "0.0123", "+1.2", "before"),
        ("retention(math -> science)", "not measured", "0.0123", "", "late"),
    )


def test_without_predictions_there_is_no_section() -> None:
    assert prediction_sections(with_predictions(None)) == []


def test_every_format_shows_it() -> None:
    result = with_predictions(FOUND)
    assert "## Predictions" in render_markdown(result)
    assert "Predictions" in render_html(result)
    assert "first\\_order\\_transfer" in render_latex(result)
