"""The base stage: endpoints, presets and orders to stop; test_agreement.py has what it compares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.support.plans import make_experiment
from tests.support.stage_runs import Stages
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.models.checkpoint import read_info
from xdomain.plan.task import base_setup
from xdomain.train.base_model import run_base

ENDPOINT = {"endpoint": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}}


def test_an_endpoint_is_kept_by_its_address(tmp_path: Path) -> None:
    experiment = make_experiment(model=ENDPOINT, grid={}, curricula=[], evaluation={"backend": "endpoint"})
    context = Stages(tmp_path).context("base")
    assert run_base(base_setup(experiment), context).finished
    assert read_info(checkpoint_folder(context.work, 0)).endpoint["model"] == "m"


def test_a_warm_up_is_counted_and_a_stopped_one_leaves_nothing(tmp_path: Path) -> None:
    warmup = {"steps": 2, "examples_per_step": 4, "domains": ["logic"]}
    experiment = make_experiment(model={"preset": "tiny_qwen3", "warmup": warmup}, grid={}, curricula=[])
    stages = Stages(tmp_path)
    stopped = run_base(base_setup(experiment), replace(stages.context("stopped"), stop_requested=lambda: True))
    assert not stopped.finished
    assert not checkpoint_folder(stages.inputs["stopped"], 0).exists()
    done = run_base(base_setup(experiment), stages.context("base"))
    assert (done.summary["warmup_steps"], done.summary["parameters"] > 4e5) == (2, True)
    assert (stages.inputs["base"] / "schedule.jsonl").read_text().count("\n") == 8
