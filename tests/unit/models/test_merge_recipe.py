"""The arithmetic of merges against peft, against the papers' formulas by hand, and on degenerate tensors."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from peft.utils import merge_utils
from torch import Tensor

from xdomain.config.phases import MergeMethod
from xdomain.models.merge_recipe import MergeRecipe
from xdomain.models.tensor_files import CHUNK

SPARSE = [method for method in MergeMethod if method.is_sparse]
SIZE = 2 * CHUNK + 12_345


def merged(recipe: MergeRecipe, *vectors: Tensor) -> Tensor:
    """Merge flat task vectors of one tensor, as a merge of checkpoints does."""
    prunings = recipe.prunings(vectors[0].numel())
    for pruning, vector in zip(prunings, vectors, strict=True):
        pruning.begin(vector.numel(), vector.split(CHUNK))
    found = [
        recipe.combined([pruning.prune(chunk) for pruning, chunk in zip(prunings, chunks, strict=True)])
        for chunks in zip(*(vector.split(CHUNK) for vector in vectors), strict=True)
    ]
    return torch.cat(found)


def random_vectors(count: int, size: int = SIZE) -> list[Tensor]:
    return [torch.randn(size, generator=torch.Generator().manual_seed(seed)) for seed in range(count)]


@pytest.mark.parametrize("method", [MergeMethod.LINEAR, MergeMethod.TIES])
def test_merges_equal_those_of_peft(method: MergeMethod) -> None:
    vectors, weights = random_vectors(3), (0.5, 1.0, 2.0)
    if method is MergeMethod.TIES:
        expected = merge_utils.ties(vectors, torch.tensor(weights), 0.2)
    else:
        expected = merge_utils.task_arithmetic(vectors, torch.tensor(weights))
    found = merged(MergeRecipe(weights, method, 0.2 if method.is_sparse else None), *vectors)
    torch.testing.assert_close(found, expected)


def test_ties_of_disjoint_edits_is_their_union() -> None:
    first, second = torch.zeros(100), torch.zeros(100)
    first[:10], second[50:60] = torch.linspace(-2, 3, 10), torch.linspace(4, -1, 10)
    assert torch.equal(merged(MergeRecipe((1.0, 1.0), MergeMethod.TIES, 0.2), first, second), first + second)


def test_ties_trims_elects_and_averages() -> None:
    """Yadav et al. 2023, section 4, entry by entry."""
    vectors, weights = random_vectors(3, 77), (0.5, 1.0, 2.0)
    kept: list[Sequence[float]] = []
    for vector in vectors:
        smallest = sorted(map(abs, vector.tolist()), reverse=True)[int(0.4 * 77) - 1]
        kept.append([value if abs(value) >= smallest else 0.0 for value in vector.tolist()])
    expected = []
    for entries in zip(*kept, strict=True):
        sign = 1 if sum(entries) >= 0 else -1
        agreeing = [weight * value for weight, value in zip(weights, entries, strict=True) if value * sign > 0]
        expected.append(sum(agreeing) / max(1, len(agreeing)))
    torch.testing.assert_close(merged(MergeRecipe(weights, MergeMethod.TIES, 0.4), *vectors), torch.tensor(expected))


@pytest.mark.parametrize("share_of_ones", [0.0, 0.1, 0.5, 1.0])
def test_of_equal_magnitudes_ties_keeps_the_first(share_of_ones: float) -> None:
    """bfloat16 checkpoints have many equal differences."""
    vector = torch.full((SIZE,), 0.5)
    vector[::2] = -0.5
    ones = int(share_of_ones * SIZE)
    vector[SIZE - ones :] = 1.0
    found = merged(MergeRecipe((1.0,), MergeMethod.TIES, 0.2), vector)
    count = int(0.2 * SIZE)
    kept = torch.nonzero(found).flatten()
    assert len(kept) == count
    if ones >= count:
        assert kept.tolist() == list(range(SIZE - ones, SIZE - ones + count))
    else:
        assert kept.tolist() == [*range(count - ones), *range(SIZE - ones, SIZE)]
    assert torch.equal(found[kept], vector[kept])


def test_ties_of_a_tensor_without_changes_or_with_few_entries_is_zero() -> None:
    recipe = MergeRecipe((1.0, 1.0), MergeMethod.TIES, 0.2)
    assert not merged(recipe, torch.zeros(SIZE), torch.zeros(SIZE)).any()
    assert not merged(recipe, torch.ones(4), torch.ones(4)).any(), "0.2 of 4 entries is less than one, as in peft"


def test_dare_is_unbiased_over_seeds() -> None:
    vectors = [torch.linspace(-1, 2, 50), torch.linspace(3, 1, 50)]
    draws = [merged(MergeRecipe((0.5, 2.0), MergeMethod.DARE_LINEAR, 0.3, seed), *vectors) for seed in range(2000)]
    found = torch.stack(draws).double()
    expected = 0.5 * vectors[0].double() + 2.0 * vectors[1].double()
    error = found.std(dim=0) / len(draws) ** 0.5
    assert bool(((found.mean(dim=0) - expected).abs() <= 4.5 * error + 1e-6).all())


@pytest.mark.parametrize("density", [1e-6, 0.2, 0.999999])
def test_dare_keeps_its_share_of_entries_of_each_vector_and_divides_them_by_it(density: float) -> None:
    first, second = torch.ones(SIZE), torch.full((SIZE,), 1000.0)
    found = merged(MergeRecipe((1.0, 1.0), MergeMethod.DARE_LINEAR, density, 7), first, second).double()
    share = min(max(1, round(density * 2**16)), 2**16 - 1) / 2**16
    other = found > 500 / share
    mine = found - other * 1000 / share > 0.5 / share
    for kept in (mine, other):
        assert abs(int(kept.sum()) - share * SIZE) <= 5 * (share * SIZE) ** 0.5 + 5
    torch.testing.assert_close(found, mine.double() / share + other.double() * 1000 / share, rtol=1e-6, atol=0)
    assert abs(int((mine & other).sum()) / SIZE - share**2) <= 0.01, "each vector has its own draws"


def test_a_density_of_1_prunes_nothing() -> None:
    (vector,) = random_vectors(1)
    for method in SPARSE:
        assert torch.equal(merged(MergeRecipe((1.0,), method, 1.0), vector), vector)
