"""Recipes by domain in a whole grid: what was trained and evaluated, and a planted pair that one rate cannot serve."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.small_grid import all_records, plan, write_experiment, xdomain
from xdomain.api.comparison import compare_models
from xdomain.api.evaluation import EvaluationOptions
from xdomain.config.load import load_domains
from xdomain.config.setups import entry_name

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
    accuracy = result["matrices"]["accuracy"]["cells"]
    trains = [each for each in planned["stages"] if each["kind"] == "train"]
    ends = {each["curriculum"]: f"{each['key']}@{each['steps']}" for each in trains}
    for run, curriculum in (("logic", "logic"), ("logic + puzzle [pcgrad]", "logic + puzzle")):
        for domain in ("logic", "puzzle"):
            own = records[(records["checkpoint"] == ends[curriculum]) & (records["domain"] == domain)]
            assert accuracy[run][domain]["estimate"] == pytest.approx((own["outcome"] == "right").mean())
    (sentence,) = [each for each in result["meta"]["statements"] if "overrides" in each]
    assert "logic in phase 1: generations 2, learning_rate 0.001, steps 3" in sentence
    assert "evaluation on puzzle: items 10, samples 4" in sentence
    assert result["meta"]["description"]["recipes"] == planned["recipes"]


ROWS = Path(__file__).parents[2] / "experiments" / "domains" / "planted_conflict.jsonl"
PAIR = f"""
name: rates
model: {{preset: tiny_qwen3, warmup: {{steps: 200, examples_per_step: 32, domains: [left, right, puzzle]}}}}
domains:
  - name: left
    source: {{kind: jsonl, path: {ROWS}}}
    fields: {{question: question, gold: left}}
    verifier: text
  - name: right
    source: {{kind: jsonl, path: {ROWS}}}
    fields: {{question: question, gold: right}}
    verifier: text
  - puzzle
curricula: [right, puzzle]
training: {{prompts_per_step: 16, generations: 8, max_completion_tokens: 8}}
overrides:
  - {{where: {{domain: right}}, training: {{steps: 3}}}}
  - where: {{domain: puzzle}}
    training: {{steps: 120, prompts_per_step: 4, generations: 4}}
    evaluation: {{items: 300}}
evaluation: {{items: 68, samples: 8, temperature: 1.0}}
execution: {{workers: 1, device: cpu}}
"""
"""A pair whose best rates differ tenfold. `right` has one answer for every question and three steps, so it needs large
ones. `puzzle` has another answer for every question and 120 steps of 16 completions, so large ones follow the noise."""
RATES = {"right": 1e-3, "puzzle": 1e-4}
SHARED = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3)
ITEMS = {"right": 68, "puzzle": 300}
RECIPE = yaml.safe_load(PAIR)["overrides"] + [
    {"where": {"domain": name}, "training": {"learning_rate": rate}} for name, rate in RATES.items()
]


@pytest.mark.slow
def test_a_recipe_serves_a_pair_that_no_single_rate_serves(tmp_path: Path, show: Callable[[str], None]) -> None:
    experiment, store = write_experiment(tmp_path, PAIR), tmp_path / "store"

    def ends(*settings: str) -> dict[str, str]:
        chosen = [word for setting in settings for word in ("--set", setting)]
        xdomain("grid", "run", experiment, "--store", store, *chosen)
        stages = json.loads(xdomain("grid", "plan", experiment, "--store", store, "--json", *chosen).stdout)["stages"]
        return {each["curriculum"]: each["key"] for each in stages if each["kind"] == "train"}

    recipe = ends(f"overrides={json.dumps(RECIPE)}")
    shared = {rate: ends(f"training.learning_rate={rate}") for rate in SHARED}
    for name, rate in RATES.items():
        assert recipe[name] == shared[rate][name]  # the same stage, trained once

    def against(base: str, keys: Mapping[Any, str], name: str) -> dict[Any, Any]:
        """Return the difference in accuracy from `base` on a domain, paired by item, for each checkpoint."""
        options = EvaluationOptions(items=ITEMS[name], samples=8, temperature=1.0, max_tokens=8)
        domains = [entry for entry in load_domains(experiment) if entry_name(entry) == name]
        result = compare_models(list(keys.values()), domains, base, options, store=store).result
        cells = result.matrices["change"].cells
        for label, key in keys.items():
            cell = cells[key][name]
            show(f"rates | {name} | {label} | {cell.estimate:+.3f} [{cell.low:+.3f}, {cell.high:+.3f}]")
        return {label: cells[key][name] for label, key in keys.items()}

    change = {
        name: against(recipe[name], {rate: found[name] for rate, found in shared.items() if rate != own}, name)
        for name, own in RATES.items()
    }
    for rate in SHARED:
        lost = min(cells[rate].high for cells in change.values() if rate in cells)
        assert lost < 0, f"{rate} is shown to be worse on one of the two"
    for name, own in RATES.items():
        assert max(cell.estimate for cell in change[name].values()) < 0, f"{own} is the best of {SHARED} on {name}"
    for name, key in recipe.items():
        assert against("base tiny_qwen3", {"recipe - base": key}, name)["recipe - base"].low > 0
