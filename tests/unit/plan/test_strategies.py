"""Strategies that could not act, or act otherwise than they say, are refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_experiment
from xdomain.config.curriculum import parse_curriculum
from xdomain.core.errors import PlanError
from xdomain.plan.strategies import check_strategies, strategy_notes

TRAINING = {"steps": 10, "prompts_per_step": 4, "generations": 2}


def check(strategies: list[Any], *curricula: str, **training: Any) -> None:
    experiment = make_experiment(strategies=strategies, training=TRAINING | training)
    check_strategies(experiment, [parse_curriculum(each) for each in curricula])


def notes(strategies: list[Any], *curricula: str) -> list[str]:
    experiment = make_experiment(strategies=strategies)
    return strategy_notes(experiment, [parse_curriculum(each) for each in curricula])


@pytest.mark.parametrize("strategies", [["joint"], ["joint", "cgpo"], ["mgs"], ["bandit"], ["famo"]])
def test_what_can_act_passes(strategies: list[Any]) -> None:
    check(strategies, "logic", "logic + puzzle")


@pytest.mark.parametrize(
    ("strategies", "curriculum", "words"),
    [
        (["joint", "joint"], "logic + puzzle", "listed twice"),
        (["cgpo"], "logic -> puzzle", "acts on mixed phases"),
        (["dacsp"], "logic + puzzle", "no curriculum has more than one phase"),
        ([{"name": "scaled", "weights": {"maths": 1.0}}], "logic + puzzle", '"maths" is not under `domains`'),
        ([{"name": "scaled", "weights": {"logic": 0.0, "puzzle": 0.0}}], "logic + puzzle", "nothing would be trained"),
        ([{"name": "cgpo", "fixed_order": ["logic"]}], "logic + puzzle", 'leaves out "puzzle"'),
        ([{"name": "cgpo", "fixed_order": ["logic", "logic"]}], "logic + puzzle", "a domain is listed twice"),
        ([{"name": "bandit", "floor": 0.6}], "logic + puzzle", "more than the whole rollout for 2 domains"),
    ],
)
def test_what_could_not_act(strategies: list[Any], curriculum: str, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        check(strategies, curriculum)


@pytest.mark.parametrize(
    ("strategy", "training", "words"),
    [
        ("cgpo", {"grpo": {"top_entropy_quantile": 0.2}}, "chooses tokens over all domains"),
        ("mgs", {"optimizer": "galore_adamw_layerwise"}, "before the weights change"),
        ("cgpo", {"grpo": {"fp16": True}}, "updates the weights several times per step"),
        ({"name": "cgpo", "step_scale": "once"}, {"optimizer": "adafactor"}, "AdamW's second moments"),
        ("bandit", {"informative_quotas": True}, "changes the ratio of the domains"),
        ("cgpo", {"prompts_per_step": 1}, "never see all domains in one step"),
    ],
)
def test_settings_that_a_strategy_cannot_live_with(strategy: Any, training: dict[str, Any], words: str) -> None:
    check(["joint"], "logic + puzzle", **training)
    with pytest.raises(PlanError, match=words):
        check([strategy], "logic + puzzle", **training)


def test_where_a_strategy_has_no_effect_is_told() -> None:
    (note,) = notes(["joint", "cgpo"], "logic", "puzzle", "logic -> puzzle", "puzzle -> logic", "logic + puzzle")
    assert note.startswith("cgpo has no effect on logic, puzzle, logic -> puzzle and 1 more")
    assert notes(["joint"], "logic") == []


def test_a_strategy_that_is_joint_by_its_parameters_is_told() -> None:
    (note,) = notes([{"name": "scaled", "weights": {"logic": 1.0, "puzzle": 1.0}}], "logic + puzzle")
    assert "it repeats joint's training" in note


def test_prompts_that_are_chosen_in_training_are_told() -> None:
    (note,) = notes(["bandit"], "logic + puzzle")
    assert "chooses during training how many prompts each domain gets" in note
