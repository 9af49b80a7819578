"""Merges of checkpoints against arithmetic by hand."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.support.allocated import allocated
from xdomain.config.model import LoraConfig
from xdomain.config.phases import MergeMethod
from xdomain.core.errors import StageError
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_plain, load_tokenizer, read_info, save_adapter, save_full
from xdomain.models.merge_recipe import MergeRecipe
from xdomain.models.merging import merge_checkpoints
from xdomain.models.tensor_files import TensorFiles
from xdomain.models.tiny import tiny_qwen3

EMBEDDING = "model.embed_tokens.weight"
SPARSE = [method for method in MergeMethod if method.is_sparse]


class Bench:
    """A base model and checkpoints that were made from it."""

    def __init__(self, root: Path, dtype: torch.dtype = torch.float32) -> None:
        self.root = root
        self.model, self.tokenizer = tiny_qwen3()
        self.model.to(dtype)
        self.base = self.save(self.model, "base")

    def save(self, model: Any, name: str) -> Path:
        save_full(model, self.tokenizer, self.root / name, chat_template=True)
        return self.root / name

    def moved(self, name: str, seed: int, size: float = 0.02) -> Path:
        """A checkpoint whose weights all differ from the base model's."""
        model, generator = copy.deepcopy(self.model), torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(size * torch.randn(weight.shape, generator=generator).to(weight.dtype))
        return self.save(model, name)

    def adapter(self, name: str, below: Path, rank: int, seed: int) -> Path:
        torch.manual_seed(seed)
        settings = LoraConfig(r=rank, alpha=3 * rank, target_modules=["q_proj", "up_proj"])
        save_adapter(new_adapter(load_plain(below), settings, random=True), self.root / name, below)
        return self.root / name

    def merge(self, recipe: MergeRecipe, *inputs: Path) -> Any:
        """The merged model as a user would load it."""
        folders = {folder.name: folder for folder in inputs}
        self.sizes = merge_checkpoints(self.base, folders, recipe, self.root / "merge")
        return load_plain(self.root / "merge")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def weights(folder: Path) -> dict[str, Tensor]:
    """All weights of a checkpoint as a model has them, adapters merged, in double precision."""
    return {name: value.double() for name, value in load_plain(folder).state_dict().items()}


def length(tensors: list[Tensor]) -> float:
    return float(torch.cat([each.flatten() for each in tensors]).norm())


def test_a_linear_merge_is_the_base_and_the_weighted_sum_of_differences(bench: Bench) -> None:
    first, second = bench.moved("a", 1), bench.moved("b", 2)
    merged = bench.merge(MergeRecipe((0.7, -0.4)), first, second)
    base, one, other = (weights(folder) for folder in (bench.base, first, second))
    found = {name: value.double() for name, value in merged.state_dict().items()}
    for name, value in base.items():
        expected = value + 0.7 * (one[name] - value) - 0.4 * (other[name] - value)
        torch.testing.assert_close(found[name], expected, rtol=1e-6, atol=1e-7)
    assert merged.lm_head.weight is merged.model.embed_tokens.weight, "tied embeddings stay tied"
    assert "lm_head.weight" not in TensorFiles(bench.root / "merge").tensors
    stored = TensorFiles(bench.base).tensors
    assert bench.sizes is not None
    summary = bench.sizes.summary()
    assert summary["displacement"] == pytest.approx(length([found[name] - base[name] for name in stored]), rel=1e-5)
    assert summary["task_vectors"][0] == pytest.approx(length([one[name] - base[name] for name in stored]), rel=1e-5)
    assert summary["lost_share"] == 0.0


