"""Toy trainings that several processes share, many in one launch, for two processes cost more to start than to train.

Usage, under `accelerate launch`: two_processes.py FOLDER GROUP. Rank 0 saves what each case of the group ends with.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors.torch import save_file

from benchmarks.strategies import solvable
from tests.support.distilled import moved_model
from tests.support.losses import LOSSES, loss_settings
from tests.support.toy_training import largest_difference, toy_domains, toy_trainer
from xdomain.config.strategy import BUILT_IN, JointConfig, StrategyConfig
from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.build import build_strategy
from xdomain.strategies.gradients import combine
from xdomain.strategies.joint import Joint

NAMES = tuple(sorted(toy_domains()))
COMMON: Mapping[str, Any] = {
    "steps": 3,
    "optimizer": "sgd",
    "learning_rate": 0.3,
    "micro_batch": 8,
    "max_completion_tokens": 4,
    "weights": {"digits": 5, "letters": 2, "marks": 1},  # so that a rank may lack a domain
}
LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    **{loss: loss_settings(loss) for loss in LOSSES},
    "LoRA, KL": {"lora": True, "beta": 0.1},
    "two epochs": {"epochs_per_rollout": 2, "steps": 4},
}
DISTILLATIONS: Mapping[str, Mapping[str, Any]] = {
    "all weights": {},
    "LoRA": {"lora": True},
    "micro-batches of 1, telemetry": {"micro_batch": 1, "telemetry_every": 1},
    "two epochs": {"epochs_per_rollout": 2, "steps": 4},
}
CASES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "seam": {
        f"{layout}, {which}": {**settings, "which": which}
        for layout, settings in LAYOUTS.items()
        for which in ("stock", "sum")
    },
    "strategies": {
        **{name: {"which": name, "draws_seed": 0, "telemetry_every": 2} for name in BUILT_IN if solvable(name)},
        "batched": {"which": "cgpo", "rollout": "batched"},
        "cgpo once": {
            **{"which": {"name": "cgpo", "step_scale": "once"}, "draws_seed": 0},
            # AdamW turns the rounding of a gradient near 0 into a step of full length, so the rate is small.
            **{"optimizer": "adamw_torch", "learning_rate": 1e-3, "weight_decay": 0.1, "grpo": {"adam_epsilon": 1e-2}},
        },
    },
    "distillation": {
        **{name: {"which": None, "draws_seed": 0, **settings} for name, settings in DISTILLATIONS.items()},
        "batched": {"which": None, "rollout": "batched"},
    },
}
"""By group and name; `which` is stock (TRL's own trainer), sum (joint through the parts), a strategy, or None, which
distills."""


class ExplicitSum(Joint):
    """joint through the parts."""

    stock_step = False
    losses: tuple[float, ...] = ()
    """Of the latest step's parts."""

    def step(self, step: DomainStep) -> dict[str, Any]:
        parts = [step.loss_and_gradient(domain) for domain in step.domains]
        self.losses = tuple(part.loss for part in parts)
        step.set_gradient(combine([part.gradient for part in parts], [1.0] * len(parts)))
        return {}


def train(
    folder: Path, which: str | Mapping[str, Any] | None, processes: int, **settings: Any
) -> dict[str, torch.Tensor]:
    """Trainable weights by name after the training, and how far they moved at most as "moved"."""
    strategy: Strategy | None = None
    if which == "sum":
        strategy = ExplicitSum(JointConfig(), NAMES, 0)
    elif which not in ("stock", None):
        strategy = known(which)
    teachers = None if which else {name: moved_model(seed) for seed, name in enumerate(NAMES)}
    trainer = toy_trainer(
        folder, strategy, plain=which == "stock", processes=processes, teachers=teachers, **{**COMMON, **settings}
    )
    assert trainer.accelerator.num_processes == processes
    if which == "dacsp":
        assert strategy is not None
        strategy.prepare(*one_earlier_phase(trainer.model))
    start = [value.detach().clone() for value in trainable(trainer).values()]
    trainer.train()
    weights = {name: value.detach().clone() for name, value in trainable(trainer).items()}
    digest = torch.stack([value.double().sum() for value in weights.values()]).sum().reshape(1)
    digests = trainer.accelerator.gather(digest)
    assert bool((digests == digests[0]).all()), f"ranks hold different weights after {which}"
    if isinstance(strategy, ExplicitSum):
        losses = trainer.accelerator.gather(torch.tensor([strategy.losses]))
        assert bool((losses == losses[0]).all()), f"ranks see different losses: {losses.tolist()}"
    return weights | {"moved": torch.tensor(largest_difference(start, [*weights.values()]))}


def known(which: str | Mapping[str, Any] | None) -> Strategy:
    """Build a built-in strategy from its name or its parameters."""
    return build_strategy(TypeAdapter(StrategyConfig).validate_python(which), NAMES, 0)


def one_earlier_phase(model: Any) -> tuple[list[str], list[dict[str, torch.Tensor]]]:
    """Names of the weights, and a random change of each matrix."""
    generator = torch.Generator().manual_seed(0)
    matrices = {name: value for name, value in model.named_parameters() if value.ndim == 2}
    changes = {name: torch.randn(value.shape, generator=generator) for name, value in matrices.items()}
    return [name for name, _ in model.named_parameters()], [changes]


def trainable(trainer: Any) -> dict[str, torch.Tensor]:
    model = trainer.accelerator.unwrap_model(trainer.model)
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def main() -> None:
    folder, group = Path(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(1)
    for name, settings in CASES[group].items():
        weights = train(folder / name, processes=2, **settings)
        if torch.distributed.get_rank() == 0:
            save_file(weights, folder / f"{name}.safetensors")


if __name__ == "__main__":
    main()
