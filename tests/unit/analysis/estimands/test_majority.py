"""maj@n on votes that can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from xdomain.analysis.analyse import analyse
from xdomain.config.run_id import BASE, BASE_RUN
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid

VOTES = {
    "agreed": (["4", " 4 ", "5"], [1, 1, 0], 1.0),
    "outvoted": (["4", "5", "5"], [1, 0, 0], 0.0),
    "tied": (["4", "5", None], [1, 0, 0], 0.5),
    "spelled": (["Yes", "yes", "No"], [1, 1, 0], 1.0),
    "silent": ([None, None, None], [0, 0, 0], 0.0),
    "all differ": (["a", "b", "c"], [1, 0, 0], 1 / 3),
    "one unjudged": (["5", "4", "5"], [0, 1, None], 0.5),
}


def measured(votes: dict[str, tuple[list, list, float]]) -> MeasuredGrid:
    rows = [
        {
            "checkpoint": "base@0",
            "domain": "math",
            "item_id": item,
            "sample": sample,
            "answer": answer,
            "score": np.nan if score is None else float(score),
            "outcome": "unscored" if score is None else "right" if score else "wrong",
        }
        for item, (answers, scores, _) in votes.items()
        for sample, (answer, score) in enumerate(zip(answers, scores, strict=True))
    ]
    place = EvaluatedCheckpoint("base@0", BASE_RUN)
    return MeasuredGrid("eval", ("math",), (), (place,), pd.DataFrame(rows))


def maj(grid: MeasuredGrid) -> float | None:
    cell = analyse(grid).matrices["majority"].cell(BASE, "math")
    return None if cell is None else cell.estimate


@pytest.mark.parametrize("item", [name for name in VOTES if name != "one unjudged"])
def test_a_vote(item: str) -> None:
    assert maj(measured({item: VOTES[item]})) == pytest.approx(VOTES[item][2])


def test_the_mean_over_items() -> None:
    whole = {name: vote for name, vote in VOTES.items() if name != "one unjudged"}
    assert maj(measured(whole)) == pytest.approx(np.mean([expected for _, _, expected in whole.values()]))


def test_an_unjudged_sample_does_not_vote() -> None:
    four = {"one unjudged": (["5", "4", "5", "4"], [0, 1, None, 1], 1.0)}
    assert maj(measured(four)) == pytest.approx(1.0), "two right fours against one five"


def test_without_answers_or_with_two_samples_there_is_none() -> None:
    grid = measured(VOTES)
    silent = replace(grid, records=grid.records.drop(columns="answer"))
    assert "majority" not in analyse(silent).matrices
    assert "majority" not in analyse(measured({"two": (["4", "5"], [1, 0], 0.5)})).matrices
