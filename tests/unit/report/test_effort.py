"""What the sides of a comparison spent."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.report.effort import AMOUNTS, comparisons, spent_by_sides, steps_line


def test_sides_are_set_against_each_other() -> None:
    result = example_result(2, 1)
    label = next(iter(result.effort))
    one = result.effort[label]
    effort = {"a": one.model_copy(update={"steps": 120.0}), "b": one.model_copy(update={"steps": 240.0})}
    assert spent_by_sides(effort, ["a", "b"])[0] == "120 against 240"
    assert spent_by_sides(effort, ["a", "a"])[0] == "120 each"
    assert spent_by_sides(effort, ["a"])[0] == "120"
    assert spent_by_sides(effort, ["c"]) == ("",) * len(AMOUNTS)


def test_a_matrix_lists_each_comparison_once() -> None:
    result = example_result(3, 2)
    found = comparisons(result, result.matrices["transfer"])
    assert found
    assert all(" against " in sides for sides in found)
    assert steps_line(result, result.matrices["transfer"]).startswith("Steps of the runs compared: ")
    assert steps_line(result.model_copy(update={"effort": {}}), result.matrices["transfer"]) == ""
