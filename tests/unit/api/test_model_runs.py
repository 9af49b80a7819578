"""What `xdomain eval` makes of several models: one run, titles by model, and results beside failures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.grids import as_comparison, make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.items import moved_items
from xdomain.analysis.result import Cell
from xdomain.api.generation import counted_in
from xdomain.api.model_runs import FailedEvaluation, named_by_model, reasons
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.run_id import RunId
from xdomain.core.parquet import write_records
from xdomain.core.records import ItemRecord
from xdomain.evaluate.backend_cache import BackendCache
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.graph import Graph, merge_graphs
from xdomain.report.generation import measured_lines
from xdomain.resolve.evaluations import evaluation_graph
from xdomain.schedule.ready_queue import ReadyQueue
from xdomain.store.store import Store


def graph_of(folder: Path, store: Store, *, seed: int = 0, samples: int = 1, domain: str = "logic") -> Graph:
    """Evaluations of a new model on a domain."""
    if not folder.exists():
        model, tokenizer = tiny_qwen3(seed=seed)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    settings = {"evaluation": {"samples": samples, "temperature": 1.0}}
    return evaluation_graph(store, str(folder), [domain], settings)


def test_evaluations_are_titled_by_model_and_filed_as_a_grids(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    graphs = {name: graph_of(tmp_path / name, store, seed=seed) for seed, name in enumerate(("plain", "tuned"))}
    named = named_by_model(graphs)
    assert [stage.title for graph in named.values() for stage in graph.evaluations] == [
        "plain on logic",
        "tuned on logic",
    ]
    for name, graph in graphs.items():
        assert [stage.title for stage in graph.evaluations] == ["base on logic"]
        assert [stage.folder for stage in named[name].evaluations] == [stage.folder for stage in graph.evaluations]


def test_two_models_of_one_name_are_told_apart(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    graphs = {name: graph_of(tmp_path / name / "model", store, seed=seed) for seed, name in enumerate("ab")}
    titles = [stage.title for graph in named_by_model(graphs).values() for stage in graph.evaluations]
    assert len(set(titles)) == 2
    assert all(title.startswith("model ") for title in titles)


def test_one_run_of_several_experiments(tmp_path: Path) -> None:
    """Each stage goes by its own settings, and evaluations of one checkpoint with other samples are one task."""
    store = Store(tmp_path / "store")
    one = graph_of(tmp_path / "plain", store, samples=1)
    two = graph_of(tmp_path / "plain", store, samples=4, domain="math")
    merged = merge_graphs([one, two])
    assert len(merged.stages) == 3, "one base"
    assert [stage.settings.samples for stage in merged.evaluations] == [1, 4]
    base = next(iter(merged.stages))
    queue = ReadyQueue(merged, frozenset({base}))
    tasks = []
    while queue:
        tasks.append([stage.title for stage in queue.take()])
    assert tasks == [["base on logic", "base on math"]]


def test_an_engine_serves_evaluations_that_differ_in_sampling() -> None:
    kept = BackendCache()
    first = kept.backend(EvaluationConfig(), "cpu")
    assert kept.backend(EvaluationConfig(samples=4, temperature=0.7, items=7), "cpu") is first
    assert kept.backend(EvaluationConfig(batch_tokens=512), "cpu") is not first


def test_cells_that_are_not_shown_are_not_counted() -> None:
    grid = make_grid(("math", "science"), ("math",), (0,), n_items=40, saved_every=40)
    result = analyse(as_comparison(grid))
    tested = result.summary.tested["odds_ratio_paired"]
    assert tested == sum(len(row) for row in result.matrices["odds_ratio_paired"].cells.values()) == 1


def test_a_failure_stands_in_its_cell() -> None:
    grid = as_comparison(make_grid(("math",), ("math",), (0,), n_items=10, saved_every=40))
    other = RunId(model="other")
    failed = reasons([FailedEvaluation(other, "math", "no such file.", "a.log")])
    plain, marked = (analyse(each).accuracy for each in (grid, replace(grid, runs=(*grid.runs, other), failed=failed)))
    assert marked.cells["other"]["math"] == Cell(note="failed: no such file.")
    assert marked.cells["models/math"] == plain.cells["models/math"]
    assert marked.rows == (*plain.rows, "other")


def test_fewer_items_than_asked_for_are_told() -> None:
    result = analyse(make_grid(("math",), ("math",), (0,), n_items=10, samples=2, saved_every=40))
    assert measured_lines(result, "some/model", 10) == ["base: some/model", "math: 10 items x 2 samples"]
    assert measured_lines(result, None, 300) == [
        "math: 10 items x 2 samples (300 were requested, but the test split has fewer)"
    ]


def test_moved_items_are_those_whose_mean_differs() -> None:
    grid = make_grid(("math",), ("math",), (0,), n_items=20, samples=2, saved_every=40)
    names = [place.checkpoint for place in grid.checkpoints]
    means = grid.records.groupby(["checkpoint", "item_id"])["score"].mean()
    expected = means[names[1]] - means[names[0]]
    moved = moved_items(grid)["math"]["math"]
    assert moved == {"gained": list(expected[expected > 0].index), "lost": list(expected[expected < 0].index)}
    assert moved["gained"], "the synthetic training helps"
    assert moved_items(replace(grid, checkpoints=grid.checkpoints[1:])) == {}, "no base, nothing moved"


@pytest.mark.parametrize("prompt_tokens", [7, None])
def test_records_tell_what_a_summary_does_not(prompt_tokens: int | None, tmp_path: Path) -> None:
    row = ItemRecord(
        "k", "c", "math", "i", "i", 0, "h", "text", "1", "1", 1.0, "right", "", 5, "stop", None, "exact/1", 0
    )
    rows = [replace(row, item_id=str(number), prompt_tokens=prompt_tokens) for number in range(4)]
    rows[0] = replace(rows[0], finish_reason="length")
    write_records(tmp_path / "records.parquet", rows)
    known = {} if prompt_tokens is None else {"prompt_tokens": 28}
    assert counted_in(tmp_path / "records.parquet") == {
        "finish_reasons": {"stop": 3, "length": 1},
        "truncated_share": 0.25,
        "completion_tokens": 20,
        **known,
    }
