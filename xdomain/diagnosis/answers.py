"""Stored completions as token ids, and the model's log-probabilities of their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xdomain.core.errors import ConfigError
from xdomain.core.fingerprint import text_digest
from xdomain.diagnosis.inputs import StoredAnswer
from xdomain.models.prompting import encode, render

MOST_LOGITS = 1 << 25
"""Largest number of logits of a batch, which bounds its memory."""


@dataclass(frozen=True)
class Batch:
    """Answers of similar lengths, padded on the right.

    Attributes:
        ids: Token ids of prompts and completions, [answers, tokens].
        mask: 1 for tokens and 0 for padding, [answers, tokens].
        answered: Whether the next token belongs to the completion, [answers, tokens - 1].
        positions: Positions of the answers in the list that was batched.
    """

    ids: Tensor
    mask: Tensor
    answered: Tensor
    positions: tuple[int, ...]

    def logits(self, model: Any) -> Tensor:
        """Return the logits before every completion token, [completion tokens, vocabulary], float32."""
        logits: Tensor = model(input_ids=self.ids, attention_mask=self.mask).logits
        return logits[:, :-1][self.answered].float()

    def sum_by_answer(self, values: Tensor) -> Tensor:
        """Return the sum over the completion tokens of each answer, [answers], from one value per token."""
        rows = self.answered.nonzero()[:, 0]
        return values.new_zeros(len(self.ids)).index_add(0, rows, values)

    def log_likelihoods(self, model: Any) -> Tensor:
        """Return the log-likelihood of each completion in nats, [answers]."""
        targets = self.ids[:, 1:][self.answered]
        taken = self.logits(model).log_softmax(dim=-1).gather(1, targets[:, None]).squeeze(1)
        return self.sum_by_answer(taken)


Row = tuple[list[int], list[int]]
"""Token ids of a prompt and of its completion."""


def batches_of(
    answers: Sequence[StoredAnswer], tokenizer: Any, *, chat: bool, vocabulary: int, device: str
) -> list[Batch]:
    """Return batches of answers, the longest first.

    Args:
        answers: Stored answers.
        tokenizer: Tokenizer of the model that gave them.
        chat: Whether prompts go through the chat template.
        vocabulary: Number of logits per token.
        device: "cpu" or "cuda".

    Raises:
        ConfigError: An item's prompt is not the one that was answered.
    """
    if not answers:
        return []
    prompts = [render(answer.item, tokenizer, chat) for answer in answers]
    for answer, prompt in zip(answers, prompts, strict=True):
        if text_digest(prompt) != answer.prompt_hash:
            raise ConfigError(
                f'the prompt of item "{answer.item.id}" is not the one that was answered.',
                where="--domains",
                fix="Name the experiment's file with the domains as they were evaluated.",
            )
    end = [tokenizer.eos_token_id]
    rows = [
        (prompt, completion + end if answer.ended else completion)
        for answer, (prompt, completion) in zip(answers, _token_ids(prompts, answers, tokenizer, chat), strict=True)
    ]
    order = sorted(range(len(rows)), key=lambda position: -sum(map(len, rows[position])))
    return [_batch(rows, part, tokenizer.pad_token_id, device) for part in _parts(rows, order, vocabulary)]


def _token_ids(prompts: Sequence[str], answers: Sequence[StoredAnswer], tokenizer: Any, chat: bool) -> Iterator[Row]:
    """Yield the token ids of each prompt and completion, without an end token.

    Some tokenizers put a space in front of every text. Prompt and completion are therefore read together, unless that
    changes the prompt's tokens.
    """
    texts = [answer.completion for answer in answers]
    together = encode([prompt + text for prompt, text in zip(prompts, texts, strict=True)], tokenizer, chat)
    apart = tokenizer(texts, add_special_tokens=False)["input_ids"]
    for before, both, after in zip(encode(prompts, tokenizer, chat), together, apart, strict=True):
        length = len(before)
        yield before, both[length:] if both[:length] == before else list(after)


def _parts(rows: Sequence[Row], order: Sequence[int], vocabulary: int) -> Iterator[list[int]]:
    """Yield the positions of each batch: as many rows as `MOST_LOGITS` allows at the length of the first."""
    start = 0
    while start < len(order):
        longest = sum(map(len, rows[order[start]]))
        count = max(1, MOST_LOGITS // (vocabulary * longest))
        yield list(order[start : start + count])
        start += count


def _batch(rows: Sequence[Row], positions: Sequence[int], pad: int, device: str) -> Batch:
    width = max(sum(map(len, rows[position])) for position in positions)
    ids = torch.full((len(positions), width), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    answered = torch.zeros((len(positions), width - 1), dtype=torch.bool)
    for row, position in enumerate(positions):
        prompt, completion = rows[position]
        length = len(prompt) + len(completion)
        ids[row, :length] = torch.tensor(prompt + completion)
        mask[row, :length] = 1
        answered[row, max(0, len(prompt) - 1) : length - 1] = True
    return Batch(ids.to(device), mask.to(device), answered.to(device), tuple(positions))
