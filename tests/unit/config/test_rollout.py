"""vLLM rollouts: what TRL would refuse, ignore or do wrongly is said at plan time; a missing vLLM names its extra."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment
from tests.support.small_grid import TEXT, write_experiment, xdomain

LORA = {"preset": "tiny_qwen3", "lora": {"r": 4}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training": {"grpo": {"vllm_importance_sampling_clip_max": 2.0}}}, "has no effect with rollout"),
        ({"training": {"rollout": "vllm-server"}, "execution": {"device": "cpu"}}, "NCCL"),
        ({"training": {"rollout": "vllm-colocate", "grpo": {"vllm_tensor_parallel_size": 2}}}, "should divide"),
        (
            {
                "training": {"rollout": "vllm-colocate", "grpo": {"vllm_enable_sleep_mode": True}},
                "execution": {"device": "cpu"},
            },
            "no sleep mode",
        ),
        (
            {
                "training": {"rollout": "vllm-server"},
                "model": LORA | {"dtype": "bfloat16"},
                "execution": {"device": "cuda"},
            },
            "drift",
        ),
        ({"training": {"rollout": "vllm-colocate", "grpo": {"vllm_mode": "server"}}}, "a stage sets these itself"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_experiment(**changes)


def test_what_can_work_is_accepted() -> None:
    settings = {"rollout": "vllm-colocate", "grpo": {"vllm_gpu_memory_utilization": 0.4}}
    make_experiment(training=settings, model=LORA)
    make_experiment(training=settings, model=LORA | {"dtype": "bfloat16"})
    make_experiment(training={"rollout": "vllm-server"}, execution={"device": "cuda"})


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("training:\n  {", "training:\n  {rollout: vllm-colocate, ", "training.rollout"),
        ("evaluation: {", "evaluation: {backend: vllm, ", "evaluation.backend"),
    ],
)
def test_without_vllm_the_extra_is_named_before_anything_runs(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in TEXT
    experiment = write_experiment(tmp_path, TEXT.replace(old, new))
    ended = xdomain("grid", "run", experiment, "--store", tmp_path / "store", code=3)
    assert field in ended.stderr + ended.stdout
    assert '[vllm]"' in (ended.stderr + ended.stdout).replace("\n", " ")
    assert not list((tmp_path / "store" / "stages").iterdir())
