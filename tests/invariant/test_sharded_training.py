"""Processes that share a model by FSDP2 train what one process trains, and what data-parallel ones do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.support.launches import begin, finish
from tests.support.sharded_runs import MODEL, OTHERS, PLANTED, comparable, distance, groups, small_model, train

TOLERANCE = 5e-6
"""Of the distance that the weights travelled in 4 steps, in float32 with a large epsilon of AdamW."""
DOUBLE_TOLERANCE = 1e-10
"""The same in float64, with AdamW's default epsilon."""

BF16_TOLERANCE = 2**-7
"""The same share in bfloat16, whose numbers have 8 significant bits: other roundings than those of one process."""


def compare(folder: Path, group: str, processes: int, show: Callable[[str], None]) -> dict[str, float]:
    """Run a group and one process at the same time, print the table, and return the distances as shares."""
    small_model().save_pretrained(folder / MODEL)
    running = begin("tests.support.sharded_runs", processes, folder, group)
    cases = groups()[group]
    alone = {
        name: train(folder / "one", processes=1, **settings) for name, settings in cases.items() if comparable(settings)
    }
    finish(running, folder)
    shares: dict[str, float] = json.loads((folder / "shares.json").read_text())
    show(f"{'sharded over ' + str(processes) + ' processes':55} | travelled | to data-parallel | to one process")
    for place, name in enumerate(cases):
        found, text = load_file(folder / f"{place}.safetensors"), "depends on their number"
        travelled = ""
        if name in alone:
            before, after = alone[name]
            share = distance(after, found) / distance(before, after)
            travelled, text = f"{distance(before, after):.3f}", f"{share:.1e}"
            shares[f"{name}, one"] = share
        plain = f"{shares[name]:.1e}" if name in shares else "not run"
        show(f"{name:55} | {travelled:>9} | {plain:>16} | {text}")
    return shares


def test_two_sharded_processes_train_what_one_does(tmp_path: Path, show: Callable[[str], None]) -> None:
    shares = compare(tmp_path, "covering", 2, show)
    planted = {name: shares.pop(f"planted: {name}") for name in PLANTED}
    for name, share in planted.items():
        show(f"{name + ' without the reduction':55} | {'':>9} | {share:16.1e} |")
    assert {name: share for name, share in shares.items() if not share <= DOUBLE_TOLERANCE} == {}
    assert all(share > 100 * TOLERANCE for share in planted.values()), "a forgotten reduction passes"


def test_batched_rollouts_and_bfloat16_are_those_of_data_parallelism(
    tmp_path: Path, show: Callable[[str], None]
) -> None:
    shares = compare(tmp_path, OTHERS, 2, show)
    batched = [name for name in groups()[OTHERS] if "batched" in name]
    assert max(shares.pop(f"longest: {name}") for name in groups()[OTHERS]) > 1, "no process waited for another"
    to_one = {name: shares.pop(f"{name}, one") for name in groups()[OTHERS]}
    assert {name: share for name, share in shares.items() if not share <= TOLERANCE} == {}
    exact = {name: share for name, share in to_one.items() if name in batched and "bf16" not in name}
    assert {name: share for name, share in exact.items() if not share <= TOLERANCE} == {}
    assert max(to_one.values()) < BF16_TOLERANCE


@pytest.mark.slow
def test_four_sharded_processes_train_what_one_does(tmp_path: Path, show: Callable[[str], None]) -> None:
    shares = compare(tmp_path, "four", 4, show)
    assert {name: share for name, share in shares.items() if not share <= DOUBLE_TOLERANCE} == {}


@pytest.mark.slow
def test_every_strategy_with_every_loss(tmp_path: Path, show: Callable[[str], None]) -> None:
    shares = compare(tmp_path, "product", 2, show)
    assert {name: share for name, share in shares.items() if not share <= DOUBLE_TOLERANCE} == {}
