"""Compare a sharded step with a data-parallel one: two processes, the tiny model and SmolLM2.

    python -m benchmarks.sharding [--tiny | --smollm2] [--device cuda]

Both kinds of trainer take turns in the same two processes (gloo on a CPU). "step" includes the rollout, for which a
sharded model is gathered anew for every token; "update" leaves it out. The figures are the medians of the ratios of
successive turns, with the smallest and the largest. Aim on a CPU: at most 1.5.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

import torch
from datasets import Dataset
from transformers import TrainerCallback

from benchmarks.rollouts import GGUF
from xdomain.config.model import ModelConfig
from xdomain.config.strategy import JointConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.stage import Sharding
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.models.prompting import trl_prompt
from xdomain.models.source import load_source
from xdomain.models.tiny import tiny_qwen3
from xdomain.strategies.build import build_strategy
from xdomain.train.arguments import grpo_arguments
from xdomain.train.rewards import RewardRouter
from xdomain.train.samplers import build_sampler
from xdomain.train.trainer import DomainGRPOTrainer

PROCESSES = 2
AIM = 1.5
MODELS: dict[str, dict[str, Any]] = {
    "tiny": {"domain": "logic", "chat": False, "prompts": 16, "samples": 8, "tokens": 9, "steps": 8},
    "smollm2": {"domain": "science_open", "chat": True, "prompts": 4, "samples": 4, "tokens": 8, "steps": 2},
}
"""Sizes of a step, and how many steps a turn has; the first step of a turn is not counted."""
TURNS = 2


class Seconds(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """The seconds of every step, and of its rollout."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self.steps: list[float] = []
        self.rollouts: list[float] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._begun = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.steps.append(time.perf_counter() - self._begun)
        self.rollouts.append(self._trainer.rollout_metrics["rollout_seconds"])


def main(names: list[str], device: str) -> None:
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", str(PROCESSES)),
                *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"),
                *("--main_process_port", "0", "-m", "benchmarks.sharding", "--member", folder, f"--{name}"),
                *("--device", device),
            ]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode:
                raise SystemExit(f"{' '.join(command)}\n{ended.stdout}\n{ended.stderr}")
            found = json.loads((Path(folder) / "seconds.json").read_text())
        for part in ("step", "update"):
            pairs = zip(found["sharded"][part], found["whole"][part], strict=True)
            ratios = sorted(one / other for one, other in pairs)
            seconds = ", ".join(f"{kind} {median(found[kind][part]):.2f} s" for kind in found)
            spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} turns; aim: {AIM}"
            print(f"{name:8} {part:7} {seconds:32} {median(ratios):.2f} times as long ({spread})", flush=True)


def member(folder: Path, name: str, device: str) -> None:
    """Train in one of the processes; the first one writes the seconds."""
    sizes = MODELS[name]
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    model, tokenizer = tiny_qwen3() if name == "tiny" else load_source(ModelConfig(gguf=GGUF))
    found: dict[str, dict[str, list[float]]] = {kind: {"step": [], "update": []} for kind in ("whole", "sharded")}
    for _ in range(TURNS):
        for kind, parts in found.items():
            os.environ.pop("ACCELERATE_USE_FSDP", None)  # accelerate leaves it set
            one = trainer(copy.deepcopy(model), tokenizer, sizes, kind == "sharded", folder, device)
            seconds = Seconds(one)
            one.add_callback(seconds)
            one.train()
            parts["step"].append(mean(seconds.steps[1:]))
            parts["update"].append(mean(seconds.steps[1:]) - mean(seconds.rollouts[1:]))
            del one, seconds
            gc.collect()
    if os.environ["RANK"] == "0":
        (folder / "seconds.json").write_text(json.dumps(found))


def trainer(
    model: Any, tokenizer: Any, sizes: dict[str, Any], sharded: bool, folder: Path, device: str
) -> DomainGRPOTrainer:
    """Return a trainer of one of the processes."""
    training = TrainingConfig.model_validate({
        "steps": sizes["steps"], "prompts_per_step": sizes["prompts"], "generations": sizes["samples"],
        "max_completion_tokens": sizes["tokens"], "rollout_draws": "place",
    })  # fmt: skip
    name = sizes["domain"]
    domain = build_domains((), [name])[name]
    items = domain.items(Split.TRAIN)
    rows = [
        {"prompt": trl_prompt(items[index], sizes["chat"], tokenizer), "domain": name, "index": index}
        for index in range(sizes["prompts"] * sizes["steps"])
    ]
    return DomainGRPOTrainer(
        model=model,
        router=RewardRouter({name: domain}, {name: items}),
        domains=(name,),
        strategy=build_strategy(JointConfig(), (name,), 0),
        sampler=build_sampler(training, 0),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        args=grpo_arguments(
            training, steps=sizes["steps"], seed=0, output=folder, device=device, processes=PROCESSES,
            sharding=Sharding() if sharded else None,
        ),
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for each in MODELS:
        parser.add_argument(f"--{each}", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--member", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    wanted = [each for each in MODELS if getattr(chosen, each)] or [*MODELS]
    if chosen.member:
        member(chosen.member, wanted[0], chosen.device)
    else:
        main(wanted, chosen.device)
