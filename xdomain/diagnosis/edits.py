"""Measure how stages changed the weights of each module, and how far the changes of two stages agree.

Source: ours, after a prototype. None of these figures separated stages that damaged a domain from others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import combinations

import torch
from torch import Tensor

from xdomain.diagnosis.inputs import StageFiles
from xdomain.diagnosis.modules import Module, module_of
from xdomain.diagnosis.result import ModuleEdit, Overlap, StageEdits, StagePair
from xdomain.diagnosis.weights import Change, Difference, Factors, StageChange, as_rows, require_same_shapes

CHUNK = 1 << 18
"""Number of entries that are compared at once, so that they stay in a processor's cache."""


MATRIX = 2
"""Number of dimensions of a matrix."""
Pair = tuple[int, int]
"""Positions of two stages."""


@dataclass
class _Size:
    """Sums over the weights of a module."""

    entries: int = 0
    changed: int = 0
    square: float = 0.0
    parent_square: float = 0.0
    ranks: float = 0.0
    ranked: int = 0

    def add(self, other: _Size) -> None:
        self.entries += other.entries
        self.changed += other.changed
        self.square += other.square
        self.parent_square += other.parent_square
        self.ranks += other.ranks
        self.ranked += other.ranked

    def add_rank(self, change: Change) -> None:
        """Add the effective rank of a matrix that changed."""
        rank = effective_rank(change.squared_singular_values())
        if rank is not None:
            self.ranks += rank
            self.ranked += 1


@dataclass
class _Shared:
    """Sums over the weights that two stages changed in a module."""

    inner: float = 0.0
    squares: list[float] = field(default_factory=lambda: [0.0, 0.0])
    shared: int = 0
    chosen: int = 0
    expected: float = 0.0
    variance: float = 0.0

    def add(self, other: _Shared) -> None:
        self.inner += other.inner
        self.squares = [one + two for one, two in zip(self.squares, other.squares, strict=True)]
        self.shared += other.shared
        self.chosen += other.chosen
        self.expected += other.expected
        self.variance += other.variance


def measure_edits(
    stages: Sequence[StageFiles],
    share: float,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    ranks: bool = False,
) -> tuple[tuple[StageEdits, ...], tuple[StagePair, ...]]:
    """Return the change of each stage, and the agreement of each pair of stages.

    The checkpoints are read once, and memory holds a few rows of each. An adapter's product is never formed, unless
    its stage is compared with one of full weights.

    Args:
        stages: Stages of one model.
        share: Share of a weight's rows that count as most changed.
        on_progress: Callback for the numbers of measured and of all weights.
        ranks: Whether to measure effective ranks of full weights too, which takes far longer than reading them.

    Raises:
        ConfigError: The stages are of different architectures, or their weights are quantised.
    """
    with ExitStack() as stack:
        changes = [stack.enter_context(StageChange(stage.end, stage.parent)) for stage in stages]
        for stage, change in zip(stages[1:], changes[1:], strict=True):
            require_same_shapes(change.shapes, changes[0].shapes, stage.title, stages[0].title)
        sizes: list[dict[Module, _Size]] = [defaultdict(_Size) for _ in stages]
        shared: dict[Pair, dict[Module, _Shared]] = {
            pair: defaultdict(_Shared) for pair in combinations(range(len(stages)), 2)
        }
        for done, name in enumerate(changes[0].shapes, 1):
            module = module_of(name)
            found = [change.get(name) for change in changes]
            _add_weight(found, share, module, sizes, shared)
            for each, size in zip(found, sizes, strict=True):
                if isinstance(each, Factors) or (ranks and each is not None and each.parent.dim() == MATRIX):
                    size[module].add_rank(each)
            on_progress(done, len(changes[0].shapes))
        edits = tuple(_edits(stage, change, size) for stage, change, size in zip(stages, changes, sizes, strict=True))
    norms = [each.total.norm for each in edits]
    pairs = tuple(
        _pair((stages[one], stages[two]), share, found, norms[one] * norms[two]) for (one, two), found in shared.items()
    )
    return edits, pairs


def _add_weight(
    changes: Sequence[Change | None],
    share: float,
    module: Module,
    sizes: Sequence[dict[Module, _Size]],
    shared: Mapping[Pair, dict[Module, _Shared]],
) -> None:
    """Add the figures of one weight to those of its module."""
    inner = {
        (one, two): first.inner(second)
        for one, two in shared
        if isinstance(first := changes[one], Factors) and isinstance(second := changes[two], Factors)
    }
    differences = {number: each for number, each in enumerate(changes) if isinstance(each, Difference)}
    mixed = {pair for pair in shared if pair not in inner and all(changes[number] is not None for number in pair)}
    formed = {number: each for pair in mixed for number in pair if isinstance(each := changes[number], Factors)}
    measured = {number: _of_factors(each) for number, each in enumerate(changes) if isinstance(each, Factors)}
    measured |= _of_differences(differences, formed, mixed, inner)
    for number, (size, _) in measured.items():
        sizes[number][module].add(size)
    tops = {number: top_rows(lengths, share) for number, (_, lengths) in measured.items()}
    for pair, product in inner.items():
        one, two = pair
        figures = _Shared(product, [measured[number][0].square for number in pair])
        figures.shared = int(torch.isin(tops[one], tops[two]).sum())
        figures.chosen = len(tops[one]) + len(tops[two])
        figures.expected, figures.variance = chance(len(tops[one]), len(tops[two]), len(measured[one][1]))
        shared[pair][module].add(figures)


