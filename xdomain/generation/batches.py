"""Batches under a token budget, with the longest prompts first, and their division when memory runs out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from xdomain.generation.base import PromptRequest

ALLOCATION_FAILED = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory")
"""Phrases in torch's error messages when memory runs out and it does not raise an `OutOfMemoryError`."""


def budgeted(
    requests: Sequence[PromptRequest], places: Sequence[int], room: int, max_tokens: int
) -> Iterator[list[int]]:
    """Yield the indices of each batch, longest prompts first, so that a lack of memory shows at once.

    Args:
        requests: All requests.
        places: Indices of the requests to answer.
        room: Largest number of prompt and completion tokens per batch. A single prompt may exceed it.
        max_tokens: Largest number of tokens in a completion.
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
    """Divide a batch into two, by requests or by the samples of a single request. Return None for a single row."""
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
    """Return whether torch or Python ran out of memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATION_FAILED)
