"""Moves of the parameters inside one optimizer step, with one of torch's optimizers and gradients in `grad`."""

from __future__ import annotations

from typing import Any

import torch


def optimizer_step(optimizer: Any, *, scale: float, decay: bool) -> None:
    """Apply the gradients at `scale` times the learning rate.

    Args:
        optimizer: Optimizer to step; its state advances as in any step.
        scale: Factor on the learning rate.
        decay: Whether this step applies weight decay. Only one of the inner steps should apply it.
    """
    kept = [{key: group[key] for key in ("lr", "weight_decay") if key in group} for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        if scale != 1.0:
            group["lr"] = group["lr"] * scale
        if not decay and "weight_decay" in group:
            group["weight_decay"] = 0.0
    optimizer.step()
    for group, values in zip(optimizer.param_groups, kept, strict=True):
        group.update(values)


@torch.no_grad()
def look_ahead(optimizer: Any) -> None:
    """Move the parameters by the gradients as Adam scales them, without momentum and without changing Adam's state.

    phi <- phi - lr clamp(g / (sqrt(v / (1 - beta2^t)) + eps), -c, c), with v and t as the latest step of Adam left
    them and c = max(1, (1 - beta1) / sqrt(1 - beta2)), the largest move that one step of Adam can make. It uses
    neither the first moment nor weight decay. A parameter without second moments does not move.

    Source: CGPO's inner step under `step_scale: once` (docs/reference/papers.md). The bound on Adam's step is that
    of Kingma and Ba, 1412.6980, section 2.1. Ours: the clamp. If v is still 0, as in an adapter's A after its first
    step, the quotient would be g / eps.
    """
    for group in optimizer.param_groups:
        beta1, beta2 = group["betas"]
        largest = max(1.0, (1 - beta1) / (1 - beta2) ** 0.5)
        for parameter in group["params"]:
            state = optimizer.state.get(parameter)
            if parameter.grad is None or not state:
                continue
            square = state["exp_avg_sq"] / (1 - beta2 ** float(state["step"]))
            move = parameter.grad / square.sqrt_().add_(group["eps"])
            parameter.sub_(move.clamp_(-largest, largest).to(parameter.dtype), alpha=float(group["lr"]))
