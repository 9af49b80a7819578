"""A strategy's step takes at most K copies of the trainable parameters above stock TRL's, for K domains; what is
offloaded leaves the device, and telemetry holds K + 1 copies in the CPU's memory until the step's end."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from benchmarks.memory import PeakMemory, peak_bytes
from tests.support.copies_to_cpu import CopiesToCPU
from tests.support.toy_training import DEVICES, toy_domains, toy_trainer
from xdomain.config.strategy import BUILT_IN, StrategyConfig
from xdomain.core.errors import DependencyMissing
from xdomain.strategies.base import Strategy
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
def test_at_most_one_copy_a_domain_above_stock(name: str, show: Callable[[str], None]) -> None:
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
    show(f"memory above stock | {name:14} | {copies:.2f} copies of the parameters, {len(NAMES)} domains")
    assert copies <= len(NAMES)
    if name in ("pcgrad", "mgs", "transfer_aware"):
        assert copies >= len(NAMES) - 1  # they hold all gradients at once, and the measure sees them


TOYS = len(toy_domains())


class Holder(Strategy):
    """Asks for every domain's gradient, holds them all, and notes the memory in use before and after each.

    Args:
        device_bytes: in use on the device.
        cpu_bytes: of what was moved from there to the CPU.
    """

    def __init__(self, device_bytes: Callable[[], int], cpu_bytes: Callable[[], int]) -> None:
        super().__init__(None, sorted(toy_domains()), 0)
        self._meters = (device_bytes, cpu_bytes)
        self.device: list[list[float]] = []
        self.cpu: list[list[float]] = []
        """Copies of the trainable parameters, for each step: at its start, and after each domain."""

    def step(self, step: Any) -> dict[str, Any]:
        for found in (self.device, self.cpu):
            found.append([])
        self._note(step)
        gradients = []
        for domain in step.domains:
            gradients.append(step.loss_and_gradient(domain).gradient)
            self._note(step)
        step.set_gradient(gradients[0])
        return {}

    def _note(self, step: Any) -> None:
        gc.collect()
        one = sum(each.nbytes for each in step.parameters)
        for found, meter in zip((self.device, self.cpu), self._meters, strict=True):
            found[-1].append(meter() / one)


def held(folder: Path, device: str, **settings: Any) -> Holder:
    """A holder after two steps. Where the device is the CPU, what is moved to the CPU counts as elsewhere."""
    with PeakMemory() as memory, CopiesToCPU() as moved:
        on_cpu = device == "cpu"
        holder = Holder(lambda: memory.now - moved.now if on_cpu else torch.cuda.memory_allocated(), lambda: moved.now)
        toy_trainer(
            folder, holder, device=device, steps=2, optimizer="sgd", max_completion_tokens=3, **settings
        ).train()
    return holder


def above_start(copies: list[float]) -> list[float]:
    return [each - copies[0] for each in copies]


@pytest.mark.parametrize("device", DEVICES)
def test_offloaded_gradients_leave_the_device(device: str, tmp_path: Path) -> None:
    kept, moved = (held(tmp_path / str(offload), device, offload_gradients=offload) for offload in (False, True))
    none, one_each = pytest.approx([0] * (TOYS + 1), abs=0.1), pytest.approx(range(TOYS + 1), abs=0.1)
    for step in range(2):
        assert (above_start(kept.device[step]), above_start(kept.cpu[step])) == (one_each, none)
        assert (above_start(moved.device[step]), above_start(moved.cpu[step])) == (none, one_each)


@pytest.mark.slow
@pytest.mark.parametrize("device", DEVICES)
def test_telemetry_leaves_nothing_on_the_device(device: str, tmp_path: Path, show: Callable[[str], None]) -> None:
    """It looks at the first step of the two."""
    plain = held(tmp_path / "plain", device)
    looked = held(tmp_path / "looked", device, telemetry_every=2)
    on_device = [looked.device[step][0] - plain.device[step][0] for step in range(2)]
    on_cpu = [looked.cpu[step][0] - plain.cpu[step][0] for step in range(2)]
    show(f"memory of telemetry | {on_device[0]:.2f} copies on the device, {on_cpu[0]:.2f} in the CPU's memory")
    assert on_device == pytest.approx([0, 0], abs=0.1)
    assert on_cpu == pytest.approx([TOYS + 1, 0], abs=0.1)
