"""Item records as arrays: what is counted, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xdomain.analysis.panel import Panel, build_panels
from xdomain.config.run_id import BASE_RUN
from xdomain.core.errors import AnalysisError
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid


def row(checkpoint: str, item: str, score: float | None, sample: int = 0, **more: Any) -> dict[str, Any]:
    outcome = "unscored" if score is None else "right" if score >= 1 else "wrong"
    defaults = {"checkpoint": checkpoint, "domain": "math", "item_id": item, "sample": sample, "score": score}
    return defaults | {"outcome": outcome, "scorer": "s", "prompt_hash": item, "finish_reason": "stop"} | more


ROWS = [row("a", "2", 1.0), row("a", "1", 0.0, 0), row("a", "1", 1.0, 1), row("b", "1", None), row("b", "2", 1.0)]


def grid(rows: list[dict[str, Any]], **changes: Any) -> MeasuredGrid:
    made = MeasuredGrid(
        experiment="test",
        domains=("math", "logic"),
        runs=(),
        checkpoints=tuple(EvaluatedCheckpoint(name, BASE_RUN) for name in ("a", "b", "c")),
        records=pd.DataFrame(rows, columns=list(ROWS[0]) if not rows else None),
    )
    return replace(made, **changes)


def panel(rows: list[dict[str, Any]] = ROWS) -> Panel:
    return build_panels(grid(rows))["math"]


def test_cells_are_means_over_judged_samples() -> None:
    found = panel()
    assert (found.checkpoints, found.item_ids) == (("a", "b", "c"), ("1", "2"))
    assert np.array_equal(found.mean, [[0.5, 1], [np.nan, 1], [np.nan, np.nan]], equal_nan=True)
    assert found.judged.tolist() == [[2, 1], [0, 1], [0, 0]]
    assert found.asked.tolist() == [[2, 1], [1, 1], [0, 0]]
    assert found.right.tolist() == [[1, 1], [0, 1], [0, 0]]


def test_the_order_of_records_does_not_matter() -> None:
    one, other = panel(), panel(ROWS[::-1])
    assert np.array_equal(one.mean, other.mean, equal_nan=True)
    assert one.item_ids == other.item_ids


def test_checkpoints_that_were_asked_nothing_have_no_row() -> None:
    found = panel()
    assert (found.row("a"), found.row("b"), found.row("c"), found.row("d")) == (0, 1, None, None)
    assert found.question_set.tolist()[2] == -1
    assert found.question_set[0] == found.question_set[1]
    assert "logic" not in build_panels(grid(ROWS)), "nothing was evaluated on it"


def test_answers_at_the_limit_and_items_of_one_context() -> None:
    rows = [each | {"cluster_id": "c", "finish_reason": "length"} for each in ROWS]
    found = panel(rows)
    assert found.truncated.tolist() == [3, 2, 0]
    assert found.clusters is not None
    assert found.clusters.tolist() == [0, 0]
    alone = panel([each | {"cluster_id": each["item_id"]} for each in ROWS])
    assert alone.clusters is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no records yet"),
        ([*ROWS, row("z", "1", 1.0)], "1 of 6 records belong to a checkpoint that is not part"),
        ([*ROWS, row("a", "1", 1.0, domain="art")], "belong to a domain that is not part"),
        ([*ROWS, ROWS[0]], 'duplicated, the first of checkpoint "a", item "2", sample 0'),
        ([*ROWS, row("c", "1", 1.5)], "outside"),
        ([*ROWS, row("c", "1", None, outcome="wrong")], "were judged but have no score"),
        ([*ROWS, row("c", "1", 1.0, prompt_hash="other")], "asked with different prompts"),
        ([*ROWS, row("c", "1", 1.0, scorer="other")], "judged by different scorers"),
    ],
)
def test_records_that_would_mislead_are_refused(rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        build_panels(grid(rows))


def test_columns_that_are_missing_are_named() -> None:
    with pytest.raises(AnalysisError, match="no column item_id, score"):
        build_panels(grid(ROWS, records=pd.DataFrame(ROWS).drop(columns=["score", "item_id"])))
