"""Gradient telemetry of training steps, in separate passes that do not change training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import TrainerCallback

from xdomain.strategies.base import Gradient
from xdomain.strategies.gradients import own_rows
from xdomain.strategies.telemetry import gradient_figures, step_figures
from xdomain.train.chunks import Batch
from xdomain.train.domain_step import WindowDomainStep
from xdomain.train.sharding import is_sharded


class GradientTelemetry(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """A callback that measures every `interval`-th step, including the first.

    A measured step costs one more forward and backward pass of its batch; other steps cost nothing. A GPU holds one
    more gradient at a time. Until the step's end the CPU's memory holds one copy of the trainable parameters and one of
    each domain's gradient: K + 1 copies for K domains, in the first process only, or under sharding in each process of
    its own rows. Without a GPU they add to the strategy's own copies. Random generators, gradients and TRL's own
    metrics are restored, so weights do not depend on telemetry.

    Args:
        trainer: The DomainGRPOTrainer. Its `rollout_metrics` get the figures under "gradients".
        interval: Number of optimizer steps from one measurement to the next.
    """

    def __init__(self, trainer: Any, interval: int) -> None:
        self._trainer = trainer
        self._interval = interval
        self._gradients: dict[str, Gradient] = {}
        self._parameters: Sequence[torch.nn.Parameter] = ()
        self._start: list[Tensor] = []

    def due(self) -> bool:
        """Return whether the current step is measured."""
        return bool(self._trainer.state.global_step % self._interval == 0)

    def look(self, model: Any, window: Sequence[Batch]) -> None:
        """Measure the gradients at the parameters before the step."""
        with _undisturbed(self._trainer, model):
            step = WindowDomainStep(self._trainer, model, window, offload=True)
            parts = {name: step.loss_and_gradient(name) for name in step.domains}
        # Every process takes part in the passes. The first one writes the figures, which need all rows under sharding.
        if not parts or not (self._trainer.accelerator.is_main_process or is_sharded(model)):
            return
        self._parameters = step.parameters
        self._gradients = {name: part.gradient for name, part in parts.items()}
        self._start = [own_rows(parameter.detach()).to("cpu", copy=True) for parameter in step.parameters]
        plain = self._trainer.accelerator.unwrap_model(model)
        names = [name for name, parameter in plain.named_parameters() if parameter.requires_grad]
        shares = {name: part.share for name, part in parts.items()}
        self._trainer.rollout_metrics["gradients"] = gradient_figures(self._gradients, shares, names)

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Measure the angles between the step that was taken and the gradients."""
        if not self._gradients:
            return
        moved = (
            own_rows(parameter.detach()).cpu() - origin
            for parameter, origin in zip(self._parameters, self._start, strict=True)
        )
        self._trainer.rollout_metrics["gradients"] |= step_figures(self._gradients, moved)
        self._parameters, self._gradients, self._start = (), {}, []


@contextmanager
def _undisturbed(trainer: Any, model: Any) -> Iterator[None]:
    """Restore gradients, TRL's metrics, and random generators (dropout uses them) at the end of the block."""
    metrics = trainer._metrics["train"]
    lengths = {name: len(values) for name, values in metrics.items()}
    kept = [(parameter, parameter.grad) for parameter in model.parameters()]
    device = trainer.accelerator.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
    for parameter, gradient in kept:
        parameter.grad = gradient
    for name in list(metrics):
        del metrics[name][lengths.get(name, 0) :]
