"""Gained and lost items against numbers from the records, and without sampling's share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest


def by_item(records: pd.DataFrame, checkpoint: str) -> np.ndarray:
    rows = records[(records["checkpoint"] == checkpoint) & (records["domain"] == "math")]
    return rows.groupby("item_id")["score"].mean().to_numpy()


@pytest.fixture
def shares(grid: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Shares of right samples by item before and after training on math, for each seed."""
    ends = [each for each in grid.checkpoints if each.is_end and str(each.run) == "math"]
    before = by_item(grid.records, "base@0")
    return [(before, by_item(grid.records, end.checkpoint)) for end in ends]


def estimate(result: Any, name: str) -> float:
    return result.matrices[name].cells["math"]["math"].estimate


def test_gained_and_lost(result: Any, shares: list[tuple[np.ndarray, np.ndarray]]) -> None:
    gained = np.mean([((1 - p) * q).mean() for p, q in shares])
    lost = np.mean([(p * (1 - q)).mean() for p, q in shares])
    assert estimate(result, "gained") == pytest.approx(gained, abs=1e-12)
    assert estimate(result, "lost") == pytest.approx(lost, abs=1e-12)


def test_beyond_sampling_their_sum_is_the_squared_change_and_their_difference_the_change(
    result: Any, shares: list[tuple[np.ndarray, np.ndarray]]
) -> None:
    gained, lost = (estimate(result, f"{name}_beyond_sampling") for name in ("gained", "lost"))
    k = 4  # samples an item
    squared = np.mean(
        [((p - q) ** 2 - (p * (1 - p) + q * (1 - q)) / (k - 1)).mean() for p, q in shares]
    )  # unbiased for (p - q)^2
    assert gained + lost == pytest.approx(squared, abs=1e-12)
    assert gained - lost == pytest.approx(np.mean([(q - p).mean() for p, q in shares]), abs=1e-12)
