"""Accuracies with what stands beside them."""

from __future__ import annotations

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.result import AnswerShape, Cell
from xdomain.report.accuracy import accuracy_rows, against_chance, answer_key, answer_text, chance_text, length_text

SHAPE = AnswerShape(n_samples=50, wrong=0.5, malformed=0.04, truncated=0.02, unscored=None, mean_tokens=7.36)


@pytest.mark.parametrize(
    ("low", "high", "chance", "words"),
    [
        (0.3, 0.4, 0.5, "below chance"),
        (0.3, 0.6, 0.5, "at chance"),
        (0.6, 0.7, 0.5, ""),
        (None, None, 0.5, ""),
        (0.3, 0.4, None, ""),
    ],
)
def test_the_interval_against_guessing(low: float | None, high: float | None, chance: float | None, words: str) -> None:
    assert against_chance(Cell(estimate=0.35, low=low, high=high), chance) == words


def test_letters_stand_for_shares() -> None:
    assert answer_text(SHAPE, "mtl") == "m 4%, t 2%, l 7.4"
    assert answer_text(AnswerShape(n_samples=50, wrong=None, malformed=None, truncated=None), "m") == "m ?"
    assert answer_text(None, "mtl") == ""
    assert answer_key("ml") == "m = malformed, l = mean length in tokens"


@pytest.mark.parametrize(("tokens", "text"), [(7.36, "7.4"), (1204.2, "1,204"), (None, "")])
def test_lengths(tokens: float | None, text: str) -> None:
    assert length_text(tokens) == text


def test_one_row_a_run_and_one_view_a_domain() -> None:
    accuracy = example_result(3, 2).accuracy
    rows = accuracy_rows(accuracy)
    assert [label for label, _ in rows] == list(accuracy.rows)
    assert all(len(views) == len(accuracy.columns) for _, views in rows)
    assert chance_text(accuracy.model_copy(update={"chance": {}}), "math") == "unknown"
