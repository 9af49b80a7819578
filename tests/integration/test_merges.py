"""A grid with merges end to end: plan, run, report, logs, gates, export."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from tests.support.small_grid import plan, xdomain
from xdomain.models.checkpoint import load_plain

TEXT = """
name: merged
model: {preset: tiny_qwen3, warmup: {steps: 80, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
grid: {merged_pairs: true}
curricula: ["merge(0.7*logic, 0.3*puzzle, method=ties, density=0.5) -> logic@4"]
training: {steps: 4, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-3, max_completion_tokens: 8}
evaluation: {items: 24, samples: 2, temperature: 1.0}
execution: {workers: 2, device: cpu}
"""
MERGE, TIES = "merge(logic, puzzle)", "merge(0.7*logic, 0.3*puzzle, method=ties, density=0.5)"
RUNS = ["base", "logic", "puzzle", MERGE, TIES, f"{TIES} -> logic@4"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Experiment file and store of a finished run."""
    folder = tmp_path_factory.mktemp("merges")
    experiment, store = folder / "merged.yaml", folder / "store"
    experiment.write_text(TEXT)
    xdomain("grid", "run", experiment, "--store", store)
    return experiment, store


def checkpoint(store: Path, title: str, step: int) -> Path:
    described = {path: json.loads(path.read_text()) for path in (store / "stages").glob("*/stage.json")}
    (folder,) = [path.parent for path, found in described.items() if found["title"] == title]
    return folder / "checkpoints" / f"step-{step:06d}"


def test_the_stages_are_shared_and_done(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    found = plan(experiment, store)
    assert found["counts"] == {"done": 1 + 3 + 2 + 2 * 6, "stages": 1 + 3 + 2 + 2 * 6}
    assert [stage["title"] for stage in found["stages"] if stage["kind"] == "merge"] == [
        f"{MERGE}, seed 0",
        f"{TIES}, seed 0",
    ]
    arrows = xdomain("grid", "plan", experiment, "--store", store, "--format", "mermaid").stdout
    assert arrows.count("-->") == 2 + 2 + 2 + 1
    status = xdomain("grid", "status", experiment, "--store", store).stdout
    assert re.search(r"│ merge +│ 2 +│ 0 +│ 0 +│ 0 +│", status)


def test_the_merge_is_the_sum_of_the_task_vectors(finished: tuple[Path, Path]) -> None:
    _, store = finished
    base = load_plain(checkpoint(store, "base tiny_qwen3", 0)).state_dict()
    singles = [load_plain(checkpoint(store, f"{name}, seed 0", 4)).state_dict() for name in ("logic", "puzzle")]
    merged = load_plain(checkpoint(store, f"{MERGE}, seed 0", 0)).state_dict()
    for name, value in base.items():
        expected = sum((single[name].double() - value.double() for single in singles), value.double())
        torch.testing.assert_close(merged[name].double(), expected, rtol=1e-6, atol=1e-7)


def test_merges_are_rows_of_the_report(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    found = json.loads(xdomain("report", experiment, "--store", store, "--format", "json").stdout)
    assert [*found["matrices"]["accuracy"]["cells"]] == RUNS
    assert [*found["matrices"]["change"]["cells"]] == RUNS[1:]
    effort = found["effort"]
    assert (effort[MERGE]["steps"], effort[MERGE]["prompts"]) == (8, 32)  # both experts
    assert (effort[RUNS[-1]]["steps"], effort[RUNS[-1]]["parent"]) == (12, TIES)
    assert effort[TIES]["parent"] == "base"


@pytest.mark.parametrize("run", RUNS[1:])
def test_every_title_is_found_by_its_own_text(finished: tuple[Path, Path], run: str) -> None:
    experiment, store = finished
    logs = xdomain("grid", "logs", experiment, f"{run}, seed 0", "--store", store).stdout
    assert f"{run}, seed 0: begins" in logs
    # An unknown run would end with exit code 2.
    xdomain("report", experiment, "--store", store, "--format", "json", "--fail-if", f"change({run}) on logic < -1")


def test_an_exported_merge_names_what_was_merged(finished: tuple[Path, Path], tmp_path: Path) -> None:
    _, store = finished
    xdomain("export-model", f"{MERGE}, seed 0", tmp_path / "out", "--store", store)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "A model merged from trained checkpoints with xdomain" in card
    assert "linear merge of 2 checkpoints, weights 1, 1" in card
    assert card.index("logic, seed 0: 4 steps") < card.index("puzzle, seed 0: 4 steps") < card.index("linear merge")


def test_garbage_is_what_no_merge_needs(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    assert "0.0 MB  would be freed" in xdomain("grid", "gc", experiment, "--store", store).stdout


def test_a_merge_is_diagnosed_against_the_base(finished: tuple[Path, Path]) -> None:
    _, store = finished
    found = json.loads(xdomain("diagnose", f"{MERGE}, seed 0", f"{TIES} -> logic@4", "--store", store, "--json").stdout)
    assert [each["parent"] for each in found["edits"]] == ["base", f"{TIES}, seed 0 step 0"]