def _of_factors(change: Factors) -> tuple[_Size, Tensor]:
    """Return the sums of a product's entries, and the lengths of its rows."""
    lengths = change.row_lengths()
    entries = change.parent.numel()
    return _Size(entries, entries, float(lengths.square().sum()), _square(change.parent.float())), lengths


def _of_differences(
    differences: Mapping[int, Difference],
    formed: Mapping[int, Factors],
    pairs: Collection[Pair],
    inner: dict[Pair, float],
) -> dict[int, tuple[_Size, Tensor]]:
    """Return the sums of each difference's entries and the lengths of its rows, in one pass over the weight.

    Args:
        differences: Differences of one weight, by the number of their stage.
        formed: Products whose rows are compared with them.
        pairs: Pairs of stages whose inner product is added to `inner`.
        inner: Inner products, by pair.
    """
    sizes = {number: _Size() for number in differences}
    lengths: dict[int, list[Tensor]] = {number: [] for number in differences}
    shape = next((as_rows(each.parent).shape for each in differences.values()), torch.Size((0, 1)))
    step = max(1, CHUNK // max(1, shape[1]))
    changes: dict[int, Change] = {**differences, **formed}
    for start in range(0, shape[0], step):
        parts = {number: each.part(start, start + step) for number, each in changes.items()}
        for number, each in differences.items():
            part, before = parts[number], as_rows(each.parent)[start : start + step]
            lengths[number].append(torch.linalg.vector_norm(part, dim=1))
            sizes[number].add(_Size(part.numel(), _nonzero(part), 0.0, _square(before.float())))
        for one, two in pairs:
            inner[one, two] = inner.get((one, two), 0.0) + float((parts[one] * parts[two]).sum())
    found = {number: torch.cat(parts_of) for number, parts_of in lengths.items()}
    for number, rows in found.items():
        sizes[number].square = float(rows.double().square().sum())
    return {number: (sizes[number], rows) for number, rows in found.items()}


def _nonzero(part: Tensor) -> int:
    """Return the number of entries of a float32 difference that are not 0. Integers are counted faster than floats."""
    return int(part.view(torch.int32).count_nonzero())


def _square(part: Tensor) -> float:
    return float(torch.linalg.vector_norm(part)) ** 2


def top_rows(lengths: Tensor, share: float) -> Tensor:
    """Return the indices of the longest rows: `share` of them, at least one, and no row that is 0."""
    count = min(max(1, round(share * len(lengths))), int(lengths.count_nonzero()))
    return lengths.topk(count).indices


def effective_rank(squares: Tensor) -> float | None:
    """Return the exponential of the entropy of squared singular values as shares of their sum; None if all are 0.

    It is n for n equal singular values, and near 1 if one dominates.

    Source: Roy and Vetterli 2007, with squares instead of the values.
    """
    total = squares.sum()
    if not float(total) > 0:
        return None
    return float(torch.special.entr(squares / total).sum().exp())


def chance(first: int, second: int, rows: int) -> tuple[float, float]:
    """Return mean and variance of the number of common rows of two random sets (the hypergeometric distribution).

    Args:
        first: Size of one set.
        second: Size of the other.
        rows: Number of rows that both are drawn from.
    """
    mean = first * second / rows
    if rows < 2:
        return mean, 0.0
    return mean, mean * (rows - first) * (rows - second) / (rows * (rows - 1))


def _edits(stage: StageFiles, change: StageChange, sizes: Mapping[Module, _Size]) -> StageEdits:
    total = _Size()
    for size in sizes.values():
        total.add(size)
    full = change.format == "full"
    modules = sorted(sizes, key=lambda module: module.position)
    return StageEdits(
        stage=stage.title,
        parent=stage.parent_title,
        format=change.format,
        dtype=change.dtype,
        total=_edit(None, total, full=full),
        modules=tuple(_edit(module, sizes[module], full=full) for module in modules),
    )


def _edit(module: Module | None, size: _Size, *, full: bool) -> ModuleEdit:
    return ModuleEdit(
        module,
        size.entries,
        math.sqrt(size.square),
        math.sqrt(size.square / size.parent_square) if size.parent_square > 0 else None,
        size.changed / size.entries if full and size.entries else None,
        size.ranks / size.ranked if size.ranked else None,
    )


def _pair(
    stages: tuple[StageFiles, StageFiles], share: float, found: Mapping[Module, _Shared], lengths: float
) -> StagePair:
    total = _Shared()
    for figures in found.values():
        total.add(figures)
    return StagePair(
        stages[0].title,
        stages[1].title,
        share,
        _overlap(None, total, lengths),
        tuple(
            _overlap(module, found[module], math.sqrt(math.prod(found[module].squares)))
            for module in sorted(found, key=lambda module: module.position)
        ),
    )


def _overlap(module: Module | None, figures: _Shared, lengths: float) -> Overlap:
    """Return the agreement of two changes.

    Args:
        lengths: Product of their Euclidean lengths.
    """
    return Overlap(
        module,
        figures.inner / lengths if lengths > 0 else None,
        figures.shared,
        _jaccard(figures.shared, figures.chosen),
        _jaccard(figures.expected, figures.chosen),
        (figures.shared - figures.expected) / math.sqrt(figures.variance) if figures.variance > 0 else None,
    )


def _jaccard(shared: float, chosen: int) -> float | None:
    return shared / (chosen - shared) if chosen > shared else None
