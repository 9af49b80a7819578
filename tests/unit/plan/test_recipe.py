"""The settings of phases and domains equal a merge by hand, and keys move only where settings do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.plans import make_experiment, make_plan
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.strategy import CGPOConfig, FAMOConfig
from xdomain.plan.graph import Plan
from xdomain.plan.recipe import (
    DISAGREE,
    OWN_STEPS,
    Ignored,
    domain_training,
    evaluation_of,
    phases_acted_on,
    settings_of,
)
from xdomain.plan.stage import EvaluateStage

COMMON = {"steps": 10, "prompts_per_step": 4, "generations": 2}
VALUES: dict[str, list[Any]] = {
    "steps": [10, 20, 30],
    "generations": [2, 4],
    "learning_rate": [1e-6, 1e-5, 1e-4],
    "temperature": [1.0, 0.7],
    "loss_type": ["dapo", "grpo"],
    "beta": [0.0, 0.1],
    "max_completion_tokens": [256, 512],
}
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "domain": st.sampled_from(["logic", "puzzle"]),
        "phase": st.sampled_from([1, 2]),
        "kind": st.sampled_from(["single", "mixture"]),
    },
).filter(bool)
CHANGES = st.fixed_dictionaries({}, optional={name: st.sampled_from(v) for name, v in VALUES.items()}).filter(bool)
ENTRIES = st.lists(st.fixed_dictionaries({"where": CONDITIONS, "training": CHANGES}), max_size=5)
CURRICULA = ["logic", "puzzle", "logic + puzzle", "logic -> puzzle", "logic -> logic + puzzle", "logic + puzzle@6"]


def with_overrides(*entries: dict[str, Any], **changes: Any) -> Experiment:
    return make_experiment(**{"training": COMMON, "overrides": list(entries)} | changes)


def by_hand(entries: list[dict[str, Any]], domains: list[str], number: int) -> dict[str, Any]:
    """Return the training settings of a phase: one dict per domain, compared field by field."""
    kind = "mixture" if len(domains) > 1 else "single"

    def fits(where: dict[str, Any], named: set[str]) -> bool:
        conditions = {"phase": number, "kind": kind}
        others = all(conditions[key] == value for key, value in where.items() if key != "domain")
        return others and ("domain" not in where or where["domain"] in named)

    def updated(named: set[str]) -> dict[str, Any]:
        merged: dict[str, Any] = {name: COMMON.get(name, values[0]) for name, values in VALUES.items()}
        for entry in entries:
            if fits(entry["where"], named):
                merged.update(entry["training"])
        return merged

    each, none = [updated({domain}) for domain in domains], updated(set())
    return {name: each[0][name] if all(one[name] == each[0][name] for one in each) else none[name] for name in VALUES}


@settings(max_examples=300, deadline=None)
@given(ENTRIES, st.sampled_from(CURRICULA))
def test_settings_equal_a_merge_by_hand(entries: list[dict[str, Any]], text: str) -> None:
    prefix, experiment = parse_curriculum(text), with_overrides(*entries)
    phase = prefix.phases[-1]
    recipe = settings_of(experiment, prefix)
    expected = by_hand(entries, list(phase.domains), len(prefix.phases))
    if phase.steps is not None:  # "@6" stands above every override
        expected["steps"] = COMMON["steps"]
    assert {name: getattr(recipe.training, name) for name in VALUES} == expected
    assert recipe.training.prompts_per_step == COMMON["prompts_per_step"]
    assert recipe.training == experiment.training.model_copy(update=expected)  # no other field changes


def test_without_overrides_the_sections_are_used_unchanged() -> None:
    experiment = make_experiment()
    recipe = settings_of(experiment, parse_curriculum("logic -> puzzle"))
    assert recipe.training is experiment.training
    assert (recipe.strategy, recipe.entries, recipe.ignored) == (None, (), ())


def test_a_mixture_names_what_it_ignores() -> None:
    experiment = with_overrides(
        {"where": {"domain": "logic"}, "training": {"learning_rate": 3e-5, "generations": 4}},
        {"where": {"kind": "mixture"}, "training": {"temperature": 0.7}},
        {"where": {"domain": "puzzle"}, "training": {"generations": 4, "temperature": 0.9, "steps": 20}},
    )
    recipe = settings_of(experiment, parse_curriculum("logic + puzzle@6"))
    assert recipe.changes == {"generations": 4, "temperature": 0.7}
    assert recipe.entries == (0, 1, 2)
    assert recipe.ignored == (
        Ignored(0, "learning_rate", DISAGREE), Ignored(2, "steps", OWN_STEPS), Ignored(2, "temperature", DISAGREE)
    )  # fmt: skip


def test_a_strategy_replaces_that_of_the_run() -> None:
    experiment = with_overrides(
        {"where": {"kind": "mixture"}, "strategy": "famo"},
        {"where": {"phase": 1}, "strategy": {"name": "cgpo", "alpha": 1.0}},
        curricula=["logic + puzzle -> logic + puzzle"],
    )
    first, second = parse_curriculum("logic + puzzle -> logic + puzzle").prefixes()
    assert settings_of(experiment, first).strategy == CGPOConfig(alpha=1.0)
    assert settings_of(experiment, second).strategy == FAMOConfig()
    assert phases_acted_on(experiment, FAMOConfig(), [second]) == [second]
    plan = make_plan(**experiment.model_dump(mode="json", exclude_unset=True))
    named = {str(stage.curriculum): stage for stage in plan.train_stages}
    assert named[str(first)].run.strategy == "cgpo(alpha=1.0)"
    assert named[str(second)].run.strategy == "cgpo(alpha=1.0), then famo"
    assert named[str(second)].payload["strategy"]["name"] == "famo"
    assert named["logic -> puzzle"].run.strategy == "joint"


def test_a_domain_is_evaluated_with_its_own_settings_and_its_training_length() -> None:
    experiment = with_overrides(
        {"where": {"domain": "logic"}, "evaluation": {"items": 7, "samples": 4, "temperature": 1.0}},
        {"where": {"domain": "puzzle"}, "training": {"max_completion_tokens": 512}},
        {"where": {"domain": "puzzle", "phase": 2}, "training": {"max_completion_tokens": 64}},
        {"where": {"domain": "logic"}, "evaluation": {"items": 8}},
    )
    logic, puzzle = evaluation_of(experiment, "logic"), evaluation_of(experiment, "puzzle")
    assert (logic.items, logic.samples, logic.temperature, logic.completion_tokens) == (8, 4, 1.0, 256)
    assert (puzzle.items, puzzle.samples, puzzle.temperature, puzzle.completion_tokens) == (10, 1, 0.0, 512)
    assert domain_training(experiment, "puzzle").max_completion_tokens == 512
    assert evaluation_of(with_overrides(evaluation={"max_completion_tokens": 9}), "puzzle").completion_tokens == 9


def keys(plan: Plan) -> dict[str, str]:
    return {stage.title: stage.key for stage in plan.stages.values()}


@pytest.mark.parametrize(
    ("entry", "moved"),
    [
        ({"where": {"phase": 2}, "training": {"learning_rate": 1e-5}}, ["logic -> puzzle", "puzzle -> logic"]),
        ({"where": {"domain": "logic"}, "training": {"beta": 0.1}}, ["logic", "logic -> puzzle", "puzzle -> logic"]),
        ({"where": {"kind": "mixture"}, "training": {"generations": 4}}, ["logic + puzzle"]),
        ({"where": {"domain": "logic"}, "training": {"learning_rate": 1e-6}}, []),  # the value that `training` has
    ],
)
def test_only_stages_that_an_override_changes_get_another_key(entry: dict[str, Any], moved: list[str]) -> None:
    before, after = keys(make_plan()), keys(make_plan(overrides=[entry]))
    assert before.keys() == after.keys()
    changed = {title.partition(",")[0] for title in before if before[title] != after[title]}
    assert changed == set(moved)


def test_evaluation_by_domain_moves_only_the_evaluations_on_it_and_one_task_holds_both() -> None:
    entry = {"where": {"domain": "logic"}, "evaluation": {"items": 5, "samples": 4, "temperature": 1.0}}
    plan = make_plan(overrides=[entry])
    before, after = keys(make_plan()), keys(plan)
    assert {title.rpartition(" on ")[2] for title in before if before[title] != after[title]} == {"logic"}
    by_checkpoint: dict[str, set[Any]] = {}
    for stage in plan.evaluations:
        by_checkpoint.setdefault(stage.evaluated, set()).add(stage.task_group)
    assert all(len(groups) == 1 for groups in by_checkpoint.values())


def test_prompts_of_later_phases_begin_where_earlier_recipes_ended() -> None:
    entry = {"where": {"phase": 1}, "training": {"steps": 6, "prompts_per_step": 8, "epochs_per_rollout": 2}}
    plan = make_plan(grid={"controls": True}, overrides=[entry])
    second = next(stage for stage in plan.train_stages if stage.phase_index == 1)
    assert second.offsets == {second.phase.domains[0]: 6 * 8 // 2}
    assert second.steps == 10


def test_curricula_inside_a_merge_count_their_own_phases() -> None:
    entry = {"where": {"phase": 2}, "training": {"learning_rate": 1e-5}}
    plan = make_plan(grid={}, curricula=["merge(logic, logic -> puzzle) -> logic"], overrides=[entry])
    rates = {
        str(stage.curriculum): settings_of(plan.experiment, stage.curriculum).training for stage in plan.train_stages
    }
    assert {name: training.learning_rate for name, training in rates.items()} == {
        "logic": 1e-6,
        "logic -> puzzle": 1e-5,
        "merge(logic, logic -> puzzle) -> logic": 1e-5,
    }


def test_a_distillation_has_settings_by_kind_and_by_domains_that_agree() -> None:
    grid: dict[str, Any] = {"grid": {}, "curricula": ["distill(logic, puzzle)"]}
    agreed = [{"where": {"domain": name}, "training": {"max_completion_tokens": 64}} for name in ("logic", "puzzle")]
    kind = {"where": {"kind": "distill"}, "training": {"learning_rate": 1e-5, "steps": 4}}
    rate = {"where": {"domain": "logic"}, "training": {"learning_rate": 1e-4}}
    plan = make_plan(**grid, overrides=[kind, *agreed, rate])
    stage = next(stage for stage in plan.train_stages if str(stage.curriculum).startswith("distill"))
    settings = stage.payload["training"]
    assert (stage.steps, settings["learning_rate"], settings["max_completion_tokens"]) == (4, 1e-5, 64)
    before, after = keys(make_plan(**grid)), keys(make_plan(**grid, overrides=[kind]))
    moved = {title.partition(",")[0].partition(" step")[0] for title in after if after[title] not in before.values()}
    assert moved == {"distill(logic"}  # its teachers keep their keys


def test_pass_rates_are_sampled_like_the_domains_rollouts() -> None:
    entry = {"where": {"domain": "logic"}, "training": {"temperature": 0.7}}
    plan = make_plan(training={**COMMON, "self_paced": {}}, overrides=[entry])
    measured = [stage for stage in plan.stages.values() if isinstance(stage, EvaluateStage) and stage.split == "train"]
    assert {stage.domain: stage.settings.temperature for stage in measured} == {"logic": 0.7, "puzzle": 1.0}
