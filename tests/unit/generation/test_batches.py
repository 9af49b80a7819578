"""Batches under a token budget."""

from __future__ import annotations

import pytest
import torch

from xdomain.generation.base import PromptRequest
from xdomain.generation.batches import budgeted, halves, is_out_of_memory


def requests(*lengths: int, samples: int = 1) -> list[PromptRequest]:
    return [PromptRequest((1,) * length, tuple(range(samples))) for length in lengths]


@pytest.mark.parametrize(
    ("lengths", "samples", "room", "batches"),
    [
        ((2, 5, 3), 1, 1000, [[1, 2, 0]]),
        ((2, 5, 3), 1, 30, [[1, 2], [0]]),
        ((2, 5, 3), 2, 30, [[1], [2], [0]]),
        ((50,), 1, 10, [[0]]),
        ((), 1, 10, []),
    ],
)
def test_the_longest_come_first_and_a_batch_keeps_to_its_room(
    lengths: tuple[int, ...], samples: int, room: int, batches: list[list[int]]
) -> None:
    made = requests(*lengths, samples=samples)
    assert list(budgeted(made, range(len(made)), room, max_tokens=10)) == batches


def test_halves_go_down_to_a_single_row() -> None:
    first, second = halves(requests(1, 2, 3)) or ([], [])
    assert [len(first), len(second)] == [1, 2]
    (one,), (other,) = halves(requests(4, samples=3)) or ([], [])
    assert (one.seeds, other.seeds) == ((0,), (1, 2))
    assert halves(requests(4)) is None


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("x"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("shapes differ"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_memory_errors_look_like(error: Exception, is_memory: bool) -> None:
    assert is_out_of_memory(error) is is_memory
