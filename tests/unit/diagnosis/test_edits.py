"""Edits per module against brute force, and their overlap against chance."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.support.allocated import allocated
from tests.support.edited_checkpoints import add_noise, formed, save_base, save_edited, save_random_adapter
from xdomain.config.model import LoraConfig
from xdomain.core.errors import ConfigError
from xdomain.diagnosis import edits as module
from xdomain.diagnosis.edits import StageFiles, chance, effective_rank, measure_edits, top_rows
from xdomain.diagnosis.modules import module_of
from xdomain.diagnosis.result import StageEdits, StagePair
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.tiny import tiny_qwen3

SHARE = 0.1
NAMES = ("noise", "more noise", "adapter", "smaller adapter", "half")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A base model with full and adapter checkpoints on it. "half" changes every second row of each matrix."""
    root = tmp_path_factory.mktemp("edits")
    base = save_base(root / "base")

    def half(model) -> None:
        for parameter in model.parameters():
            rows = parameter[::2]
            rows += torch.linspace(0.01, 0.02, len(rows)).reshape(-1, *[1] * (rows.dim() - 1))

    adapters = {"adapter": LoraConfig(r=8), "smaller adapter": LoraConfig(r=3, target_modules=["q_proj", "up_proj"])}
    return {
        "base": base,
        "noise": save_edited(base, root / "noise", add_noise(0)),
        "more noise": save_edited(base, root / "more", add_noise(1)),
        "half": save_edited(base, root / "half", half),
        **{
            name: save_random_adapter(base, root / name, lora, seed)
            for seed, (name, lora) in enumerate(adapters.items())
        },
    }


@pytest.fixture(scope="module")
def measured(folders: dict[str, Path]) -> tuple[dict[str, StageEdits], dict[tuple[str, str], StagePair]]:
    stages = [StageFiles(name, "base", folders[name], folders["base"]) for name in NAMES]
    edits, pairs = measure_edits(stages, SHARE, ranks=True)
    return {each.stage: each for each in edits}, {(each.first, each.second): each for each in pairs}


@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_those_of_the_formed_change(measured, folders: dict[str, Path], name: str) -> None:
    own, changes = measured[0][name], formed(folders[name], folders["base"])
    parent = {name: weight.detach().double() for name, weight in load_plain(folders["base"]).named_parameters()}
    by_module: dict = {}
    for weight in parent if own.format == "full" else changes:
        by_module.setdefault(module_of(weight), []).append(weight)
    assert {each.module for each in own.modules} == by_module.keys()
    for each in [*own.modules, own.total]:
        names = by_module[each.module] if each.module else [name for own in by_module.values() for name in own]
        squares = sum(float(changes[name].square().sum()) for name in names if name in changes)
        below = sum(float(parent[name].square().sum()) for name in names)
        entries = sum(parent[name].numel() for name in names)
        assert each.entries == entries
        assert each.norm == pytest.approx(math.sqrt(squares), rel=1e-4, abs=1e-9)
        assert each.relative == pytest.approx(math.sqrt(squares / below), rel=1e-4, abs=1e-9)
        if own.format == "full":
            moved = sum(int(changes[name].count_nonzero()) for name in names if name in changes)
            assert each.changed == pytest.approx(moved / entries, abs=1e-4)
        else:
            assert each.changed is None
        ranks = [rank_of(changes[name]) for name in names if name in changes and changes[name].dim() == 2]
        assert each.effective_rank == (pytest.approx(sum(ranks) / len(ranks), rel=1e-3) if ranks else None)


def rank_of(change: torch.Tensor) -> float:
    """Return the effective rank from the singular values of the formed matrix."""
    shares = [float(value) ** 2 for value in torch.linalg.svdvals(change)]
    total = sum(shares)
    return math.exp(-sum(share / total * math.log(share / total) for share in shares if share > 1e-12 * total))


def test_full_weights_are_ranked_on_request_only(folders: dict[str, Path]) -> None:
    stages = [StageFiles(name, "base", folders[name], folders["base"]) for name in ("noise", "adapter")]
    full, adapter = measure_edits(stages, SHARE)[0]
    assert full.total.effective_rank is None
    assert adapter.total.effective_rank is not None
    assert 1 < adapter.total.effective_rank <= 8


@pytest.mark.parametrize(("values", "rank"), [([1, 1, 1], 3.0), ([5, 0, 0], 1.0), ([0, 0], None), ([9, 1], 1.384)])
def test_effective_ranks_by_hand(values: list[int], rank: float | None) -> None:
    found = effective_rank(torch.tensor(values, dtype=torch.float64))
    assert found == (None if rank is None else pytest.approx(rank, abs=1e-3))


