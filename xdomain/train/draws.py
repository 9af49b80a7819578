"""Random draws that depend on a completion's index in the batch, not on the process that samples it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class PlacedDraws(TorchFunctionMode):
    """A mode that replaces `torch.multinomial` inside a `with` block.

    In each decoding step every process draws the noise of the whole batch from the same generator and uses its own
    rows. So k processes sample the same completions as one process, up to rounding of the probabilities. The method is
    the one that torch uses for one sample per row: with e exponentially distributed, the largest p / e belongs to
    category i with probability p_i.

    Args:
        seed: Seed of this rollout.
        first_row: Index of this process's first row in the whole batch.
        rows: Number of completions in the whole batch.
    """

    def __init__(self, seed: int, first_row: int, rows: int) -> None:
        super().__init__()
        self._seed = seed
        self._first_row = first_row
        self._rows = rows
        self._generator: torch.Generator | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.multinomial:
            return self._draw(args[0])
        return func(*args, **(kwargs or {}))

    def _draw(self, probabilities: Tensor) -> Tensor:
        """Draw one category per row: (n, categories) -> (n, 1)."""
        if self._generator is None:
            self._generator = torch.Generator(device=probabilities.device).manual_seed(self._seed)
        noise = torch.empty(
            self._rows, probabilities.shape[1], dtype=torch.float32, device=probabilities.device
        ).exponential_(generator=self._generator)
        own = noise[self._first_row : self._first_row + len(probabilities)]
        return (probabilities.float() / own).argmax(dim=1, keepdim=True)
