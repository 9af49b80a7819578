"""Rollbacks on really trained damage: what they recover, keep, record and leave untouched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.support.interference import InterferingPair
from xdomain.config.model import LoraConfig
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import StageError
from xdomain.core.parquet import read_rows, write_records
from xdomain.derive.rollback import run_rollback
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_plain, read_info, save_adapter
from xdomain.plan.rollbacks import SHARES


def differences(first: Path, second: Path) -> int:
    """Return the number of entries in which two checkpoints differ."""
    weights = load_plain(second).state_dict()
    return sum(int((value != weights[name]).sum()) for name, value in load_plain(first).state_dict().items())


def test_a_small_share_recovers_the_damage_and_keeps_the_new_skill(pair: InterferingPair) -> None:
    originals, share = pair.digests(), 0.001
    results = {}
    for method in ("attribution", "random"):
        stage = pair.plan(f"{share}, method={method}")
        context = pair.context(stage, method)
        result = run_rollback(stage, context)
        repaired = checkpoint_folder(context.work, 0)
        results[method] = pair.recovered_and_kept(repaired)
        summary = result.summary
        assert summary["reset"] == round(share * summary["entries"]) == sum(summary["reset_by_module"].values())
        # Two entries of a tied output layer are counted twice in the state.
        assert 0 < differences(repaired, pair.math) <= 2 * summary["reset"]
        assert read_info(repaired) == read_info(pair.math)
        if method == "attribution":
            assert summary["change"] == pytest.approx(summary["total"], rel=0.05)
            assert summary["expected_change"] > 0
    (recovered, kept), (by_chance, _) = results["attribution"], results["random"]
    assert recovered >= 0.5
    assert kept >= 0.95
    assert by_chance <= 0.1
    assert pair.digests() == originals


def test_reset_entries_are_those_of_the_earlier_checkpoint(pair: InterferingPair) -> None:
    stage = pair.plan("1")
    context = pair.context(stage, "all")
    summary = run_rollback(stage, context).summary
    repaired, earlier, end = (
        load_plain(each).state_dict() for each in (checkpoint_folder(context.work, 0), pair.science, pair.math)
    )
    assert 0 < summary["reset"] < summary["entries"], "only entries with a negative score are reset"
    for name, value in repaired.items():
        assert bool(((value == earlier[name]) | (value == end[name])).all())


def test_a_share_is_chosen_on_dev_items(pair: InterferingPair) -> None:
    stage = pair.plan("auto", items=20)
    context = pair.context(stage, "auto")
    summary = run_rollback(stage, context).summary
    tried = summary["choice"]["tried"]
    assert [each["value"] for each in tried] == list(SHARES)
    assert all(set(each["accuracy"]) == {"science", "math"} for each in tried)
    best = max(tried, key=lambda each: each["mean"])
    assert summary["share"] == summary["choice"]["value"] == best["value"]
    assert summary["reset"] == round(best["value"] * summary["entries"])
    assert list(context.scratch.iterdir()) == []


def test_adapters_are_merged_first(pair: InterferingPair, tmp_path: Path) -> None:
    torch.manual_seed(0)
    adapted = new_adapter(load_plain(pair.science), LoraConfig(r=2, target_modules="all-linear"))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.add_(torch.randn_like(weight) * 0.1)
    save_adapter(adapted, tmp_path / "adapter", pair.science)
    stage = pair.plan("0.01, method=random")
    context = pair.context(stage, "adapter")
    link = checkpoint_folder(context.inputs[stage.inputs[0].stage], stage.inputs[0].step)
    link.unlink()
    link.symlink_to(tmp_path / "adapter")
    run_rollback(stage, context)
    repaired = checkpoint_folder(context.work, 0)
    assert read_info(repaired).format == "full"
    assert 0 < differences(repaired, tmp_path / "adapter") <= round(0.01 * 600_000)


def test_a_target_without_right_answers_is_refused(pair: InterferingPair, tmp_path: Path) -> None:
    stage = pair.plan("0.001")
    context = pair.context(stage, "wrong")
    assert stage.answers is not None
    rows = read_rows(context.inputs[stage.answers.key] / "records.parquet")
    write_records(tmp_path / "records.parquet", [replace(row, outcome="wrong", score=0.0) for row in rows])
    context = replace(context, inputs={**context.inputs, stage.answers.key: tmp_path})
    with pytest.raises(StageError, match=r"answers none of 256 training items of science right"):
        run_rollback(stage, context)


def test_a_choice_that_is_asked_to_stop_is_not_finished(pair: InterferingPair) -> None:
    stage = pair.plan("auto, method=random")
    context = pair.context(stage, "stopped", stop_requested=lambda: True)
    assert not run_rollback(stage, context).finished
