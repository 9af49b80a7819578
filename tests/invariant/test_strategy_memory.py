"""A strategy's step takes at most K copies of the trainable parameters above stock TRL's, for K domains."""

from __future__ import annotations

import pytest
import torch
from pydantic import TypeAdapter

from benchmarks.memory import PeakMemory, peak_bytes
from xdomain.config.strategy import BUILT_IN, StrategyConfig
from xdomain.core.errors import DependencyMissing
from xdomain.strategies.build import build_strategy
from xdomain.strategies.testing import step_of_gradients

NAMES, TENSORS, LENGTH = ("a", "b", "c"), 64, 1000


def test_peak_counts_what_was_alive_at_once() -> None:
    def work() -> torch.Tensor:
        first = torch.zeros(1000)
        second = first + 1
        del first
        return second.view(10, 100).mul_(2) * 3

    assert peak_bytes(work, torch.device("cpu")) == 2 * 4000


@pytest.mark.parametrize("name", [*BUILT_IN])
def test_at_most_one_copy_a_domain_above_stock(name: str) -> None:
    """Losses are linear, so that there are no activations; stock holds the one gradient that backward leaves."""
    try:
        strategy = build_strategy(TypeAdapter(StrategyConfig).validate_python(name), NAMES, 0)
    except DependencyMissing as error:
        pytest.skip(error.what)
    generator = torch.Generator().manual_seed(0)
    step = step_of_gradients(
        {domain: [torch.randn(LENGTH, generator=generator) for _ in range(TENSORS)] for domain in NAMES}
    )
    with PeakMemory() as memory:
        strategy.step(step)
    copies = memory.peak / (TENSORS * LENGTH * 4) - 1
    print(f"\nmemory above stock | {name:14} | {copies:.2f} copies of the parameters, {len(NAMES)} domains", end="")
    assert copies <= len(NAMES)
    if name in ("pcgrad", "mgs", "transfer_aware"):
        assert copies >= len(NAMES) - 1  # they hold all gradients at once, and the measure sees them
