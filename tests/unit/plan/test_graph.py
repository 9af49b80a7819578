"""What a plan holds: shared prefixes, budgets, identities."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_experiment, make_plan
from xdomain.config.run_id import parse_run
from xdomain.core.errors import PlanError
from xdomain.plan.cost import plan_cost
from xdomain.plan.explain import changes_in_words, explain_difference, find_stage
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities, same_completions
from xdomain.plan.stage import StageKind, TrainStage

FOUR = ["logic", "math", "puzzle", "science"]
FAMILIES = ("singles", "ordered_pairs", "mixed_pairs", "ordered_triples", "all_mixed", "controls")
ALL_FAMILIES = dict.fromkeys(FAMILIES, True)


def train(plan: Any, label: str, seed: int = 0) -> TrainStage:
    return next(stage for stage in plan.train_stages if str(stage.run.curriculum) == label and stage.seed == seed)


def test_shared_prefixes_are_one_stage() -> None:
    plan = make_plan(domains=FOUR)
    cost = plan_cost(plan, frozenset())
    assert (cost.train_stages, cost.naive_train_stages) == (22, 34)
    assert train(plan, "logic -> math").parent == train(plan, "logic").end


def test_stages_come_after_what_they_need() -> None:
    plan = make_plan(domains=FOUR, grid=ALL_FAMILIES)
    seen: set[str] = set()
    for stage in plan.stages.values():
        assert set(stage.needs) <= seen
        seen.add(stage.key)


def test_explicit_curriculum_equal_to_a_family_member_adds_nothing() -> None:
    assert len(make_plan(curricula=["puzzle -> logic", "puzzle + logic"]).stages) == len(make_plan().stages)


@pytest.mark.parametrize(
    ("budget", "pair", "mixed"), [("per_phase", (10, 10), 10), ("per_domain", (10, 10), 20), ("total", (5, 5), 10)]
)
def test_budget_rules(budget: str, pair: tuple[int, int], mixed: int) -> None:
    plan = make_plan(training={"steps": 10, "budget": budget, "prompts_per_step": 4, "generations": 2})
    second = train(plan, "logic -> puzzle")
    assert (plan.stages[second.parent.stage].steps, second.steps) == pair
    assert train(plan, "logic + puzzle").steps == mixed


def test_total_budget_does_not_pass_a_prefix_off_as_the_run_of_that_name() -> None:
    plan = make_plan(training={"steps": 10, "budget": "total", "prompts_per_step": 4, "generations": 2})
    assert train(plan, "logic").key != train(plan, "logic -> puzzle").parent
    assert train(plan, "logic -> puzzle").parent_run == parse_run("logic@5")


def test_total_budget_needs_a_rollout_for_every_phase() -> None:
    with pytest.raises(PlanError, match="more phases than rollouts"):
        make_plan(
            curricula=["logic -> puzzle -> logic"],
            grid={},
            training={"steps": 2, "budget": "total", "prompts_per_step": 4, "generations": 2},
        )


def test_control_continues_the_domain_queue() -> None:
    plan = make_plan(grid={"controls": True})
    assert train(plan, "logic -> logic").offsets == {"logic": 40}
    assert train(plan, "logic").offsets == {"logic": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"execution": {"workers": 7, "executor": "inline"}},
        {"store": "elsewhere"},
        {"name": "another"},
        {"execution": {"device": "cuda", "threads": 4}},
        {"analysis": {"contrasts": ["order(logic, puzzle) on logic"]}},
    ],
)
def test_what_does_not_change_numbers_does_not_change_keys(change: dict[str, Any]) -> None:
    assert make_plan(**change).stages.keys() == make_plan().stages.keys()


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"training": {"prompts_per_step": 4, "generations": 2, "learning_rate": 2e-6}}, {"train", "evaluate"}),
        ({"execution": {"threads": 2}}, {"base", "train", "evaluate"}),
        ({"seeds": [1]}, {"train"}),
        ({"checkpoints": {"every_steps": 5}}, {"train"}),
        ({"model": {"preset": "tiny_qwen3"}}, {"base", "train", "evaluate"}),
    ],
)
def test_what_changes_numbers_changes_keys(change: dict[str, Any], kinds: set[str]) -> None:
    before, after = make_plan(), make_plan(**change)
    for kind in kinds:
        old = {stage.key for stage in before.stages.values() if stage.kind == kind}
        new = {stage.key for stage in after.stages.values() if stage.kind == kind}
        if kind == "evaluate" or change.get("seeds"):
            assert old != new
        else:
            assert not old & new


def test_base_does_not_depend_on_the_training_seed() -> None:
    plan = make_plan(seeds=[0, 1])
    assert sum(stage.kind is StageKind.BASE for stage in plan.stages.values()) == 1
    assert plan.base.key == make_plan(seeds=[5]).base.key


def test_adding_a_domain_keeps_the_keys_of_the_others() -> None:
    assert make_plan().stages.keys() < make_plan(domains=["logic", "puzzle", "math"]).stages.keys()


def test_explain_names_the_field() -> None:
    one, other = make_plan(), make_plan(seeds=[1])
    differences = explain_difference(train(one, "logic").payload, train(other, "logic", 1).payload)
    assert differences == [("seed", 0, 1)]


PARTS = ("items", "verifiers", "rewards", "solutions")


def plan_with(**changed: str) -> Plan:
    """The plan of two domains of which the identity of `logic` that `changed` names has another value."""
    parts = {
        part: {name: {part: changed.get(part, "") if name == "logic" else ""} for name in ("logic", "puzzle")}
        for part in PARTS
    }
    stops = {"logic": (changed["stops"],)} if "stops" in changed else {}
    return build_plan(make_experiment(), Identities(model={"preset": "tiny_qwen3"}, **parts, stops=stops))


def keys_of(plan: Plan) -> dict[str, str]:
    return {stage.title: stage.key for stage in plan.stages.values()}


WITHOUT_LOGIC = {"base tiny_qwen3", "base on puzzle", "puzzle, seed 0", "puzzle, seed 0 step 10 on puzzle"}


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        ("items", set()),
        ("solutions", set()),
        ("verifiers", WITHOUT_LOGIC),
        ("rewards", {*WITHOUT_LOGIC, "base on logic", "puzzle, seed 0 step 10 on logic"}),
        ("stops", WITHOUT_LOGIC),
    ],
)
def test_each_part_of_a_domain_changes_the_keys_of_what_depends_on_it(part: str, kept: set[str]) -> None:
    """The base is warmed up on logic and puzzle, so logic's items and solutions change every key; its verifier changes
    neither the base nor what was trained and evaluated on puzzle alone."""
    before, after = keys_of(plan_with()), keys_of(plan_with(**{part: "changed"}))
    assert before.keys() == after.keys()
    assert {title for title in before if before[title] == after[title]} == kept


@pytest.mark.parametrize(
    ("part", "title", "words", "same"),
    [
        ("verifiers", "logic, seed 0", ["The verifier of logic changed."], False),
        ("rewards", "logic, seed 0", ["The reward of logic changed."], False),
        ("verifiers", "base on logic", ["The verifier of logic changed."], True),
        ("items", "base tiny_qwen3", ["The items of logic in the warm-up changed."], False),
        ("solutions", "base tiny_qwen3", ["The solutions of logic in the warm-up changed."], False),
        ("items", "base on logic", ["The evaluated checkpoint changed.", "The items of logic changed."], False),
        ("stops", "base on logic", ["Only the second stage has sampling.stop."], False),
    ],
)
def test_a_difference_is_told_in_words(part: str, title: str, words: list[str], same: bool) -> None:
    one, other = (
        next(stage.payload for stage in plan.stages.values() if stage.title == title)
        for plan in (plan_with(), plan_with(**{part: "changed"}))
    )
    assert changes_in_words(one, other) == words
    assert same_completions(one, other) == same


def test_find_stage_by_title_or_key() -> None:
    plan = make_plan()
    stage = find_stage(plan, "logic -> puzzle, seed 0")
    assert find_stage(plan, stage.key[:12]) == stage == find_stage(plan, stage.folder)
    assert find_stage(plan, "logic -> puzzle") == stage
    with pytest.raises(PlanError, match=r'Found none\. Did you mean "logic -> puzzle, seed 0"'):
        find_stage(plan, "logic -> puzle")
    with pytest.raises(PlanError, match='Found "logic, seed 0", "logic, seed 1"'):
        find_stage(make_plan(seeds=[0, 1]), "logic")
