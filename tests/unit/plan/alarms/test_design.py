"""The budget holds for every design, and designs fall back or are refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xdomain.core.errors import PlanError
from xdomain.plan.alarms.design import (
    CHANGED_BY_CHANCE,
    FEWEST_ITEMS,
    AlarmDesign,
    DomainDesign,
    Method,
    alarm_design,
    detectable_drop,
    look_steps,
    rounded_up,
)

DEFAULTS = 440 * 64 * 8


def designed(dev_items: dict[str, int | None], budget: float = 0.05, completions: int = DEFAULTS) -> AlarmDesign:
    return alarm_design(alpha=0.05, budget=budget, dev_items=dev_items, steps=440, period=1, completions=completions)


def test_three_domains_of_a_stage_at_the_defaults_cost_at_most_5_percent() -> None:
    found = designed({"math": 1000, "science": 1000, "logic": None})
    assert {each.method for each in found.domains.values()} == {Method.CONFIRM}
    assert len(found.looks) == 12
    assert found.completions <= 0.05 * DEFAULTS
    assert found.completions > 0.049 * DEFAULTS
    assert found.alpha == pytest.approx(0.05 / 3)


def test_a_small_dev_split_falls_back_to_sign_flips_of_all_its_items() -> None:
    found = designed({"math": 999, "science": 150})
    assert found.domains == {
        "math": DomainDesign(Method.SIGN_FLIP, 433),  # 11,264 / 2 domains / 13 looks
        "science": DomainDesign(Method.SIGN_FLIP, 150),
    }


def test_a_small_budget_takes_fewer_looks_of_enough_items() -> None:
    found = designed({"math": 999}, completions=12_000)
    assert (len(found.looks), found.domains["math"].items) == (4, 120)
    assert designed({"math": 1000}, completions=12_000).domains["math"].method is Method.SIGN_FLIP


def test_domains_without_dev_items_are_left_out_with_the_reason() -> None:
    found = designed({"math": 300, "poems": 0, "puzzle": 19})
    assert list(found.domains) == ["math"]
    assert found.skipped == {"poems": "it has no dev items", "puzzle": "it has 19 dev items, fewer than 20"}
    assert found.alpha == 0.05


def test_no_domain_left_is_refused() -> None:
    with pytest.raises(PlanError, match="poems: it has no dev items") as error:
        designed({"poems": 0})
    assert error.value.where == "training.alarms.domains"


def test_a_budget_that_pays_for_no_design_is_refused_with_one_that_does() -> None:
    with pytest.raises(PlanError, match="is 100, but 3 looks at 20 items of 2 domains cost 120") as error:
        designed({"math": 999, "science": 999}, completions=2_000)
    assert error.value.where == "training.alarms.budget"
    assert "Set budget to 0.06" in str(error.value.fix)
    designed({"math": 999, "science": 999}, budget=0.06, completions=2_000)


@given(
    st.dictionaries(st.text("abcdef", min_size=1), st.none() | st.integers(0, 3000), min_size=1, max_size=6),
    st.floats(0.001, 1.0),
    st.integers(1, 500),
    st.integers(1, 8),
    st.integers(2, 512),
)
def test_no_design_costs_more_than_its_budget_or_needs_more_items_than_there_are(
    dev_items: dict[str, int | None], budget: float, rollouts: int, period: int, per_step: int
) -> None:
    steps = rollouts * period
    completions = steps * per_step
    try:
        found = alarm_design(
            alpha=0.05, budget=budget, dev_items=dev_items, steps=steps, period=period, completions=completions
        )
    except PlanError:
        return
    assert found.completions <= budget * completions
    assert found.looks == tuple(sorted(set(found.looks)))
    assert found.looks[-1] == steps
    assert all(step % period == 0 for step in found.looks)
    for name, domain in found.domains.items():
        available = dev_items[name]
        assert domain.items >= FEWEST_ITEMS
        assert available is None or domain.items + domain.confirm_items <= available
        assert 0 < detectable_drop(domain, found.alpha) <= 1


def test_looks_are_even_and_end_with_the_stage() -> None:
    assert look_steps(40, 4, 4) == (8, 20, 32, 40)


def test_shares_are_rounded_up() -> None:
    assert [rounded_up(each) for each in (0.06, 0.0601, 1.0)] == [0.06, 0.07, 1.0]


def test_the_more_items_change_by_chance_the_larger_is_the_drop_that_is_found() -> None:
    domain = DomainDesign(Method.SIGN_FLIP, 288)
    drops = [detectable_drop(domain, 0.05 / 3, changed) for changed in (0.0, CHANGED_BY_CHANCE, 0.5)]
    assert drops == sorted(drops)
    assert drops[1] == detectable_drop(domain, 0.05 / 3) == pytest.approx(0.087, abs=0.001)
