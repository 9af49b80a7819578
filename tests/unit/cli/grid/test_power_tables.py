"""Tables of minimum detectable effects."""

from __future__ import annotations

from tests.support.plans import make_plan
from xdomain.cli.grid.power_tables import power_tables
from xdomain.resolve.sizes import evaluated_items


def test_a_stated_effect_adds_the_column_of_what_it_needs() -> None:
    plan = make_plan(seeds=[0, 1, 2])
    items = evaluated_items(plan.experiment)
    (plain,), (stated,) = (list(power_tables(plan, items, effect)) for effect in (None, 0.03))
    assert [str(column.header) for column in stated.columns][4:] == ["needed for 3"]
    assert len(plain.columns) == 4
    assert plain.row_count == stated.row_count > 3
