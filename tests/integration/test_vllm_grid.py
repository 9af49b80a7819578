"""A grid with vLLM, the real engine: few engines serve many checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_grid import all_records, write_experiment, xdomain
from xdomain.core.files import read_json

pytest.importorskip("vllm", reason="vLLM has an environment of its own: make test-vllm")

from xdomain.generation.vllm_backend import ENGINE_STARTED

TEXT = """
name: small
model: {preset: tiny_qwen3, warmup: {steps: 40, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
curricula: [logic, puzzle]
training: {steps: 4, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-3, max_completion_tokens: 8}
checkpoints: {every_steps: 2}
evaluation: {backend: vllm, items: 24, samples: 2, temperature: 1.0}
execution: {workers: 2, device: cpu}
"""
EVALUATIONS = 10


def starts(store: Path) -> int:
    """Engines that published evaluations say were started for them."""
    tokens = [read_json(path) for path in (store / "stages").glob("evaluate-*/done.json")]
    assert len(tokens) == EVALUATIONS
    return sum(event.startswith(ENGINE_STARTED) for token in tokens for event in token["summary"]["events"])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("grid")
    experiment = write_experiment(folder, TEXT)
    xdomain("grid", "run", experiment, "--store", folder / "store")
    return experiment, folder / "store"


def test_a_grid_starts_as_few_engines_as_workers(undisturbed) -> None:
    _, store = undisturbed
    assert 1 <= starts(store) <= 2
    assert set(all_records(store)["backend"]) == {"vllm"}


def test_a_greedy_evaluation_of_more_items_generates_the_new_ones(undisturbed, tmp_path: Path) -> None:
    """The records are those of a store that held nothing."""
    _, store = undisturbed
    (model,) = store.glob("stages/base-*/checkpoints/step-000000")
    for root, counts in ((tmp_path / "grown", (8, 20)), (tmp_path / "fresh", (20,))):
        for items in counts:
            options = ("--domains", "logic", "--items", str(items), "--max-tokens", "8", "--backend", "vllm")
            xdomain("eval", model, *options, "--store", root)
    grown, fresh = (all_records(tmp_path / name) for name in ("grown", "fresh"))
    last = grown[grown["stage_key"] == fresh["stage_key"].iloc[0]]
    columns = ["item_id", "completion", "completion_tokens", "finish_reason", "outcome", "answer"]
    assert last[columns].to_dict("records") == fresh[columns].to_dict("records")
    summaries = [read_json(path)["summary"] for path in (tmp_path / "grown").glob("stages/evaluate-*/done.json")]
    assert sorted(summary["generated"]["items"] for summary in summaries) == [8, 12]