@pytest.mark.parametrize("one", NAMES)
@pytest.mark.parametrize("two", NAMES)
def test_overlaps_are_those_of_the_formed_changes(measured, folders: dict[str, Path], one: str, two: str) -> None:
    if (one, two) not in measured[1]:
        return
    pair, (first, second) = measured[1][one, two], (formed(folders[name], folders["base"]) for name in (one, two))
    common = first.keys() & second.keys()
    for each in [*pair.modules, pair.total]:
        names = [name for name in common if each.module in (None, module_of(name))]
        inner = sum(float((first[name] * second[name]).sum()) for name in names)
        sizes = [
            sum(
                float(change.square().sum()) for name, change in changes.items() if each.module is None or name in names
            )
            for changes in (first, second)
        ]
        if each.module is not None or names:
            assert each.cosine == pytest.approx(inner / math.sqrt(math.prod(sizes)), abs=1e-4)
        shared = union = 0
        for name in names:
            tops = [set(longest(changes[name])) for changes in (first, second)]
            shared += len(tops[0] & tops[1])
            union += len(tops[0] | tops[1])
        assert each.shared_rows == shared
        assert each.jaccard == (pytest.approx(shared / union) if union else None)


def longest(change: torch.Tensor) -> list[int]:
    """Return the rows with the largest norms: an independent way, by sorting."""
    rows = change.reshape(len(change), -1).norm(dim=1)
    return sorted(range(len(rows)), key=lambda row: -float(rows[row]))[: max(1, round(SHARE * len(rows)))]


def test_random_changes_overlap_as_chance_has_it(measured) -> None:
    pair = measured[1]["noise", "more noise"]
    assert abs(pair.total.deviations) < 3
    assert abs(pair.total.cosine) < 0.01
    assert pair.total.jaccard == pytest.approx(pair.total.jaccard_by_chance, abs=0.03)
    assert sum(abs(each.deviations) > 3 for each in pair.modules) == 0


def test_chance_is_the_hypergeometric_distribution() -> None:
    draws = torch.stack([torch.randperm(40, generator=torch.Generator().manual_seed(seed))[:9] for seed in range(4000)])
    shared = (draws < 12).sum(dim=1).double()
    mean, variance = chance(9, 12, 40)
    assert mean == pytest.approx(float(shared.mean()), abs=0.08)
    assert variance == pytest.approx(float(shared.var()), rel=0.1)
    assert chance(1, 1, 1) == (1.0, 0.0)


def test_rows_that_did_not_change_are_never_among_the_top() -> None:
    assert sorted(top_rows(torch.tensor([0.0, 3.0, 0.0, 1.0]), 0.9).tolist()) == [1, 3]
    assert top_rows(torch.zeros(3), 0.5).tolist() == []


def test_small_steps_in_bfloat16_leave_entries_unchanged(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3()
    base = tmp_path / "base"
    save_full(model.bfloat16(), tokenizer, base, chat_template=False)
    end = save_edited(base, tmp_path / "end", add_noise(0, scale=1e-5))
    ((edits,), _) = measure_edits([StageFiles("end", "base", end, base)], SHARE)
    changes = formed(end, base)
    moved = sum(int(change.count_nonzero()) for change in changes.values())
    assert edits.dtype == "bfloat16"
    assert edits.total.changed == pytest.approx(moved / edits.total.entries)
    assert 0 < edits.total.changed < 0.5


def test_a_stage_against_itself(folders: dict[str, Path]) -> None:
    stages = [StageFiles(name, "base", folders["adapter"], folders["base"]) for name in ("one", "two")]
    (pair,) = measure_edits(stages, SHARE)[1]
    assert pair.total.cosine == pytest.approx(1.0)
    assert pair.total.jaccard == 1.0
    unchanged = [StageFiles("none", "base", folders["base"], folders["base"])]
    ((edits,), _) = measure_edits([*unchanged], SHARE)
    assert (edits.total.norm, edits.total.changed) == (0.0, 0.0)


def test_other_architectures_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3()
    del model.model.layers[2]
    model.config.num_hidden_layers, model.config.layer_types = 2, model.config.layer_types[:2]
    save_full(model, tokenizer, tmp_path / "small", chat_template=False)
    small = StageFiles("small", "base", tmp_path / "small", tmp_path / "small")
    with pytest.raises(ConfigError, match="another architecture"):
        measure_edits([StageFiles("noise", "base", folders["noise"], folders["base"]), small], SHARE)


def test_memory_holds_less_than_two_weights(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are mapped, which the profiler counts too, and compared in parts. Parts are small here, as the weights."""
    monkeypatch.setattr(module, "CHUNK", 1024)
    sizes = [each.numel() * each.element_size() for each in load_plain(folders["base"]).parameters()]
    stages = [StageFiles(name, "base", folders[name], folders["base"]) for name in ("noise", "more noise")]
    mapped = 2 * len(stages) * sum(sizes)
    assert mapped < allocated(lambda: measure_edits(stages, SHARE)) < mapped + 2 * max(sizes)


def test_progress_reaches_its_end(folders: dict[str, Path]) -> None:
    calls: list[tuple[int, int]] = []
    stages = [StageFiles("noise", "base", folders["noise"], folders["base"])]
    measure_edits(stages, SHARE, lambda done, total: calls.append((done, total)))
    assert calls[-1][0] == calls[-1][1] == len(calls)
