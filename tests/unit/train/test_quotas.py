"""Informative groups held to the ratio of the weights over a whole stage, whatever each rollout offers."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.plans import make_plan
from xdomain.core.errors import PlanError, StageError
from xdomain.train.quotas import PATIENCE, InformativeQuotas, informative

WEIGHTS = {"a": 2, "b": 1, "c": 1}
ROLLOUTS = st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=20), max_size=PATIENCE)

Groups = list[tuple[str, bool]]


def taught(quotas: InformativeQuotas, groups: Groups, seed: int = 0) -> dict[str, int]:
    """Kept groups by domain; only informative ones are kept."""
    keep = quotas.kept_groups([name for name, _ in groups], [flag for _, flag in groups], random.Random(seed))
    assert all(flag for (_, flag), kept in zip(groups, keep, strict=True) if kept)
    return {name: sum(k for (each, _), k in zip(groups, keep, strict=True) if each == name) for name in WEIGHTS}


@given(ROLLOUTS)
def test_no_domain_is_ever_more_than_one_group_ahead_and_the_scarcest_loses_nothing(rollouts: list[Groups]) -> None:
    """Few enough rollouts that every domain is waited for."""
    quotas = InformativeQuotas(WEIGHTS)
    total = offered = dict.fromkeys(WEIGHTS, 0)
    for groups in rollouts:
        there = {name: sum(flag for each, flag in groups if each == name) for name in WEIGHTS}
        level = min((total[name] + there[name]) / weight for name, weight in WEIGHTS.items())
        found = taught(quotas, groups)
        total = {name: total[name] + found[name] for name in WEIGHTS}
        offered = {name: offered[name] + there[name] for name in WEIGHTS}
        assert all(level * weight <= total[name] <= level * weight + 1 for name, weight in WEIGHTS.items())
        assert all(total[name] <= offered[name] for name in WEIGHTS)


def test_the_ratio_holds_over_a_stage_where_one_domain_is_scarce() -> None:
    """Eight prompts each of domains that are informative one time in ten and eight times in ten."""
    rng = random.Random(0)
    quotas = InformativeQuotas({"a": 1, "b": 1, "c": 1})
    total = dict.fromkeys("abc", 0)
    for seed in range(400):
        groups = [(name, rng.random() < rate) for name, rate in (("a", 0.1), ("b", 0.8), ("c", 0.5)) for _ in range(8)]
        total = {name: total[name] + count for name, count in taught(quotas, groups, seed).items()}
    assert total["a"] > 250
    assert total["b"] / total["a"] == pytest.approx(1, abs=0.05)
    assert total["c"] / total["a"] == pytest.approx(1, abs=0.05)


def test_a_domain_that_has_nothing_to_teach_does_not_hold_the_others_back_for_ever() -> None:
    quotas = InformativeQuotas({"a": 1, "b": 1, "c": 1})
    groups: Groups = [("a", True), ("a", True), ("b", True), ("c", False)]
    counts = [taught(quotas, groups) for _ in range(PATIENCE + 3)]
    assert counts[0] == {"a": 1, "b": 1, "c": 0}  # the one group that each may be ahead
    assert counts[1:PATIENCE] == [{"a": 0, "b": 0, "c": 0}] * (PATIENCE - 1)
    assert counts[PATIENCE:] == [{"a": 2, "b": 1, "c": 0}] + [{"a": 1, "b": 1, "c": 0}] * 2
    groups[-1] = ("c", True)  # back, it goes on where the others are
    assert [taught(quotas, groups) for _ in range(2)] == [{"a": 1, "b": 1, "c": 1}] * 2


def test_saved_quotas_go_on_alike(tmp_path: Path) -> None:
    first = InformativeQuotas(WEIGHTS)
    taught(first, [("a", True), ("b", True)])
    first.save(tmp_path)
    second, forgetful = InformativeQuotas(WEIGHTS), InformativeQuotas(WEIGHTS)
    second.load(tmp_path)
    groups: Groups = [("a", True)] * 4 + [("b", True), ("c", True)]
    expected = taught(first, groups)
    assert taught(second, groups) == expected
    assert taught(forgetful, groups) != expected
    with pytest.raises(StageError, match=r"informative_quotas\.json is missing"):
        second.load(tmp_path / "elsewhere")


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
    with pytest.raises(PlanError, match="informative_quotas: keeps the ratio of domains in mixed phases"):
        make_plan(
            grid={"singles": True},
            training={"steps": 10, "prompts_per_step": 4, "generations": 2, "informative_quotas": True},
        )
