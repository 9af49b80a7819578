"""Recipes by domain in a whole grid: what was trained and evaluated, and a planted pair that one rate cannot serve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.small_grid import all_records, plan, write_experiment, xdomain

SMALL = """
name: small
model: {preset: tiny_qwen3, warmup: {steps: 60, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
grid: {singles: true, mixed_pairs: true}
training: {steps: 2, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-4, max_completion_tokens: 8}
overrides:
  - {where: {domain: logic}, training: {learning_rate: 1.0e-3, steps: 3, generations: 2}}
  - {where: {kind: mixture}, training: {temperature: 0.9}, strategy: pcgrad}
  - {where: {domain: puzzle}, evaluation: {items: 10, samples: 4}}
evaluation: {items: 24, samples: 2, temperature: 1.0}
execution: {workers: 1, device: cpu}
"""


def test_each_phase_and_domain_has_its_recipe(tmp_path: Path) -> None:
    experiment, store = write_experiment(tmp_path, SMALL), tmp_path / "store"
    planned = plan(experiment, store)
    assert [(each.get("phase"), each.get("evaluation")) for each in planned["recipes"]] == [
        ("logic", None), ("logic + puzzle", None), (None, "puzzle")
    ]  # fmt: skip
    assert {each["field"] for each in planned["recipes"][1]["ignored"]} == {"learning_rate", "steps", "generations"}
    xdomain("grid", "run", experiment, "--store", store)
    trained = {}
    for path in (store / "stages").glob("train-*"):
        stage = json.loads((path / "stage.json").read_text())
        metrics = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
        settings = stage["payload"]["training"]
        trained[stage["title"]] = (
            settings["learning_rate"], settings["generations"], settings["temperature"],
            stage["payload"]["strategy"]["name"], len(metrics), metrics[-1]["learning_rate"],
        )  # fmt: skip
    assert trained == {
        "logic, seed 0": (1e-3, 2, 1.0, "joint", 3, 1e-3),
        "puzzle, seed 0": (1e-4, 4, 1.0, "joint", 2, 1e-4),
        "logic + puzzle, seed 0, pcgrad": (1e-4, 4, 0.9, "pcgrad", 2, 1e-4),
    }
    records = all_records(store)
    sizes = records.groupby(["checkpoint", "domain"]).agg(items=("item_id", "nunique"), rows=("item_id", "size"))
    by_domain = {domain: set(map(tuple, group.to_numpy())) for domain, group in sizes.groupby(level="domain")}
    assert by_domain == {"logic": {(24, 48)}, "puzzle": {(10, 40)}}
    # The evaluations of a checkpoint are one task: one log for both domains.
    assert len(list(store.rglob("evaluate-*.log"))) == len(records["checkpoint"].unique())
    result: dict[str, Any] = json.loads(xdomain("report", experiment, "--store", store, "--json").stdout)
    accuracy = result["accuracy"]["cells"] if "accuracy" in result else result["matrices"]["accuracy"]["cells"]
    for run, label in (("logic", "logic"), ("logic + puzzle [pcgrad]", "logic + puzzle, seed 0, pcgrad")):
        for domain in ("logic", "puzzle"):
            own = records[records["checkpoint_title"].str.startswith(label) & (records["domain"] == domain)]
            assert abs(accuracy[run][domain]["estimate"] - own["correct"].mean()) < 1e-12
    (sentence,) = [each for each in result["meta"]["statements"] if "overrides" in each]
    assert "logic in phase 1: steps 3, generations 2, learning_rate 0.001" in sentence
    assert "evaluation on puzzle: items 10, samples 4" in sentence
    assert result["meta"]["description"]["recipes"] == planned["recipes"]
