"""A grid with distillations, through the real command line, to its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_grid import run_events, write_experiment, xdomain

TEXT = """
name: small
model: {preset: tiny_qwen3, warmup: {steps: 20, examples_per_step: 16, domains: [logic, puzzle]}}
domains: [logic, puzzle]
grid: {singles: true, distilled_pairs: true}
curricula: ["logic -> distill(logic: puzzle, puzzle)@2"]
training:
  {steps: 4, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-3, max_completion_tokens: 8, beta: 0.01}
evaluation: {items: 8, temperature: 1.0}
execution: {workers: 1, device: cpu}
"""
PAIR, LATER = "distill(logic, puzzle)", "logic -> distill(logic: puzzle, puzzle)@2"


@pytest.mark.slow
def test_a_grid_distills_its_singles_and_reports_them(tmp_path: Path) -> None:
    file, store = write_experiment(tmp_path, TEXT), ("--store", tmp_path / "store")
    plan: dict[str, Any] = json.loads(xdomain("grid", "plan", file, *store, "--json").stdout)
    stages = {each["title"]: each for each in plan["stages"] if each["kind"] == "train"}
    assert {title.removesuffix(", seed 0") for title in stages} == {"logic", "puzzle", PAIR, LATER}
    keys = {title.removesuffix(", seed 0"): each["key"] for title, each in stages.items()}
    assert {keys["logic"], keys["puzzle"]} < set(stages[f"{PAIR}, seed 0"]["needs"])
    assert stages[f"{LATER}, seed 0"]["needs"][:2] == [keys["logic"], keys["puzzle"]]
    assert "ignores training.beta" in xdomain("grid", "plan", file, *store).stdout

    events = [event["event"] for event in run_events(file, *store)]
    assert "failed" not in events
    assert events[-1] == "ended"
    result: dict[str, Any] = json.loads(xdomain("report", file, *store, "--json").stdout)
    assert {"logic", "puzzle", PAIR, LATER} <= set(result["matrices"]["accuracy"]["cells"])
    effort = {name: (each["steps"], each["prompts"]) for name, each in result["effort"].items()}
    assert effort[PAIR] == (12, 48)
    assert effort[LATER] == (10, 40)

    (folder,) = (tmp_path / "store" / "stages").glob("train-distill-logic-puzzle-seed-0-*")
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 4
    assert all(set(line["distillation"]["divergence"]) == {"logic", "puzzle"} for line in lines)
    assert all(line["domains"]["logic"]["prompts"] == 2 for line in lines)
    logs = xdomain("grid", "logs", file, PAIR, *store).stdout
    assert "distill" in logs
    xdomain("export-model", f"{PAIR}, seed 0", tmp_path / "out", *store)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "A model distilled from one teacher per domain with xdomain" in card
    assert f"distillation, teachers logic {keys['logic'][:16]}, puzzle {keys['puzzle'][:16]}" in card
    assert card.index("logic, seed 0: 4 steps") < card.index("puzzle, seed 0: 4 steps") < card.index("distillation,")
