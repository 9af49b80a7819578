"""Batches under a token budget, the longest prompts first, and what is done when memory runs out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from xdomain.generation.base import PromptRequest

ALLOCATION_FAILED = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory")
"""How torch's allocators word it where they raise no `OutOfMemoryError`."""


def budgeted(
    requests: Sequence[PromptRequest], places: Sequence[int], room: int, max_tokens: int
) -> Iterator[list[int]]:
    """Places batch by batch, longest prompts first, so that running out of memory shows at once.

    Args:
        requests: all of them.
        places: those to answer.
        room: prompt and completion tokens that a batch holds at most; a single prompt may be larger.
        max_tokens: longest completion.
    """
    batch: list[int] = []
    rows = longest = 0
    for place in sorted(places, key=lambda p: (-len(requests[p].token_ids), p)):
        request = requests[place]
        longest = max(longest, len(request.token_ids))
        if batch and (rows + len(request.seeds)) * (longest + max_tokens) > room:
            yield batch
            batch, rows, longest = [], 0, len(request.token_ids)
        batch.append(place)
        rows += len(request.seeds)
    if batch:
        yield batch


def halves(requests: Sequence[PromptRequest]) -> tuple[list[PromptRequest], list[PromptRequest]] | None:
    """A batch as two: by requests, or the samples of a single one; None for a single row."""
    if len(requests) > 1:
        middle = len(requests) // 2
        return list(requests[:middle]), list(requests[middle:])
    (request,) = requests
    middle = len(request.seeds) // 2
    if middle == 0:
        return None
    first, second = request.seeds[:middle], request.seeds[middle:]
    return [PromptRequest(request.token_ids, first)], [PromptRequest(request.token_ids, second)]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python could not get memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATION_FAILED)
