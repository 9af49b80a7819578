"""Scores of stored predictions, on a grid with known cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from tests.support.grids import family, make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.predictions import scored_predictions
from xdomain.analysis.result import PredictionScore, ScoredPredictions
from xdomain.analysis.study import build_study
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid
from xdomain.plan.predictions import PredictedCell, Prediction, Predictions, Predictor, Target

DOMAINS = ("math", "science", "logic", "puzzle")


@pytest.fixture(scope="module")
def grid() -> MeasuredGrid:
    return make_grid(DOMAINS, family(DOMAINS, mixed=False), seeds=(0, 1), n_items=30, saved_every=40)


@pytest.fixture(scope="module")
def cells(grid: MeasuredGrid) -> dict[tuple[str, str], float]:
    """The measured retention of each ordered pair."""
    return retention(grid)


def retention(grid: MeasuredGrid) -> dict[tuple[str, str], float]:
    """Mean over items and seeds of the difference, from the records."""
    ends = {each.checkpoint: str(each.run) for each in grid.checkpoints if each.is_end}
    rows = grid.records[grid.records["checkpoint"].isin(ends)]
    means = rows.groupby([rows["checkpoint"].map(ends), "domain"])["score"].mean()
    return {(a, b): means[f"{a} -> {b}", a] - means[a, a] for a, b in permutations(DOMAINS, 2)}


def record(values: dict[tuple[str, str], float], late: tuple[tuple[str, str], ...] = ()) -> Predictions:
    stored = tuple(PredictedCell(*pair, value, pair in late) for pair, value in values.items())
    prediction = Prediction(Predictor.FIRST_ORDER_TRANSFER, Target.RETENTION, stored, "Reliable.")
    return Predictions("test", "2026-11-29T12:00:00+00:00", (), (prediction,), "d" * 64)


def predicted(
    grid: MeasuredGrid, values: dict[tuple[str, str], float], late: tuple[tuple[str, str], ...] = ()
) -> ScoredPredictions:
    found = scored_predictions(build_study(grid), record(values, late))
    assert found is not None
    return found


def score(scored: ScoredPredictions) -> PredictionScore:
    (found,) = scored.scores
    return found


def test_the_measured_cells_themselves_are_a_perfect_prediction(grid, cells) -> None:
    result = predicted(grid, cells)
    found = score(result)
    assert found.rank_correlation == pytest.approx(1.0)
    assert found.p == found.smallest_p == pytest.approx(1 / 24)
    assert found.left_out_r2 == pytest.approx(1.0)
    assert (found.domains, found.n_cells, found.unit) == (DOMAINS, 12, "nats per completion")
    assert all(cell.measured == pytest.approx(cell.predicted) and not cell.late for cell in found.cells)
    assert result.digest == "d" * 64
    assert result.statement.startswith(
        "4 domains cannot support the claim that a predictor works, and p cannot fall below .042"
    )


def test_the_opposite_prediction_has_the_largest_p(grid, cells) -> None:
    found = score(predicted(grid, {pair: -value for pair, value in cells.items()}))
    assert found.rank_correlation == pytest.approx(-1.0)
    assert found.p == pytest.approx(1.0)


def test_the_ceiling_is_the_agreement_of_seeds(grid, cells) -> None:
    """The cells of one seed as the prediction of the other's reach the ceiling exactly."""
    found = score(predicted(grid, cells))
    one, other = (
        replace(restricted(grid, lambda each, seed=seed: each.seed in (None, seed)), seeds=(seed,)) for seed in (0, 1)
    )
    between = score(predicted(other, retention(one)))
    assert found.seed_agreement == pytest.approx(between.rank_correlation)
    assert between.seed_agreement is None


def restricted(grid: MeasuredGrid, keep: Callable[[EvaluatedCheckpoint], bool]) -> MeasuredGrid:
    """The grid with some of its checkpoints and their records."""
    kept = tuple(filter(keep, grid.checkpoints))
    names = [each.checkpoint for each in kept]
    return replace(grid, checkpoints=kept, records=grid.records[grid.records["checkpoint"].isin(names)])


def test_late_cells_are_counted(grid, cells) -> None:
    result = predicted(grid, cells, late=(("math", "logic"),))
    assert [cell.late for cell in score(result).cells].count(True) == 1
    assert "1 cell had been measured when the predictions were stored" in result.statement


def test_domains_with_missing_cells_are_not_scored(grid, cells) -> None:
    found = score(predicted(grid, {pair: value for pair, value in cells.items() if "puzzle" not in pair}))
    assert (found.domains, found.n_cells, found.smallest_p) == (DOMAINS[:3], 6, pytest.approx(1 / 6))
    assert found.left_out_r2 is None
    two = score(predicted(grid, {("math", "logic"): 0.1, ("logic", "math"): 0.2}))
    assert (two.rank_correlation, two.p) == (None, None)
    assert two.note == "Reliable. Not scored: only 2 domains of at least 3 have all cells."


def test_a_cell_that_was_not_measured_has_no_number(grid, cells) -> None:
    found = score(predicted(restricted(grid, lambda each: str(each.run) != "math -> logic"), cells))
    assert [cell.measured for cell in found.cells if (cell.first, cell.second) == ("math", "logic")] == [None]
    assert len(found.domains) == 3


def test_a_seed_that_some_cells_lack_does_not_count_for_the_ceiling(grid, cells) -> None:
    found = score(predicted(restricted(grid, lambda each: (str(each.run), each.seed) != ("math -> logic", 1)), cells))
    assert found.n_cells == 12
    assert found.seed_agreement is None
    whole = score(predicted(grid, cells))
    own = {(cell.first, cell.second): cell.measured for cell in found.cells}
    assert own["math", "logic"] != pytest.approx(cells["math", "logic"])
    assert all(own[pair] == pytest.approx(cells[pair]) for pair in cells if pair != ("math", "logic"))
    assert whole.seed_agreement is not None


def test_a_result_has_scores_if_there_are_predictions(grid, cells) -> None:
    result = analyse(replace(grid, predictions=record(cells)))
    assert result.predictions == predicted(grid, cells)
    matrix = result.matrices["retention"]
    found = score(predicted(grid, cells))
    for cell in found.cells:
        assert cell.measured == pytest.approx(matrix.cells[f"{cell.first} -> {cell.second}"][cell.first].estimate)
    assert scored_predictions(build_study(grid), None) is None
