"""Peak memory of each process that trains a model of 30 M parameters, whole or sharded.

Usage, under `accelerate launch`: sharded_memory.py FOLDER. The first process writes `bytes.json`: the peak of data
parallelism ("whole") and of sharding ("sharded").
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM, TrainerCallback

from tests.support.sharded_runs import small_model
from tests.support.toy_training import toy_trainer
from xdomain.core.stage import Sharding
from xdomain.models.tiny import tiny_config, tiny_tokenizer

COMPLETIONS = 8
TRAINING: Mapping[str, Any] = {
    "steps": 2,
    "prompts_per_step": 4,
    "generations": 2,
    "max_completion_tokens": 4,
    "gradient_checkpointing": False,
}


def config() -> Qwen3Config:
    """Return the configuration of a model of 30 M parameters with ten layers."""
    return tiny_config(
        tiny_tokenizer(),
        hidden_size=512,
        intermediate_size=1280,
        num_hidden_layers=10,
        num_attention_heads=8,
        num_key_value_heads=8,
        head_dim=64,
    )


def micro_batch(processes: int) -> int:
    """Return the completions of one of a step's two passes in each process."""
    return COMPLETIONS // processes // 2


class PeakOfStep(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """Measures the most memory that the process holds in its second step, when the optimizer's state exists."""

    def __init__(self) -> None:
        self.bytes = 0

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bytes = held("VmHWM")


def held(field: str) -> int:
    """Return a figure of this process's memory in bytes: VmRSS is what it holds now, VmHWM its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def measure(folder: Path, processes: int, sharding: Sharding | None) -> int:
    """Return the peak of this process in bytes, beyond what it held after another training of a tiny model."""
    train(folder, small_model(), processes, sharding)
    gc.collect()
    before = held("VmRSS")
    return train(folder, Qwen3ForCausalLM(config()), processes, sharding) - before


def train(folder: Path, model: Any, processes: int, sharding: Sharding | None) -> int:
    """Return the memory that this process held at its peak in the last step."""
    os.environ.pop("ACCELERATE_USE_FSDP", None)  # accelerate leaves it set
    trainer = toy_trainer(
        folder,
        model=model,
        processes=processes,
        sharding=sharding,
        draws_seed=0,
        micro_batch=micro_batch(processes),
        **TRAINING,
    )
    del model
    peak = PeakOfStep()
    trainer.add_callback(peak)
    trainer.train()
    return peak.bytes


def main() -> None:
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    processes = int(os.environ["WORLD_SIZE"])
    found = {
        name: measure(folder / name, processes, sharding)
        for name, sharding in (("whole", None), ("sharded", Sharding()))
    }
    if os.environ["RANK"] == "0":
        (folder / "bytes.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
