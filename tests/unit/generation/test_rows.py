"""Rows of a batch until each has ended."""

from __future__ import annotations

import torch

from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.rows import Rows
from xdomain.generation.stopping import StopStrings
from xdomain.models.tiny import tiny_tokenizer

CPU = torch.device("cpu")
TOKENIZER = tiny_tokenizer()
END = int(TOKENIZER.eos_token_id)


def ids(text: str) -> list[int]:
    return list(TOKENIZER(text)["input_ids"])


def run(
    texts: list[list[int]], prompts: list[int], *, stop: tuple[str, ...] = (), context: int | None = None
) -> list[str]:
    """Feed rows of token ids one position after the other; return what each row kept, with "$" for the end token."""
    requests = [PromptRequest((5,) * length, (0,)) for length in prompts]
    watch = StopStrings(TOKENIZER, stop)
    most = max(map(len, texts))
    rows = Rows(requests, Sampling(most, stop=stop), context, CPU)
    everyone = torch.arange(rows.count)
    for position in range(most):
        chosen = torch.tensor([text[min(position, len(text) - 1)] for text in texts])
        rows.add(everyone, chosen, torch.ones(rows.count), position, torch.tensor([END]), watch)
    assert [each.mean_entropy for each in rows.sampled()] == [1.0] * rows.count
    return [
        "".join("$" if token == END else TOKENIZER.decode(token) for token in each.token_ids) for each in rows.sampled()
    ]


def test_rows_end_at_the_end_token_or_when_tokens_run_out() -> None:
    assert run([[*ids("ab"), END], ids("abc")], [3, 3]) == ["ab$", "abc"]


def test_a_row_ends_with_the_token_that_completes_a_stop_string() -> None:
    assert run([ids("a\nb"), ids("abc")], [1, 1], stop=("\n",)) == ["a\n", "abc"]


def test_a_row_ends_where_its_context_is_full() -> None:
    assert run([ids("abcd"), ids("abcd")], [3, 5], context=7) == ["abcd", "ab"]
