"""Rows of a step by domain, and how they are weighed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from xdomain.train.chunks import chunks_by_domain

LENGTHS = [3, 1, 2, 2]
DOMAIN_IDS = [0, 1, 1, 0]


def batch(ids: list[int], lengths: list[int], tokens: int) -> dict[str, Any]:
    mask = torch.zeros(len(ids), 4)
    for row, length in enumerate(lengths):
        mask[row, :length] = 1
    return {
        "domain_ids": torch.tensor(ids),
        "completion_mask": mask,
        "advantages": torch.ones(len(ids)),
        "num_items_in_batch": torch.tensor(float(tokens)),
    }


def trainer(loss: str) -> Any:
    accelerator = SimpleNamespace(num_processes=1)
    return SimpleNamespace(
        domains=("a", "b", "c"), loss_type=loss, accelerator=accelerator, args=SimpleNamespace(steps_per_generation=2)
    )


WINDOW = [batch(DOMAIN_IDS[:2], LENGTHS[:2], 8), batch(DOMAIN_IDS[2:], LENGTHS[2:], 8)]


@pytest.mark.parametrize(
    ("loss", "shares"),
    [
        ("dapo", [5 / 8, 3 / 8]),
        ("grpo", [0.5, 0.5]),
        ("bnpo", [(3 / 4 + 2 / 4) / 2, (1 / 4 + 2 / 4) / 2]),
    ],
)
def test_shares_add_up_to_the_whole_step(loss: str, shares: list[float]) -> None:
    parts = chunks_by_domain(trainer(loss), WINDOW)
    assert [sum(chunk.share for chunk in part) for part in parts] == pytest.approx([*shares, 0.0])


def test_rows_are_a_domains_own() -> None:
    first, second, missing = chunks_by_domain(trainer("grpo"), WINDOW)
    assert [chunk.batch["domain_ids"].tolist() for chunk in first] == [[0, 0]]
    assert [chunk.batch["completion_mask"].sum(dim=1).tolist() for chunk in first] == [[3, 2]]
    assert [chunk.scale for chunk in second] == [1.0]
    assert missing == []


def test_a_pass_is_no_larger_than_a_micro_batch() -> None:
    window = [batch([0, 0], [1, 1], 8), batch([0, 1], [1, 1], 8)]
    first, _, _ = chunks_by_domain(trainer("grpo"), window)
    assert [len(chunk.batch["domain_ids"]) for chunk in first] == [2, 1]
    assert [chunk.scale for chunk in first] == [1.0, 0.5]
