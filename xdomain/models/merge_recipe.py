"""The arithmetic of merges, on consecutive chunks of the flattened tensors.

Chunks fit into a processor's cache, where these operations take a fraction of the time that they take in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from xdomain.config.phases import MergeMethod
from xdomain.core.seeds import derive_seed

DRAWS = 4
"""Number of random numbers that one word of 64 bits gives."""


class Pruning:
    """The entries of one task vector that a method keeps. This class keeps all of them."""

    def begin(self, size: int, chunks: Iterable[Tensor]) -> None:
        """Begin the next tensor.

        Args:
            size: Number of its entries.
            chunks: Its chunks, which are read only if the choice depends on the whole tensor.
        """

    def prune(self, chunk: Tensor) -> Tensor:
        """Return the next chunk of the tensor with 0 for the entries that are dropped."""
        return chunk


class LargestEntries(Pruning):
    """Keeps the share `density` of each tensor's entries with the largest magnitudes; of equal ones, the first.

    Args:
        density: The share.
        memory: Memory for the magnitudes of the largest tensor, float32. Several task vectors can use the same.
    """

    def __init__(self, density: float, memory: Tensor) -> None:
        self._density, self._memory = density, memory
        self._smallest = 0.0
        self._equal: int | None = None
        """Number of entries equal to the smallest that are still to be kept; None if all of them are."""

    def begin(self, size: int, chunks: Iterable[Tensor]) -> None:
        """See `Pruning.begin`."""
        kept = int(self._density * size)
        self._smallest, self._equal = float("inf"), None
        if kept == 0:
            return
        magnitudes = self._memory[:size]
        done = 0
        for chunk in chunks:
            torch.abs(chunk, out=magnitudes[done : done + chunk.numel()])
            done += chunk.numel()
        values = magnitudes.numpy()
        values.partition(size - kept)  # several times as fast as torch's selection
        dropped, largest = np.split(values, [size - kept])
        self._smallest = float(largest[0])
        if np.any(dropped == largest[0]):
            self._equal = int(np.count_nonzero(largest == largest[0]))

    def prune(self, chunk: Tensor) -> Tensor:
        """See `Pruning.prune`."""
        magnitudes, kept = chunk.abs(), torch.empty_like(chunk)
        if self._equal is None:
            torch.ge(magnitudes, self._smallest, out=kept)
        else:
            torch.gt(magnitudes, self._smallest, out=kept)
            equal = torch.nonzero(magnitudes == self._smallest)[: self._equal]
            self._equal -= len(equal)
            kept[equal] = 1.0
        return kept.mul_(chunk)


class RandomEntries(Pruning):
    """Keeps the share `density` of the entries at random, and divides them by the density.

    The share is rounded to 16 bits, and entries are divided by the rounded share, so the expectation is exact.

    Args:
        density: The share.
        seed: Seed of the draws.
    """

    def __init__(self, density: float, seed: int) -> None:
        self._below = min(max(1, round(density * 2**16)), 2**16 - 1)
        self._words = np.random.SFC64(seed)

    def prune(self, chunk: Tensor) -> Tensor:
        """See `Pruning.prune`."""
        words = self._words.random_raw(-(-chunk.numel() // DRAWS))
        draws = torch.from_numpy(words.view(np.int16)[: chunk.numel()])
        kept = torch.lt(draws, self._below - 2**15, out=torch.empty_like(chunk))
        return kept.mul_(chunk).mul_(2**16 / self._below)


@dataclass(frozen=True)
class MergeRecipe:
    """The way in which task vectors are combined.

    Attributes:
        weights: Weight of each task vector.
        method: Method of the combination.
        density: Share of each tensor's entries that a sparse method keeps; None for `linear`.
        seed: Seed of the methods that drop entries at random.
    """

    weights: tuple[float, ...]
    method: MergeMethod = MergeMethod.LINEAR
    density: float | None = None
    seed: int = 0

    def prunings(self, largest: int) -> list[Pruning]:
        """Return the pruning of each task vector.

        Args:
            largest: Number of entries of the largest tensor.
        """
        if self.density is None or self.density >= 1:
            return [Pruning() for _ in self.weights]
        if self.method is MergeMethod.TIES:
            memory = torch.empty(largest)
            return [LargestEntries(self.density, memory) for _ in self.weights]
        return [
            RandomEntries(self.density, derive_seed("merge", self.seed, index)) for index in range(len(self.weights))
        ]

    def combined(self, chunks: Sequence[Tensor]) -> Tensor:
        """Return the combination of chunks of pruned task vectors in their dtype, float32."""
        if self.method in (MergeMethod.TIES, MergeMethod.DARE_TIES):
            return self._elected(chunks)
        found = torch.mul(chunks[0], self.weights[0])
        for chunk, weight in zip(chunks[1:], self.weights[1:], strict=True):
            found.add_(chunk, alpha=weight)
        return found

    def _elected(self, chunks: Sequence[Tensor]) -> Tensor:
        """Return the mean of each entry's weighted values that have the sign of their unweighted sum."""
        total = chunks[0].clone()
        for chunk in chunks[1:]:
            total.add_(chunk)
        sign = torch.ge(total, 0, out=total).mul_(2).sub_(1)
        found, count, agrees = (torch.zeros_like(sign) for _ in range(3))
        for chunk, weight in zip(chunks, self.weights, strict=True):
            torch.gt(torch.mul(chunk, sign, out=agrees), 0, out=agrees)
            found.addcmul_(chunk, agrees, value=weight)
            count.add_(agrees)
        return found.div_(count.clamp_(min=1))