def test_a_merge_is_a_checkpoint_like_its_base(bench: Bench) -> None:
    bench.merge(MergeRecipe((1.0,)), bench.moved("a", 1))
    names = {path.name for path in bench.base.iterdir()}
    assert {path.name for path in (bench.root / "merge").iterdir()} == names
    assert read_info(bench.root / "merge") == read_info(bench.base)
    assert load_tokenizer(bench.root / "merge").get_vocab() == bench.tokenizer.get_vocab()
    modes = {path.stat().st_mode for path in (*bench.base.iterdir(), *(bench.root / "merge").iterdir())}
    assert len(modes) == 1


def test_one_checkpoint_with_weight_1_is_itself_to_rounding(bench: Bench) -> None:
    first = bench.moved("a", 1)
    found = bench.merge(MergeRecipe((1.0,)), first).state_dict()
    for name, value in weights(first).items():
        torch.testing.assert_close(found[name].double(), value, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("method", [MergeMethod.LINEAR, MergeMethod.TIES])
def test_half_of_a_vector_and_half_of_the_same_is_that_vector(bench: Bench, method: MergeMethod) -> None:
    first = bench.moved("a", 1)
    density = None if method is MergeMethod.LINEAR else 1.0
    halves = (0.5, 0.5) if method is MergeMethod.LINEAR else (1.0, 1.0)  # ties averages those that agree
    found = bench.merge(MergeRecipe(halves, method, density), first, bench.save(load_plain(first), "same"))
    for name, value in weights(first).items():
        torch.testing.assert_close(found.state_dict()[name].double(), value, rtol=1e-6, atol=1e-7)


def test_adapters_of_different_ranks_and_chains_merge_by_their_products(bench: Bench) -> None:
    one = bench.adapter("one", bench.base, 2, 1)
    two = bench.adapter("two", bench.adapter("below", bench.base, 3, 2), 5, 3)
    found = bench.merge(MergeRecipe((0.5, 2.0)), one, two).state_dict()
    base, first, second = (weights(folder) for folder in (bench.base, one, two))
    changed = 0
    for name, value in base.items():
        change = 0.5 * (first[name] - value) + 2.0 * (second[name] - value)
        changed += int(bool(change.abs().max() > 0))
        torch.testing.assert_close(found[name].double(), value + change, rtol=1e-6, atol=1e-6)
    assert changed == 6  # two layers of each of three blocks
    assert read_info(bench.root / "merge").format == "full"


def test_an_adapter_on_a_merge_can_be_merged_again(bench: Bench) -> None:
    bench.merge(MergeRecipe((1.0,)), bench.moved("a", 1))
    (bench.root / "merge").rename(bench.root / "earlier")
    on_it = bench.adapter("on_it", bench.root / "earlier", 2, 4)
    found = bench.merge(MergeRecipe((0.5,)), on_it).state_dict()
    base, own = weights(bench.base), weights(on_it)
    for name, value in base.items():
        torch.testing.assert_close(found[name].double(), value + 0.5 * (own[name] - value), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", SPARSE)
def test_the_seed_decides_what_is_dropped(bench: Bench, method: MergeMethod) -> None:
    inputs = [bench.moved("a", 1), bench.moved("b", 2)]

    def merged(seed: int) -> Tensor:
        found: Tensor = bench.merge(MergeRecipe((1.0, 1.0), method, 0.5, seed), *inputs).state_dict()[EMBEDDING]
        return found

    one = merged(1)
    assert torch.equal(one, merged(1))
    assert torch.equal(one, merged(2)) == (method is MergeMethod.TIES)


def test_bfloat16_is_kept_and_what_rounding_lost_is_known(tmp_path: Path) -> None:
    bench = Bench(tmp_path, torch.bfloat16)
    first, second = bench.moved("a", 1, 0.001), bench.moved("b", 2, 0.001)
    merged = bench.merge(MergeRecipe((0.3, 0.3)), first, second)
    assert merged.dtype == torch.bfloat16
    base, one, other = (weights(folder) for folder in (bench.base, first, second))
    stored = TensorFiles(bench.base).tensors
    change = {name: 0.3 * (one[name] - base[name]) + 0.3 * (other[name] - base[name]) for name in stored}
    left = [merged.state_dict()[name].double() - base[name] - change[name] for name in stored]
    assert bench.sizes is not None
    lost = bench.sizes.summary()["lost_share"]
    assert lost == pytest.approx(length(left) / length([*change.values()]), rel=1e-4)
    assert lost > 0.05, "changes of 0.001 are near bfloat16's spacing"


@pytest.mark.parametrize("method", MergeMethod)
def test_few_copies_of_a_tensor_are_in_memory(tmp_path: Path, method: MergeMethod) -> None:
    bench = Bench(tmp_path)
    bench.model.resize_token_embeddings(40_000)
    bench.base = bench.save(bench.model, "base")
    inputs = [bench.moved("a", 1), bench.moved("b", 2)]
    folders, recipe = {folder.name: folder for folder in inputs}, MergeRecipe((1.0, 1.0), method, 0.2)
    target = tmp_path / "merge"

    def merge() -> None:
        assert merge_checkpoints(bench.base, folders, recipe, target) is not None

    # The profiler counts a mapped file as allocated. Its pages are in memory only while they are read.
    mapped = sum((folder / "model.safetensors").stat().st_size for folder in (bench.base, *inputs))
    most, largest = allocated(merge) - mapped, 40_000 * 128 * 4
    assert 0 < most <= (1.2 if method is MergeMethod.TIES else 0.2) * largest


def test_a_base_of_several_files_gives_a_merge_of_several(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.model.save_pretrained(bench.base, max_shard_size="900KB")
    (bench.base / "model.safetensors").unlink(missing_ok=True)
    first = bench.moved("a", 1)
    found = bench.merge(MergeRecipe((1.0,)), first).state_dict()
    files = sorted(path.name for path in (tmp_path / "merge").glob("*.safetensors*"))
    assert len(files) == 4
    for name, value in weights(first).items():
        torch.testing.assert_close(found[name].double(), value, rtol=1e-6, atol=1e-7)


def test_another_architecture_is_refused_with_the_weight(bench: Bench) -> None:
    model = copy.deepcopy(bench.model)
    model.model.layers[1].mlp.up_proj.weight = torch.nn.Parameter(torch.zeros(3, 128))
    wide = bench.save(model, "wide")
    words = r'"wide" cannot be merged: its weight model.layers.1.mlp.up_proj.weight is \(3, 128\).*\(256, 128\)'
    with pytest.raises(StageError, match=words):
        bench.merge(MergeRecipe((1.0, 1.0)), bench.moved("a", 1), wide)
    del model.model.layers[1]
    short = bench.save(model, "short")
    with pytest.raises(StageError, match=r"model.layers.2.* is missing, and the base model's is"):
        bench.merge(MergeRecipe((1.0,)), short)


def test_another_tokenizer_is_refused(bench: Bench) -> None:
    other = bench.moved("a", 1)
    tokenizer = copy.deepcopy(bench.tokenizer)
    tokenizer.add_tokens(["new"])
    tokenizer.save_pretrained(other)
    with pytest.raises(StageError, match='"a" cannot be merged: its tokenizer differs'):
        bench.merge(MergeRecipe((1.0,)), other)


def test_weights_that_are_not_finite_are_refused(bench: Bench) -> None:
    with pytest.raises(StageError, match=r"merged weight .* is not finite"):
        bench.merge(MergeRecipe((1e38,)), bench.moved("a", 1, size=1e3))


def test_a_merge_stops_on_request(bench: Bench) -> None:
    asked = []

    def proceed(done: int, total: int) -> bool:
        asked.append((done, total))
        return done < 3

    target = bench.root / "merge"
    assert merge_checkpoints(bench.base, {"a": bench.moved("a", 1)}, MergeRecipe((1.0,)), target, proceed) is None
    assert asked[-1] == (3, len(TensorFiles(bench.base).tensors))
    assert not (target / "checkpoint.json").exists()
