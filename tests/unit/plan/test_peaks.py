"""Whether stages fit a GPU, and the change that makes them fit."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from tests.support.plans import make_experiment, make_plan
from xdomain.plan.memory import Memory
from xdomain.plan.model_shape import ModelShape, shape_of
from xdomain.plan.peaks import (
    Need,
    changed_experiment,
    domain_gradients,
    kind_memory,
    need_of,
    smallest_change,
    teacher_models,
    verdict,
)
from xdomain.plan.stage import StageKind

TABLE: dict[str, dict[str, Any]] = json.loads((files("xdomain.resolve") / "model_shapes.json").read_text())
KINDS = [Need(StageKind.BASE), Need(StageKind.TRAIN), Need(StageKind.EVALUATE)]
DOMAINS = ("logic", "puzzle")
GPU = 80e9
TRAINING = {
    "steps": 10, "prompts_per_step": 16, "generations": 8, "max_prompt_tokens": 512, "max_completion_tokens": 512,
    "gradient_checkpointing": True, "micro_batch": 4, "bf16": True,
}  # fmt: skip
GPU_EXECUTION = {"device": "cuda"}


def shape(name: str = "Qwen/Qwen3-4B") -> ModelShape:
    found = shape_of(TABLE[name])
    assert found is not None
    return found


def experiment(name: str = "Qwen/Qwen3-4B", model: dict[str, Any] | None = None, **training: Any) -> Any:
    return make_experiment(
        model={"hub": name, **(model or {})}, training={**TRAINING, **training}, execution=GPU_EXECUTION
    )


def fits(one: Any, name: str = "Qwen/Qwen3-4B") -> bool:
    return all(verdict(kind_memory(kind, one, shape(name)), GPU).fits for kind in KINDS)


def test_all_weights_of_4b_fit_with_an_8_bit_optimizer_and_adapters_fit_anyway() -> None:
    assert not fits(experiment())
    assert fits(experiment(optimizer="adamw_bnb_8bit"))
    assert fits(experiment(model={"lora": {"r": 16}}))


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ({"gradient_checkpointing": False, "micro_batch": 16}, {"training.gradient_checkpointing": True}),
        ({"micro_batch": 128}, {"training.micro_batch": 64}),
    ],
)
def test_a_single_change_is_found_first(settings: dict[str, Any], change: dict[str, Any]) -> None:
    one = experiment(model={"lora": {"r": 16}}, **settings)
    assert not fits(one)
    found = smallest_change(one, shape(), KINDS, GPU)
    assert found == change
    changed = changed_experiment(one, found)
    assert changed is not None
    assert fits(changed)


def test_changes_are_added_up_and_none_is_needless() -> None:
    one = experiment(gradient_checkpointing=False, micro_batch=None, updates_per_rollout=5, max_completion_tokens=4096)
    found = smallest_change(one, shape(), KINDS, GPU)
    assert found is not None
    assert len(found) > 1
    changed = changed_experiment(one, found)
    assert changed is not None
    assert fits(changed)
    for name in found:
        fewer = changed_experiment(one, {key: value for key, value in found.items() if key != name})
        assert fewer is None or not fits(fewer)


def test_processes_of_a_stage_share_a_model_that_is_too_large() -> None:
    one = changed_experiment(
        experiment(rollout_draws="place", micro_batch=1, bf16=False), {"execution.train_processes": 8}
    )
    assert one is not None
    training = [Need(StageKind.TRAIN)]
    assert smallest_change(one, shape(), training, GPU) == {"execution.sharding": "fsdp"}


def test_where_nothing_suffices_nothing_is_proposed() -> None:
    assert smallest_change(experiment(), shape(), KINDS, 4e9) is None


def test_settings_that_do_not_go_together_are_no_change() -> None:
    one = experiment(rollout="vllm-server", model={"lora": {"r": 16}})
    assert changed_experiment(one, {"model.dtype": "bfloat16"}) is None


def test_a_verdict_names_the_largest_parts_and_a_small_engine() -> None:
    large = Memory({"parameters": 70 * 10**9}, {"backward": {"activations": 20 * 10**9}})
    found = verdict(large, GPU)
    assert (found.fits, found.reason) == (
        False, "90.0 GB exceed 80 GB; the largest parts are parameters 70.0, activations 20.0"
    )  # fmt: skip
    engine = verdict(Memory({}, engine_share=0.1, engine_needs=10**10), GPU)
    assert (engine.fits, engine.reason) == (False, "vLLM gets 8.0 GB, but its weights and one sequence need 10.0 GB")
    assert verdict(None, GPU).fits is None
    assert verdict(Memory({"parameters": 10**9}), GPU).reason == "1.0 of 80 GB"


def test_only_strategies_by_domain_hold_gradients() -> None:
    plan = make_plan(strategies=["joint", "pcgrad"])
    found = {stage.title: domain_gradients(stage) for stage in plan.train_stages}
    assert found["logic + puzzle, seed 0"] == found["logic, seed 0"] == 0
    assert found["logic + puzzle, seed 0, pcgrad"] == 2
    assert domain_gradients(plan.base) == 0


def test_teachers_are_held_and_one_completion_per_prompt_is_trained() -> None:
    curricula = ["distill(logic, puzzle)", "distill(logic: puzzle, puzzle)"]
    plan = make_plan(grid={}, curricula=curricula)
    found = {stage.title: teacher_models(stage) for stage in plan.train_stages}
    assert [found[f"{each}, seed 0"] for each in curricula] == [2, 1]
    assert found["logic, seed 0"] == teacher_models(plan.base) == 0
    one = experiment(micro_batch=None, beta=0.1)
    plain, taught = (kind_memory(Need(StageKind.TRAIN, teachers=count), one, shape()) for count in (0, 2))
    assert plain is not None
    assert taught is not None
    assert taught.resident["teachers"] == 2 * plain.resident["reference"]
    assert taught.resident["reference"] == 0
    assert taught.resident["divergence"] == 2 * 4 * 4096 * 32768
    caches = [memory.phases["sampling"]["kv_cache"] for memory in (plain, taught)]
    assert caches[0] == 8 * caches[1]


def test_the_memory_of_a_command_is_not_known() -> None:
    engine = {"command": ["train"], "version": "1"}
    assert kind_memory(Need(StageKind.TRAIN), experiment(engine=engine), shape()) is None
    assert kind_memory(Need(StageKind.EVALUATE), experiment(engine=engine), shape()) is not None


def test_phases_and_domains_need_memory_for_their_own_settings() -> None:
    settings = {**TRAINING, "max_completion_tokens": 256}
    plan = make_plan(
        training=settings,
        overrides=[{"where": {"domain": "logic"}, "training": {"max_completion_tokens": 4096, "micro_batch": 8}}],
    )
    needs = {str(stage.curriculum): need_of(stage, plan.experiment) for stage in plan.train_stages}
    found = {name: kind_memory(need, plan.experiment, shape()) for name, need in needs.items()}
    without = kind_memory(Need(StageKind.TRAIN), make_experiment(training=settings), shape())
    with_all = kind_memory(
        Need(StageKind.TRAIN),
        make_experiment(training={**settings, "max_completion_tokens": 4096, "micro_batch": 8}),
        shape(),
    )
    assert found["puzzle"] == found["logic + puzzle"] == without
    assert found["logic"] == found["puzzle -> logic"] == with_all
    evaluations = {need_of(stage, plan.experiment).domain: stage for stage in plan.evaluations}
    logic, puzzle = (kind_memory(need_of(evaluations[n], plan.experiment), plan.experiment, shape()) for n in DOMAINS)
    assert logic != puzzle  # evaluation is as long as training
    assert {need_of(stage, make_plan().experiment).phase for stage in make_plan().train_stages} == {None}


def test_a_change_must_suit_every_recipe() -> None:
    odd = [{"where": {"domain": "logic"}, "training": {"prompts_per_step": 3, "generations": 3, "micro_batch": 9}}]
    one = experiment().model_copy(update={"overrides": make_experiment(overrides=odd).overrides})
    assert changed_experiment(one, {"training.updates_per_rollout": 1}) is not None
    assert changed_experiment(one, {"training.updates_per_rollout": 5, "training.steps": 10}) is not None
    steps = [{"where": {"domain": "logic"}, "training": {"steps": 7}}]
    one = experiment().model_copy(update={"overrides": make_experiment(overrides=steps).overrides})
    assert changed_experiment(one, {"training.updates_per_rollout": 5}) is None
