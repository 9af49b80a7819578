"""What strategies cost, as text."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.report.strategies import COST, strategy_sections


def test_costs_and_gradients_have_a_section_each() -> None:
    result = example_result(3, 2)
    cost, gradients = strategy_sections(result)
    assert (cost.name, gradients.name) == ("strategies", "gradients")
    (table,) = cost.tables
    assert table.header == COST
    assert [row[0] for row in table.rows] == [each.run for each in result.strategies[0].costs]
    assert {len(row) for row in table.rows} == {len(COST)}
    cosines, shares = gradients.tables
    assert cosines.title.endswith(": cosines")
    assert shares.header[0] == "run"


def test_without_several_strategies_nothing_is_shown() -> None:
    assert strategy_sections(example_result(3, 2).model_copy(update={"strategies": ()})) == []


def test_what_was_not_recorded_is_said() -> None:
    result = example_result(3, 2)
    (comparison, *others) = result.strategies
    costs = tuple(cost.model_copy(update={"seconds_per_step": None}) for cost in comparison.costs)
    blank = comparison.model_copy(update={"costs": costs, "gradients": ()})
    (section,) = strategy_sections(result.model_copy(update={"strategies": (blank, *others)}))
    assert {row[1] for row in section.tables[0].rows} == {"not recorded"}
