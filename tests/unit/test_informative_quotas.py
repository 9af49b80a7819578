"""Informative groups held to the ratio of the weights: exact where whole numbers allow, never an empty domain."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plans import make_plan
from xdomain.core.errors import PlanError
from xdomain.train.quotas import informative, kept_groups

GROUPS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40)


def counts(groups: list[tuple[str, bool]], keep: list[bool]) -> dict[str, int]:
    return {name: sum(k for (each, _), k in zip(groups, keep, strict=True) if each == name) for name in "abc"}


@given(GROUPS, st.integers(0, 3))
def test_only_informative_groups_are_kept_and_the_ratio_holds_up_to_rounding(
    groups: list[tuple[str, bool]], seed: int
) -> None:
    weights = {"a": 2, "b": 1, "c": 1}
    keep = kept_groups([name for name, _ in groups], [flag for _, flag in groups], weights, random.Random(seed))
    assert all(flag for (_, flag), kept in zip(groups, keep, strict=True) if kept)
    there = counts(groups, [flag for _, flag in groups])
    found = counts(groups, keep)
    present = [name for name in "abc" if there[name]]
    unit = min((there[name] / weights[name] for name in present), default=0)
    for name in present:
        assert 1 <= found[name] <= there[name]
        assert abs(found[name] - unit * weights[name]) <= 1
        if there[name] / weights[name] == unit:
            assert found[name] == there[name]  # the scarcest loses nothing


def test_an_uneven_rollout_is_brought_to_an_even_mixture() -> None:
    names = ["a"] * 8 + ["b"] * 8
    flags = [True] * 8 + [True] * 3 + [False] * 5
    keep = kept_groups(names, flags, {"a": 1, "b": 1}, random.Random(0))
    assert sum(keep[:8]) == sum(keep[8:]) == 3
    assert keep == kept_groups(names, flags, {"a": 1, "b": 1}, random.Random(0))


def test_a_group_with_equal_or_missing_rewards_is_not_informative() -> None:
    assert informative([1.0, 0.0, None])
    assert not informative([1.0, 1.0, None])
    assert not informative([None, None])
    assert not informative([])


def test_quotas_need_a_mixed_phase_and_change_only_mixed_keys() -> None:
    plain = make_plan()
    held = make_plan(training={"steps": 10, "prompts_per_step": 4, "generations": 2, "informative_quotas": True})
    keys = {stage.title: stage.key for stage in plain.train_stages}
    changed = {stage.title for stage in held.train_stages if keys[stage.title] != stage.key}
    assert changed == {"logic + puzzle, seed 0"}
    with pytest.raises(PlanError, match="informative_quotas: holds domains of a mixed phase"):
        make_plan(
            grid={"singles": True},
            training={"steps": 10, "prompts_per_step": 4, "generations": 2, "informative_quotas": True},
        )
