"""A grid with rollbacks end to end: plan, run, report, logs, export, diagnosis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.small_grid import plan, xdomain

TEXT = """
name: repaired
model: {preset: tiny_qwen3, warmup: {steps: 120, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
curricula:
  - rollback(logic -> puzzle, to=logic, share=0.001)
  - rollback(logic -> puzzle, to=logic, share=0.001, method=random)
  - rollback(logic -> puzzle, to=logic, share=auto) -> logic@2
training: {steps: 2, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-3, max_completion_tokens: 9}
evaluation: {items: 12, samples: 2, temperature: 1.0}
execution: {workers: 1, device: cpu}
"""
FIXED = "rollback(logic -> puzzle, to=logic, share=0.001)"
RANDOM = "rollback(logic -> puzzle, to=logic, share=0.001, method=random)"
AUTO = "rollback(logic -> puzzle, to=logic, share=auto)"
RUNS = ["base", "logic", "logic -> puzzle", FIXED, RANDOM, AUTO, f"{AUTO} -> logic@2"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Experiment file and store of a finished run."""
    folder = tmp_path_factory.mktemp("rollbacks")
    experiment, store = folder / "repaired.yaml", folder / "store"
    experiment.write_text(TEXT)
    xdomain("grid", "run", experiment, "--store", store)
    return experiment, store


def stage(store: Path, title: str) -> Path:
    (folder,) = [
        path.parent
        for path in (store / "stages").glob("rollback-*/stage.json")
        if json.loads(path.read_text())["title"] == title
    ]
    return folder


def test_all_stages_are_done_and_rows_of_the_report(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    stages = 1 + 3 + 1 + 3 + 2 * 7  # base, training, answers, rollbacks, evaluations
    assert plan(experiment, store)["counts"] == {"done": stages, "stages": stages}
    found = json.loads(xdomain("report", experiment, "--store", store, "--format", "json").stdout)
    assert [*found["matrices"]["accuracy"]["cells"]] == RUNS
    assert found["effort"][FIXED]["parent"] == "logic -> puzzle"
    assert found["effort"][FIXED]["steps"] == 4


def test_the_choice_is_in_the_stage_and_its_candidates_are_gone(finished: tuple[Path, Path]) -> None:
    _, store = finished
    summary = json.loads((stage(store, f"{AUTO}, seed 0") / "done.json").read_text())["summary"]
    assert len(summary["choice"]["tried"]) == 6
    assert {*summary["choice"]["tried"][0]["accuracy"]} == {"logic", "puzzle"}
    assert [path.name for path in (stage(store, f"{AUTO}, seed 0") / "checkpoints").iterdir()] == ["step-000000"]


def test_logs_diagnosis_and_export_know_a_rollback(finished: tuple[Path, Path], tmp_path: Path) -> None:
    experiment, store = finished
    logs = xdomain("grid", "logs", experiment, f"{FIXED}, seed 0", "--store", store).stdout
    assert "of 505,408 entries" in logs
    found = json.loads(xdomain("diagnose", f"{FIXED}, seed 0", "--store", store, "--json").stdout)
    assert [each["parent"] for each in found["edits"]] == ["logic -> puzzle, seed 0 step 2"]
    xdomain("export-model", f"{AUTO}, seed 0", tmp_path / "out", "--store", store)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "of the entries reset (chosen on dev items)" in card
    assert card.index("logic, seed 0: 2 steps") < card.index("of the entries reset")
    assert "0.0 MB  would be freed" in xdomain("grid", "gc", experiment, "--store", store).stdout
