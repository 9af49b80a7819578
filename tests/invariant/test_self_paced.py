"""Self-paced phases: easy to hard by the base's measured pass rate, the same prompts as shuffled, resumable."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from tests.support.plans import make_experiment, make_plan
from tests.support.stage_runs import Silent
from xdomain.config.experiment import Experiment
from xdomain.config.validation import validate
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import ConfigError, PlanError
from xdomain.core.stage import StageContext, StageResult
from xdomain.evaluate.run import run_evaluations
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.stage import EvaluateStage, Purpose, TrainStage
from xdomain.plan.task import base_setup
from xdomain.train.base_model import run_base
from xdomain.train.prompt_schedule import ScheduledPrompt
from xdomain.train.run import run_train
from xdomain.train.self_paced import easy_to_hard, read_pass_rates

TRAINING = {
    "steps": 4,
    "prompts_per_step": 4,
    "generations": 4,
    "learning_rate": 1e-3,
    "max_completion_tokens": 6,
    "self_paced": {"samples": 4, "items": 40},
}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=30))
def test_each_domain_keeps_its_prompts_and_places(entries: list[tuple[str, int]]) -> None:
    schedule = [ScheduledPrompt(name, index) for name, index in entries]
    rates = {name: {index: index / 5 for index in range(6)} for name in "ab"}
    found = easy_to_hard(schedule, rates)
    assert [each.domain for each in found] == [each.domain for each in schedule]
    for name in "ab":
        own = [each.index for each in found if each.domain == name]
        assert own == sorted((each.index for each in schedule if each.domain == name), reverse=True)


def pass_rate_stages(plan: Plan) -> list[EvaluateStage]:
    evaluations = [stage for stage in plan.stages.values() if isinstance(stage, EvaluateStage)]
    return [stage for stage in evaluations if stage.purpose is Purpose.PASS_RATE]


def test_pass_rates_are_stages_of_their_own_and_part_of_identity() -> None:
    plain, paced = make_plan(), make_plan(training={**TRAINING})
    measured = pass_rate_stages(paced)
    assert [stage.domain for stage in measured] == ["logic", "puzzle"]
    assert {stage.payload["items"]["split"] for stage in measured} == {"train"}
    assert not {stage.key for stage in measured} & {stage.key for stage in paced.evaluations}
    for stage in paced.train_stages:
        rates = {each.domain: each.key for each in measured if each.domain in stage.curriculum.phases[-1].domains}
        assert stage.payload["self_paced"] == rates
        assert set(rates.values()) <= set(stage.needs)
    other = make_plan(training={**TRAINING, "self_paced": {"samples": 8, "items": 40}})
    assert not {stage.key for stage in other.train_stages} & {stage.key for stage in paced.train_stages}
    assert all("self_paced" not in stage.payload for stage in plain.train_stages)


def test_a_strategy_that_chooses_prompts_itself_is_refused() -> None:
    with pytest.raises(PlanError, match=r"training\.self_paced: .* bandit chooses"):
        make_plan(training=TRAINING, strategies=["joint", "bandit"])


@pytest.mark.parametrize(("field", "value"), [("samples", 1), ("items", 0), ("pace", 3)])
def test_bad_settings_are_named(field: str, value: int) -> None:
    data = make_experiment().model_dump(mode="json", exclude_unset=True)
    data["training"] = {**TRAINING, "self_paced": {field: value}}
    with pytest.raises(ConfigError, match=rf"training\.self_paced\.{field}"):
        validate(Experiment, data, "x.yaml")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    """The plan of a mixture, its base and the pass rates measured on the base."""
    root = tmp_path_factory.mktemp("store")
    warmup = {"steps": 60, "examples_per_step": 32, "domains": ["logic", "puzzle"]}
    experiment = make_experiment(
        model={"preset": "tiny_qwen3", "warmup": warmup},
        grid={},
        curricula=["logic + puzzle"],
        training=TRAINING,
        checkpoints={"every_steps": 2},
    )
    empty: dict[str, dict[str, str]] = {name: {} for name in experiment.domain_names}
    plan = build_plan(experiment, Identities({}, empty, empty, empty))
    assert run_base(base_setup(experiment), context(root, plan, plan.base.key)).finished
    for stage in pass_rate_stages(plan):
        ((_, result),) = run_evaluations([stage], [context(root, plan, stage.key)])
        assert isinstance(result, StageResult)
        assert result.finished
    return plan, root


def context(root: Path, plan: Plan, key: str, folder: str | None = None) -> StageContext:
    work, scratch = root / "stages" / (folder or key), root / "scratch" / (folder or key)
    for each in (work, scratch):
        each.mkdir(parents=True, exist_ok=True)
    inputs = {need: root / "stages" / need for need in plan.stages[key].needs}
    return StageContext(work, scratch, inputs, 7, "cpu", Silent())


def train(measured: tuple[Plan, Path], folder: str, **changes: Any) -> Path:
    plan, root = measured
    (stage,) = plan.train_stages
    own = replace(context(root, plan, stage.key, folder), **changes)
    run_train(plan.experiment.training_setup, stage, own)
    return own.work


def test_a_phase_goes_from_easy_to_hard_over_the_measured_items(measured: tuple[Plan, Path]) -> None:
    plan, root = measured
    work = train(measured, "whole")
    lines = [json.loads(line) for line in (work / "schedule.jsonl").read_text().splitlines()]
    (stage,) = plan.train_stages
    assert isinstance(stage, TrainStage)
    for domain, key in stage.pass_rates.items():
        rates = read_pass_rates(root / "stages" / key)
        assert len(rates) == 40
        own = [rates[line["item"]] for line in lines if line["domain"] == domain]
        assert len(own) == 8
        assert own == sorted(own, reverse=True)
    assert any(
        0 < rate < 1 for key in stage.pass_rates.values() for rate in read_pass_rates(root / "stages" / key).values()
    )
    for start in range(0, len(lines), 4):  # every step keeps the mixture's quotas
        assert sorted(line["domain"] for line in lines[start : start + 4]) == ["logic", "logic", "puzzle", "puzzle"]


def test_a_stopped_self_paced_stage_resumes_to_the_same_weights(measured: tuple[Plan, Path]) -> None:
    whole = train(measured, "undisturbed")
    asked = iter([False, True])
    parts = train(measured, "parts", stop_requested=lambda: next(asked, False))
    assert not checkpoint_folder(parts, 4).exists()
    train(measured, "parts")
    first, second = (load_file(checkpoint_folder(each, 4) / "model.safetensors") for each in (whole, parts))
    assert all(bool((value == second[name]).all()) for name, value in first.items())
