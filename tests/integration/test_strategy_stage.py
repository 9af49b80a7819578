"""Strategies through a whole training stage: plan, spec, metrics, state beside the weights; and the shipped files."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.support.stage_runs import Silent
from xdomain.config.experiment import Experiment
from xdomain.config.load import load_experiment
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import DependencyMissing
from xdomain.core.stage import StageContext
from xdomain.models.checkpoint import load_plain
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.task import base_setup
from xdomain.train.arguments import preflight
from xdomain.train.base_model import run_base
from xdomain.train.history import weight_changes
from xdomain.train.run import run_train

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def planned(experiment: Experiment) -> Plan:
    """With empty identities: no data and no model is looked at."""
    empty: dict[str, dict[str, str]] = {name: {} for name in experiment.domain_names}
    return build_plan(experiment, Identities({}, empty, empty, empty))


def context(folder: Path, name: str, inputs: dict[str, Path]) -> StageContext:
    work = folder / name
    work.mkdir()
    return StageContext(work, folder / f"{name}-scratch", inputs, 7, "cpu", Silent())


def test_a_mixed_stage_uses_its_strategy_and_leaves_its_state(tmp_path: Path) -> None:
    experiment = Experiment.model_validate(
        {
            "name": "x",
            "model": {"preset": "tiny_qwen3"},
            "domains": ["logic", "math"],
            "grid": {"all_mixed": True},
            "strategies": ["famo"],
            "training": {
                "steps": 3,
                "prompts_per_step": 4,
                "generations": 4,
                "max_completion_tokens": 6,
                "telemetry_every": 2,
            },
        }
    )
    plan = planned(experiment)
    base, train = plan.base, plan.train_stages[0]
    base_context = context(tmp_path, "base", {})
    run_base(base_setup(experiment), base_context)
    train_context = context(tmp_path, "train", {base.key: base_context.work})
    assert run_train(experiment.training_setup, train, train_context).finished
    lines = [json.loads(line) for line in (train_context.work / "metrics.jsonl").read_text().splitlines()]
    assert [sum(line["strategy"]["weights"].values()) for line in lines] == pytest.approx([1.0, 1.0, 1.0])
    assert ["gradients" in line for line in lines] == [True, False, True]
    assert lines[0]["gradients"]["cosine"].keys() == {"logic|math"}
    state = load_file(train_context.work / "checkpoints" / "step-000003" / "strategy.safetensors")
    assert state["error"].shape == (2,)


@pytest.mark.parametrize(
    "chaining", [None, *(pytest.param(name, marks=pytest.mark.slow) for name in ("merge", "continue"))]
)
def test_dacsp_learns_from_the_stages_before(chaining: str | None, tmp_path: Path) -> None:
    """Through three real stages, full and LoRA: the directions are those of the phases' weight changes."""
    experiment = Experiment.model_validate(
        {
            "name": "x",
            "model": {
                "preset": "tiny_qwen3",
                "warmup": {"steps": 20, "domains": ["math", "logic"]},
                "lora": chaining and {"r": 4, "alpha": 8, "chaining": chaining},
            },
            "domains": ["logic", "math"],
            "curricula": ["logic -> logic -> logic + math"],
            "strategies": [{"name": "dacsp", "rank": 2}],
            "training": {
                "steps": 2,
                "prompts_per_step": 8,
                "generations": 4,
                "max_completion_tokens": 6,
                "learning_rate": 1e-3,
            },
        }
    )
    plan = planned(experiment)
    base, stages = plan.base, plan.train_stages
    assert [stage.strategy_config.name for stage in stages] == ["joint", "dacsp", "dacsp"]
    folders: dict[str, Path] = {}
    base_context = context(tmp_path, "base", folders)
    run_base(base_setup(experiment), base_context)
    folders[base.key] = base_context.work
    for stage in stages:
        given = context(tmp_path, stage.key[:8], dict(folders))
        run_train(experiment.training_setup, stage, given)
        folders[stage.key] = given.work
    state = load_file(folders[stages[2].key] / "checkpoints" / "step-000002" / "strategy.safetensors")
    ends = [checkpoint_folder(folders[ref.stage], ref.step) for ref in stages[2].lineage]
    weights = [{name: each.detach() for name, each in load_plain(end).named_parameters()} for end in ends]
    name = "model.layers.0.mlp.up_proj.weight"
    assert len(state[f"left.{name}"]) == 4
    for place, change in enumerate(weight_changes(ends)):
        torch.testing.assert_close(change[name], weights[place + 1][name] - weights[place][name], atol=1e-6, rtol=0)
        rows = slice(2 * place, 2 * place + 2)
        along = (state[f"left.{name}"][rows] @ change[name] @ state[f"right.{name}"][rows].T).diagonal()
        if place == 0:
            torch.testing.assert_close(along, torch.linalg.svdvals(change[name])[:2], rtol=1e-3, atol=1e-6)
        assert float(along.min()) > 0
    lines = [json.loads(line) for line in (folders[stages[1].key] / "metrics.jsonl").read_text().splitlines()]
    figures = [line["strategy"] for line in lines]
    # Of this model's steps many have no gradient at all, but the phase changed the weights.
    assert any(each["aligned_directions"] + each["conflicting_directions"] > 0 for each in figures)


