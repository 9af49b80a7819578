"""The experiment in one paragraph."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.result import AnalysisResult
from xdomain.report.overview import listed, overview, scope, spent


def result(seeds: int = 3, **meta: Any) -> AnalysisResult:
    made = example_result(3, seeds)
    return made.model_copy(update={"meta": made.meta.model_copy(update=meta)})


def test_what_was_trained_and_what_the_intervals_speak_of() -> None:
    text = overview(result())
    assert "over math, science and logic" in text
    assert "each repeated with 3 training seeds" in text
    assert "a re-run of training" in text
    once = overview(result(1))
    assert "Training ran once" in once
    assert "repeated" not in once


def test_results_from_elsewhere_claim_nothing_of_training() -> None:
    text = overview(result(budget="unknown"))
    assert text.startswith("Imported results")
    assert "trained by reinforcement learning" not in text


def test_what_is_still_missing_is_counted() -> None:
    assert "7 of 9 planned evaluations are done" in overview(result(missing=("a", "b"), planned=9))


@pytest.mark.parametrize(
    ("speaks_of", "words"),
    [
        (None, ""),
        ("the recipe", "Inference scope: the recipe."),
        ("these checkpoints", "Inference scope: these checkpoints only."),
    ],
)
def test_the_scope_of_a_caption(speaks_of: Any, words: str) -> None:
    assert scope(result(speaks_of=speaks_of).meta) == words


def test_lists_and_ranges() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert [spent(each) for each in ([120, 240.4], [5, None], [None, 0])] == ["120 to 240", "5", ""]
