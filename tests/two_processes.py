"""Run under `accelerate launch`: trains the toy domains on each rank's half and lets rank 0 save the weights.

Usage: two_processes.py FOLDER STRATEGY LOSS PROCESSES
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors.torch import save_file

from tests.toy_training import toy_domains, toy_trainer
from xdomain.config.strategy import JointConfig, StrategyConfig
from xdomain.strategies.base import DomainStep
from xdomain.strategies.gradients import combine
from xdomain.strategies.joint import Joint


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


def main() -> None:
    folder, name, loss, processes = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    torch.set_num_threads(1)
    names = tuple(sorted(toy_domains()))
    strategy = (
        ExplicitSum(JointConfig(), names, 0) if name == "sum" else TypeAdapter(StrategyConfig).validate_python(name)
    )
    trainer = toy_trainer(
        folder / name,
        strategy,
        steps=10,
        loss_type=loss,
        optimizer="sgd",
        learning_rate=0.1,
        micro_batch=8,
        telemetry_every=None if name == "sum" else 3,
        processes=processes,
        weights={"digits": 5, "letters": 2, "marks": 1},
    )
    assert trainer.accelerator.num_processes == processes
    model = trainer.accelerator.unwrap_model(trainer.model)
    start = model.lm_head.weight.detach().clone()
    trainer.train()
    model = trainer.accelerator.unwrap_model(trainer.model)
    weights = {key: value.detach().clone() for key, value in model.named_parameters()}
    digest = torch.stack([value.double().sum() for value in weights.values()]).sum().reshape(1)
    digests = trainer.accelerator.gather(digest)
    assert bool((digests == digests[0]).all()), "ranks hold different weights"
    if isinstance(trainer.strategy, ExplicitSum):
        losses = trainer.accelerator.gather(torch.tensor([trainer.strategy.losses]))
        assert bool((losses == losses[0]).all()), f"ranks see different losses: {losses.tolist()}"
    if trainer.accelerator.is_main_process:
        weights["moved"] = (model.lm_head.weight.detach() - start).abs().max().reshape(1)
        save_file(weights, folder / f"{name}.safetensors")


if __name__ == "__main__":
    main()
