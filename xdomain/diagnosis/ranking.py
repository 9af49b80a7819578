"""Rank the entries of weights by a score, one weight at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ranking:
    """The entries with the most negative scores, lowest first.

    Attributes:
        starts: Position of each weight's first entry if all weights are laid end to end.
        places: Positions of the entries, [entries].
        scores: Scores of the entries, [entries].
    """

    starts: Mapping[str, int]
    places: Tensor
    scores: Tensor

    def first(self, count: int) -> dict[str, Tensor]:
        """Return the flat indices of the first `count` entries, by the name of the weight that has some."""
        places = self.places[:count].sort().values
        bounds = [*self.starts.values(), torch.iinfo(torch.int64).max]
        cuts = torch.searchsorted(places, torch.tensor(bounds)).tolist()
        found = {name: places[cuts[i] : cuts[i + 1]] - start for i, (name, start) in enumerate(self.starts.items())}
        return {name: indices for name, indices in found.items() if len(indices)}


def most_negative(scores: Iterable[tuple[str, Tensor]], count: int) -> Ranking:
    """Rank the entries with negative scores, at most `count` of them. Only these and one weight are held at a time.

    Args:
        scores: Name and scores of each weight.
        count: Largest number of entries.
    """
    starts, size = {}, 0
    places, values = torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.float64)
    for name, score in scores:
        starts[name] = size
        flat = score.flatten()
        lowest = flat.topk(min(count, len(flat)), largest=False, sorted=False)
        negative = lowest.values < 0
        places = torch.cat([places, lowest.indices[negative].cpu() + size])
        values = torch.cat([values, lowest.values[negative].double().cpu()])
        kept = values.argsort(stable=True)[:count]
        places, values = places[kept], values[kept]
        size += len(flat)
    return Ranking(starts, places, values)


def random_scores(weights: Iterable[tuple[str, Tensor]], seed: int) -> Iterator[tuple[str, Tensor]]:
    """Yield negative random scores of each weight's entries, which rank all entries alike."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in weights:
        yield name, torch.rand(weight.shape, generator=generator, dtype=torch.float64) - 1
