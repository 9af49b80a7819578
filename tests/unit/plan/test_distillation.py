"""Planning of distillations: settings, teachers, keys, refusals and resources."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_experiment, make_plan
from xdomain.config.curriculum import Curriculum
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import PlanError
from xdomain.plan.distillation import IGNORED, IGNORED_GRPO, distillation_notes, distillation_settings
from xdomain.plan.graph import Plan
from xdomain.plan.stage import TrainStage
from xdomain.plan.tokens import completions_of

TRAINING = {"steps": 10, "prompts_per_step": 4, "generations": 2}
PAIR = "distill(logic, puzzle)"


def distilled(*curricula: str, **changes: Any) -> Plan:
    return make_plan(**{"grid": {}, "curricula": curricula or (PAIR,), **changes})


def last(plan: Plan) -> TrainStage:
    return plan.train_stages[-1]


def test_one_completion_and_no_part_of_grpo_is_left() -> None:
    training = TrainingConfig.model_validate({
        "generations": 4, "loss_type": "grpo", "beta": 0.1, "reference": "base", "epsilon": 0.1, "epsilon_high": 0.3,
        "scale_rewards": "batch", "informative_quotas": True, "grpo": {"delta": 2.0, "adam_beta2": 0.9},
    })  # fmt: skip
    found = distillation_settings(training)
    assert {name: getattr(found, name) for name in IGNORED} == IGNORED
    assert found.generations == 1
    assert found.grpo == {"adam_beta2": 0.9}


def test_everything_else_stays() -> None:
    training = TrainingConfig(temperature=0.7, learning_rate=1e-4, micro_batch=4, updates_per_rollout=2)
    found = distillation_settings(training)
    assert found.model_dump(exclude={*IGNORED, "grpo"}) == training.model_dump(exclude={*IGNORED, "grpo"})


def test_the_names_are_settings() -> None:
    assert set(IGNORED) <= set(TrainingConfig.model_fields)
    for name in IGNORED_GRPO - {"off_policy_mask_threshold", "use_bias_correction_kl"}:
        TrainingConfig.model_validate({"grpo": {name: 1}})


def test_the_singles_teach_the_base_on_the_prompts_of_the_mixture() -> None:
    plan = distilled("logic", "puzzle", "logic + puzzle", PAIR)
    logic, puzzle, mixture, stage = plan.train_stages
    assert stage.teachers == {"logic": logic.end, "puzzle": puzzle.end}
    assert stage.parent == plan.base.end
    assert stage.needs == (plan.base.key, logic.key, puzzle.key)
    assert stage.checkpoints_read == (plan.base.end, logic.end, puzzle.end)
    assert stage.made_from == stage.checkpoints_read
    assert (stage.offsets, stage.phase.weights) == (mixture.offsets, mixture.phase.weights)
    assert (stage.steps, stage.title) == (10, f"{PAIR}, seed 0")
    assert plan.runs[-1].stages == (logic.key, puzzle.key, stage.key)


def test_any_curriculum_teaches_and_the_student_is_the_model_so_far() -> None:
    plan = distilled("puzzle -> distill(logic: logic -> logic, puzzle)@3")
    stages = {str(stage.curriculum): stage for stage in plan.train_stages}
    stage = last(plan)
    assert stage.teachers == {"logic": stages["logic -> logic"].end, "puzzle": stages["puzzle"].end}
    assert stage.parent == stages["puzzle"].end
    assert stage.offsets == {"logic": 0, "puzzle": 40}
    assert stage.steps == 3


def test_each_seed_has_its_own_teachers() -> None:
    plan = distilled(seeds=[0, 1])
    for stage in plan.train_stages:
        for teacher in stage.teachers.values():
            made_by = plan.stages[teacher.stage]
            assert isinstance(made_by, TrainStage)
            assert made_by.seed == stage.seed


def test_no_strategy_acts_on_a_distillation() -> None:
    curricula, strategies = ["logic + puzzle", "logic -> logic", f"logic -> {PAIR}"], ["joint", "cgpo", "dacsp"]
    plan = distilled(*curricula, strategies=strategies)
    assert {stage.run.strategy for stage in plan.train_stages if stage.teachers} == {"joint"}
    assert {stage.run.strategy for stage in plan.train_stages} == {*strategies}
    with pytest.raises(PlanError, match="cgpo acts on mixed phases, but no curriculum has one"):
        distilled(strategies=["joint", "cgpo"])


def test_a_strategy_of_a_teacher_is_that_of_the_run() -> None:
    plan = distilled("distill(logic: logic + puzzle, puzzle)", strategies=["joint", "pcgrad"])
    found = {(str(stage.curriculum), stage.run.strategy) for stage in plan.train_stages if stage.teachers}
    assert found == {(str(last(plan).curriculum), name) for name in ("joint", "pcgrad")}
    assert all(stage.strategy_config.name == "joint" for stage in plan.train_stages if stage.teachers)


def test_the_key_holds_the_teachers_and_nothing_of_grpo() -> None:
    def keys(**training: Any) -> tuple[str, dict[str, Any]]:
        stage = last(distilled(training=TRAINING | training))
        return stage.key, {name: value for name, value in stage.payload.items() if name != "teachers"}

    plain = last(distilled())
    teachers = {name: {"stage": ref.stage, "step": 10} for name, ref in plain.teachers.items()}
    assert (plain.payload["distill"], plain.payload["teachers"]) == (1, teachers)
    (key, rest), (other, same) = keys(), keys(generations=4, loss_type="grpo", beta=0.1)
    assert key != other, "the teachers were trained otherwise"
    assert rest == same
    assert last(distilled("logic + puzzle")).payload.keys() == rest.keys() - {"distill"}


def test_a_recipe_for_distillations_leaves_the_teachers_as_they_are() -> None:
    recipe = {"where": {"kind": "distill"}, "training": {"learning_rate": 1e-3, "generations": 8, "steps": 6}}
    plain, other = distilled(), distilled(overrides=[recipe])
    assert plain.train_stages[:-1] == other.train_stages[:-1]
    assert (last(other).steps, last(other).payload["training"]["learning_rate"]) == (6, 1e-3)
    assert last(other).payload["training"]["generations"] == 1


def test_families() -> None:
    plan = make_plan(domains=["logic", "puzzle", "math"], grid={"distilled_pairs": True, "all_distilled": True})
    found = [str(run.id.curriculum) for run in plan.runs]
    assert found == [
        "distill(logic, puzzle)", "distill(logic, math)", "distill(math, puzzle)", "distill(logic, math, puzzle)",
    ]  # fmt: skip
    assert all(isinstance(run.id.curriculum, Curriculum) for run in plan.runs)


def test_completions_are_one_per_prompt() -> None:
    plan = distilled()
    assert [completions_of(stage, plan.experiment) for stage in plan.train_stages] == [80, 80, 40]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"training": TRAINING | {"rollout": "vllm-colocate"}}, "training.rollout"),
        ({"training": TRAINING | {"prompts_per_step": 1}}, "training.prompts_per_step"),
        ({"training": {"steps": 2, "engine": {"command": ["true"], "version": "1"}}}, "training.engine"),
        (
            {
                "training": TRAINING | {"prompts_per_step": 3, "rollout_draws": "place"},
                "execution": {"train_processes": 2},
            },
            "training.prompts_per_step",
        ),
        (
            {
                "training": TRAINING | {"rollout_draws": "place"},
                "execution": {"train_processes": 2, "sharding": "fsdp"},
            },
            "execution.sharding",
        ),
        ({"training": TRAINING | {"optimizer": "galore_adamw_layerwise"}}, "training.telemetry_every"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_without_effect_are_refused(changes: dict[str, Any], where: str) -> None:
    make_plan(grid={}, curricula=["logic"], **changes)
    with pytest.raises(PlanError) as caught:
        distilled(**changes)
    assert caught.value.where == where


def test_the_plan_names_what_a_distillation_ignores() -> None:
    ignoring = make_experiment(curricula=[PAIR], training=TRAINING | {"beta": 0.1, "grpo": {"delta": 2.0}})
    (note,) = distillation_notes(ignoring, ignoring.curricula)
    assert note == f'"{PAIR}" learns from teachers and ignores training.beta, training.grpo.delta.'
    plain = make_experiment(curricula=[PAIR])
    assert distillation_notes(plain, plain.curricula) == []