def test_an_adaptive_stage_writes_what_it_chose(tmp_path: Path) -> None:
    experiment = Experiment.model_validate(
        {
            "name": "x",
            "model": {"preset": "tiny_qwen3"},
            "domains": ["logic", "math"],
            "curricula": ["2*logic + math"],
            "strategies": [{"name": "bandit", "floor": 0.2}],
            "training": {"steps": 3, "prompts_per_step": 5, "generations": 4, "max_completion_tokens": 6},
        }
    )
    plan = planned(experiment)
    base, train = plan.base, plan.train_stages[0]
    base_context = context(tmp_path, "base", {})
    run_base(base_setup(experiment), base_context)
    given = context(tmp_path, "train", {base.key: base_context.work})
    assert run_train(experiment.training_setup, train, given).finished
    schedule = [json.loads(line) for line in (given.work / "schedule.jsonl").read_text().splitlines()]
    lines = [json.loads(line) for line in (given.work / "metrics.jsonl").read_text().splitlines()]
    assert len(schedule) == 15
    state = load_file(given.work / "checkpoints" / "step-000003" / "strategy.safetensors")
    for place, name in enumerate(("logic", "math")):
        taken = [entry for entry in schedule if entry["domain"] == name]
        assert sum(line["sampling"]["prompts"][name] for line in lines) == len(taken) == int(state["taken"][place])
        assert all(line["domains"][name]["prompts"] == line["sampling"]["prompts"][name] for line in lines)
        assert min(line["sampling"]["shares"][name] for line in lines) >= 0.2
    assert lines[0]["sampling"]["shares"]["logic"] == pytest.approx(0.2 + 0.6 * 2 / 3)  # nothing is known yet
    assert all(entry["item"] for entry in schedule)


def test_the_strategies_experiment_names_every_strategy() -> None:
    experiment = load_experiment(EXPERIMENTS / "strategies.yaml")
    plan = planned(experiment)
    assert len(experiment.seeds) == 5
    assert {stage.run.strategy for stage in plan.train_stages} >= {
        *(
            "joint",
            "scaled",
            "cgpo",
            "cgpo(alpha=1.0, step_scale=once)",
            "joint(learning_rate_scale=2.1)",  # as far as cgpo
            "cgpo(learning_rate_scale=0.47)",  # as far as joint
            "pcgrad",
            "cagrad",
            "mgda",
            "upgrad",
            "aligned_mtl",
            "mgs",
            "famo",
        )
    }


def assert_only_vllm_may_be_missing(experiment: Experiment) -> None:
    """The preflight asks for vLLM after everything else, so its absence says that TRL took every setting."""
    assert experiment.training.rollout == "vllm-colocate"
    if find_spec("vllm"):
        preflight(experiment, "cpu")
    else:
        with pytest.raises(DependencyMissing, match='"vllm" needs the package vllm'):
            preflight(experiment, "cpu")


def test_the_papers_experiment_loads_plans_and_passes_trl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    experiment = load_experiment(EXPERIMENTS / "cgpo.yaml")
    plan = planned(experiment)
    mixed = [stage for stage in plan.train_stages if len(stage.curriculum.phases[0].domains) == 4]
    assert len(mixed) == len(experiment.strategies) * len(experiment.seeds)
    assert_only_vllm_may_be_missing(experiment)


def test_care_rls_experiment_loads_plans_and_passes_trl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """dacsp steers every phase after a first one, and the first ones are shared with joint."""
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    experiment = load_experiment(EXPERIMENTS / "care-rl.yaml")
    plan = planned(experiment)
    steered = [stage for stage in plan.train_stages if stage.strategy_config.name == "dacsp"]
    assert {(str(stage.run.curriculum), stage.phase_index) for stage in steered} == {
        ("math -> chat", 1),
        ("math -> instructions", 1),
        ("math -> chat -> instructions", 2),
        ("math -> instructions -> chat", 2),
    }
    assert len(steered) == 4 * len(experiment.seeds)
    assert all(stage.lineage[0] == plan.base.end for stage in steered)
    assert_only_vllm_may_be_missing(experiment)
