"""A stage's change of each weight: from two files, from an adapter's factors, or from merged models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.support.edited_checkpoints import add_noise, formed, save_base, save_continued, save_edited
from tests.support.edited_checkpoints import save_random_adapter as save_adapter
from xdomain.config.model import LoraConfig
from xdomain.core.errors import ConfigError
from xdomain.core.files import read_json, write_json
from xdomain.diagnosis.edits import measure_edits
from xdomain.diagnosis.inputs import StageFiles
from xdomain.diagnosis.weights import Factors, StageChange, adapter_factors, require_same_shapes


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("base") / "base")


def read(end: Path, parent: Path) -> dict[str, torch.Tensor]:
    """Return every changed weight as `StageChange` gives it, in rows."""
    found = {}
    with StageChange(end, parent) as changes:
        for name in changes.shapes:
            if (change := changes.get(name)) is not None:
                found[name] = change.part(0, 10**9)
    return {name: change for name, change in found.items() if bool(change.any())}


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, change in expected.items():
        rows = change.reshape(found[name].shape)
        assert torch.allclose(found[name].double(), rows, rtol=1e-4, atol=1e-6 * float(rows.abs().max())), name


def test_full_weights(base: Path, tmp_path: Path) -> None:
    end = save_edited(base, tmp_path / "end", add_noise(0))
    assert_same(read(end, base), formed(end, base))


@pytest.mark.parametrize("settings", [{"r": 4}, {"r": 2, "alpha": 7}, {"target_modules": ["q_proj", "down_proj"]}])
def test_an_adapter_on_its_parent(base: Path, tmp_path: Path, settings: dict) -> None:
    end = save_adapter(base, tmp_path / "end", LoraConfig(**settings), seed=0)
    with StageChange(end, base) as changes:
        assert {type(changes.get(name)) for name in changes.shapes} == {Factors, type(None)}
    assert_same(read(end, base), formed(end, base))


def test_an_adapter_that_was_trained_on(base: Path, tmp_path: Path) -> None:
    first = save_adapter(base, tmp_path / "first", LoraConfig(r=4), seed=0)
    second = save_continued(first, base, tmp_path / "second", 1.5)
    assert_same(read(second, first), formed(second, first))


def test_an_adapter_that_did_not_change_has_no_change(base: Path, tmp_path: Path) -> None:
    first = save_adapter(base, tmp_path / "first", LoraConfig(r=4), seed=0)
    second = save_continued(first, base, tmp_path / "second", 1.0)
    ((edits,), _) = measure_edits([StageFiles("second", "first", second, first)], 0.05)
    assert (edits.total.norm, edits.total.effective_rank) == (0.0, None)


def test_an_adapter_of_another_rank_on_the_same_foundation(base: Path, tmp_path: Path) -> None:
    first = save_adapter(base, tmp_path / "first", LoraConfig(r=4, target_modules=["q_proj", "v_proj"]), seed=0)
    second = save_adapter(base, tmp_path / "second", LoraConfig(r=6, target_modules=["v_proj", "o_proj"]), seed=1)
    assert_same(read(second, first), formed(second, first))


def test_an_adapter_on_an_adapter_is_all_of_the_change(base: Path, tmp_path: Path) -> None:
    first = save_adapter(base, tmp_path / "first", LoraConfig(r=4), seed=0)
    second = save_adapter(first, tmp_path / "second", LoraConfig(r=2), seed=1)
    factors = adapter_factors(second)
    assert factors is not None
    assert_same(read(second, first), {name: left @ right for name, (left, right) in factors.items()})


def test_an_adapter_without_a_formula_is_read_as_whole_models(base: Path, tmp_path: Path) -> None:
    end = save_adapter(base, tmp_path / "end", LoraConfig(r=4), seed=0)
    config = end / "adapter_config.json"
    write_json(config, read_json(config) | {"alpha_pattern": {"q_proj": 32}})
    assert adapter_factors(end) is None
    assert_same(read(end, base), formed(end, base))


def test_formulas_of_factors_are_those_of_the_matrix() -> None:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    one = Factors(random(30, 4), random(4, 20), torch.empty(0))
    two = Factors(random(30, 7), random(7, 20), torch.empty(0))
    first, second = one.left @ one.right, two.left @ two.right
    assert torch.allclose(one.row_lengths(), first.norm(dim=1))
    assert one.inner(two) == pytest.approx(float((first * second).sum()))
    assert torch.allclose(one.squared_singular_values(), torch.linalg.svdvals(first).square()[:4])


def test_embeddings_and_turned_layers_are_transposed(base: Path, tmp_path: Path) -> None:
    end = save_adapter(base, tmp_path / "end", LoraConfig(r=4, target_modules=["q_proj"]), seed=0)
    config = end / "adapter_config.json"
    straight = adapter_factors(end)
    write_json(config, read_json(config) | {"fan_in_fan_out": True})
    turned = adapter_factors(end)
    assert straight is not None
    assert turned is not None
    for name, (left, right) in straight.items():
        assert torch.allclose(turned[name][0] @ turned[name][1], (left @ right).T)


def test_quantised_weights_are_refused(base: Path, tmp_path: Path) -> None:
    end = save_edited(base, tmp_path / "end", add_noise(0))
    weights = load_file(end / "model.safetensors")
    save_file(weights | {"model.norm.weight": torch.ones(128, dtype=torch.int8)}, end / "model.safetensors")
    with pytest.raises(ConfigError, match=r"quantised weights \(model.norm.weight is stored as int8\)"):
        StageChange(end, base)
    config = end / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"quantization_config": {"bits": 4}}))
    with pytest.raises(ConfigError, match="quantization_config"):
        StageChange(end, base)


def test_other_shapes_and_other_names_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"another architecture .* weight b is \[2\], and the other is \[3\]"):
        require_same_shapes({"a": (1,), "b": (2,)}, {"a": (1,), "b": (3,)}, "one", "two")
    with pytest.raises(ConfigError, match=r"weight c is missing, and the other is \[3\]"):
        require_same_shapes({}, {"c": (3,)}, "one", "two")
