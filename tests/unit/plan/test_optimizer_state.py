"""An optimizer's state against what torch's optimizers hold after a step."""

from __future__ import annotations

import pytest
import torch

from xdomain.config.optimizer import OPTIMIZERS
from xdomain.plan.optimizer_state import STATES, optimizer_bytes


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("name", "optimizer"),
    [("adamw_torch", torch.optim.AdamW), ("sgd", torch.optim.SGD), ("adagrad", torch.optim.Adagrad)],
)
def test_states_of_torch(name: str, optimizer: type[torch.optim.Optimizer], dtype: torch.dtype) -> None:
    weight = torch.nn.Parameter(torch.ones(300, 70, dtype=dtype))
    stepped = optimizer([weight])  # type: ignore[call-arg]
    weight.grad = torch.ones_like(weight)
    stepped.step()
    held = sum(each.nbytes for state in stepped.state.values() for each in state.values() if each.numel() > 1)
    assert optimizer_bytes(name, weight.numel(), weight.element_size()) == held


def test_every_name_is_one_of_transformers() -> None:
    assert set(STATES) <= set(OPTIMIZERS)
    assert optimizer_bytes("galore_adamw", 10, 4) is None
