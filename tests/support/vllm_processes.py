"""Toy trainings with vLLM rollouts: in one process, or on processes that hold the model whole or share it.

Usage, under `accelerate launch`: vllm_processes.py FOLDER CASE... The first process saves what each case ends with as
`CASE.safetensors`, and its metrics as `CASE.json`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import TrainerCallback

from tests.support.toy_training import toy_trainer
from xdomain.config.rollout_engine import RolloutEngineConfig
from xdomain.config.strategy import PCGradConfig
from xdomain.core.stage import Sharding
from xdomain.models.checkpoint import load_plain
from xdomain.strategies.gradients import whole
from xdomain.train.engine_gap import GAP
from xdomain.train.rollout_engine import rollout_engines

MODEL = "model"
"""Folder of the model that every case starts from, beside those of the cases."""
COMMON: Mapping[str, Any] = {
    "steps": 4,
    "max_completion_tokens": 6,
    "weights": {"digits": 5, "letters": 2, "marks": 1},  # so that a process may lack a domain
    # At its default of 1e-8, AdamW makes a full step of the rounding of a gradient that is nearly 0.
    "grpo": {"adam_epsilon": 1e-4},
    "rollout": "vllm-colocate",
}
CASES: Mapping[str, Mapping[str, Any]] = {
    "full": {},
    "LoRA": {"lora": True, "learning_rate": 1e-2},
    "pcgrad": {
        "config": PCGradConfig(),
        "top_p": 0.9,
        "grpo": {**COMMON["grpo"], "vllm_importance_sampling_correction": False},
    },
}


class Recorder(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """Keeps the gap and the completions' lengths of every step."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self.steps: list[dict[str, Any]] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        metrics = self._trainer.rollout_metrics
        tokens = {name: each["completion_tokens"] for name, each in metrics["domains"].items()}
        self.steps.append({"tokens": tokens, **metrics[GAP]})


def train(
    folder: Path, case: str, *, processes: int = 1, shards: bool = False, **settings: Any
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], list[dict[str, Any]]]:
    """Return the trainable weights before and after a case's training, whole, and its steps."""
    os.environ.pop("ACCELERATE_USE_FSDP", None)  # accelerate leaves it set
    with rollout_engines(RolloutEngineConfig(), "float32", "cpu", processes):
        trainer = toy_trainer(
            folder / "out",
            model=load_plain(folder / MODEL),
            processes=processes,
            sharding=Sharding() if shards else None,
            **{**COMMON, **CASES[case], **settings},
        )
        recorder = Recorder(trainer)
        trainer.add_callback(recorder)
        start = trainable(trainer)
        trainer.train()
        return start, trainable(trainer), recorder.steps


def trainable(trainer: Any) -> dict[str, torch.Tensor]:
    model = trainer.accelerator.unwrap_model(trainer.model)
    return {name: whole(value.detach()).clone() for name, value in model.named_parameters() if value.requires_grad}


def main() -> None:
    folder, cases = Path(sys.argv[1]), sys.argv[2:]
    torch.set_num_threads(1)
    for word in cases:
        case, _, how = word.partition(", ")
        _, weights, steps = train(folder, case, processes=int(os.environ["WORLD_SIZE"]), shards=how == "sharded")
        if os.environ["RANK"] == "0":
            save_file(weights, folder / f"{word}.safetensors")
            (folder / f"{word}.json").write_text(json.dumps(steps))


if __name__ == "__main__":
    main()
