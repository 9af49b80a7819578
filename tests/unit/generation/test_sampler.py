"""The sampler answers prompts with as many completions as each has seeds, whatever its batches are."""

from __future__ import annotations

import pytest

from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.sampler import Sampler
from xdomain.models.tiny import tiny_qwen3

REQUESTS = [PromptRequest((5, 6, 7), (1, 2, 3)), PromptRequest((8, 9), (4,)), PromptRequest((10, 11, 12, 13), (5, 6))]
SAMPLING = Sampling(max_tokens=8, temperature=1.0)


@pytest.fixture(scope="module")
def models() -> tuple[object, object]:
    model, tokenizer = tiny_qwen3(seed=2)
    return model.eval(), tokenizer


def sampler(models: tuple[object, object], batch_tokens: int | None) -> Sampler:
    model, tokenizer = models
    return Sampler(model, tokenizer, [2], batch_tokens)


def tokens(sampler: Sampler) -> dict[int, list[list[int]]]:
    """Return the token ids of each request's completions."""
    return {index: [row.token_ids for row in rows] for index, rows in sampler.sample(REQUESTS, SAMPLING)}


def test_requests_may_differ_in_their_number_of_seeds(models: tuple[object, object]) -> None:
    whole = tokens(sampler(models, None))
    assert {index: len(rows) for index, rows in whole.items()} == {0: 3, 1: 1, 2: 2}
    assert all(1 <= len(row) <= 8 for rows in whole.values() for row in rows)
    assert tokens(sampler(models, 1)) == whole


def test_requests_that_are_done_are_not_answered(models: tuple[object, object]) -> None:
    assert [index for index, _ in sampler(models, 1).sample(REQUESTS, SAMPLING, done={0, 2})] == [1]


def test_a_batch_that_memory_does_not_hold_is_halved(
    models: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = sampler(models, None)
    expected = tokens(small)
    batch = small._batch

    def limited(requests: list[PromptRequest], sampling: Sampling) -> object:
        if sum(len(request.seeds) for request in requests) > 2:
            raise MemoryError
        return batch(requests, sampling)

    monkeypatch.setattr(small, "_batch", limited)
    assert tokens(small) == expected
    assert small.events == [
        "out of memory with 6 sequences in a batch: halved to 3",
        "out of memory with 3 sequences in a batch: halved to 1",
    ]
