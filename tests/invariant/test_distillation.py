"""Distillation has the gradient of its formula, whatever the layout, and each domain learns from its own teacher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.distilled import (
    NAMES,
    conflicting,
    distilling,
    moved_model,
    recorded,
    reference_loss,
)
from tests.support.toy_training import largest_difference, trained_weights, with_adapter
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.distillation import DomainDistillationTrainer

LAYOUTS: dict[str, dict[str, Any]] = {
    "one batch": {},
    "micro-batches of 2": {"micro_batch": 2},
    "temperature 0.7": {"temperature": 0.7},
    "LoRA": {"lora": True},
}


def trainable(trainer: DomainDistillationTrainer) -> list[torch.Tensor]:
    return [each.detach().clone() for each in trainer.model.parameters() if each.requires_grad]


@pytest.mark.parametrize("lora", [False, True])
@pytest.mark.parametrize("bf16", [False, True])
def test_a_teacher_that_equals_the_student_changes_no_bit(lora: bool, bf16: bool, tmp_path: Path) -> None:
    teacher = tiny_qwen3()[0]
    trainer = distilling(
        tmp_path,
        dict.fromkeys(NAMES, teacher),
        **{"learning_rate": 1e-3, "micro_batch": 4, "lora": lora, "bf16": bf16, "telemetry_every": 1},
    )
    start = trainable(trainer)
    assert largest_difference(start, trained_weights(trainer)) == 0.0
    logged = [line for line in trainer.state.log_history if "grad_norm" in line]
    assert [line["grad_norm"] for line in logged] == [0.0] * 4


def test_a_teacher_that_differs_in_one_weight_changes_the_student(tmp_path: Path) -> None:
    """The test above can fail."""
    teacher = tiny_qwen3()[0]
    with torch.no_grad():
        teacher.model.norm.weight[0] += 0.1
    trainer = distilling(tmp_path, dict.fromkeys(NAMES, teacher), learning_rate=1e-3)
    start = trainable(trainer)
    assert largest_difference(start, trained_weights(trainer)) > 1e-4


@pytest.mark.parametrize("layout", [*LAYOUTS])
def test_the_gradient_is_that_of_the_formula(layout: str, tmp_path: Path, show: Callable[[str], None]) -> None:
    """One step of SGD with rate 1 moves the weights by the gradient; the reference is in float64, row by row."""
    teachers = {name: moved_model(seed) for seed, name in enumerate(NAMES)}
    settings = {"steps": 1, "optimizer": "sgd", "learning_rate": 1.0, "max_grad_norm": 1e9, **LAYOUTS[layout]}
    trainer = distilling(tmp_path, teachers, **settings)
    student = (with_adapter(tiny_qwen3()[0]) if layout == "LoRA" else tiny_qwen3()[0]).double()
    doubles = [moved_model(seed).double() for seed in range(len(NAMES))]
    batches, start = recorded(trainer), trainable(trainer)
    gradient = [before - after for before, after in zip(start, trained_weights(trainer), strict=True)]
    loss = reference_loss(student, doubles, batches, trainer.temperature)
    torch.autograd.backward(loss)
    expected = [parameter.grad for parameter in student.parameters() if parameter.requires_grad]
    apart = largest_difference(gradient, expected) / max(float(each.abs().max()) for each in expected)
    show(f"distillation | {layout:18} | loss {loss.item():.3f} | relative difference of the gradient {apart:.1e}")
    assert trainer.state.log_history[0]["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert apart < 1e-5
    assert len(batches) == (4 if "micro_batch" in settings else 1)
    if layout == "LoRA":
        return
    generator = torch.Generator().manual_seed(0)
    direction = [torch.randn(each.shape, generator=generator, dtype=each.dtype) for each in student.parameters()]
    direction[0][student.config.pad_token_id] = 0.0  # as an input, the padding token gets no gradient from torch
    slope = sum(float((one * two).sum()) for one, two in zip(gradient, direction, strict=True))
    found = finite_difference(student, doubles, batches, trainer.temperature, direction)
    assert slope == pytest.approx(found, rel=1e-3)


def finite_difference(
    student: Any, teachers: list[Any], batches: list[Any], temperature: float, direction: list[torch.Tensor]
) -> float:
    """Return the change of the reference loss along a direction, by central differences in float64."""
    step, values = 1e-5, []  # RMSNorm rounds to float32, so a smaller one would measure rounding
    with torch.no_grad():
        for sign in (1, -1):
            for parameter, toward in zip(student.parameters(), direction, strict=True):
                parameter.add_(sign * step * toward)
            values.append(float(reference_loss(student, teachers, batches, temperature)))
            for parameter, toward in zip(student.parameters(), direction, strict=True):
                parameter.sub_(sign * step * toward)
    return (values[0] - values[1]) / (2 * step)


def test_two_teachers_in_one_batch_equal_two_batches(tmp_path: Path) -> None:
    """A trainer of each domain alone sees its own rows; their gradients add up, weighted by tokens."""
    teachers = {name: moved_model(seed) for seed, name in enumerate(NAMES)}
    both = distilling(tmp_path / "both", teachers, steps=1)
    (batch,) = batches_of(both)
    whole = gradient_of(both, batch)
    parts = []
    for place, name in enumerate(NAMES):
        rows = batch["domain_ids"] == place
        own = {key: value[rows] if value.ndim else value for key, value in batch.items() if torch.is_tensor(value)}
        own["domain_ids"] = torch.zeros_like(own["domain_ids"])
        own["num_items_in_batch"] = own["completion_mask"].sum()
        share = float(own["num_items_in_batch"] / batch["num_items_in_batch"])
        alone = distilling(tmp_path / name, {name: moved_model(place)}, steps=1)
        parts.append([share * each for each in gradient_of(alone, own)])
    assert max(float(each.abs().max()) for each in whole) > 1e-3
    assert largest_difference(whole, [one + two for one, two in zip(*parts, strict=True)]) < 1e-6


def batches_of(trainer: DomainDistillationTrainer) -> list[dict[str, Any]]:
    """Train, and return the micro-batches; the model has its first weights again."""
    start, seen = trainable(trainer), recorded(trainer)
    trainer.train()
    with torch.no_grad():
        for parameter, value in zip(trainer.model.parameters(), start, strict=True):
            parameter.copy_(value)
    return seen


def gradient_of(trainer: DomainDistillationTrainer, batch: dict[str, Any]) -> list[torch.Tensor]:
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.zero_grad()
    trainer.compute_loss(trainer.model, batch).backward()
    return [parameter.grad.clone() for parameter in trainer.model.parameters()]


@pytest.mark.parametrize("swapped", [False, True])
def test_each_domain_learns_what_its_own_teacher_wants(swapped: bool, tmp_path: Path) -> None:
    """The teachers of digits and letters want opposite characters, and prompts name their domain."""
    domains, teachers = conflicting()
    if swapped:
        teachers = {"digits": teachers["letters"], "letters": teachers["digits"]}
    trainer = distilling(tmp_path, teachers, domains=domains, steps=40, prompts_per_step=16, learning_rate=3e-3)
    trainer.train()
    rewards = {name: values["reward"] for name, values in trainer.rollout_metrics["domains"].items()}
    paid = [rewards[name] > 0.7 for name in NAMES]
    assert paid == [not swapped, not swapped], rewards
    assert all(value < 0.5 for value in trainer.rollout_metrics["distillation"]["divergence"].values())
