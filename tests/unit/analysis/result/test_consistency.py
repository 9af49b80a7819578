"""Results that no analysis can have are refused with the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.result import AnalysisResult
from xdomain.analysis.result.consistency import ContradictionError, demand_consistent


def first_cell(document: dict[str, Any]) -> dict[str, Any]:
    cells = document["matrices"]["transfer"]["cells"]
    return next(cell for row in cells.values() for cell in row.values() if cell["low"] is not None)


def reverse_an_interval(document: dict[str, Any]) -> None:
    first_cell(document).update(low=0.5, high=-0.5)


def set_a_share(document: dict[str, Any]) -> None:
    first_cell(document)["p"] = 1.5


def set_a_size(document: dict[str, Any]) -> None:
    first_cell(document)["n_items"] = -3


def repeat_a_row(document: dict[str, Any]) -> None:
    document["matrices"]["transfer"]["rows"].append(document["matrices"]["transfer"]["rows"][0])


def rename_a_matrix(document: dict[str, Any]) -> None:
    document["matrices"]["transfer"]["name"] = "../transfer"


def drop_the_accuracies(document: dict[str, Any]) -> None:
    del document["matrices"]["accuracy"]


def make_a_run_its_own_parent(document: dict[str, Any]) -> None:
    label = next(label for label in document["effort"] if label != "base")
    document["effort"][label]["parent"] = label


def test_a_result_of_an_analysis_is_consistent() -> None:
    demand_consistent(example_result())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (reverse_an_interval, r"matrices\.transfer\.cells\..*has an interval from 0\.5 to -0\.5"),
        (set_a_share, r"\.p: should lie between 0 and 1"),
        (set_a_size, r"\.n_items: should not be negative"),
        (repeat_a_row, r"matrices\.transfer: lists a row or a column twice"),
        (rename_a_matrix, r"matrices\.transfer: should be named by its key"),
        (drop_the_accuracies, r"matrices\.accuracy: is missing"),
        (make_a_run_its_own_parent, r"effort\..*parent: does not lead to the base"),
    ],
)
def test_contradictions_name_their_field(damage: Callable[[dict[str, Any]], None], words: str) -> None:
    document = example_result().model_dump(mode="json")
    damage(document)
    with pytest.raises(ContradictionError, match=words):
        demand_consistent(AnalysisResult.model_validate(document))
