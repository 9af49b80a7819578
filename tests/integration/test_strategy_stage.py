"""Strategies through a whole training stage: plan, spec, metrics, state beside the weights; and the shipped files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from xdomain.config.experiment import Experiment
from xdomain.config.load import load_experiment
from xdomain.core.stage import StageContext
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.spec import BaseSpec, TrainSpec, stage_spec
from xdomain.train.arguments import preflight
from xdomain.train.base import run_base
from xdomain.train.run import run_train

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


class Silent:
    def progress(self, done: int, total: int, **values: Any) -> None:
        pass

    def event(self, kind: str, **values: Any) -> None:
        pass


def planned(experiment: Experiment) -> Plan:
    """With empty identities: no data and no model is looked at."""
    empty: dict[str, dict[str, str]] = {name: {} for name in experiment.domain_names}
    return build_plan(experiment, Identities({}, empty, empty))


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
    specs = [stage_spec(stage, plan.stages) for stage in plan.stages.values()]
    base, train = specs[0], specs[1]
    assert isinstance(base, BaseSpec)
    assert isinstance(train, TrainSpec)
    base_context = context(tmp_path, "base", {})
    run_base(experiment, base_context)
    train_context = context(tmp_path, "train", {base.key: base_context.work})
    assert run_train(experiment, train, train_context).finished
    lines = [json.loads(line) for line in (train_context.work / "metrics.jsonl").read_text().splitlines()]
    assert [sum(line["strategy"]["weights"].values()) for line in lines] == pytest.approx([1.0, 1.0, 1.0])
    assert ["gradients" in line for line in lines] == [True, False, True]
    assert lines[0]["gradients"]["cosine"].keys() == {"logic|math"}
    state = load_file(train_context.work / "checkpoints" / "step-000003" / "strategy.safetensors")
    assert state["error"].shape == (2,)


def test_the_strategies_experiment_names_every_strategy() -> None:
    experiment = load_experiment(EXPERIMENTS / "strategies.yaml")
    plan = planned(experiment)
    assert len(experiment.seeds) == 5
    assert {stage.strategy for stage in plan.train_stages} >= {
        *(
            "joint",
            "scaled",
            "cgpo",
            "cgpo(alpha=1.0)",
            "pcgrad",
            "cagrad",
            "mgda",
            "upgrad",
            "aligned_mtl",
            "mgs",
            "famo",
        )
    }


def test_the_papers_experiment_loads_plans_and_passes_trl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    experiment = load_experiment(EXPERIMENTS / "cgpo.yaml")
    plan = planned(experiment)
    mixed = [stage for stage in plan.train_stages if len(stage.curriculum.domains) == 4]
    assert len(mixed) == len(experiment.strategies) * len(experiment.seeds)
    preflight(experiment, "cpu")
