"""The answers of one batch so far, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.stopping import StopStrings


@dataclass(frozen=True)
class Sampled:
    """A sampled completion.

    Attributes:
        token_ids: Up to the end token, the token that completes a stop string, or the last one that fits.
        mean_entropy: Nats per token of the model's own distribution, before temperature and top-p.
    """

    token_ids: list[int]
    mean_entropy: float


class Rows:
    """The answers of one batch so far. Tensors are [rows] or [rows, max_tokens]."""

    def __init__(
        self, requests: Sequence[PromptRequest], sampling: Sampling, context: int | None, device: torch.device
    ) -> None:
        prompts = [len(request.token_ids) for request in requests for _ in request.seeds]
        self.count = len(prompts)
        room = [sampling.max_tokens if context is None else context - length for length in prompts]
        self._limits = torch.tensor(room, device=device).clamp(max=sampling.max_tokens)
        self._tokens = torch.full((self.count, sampling.max_tokens), -1, dtype=torch.long, device=device)
        self._entropies = torch.zeros(self.count, dtype=torch.float32, device=device)
        self._lengths = torch.zeros(self.count, dtype=torch.long, device=device)
        self._ended = torch.zeros(self.count, dtype=torch.bool, device=device)  # by an end token
        self._cut = torch.zeros(self.count, dtype=torch.bool, device=device)  # by a stop string
        self._finished = torch.zeros(self.count, dtype=torch.bool, device=device)

    def add(
        self,
        rows: torch.Tensor,
        chosen: torch.Tensor,
        entropy: torch.Tensor,
        position: int,
        ends: torch.Tensor,
        watch: StopStrings,
    ) -> torch.Tensor:
        """Append one token to each unfinished row of `rows` and return a mask of the rows that are still unfinished."""
        alive = ~self._finished[rows]
        going = rows[alive]
        self._tokens[going, position] = chosen[alive]
        self._entropies[going] += entropy[alive]
        self._lengths[going] += 1
        self._ended[going] = torch.isin(chosen[alive], ends)
        if watch.stop and len(going):
            self._cut[going] = torch.tensor(
                watch.hit(self._tokens[going, : position + 1].tolist()), device=going.device
            )
        self._finished |= self._ended | self._cut | (self._lengths >= self._limits)
        return ~self._finished[rows]

    def sampled(self) -> list[Sampled]:
        """Return the completions of all rows."""
        sizes = self._lengths.tolist()
        means = (self._entropies / self._lengths).tolist()
        tokens = self._tokens.tolist()
        return [Sampled(row[:size], mean) for row, size, mean in zip(tokens, sizes, means, strict=True)]
