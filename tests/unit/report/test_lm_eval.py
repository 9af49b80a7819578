"""Records in the layout of lm-evaluation-harness: what is written can be read again, and pairs."""

from __future__ import annotations

import json
from pathlib import Path

import fastjsonschema
import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.lm_eval import grid_of_models, sample_choices
from xdomain.config.run_id import BASE, BASE_RUN, RunId
from xdomain.core.errors import AnalysisError
from xdomain.core.fingerprint import text_digest
from xdomain.evaluate.harness import sample_files
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid
from xdomain.report.every_eval_ever import every_eval_ever
from xdomain.report.lm_eval import write_lm_eval

SCHEMA = Path(__file__).parents[2] / "golden" / "every_eval_ever_0_3_0" / "eval.schema.json"


@pytest.fixture(scope="module")
def grid() -> MeasuredGrid:
    """Two models as `xdomain eval` puts them side by side, with all columns of records."""
    made = make_grid(("math", "logic"), ("math",), (0,), n_items=30, samples=2)
    ends = {place.checkpoint for place in made.checkpoints if place.is_end}
    records = made.records[made.records["checkpoint"].isin(ends)].copy()
    records["prompt_hash"] = [text_digest(item) for item in records["item_id"]]
    records["answer"] = records["completion"]
    for column, value in (("reason", ""), ("finish_reason", "stop")):
        records[column] = value
    (end,) = ends - {"base@0"}
    places = (
        EvaluatedCheckpoint("base@0", BASE_RUN),
        EvaluatedCheckpoint(end, RunId(model="path/to/model.gguf")),
    )
    return MeasuredGrid("eval", made.domains, (places[1].run,), places, records)


@pytest.fixture(scope="module")
def written(grid: MeasuredGrid, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lm-eval")
    write_lm_eval(analyse(grid), grid, folder, written_seconds=1_790_000_000.25)
    return folder


def test_what_is_written_reads_back_as_the_same_numbers(grid: MeasuredGrid, written: Path) -> None:
    folders = {path.name: sample_files(path) for path in written.iterdir()}
    assert len(folders) == 2
    assert all(set(files) == {"math", "logic"} for files in folders.values())
    (other,) = set(folders) - {"base"}
    back = analyse(grid_of_models("back", {"base": folders["base"], "model": folders[other]}, "base"))
    first = analyse(grid)
    for domain in ("math", "logic"):
        here = first.matrices["change"].cell("path/to/model.gguf", domain)
        there = back.matrices["change"].cell("model", f"{domain} acc")
        assert here is not None
        assert there is not None
        # items stand in another order, so sums round differently
        expected = [here.estimate, here.low, here.high, here.p]
        assert [there.estimate, there.low, there.high, there.p] == pytest.approx(expected, rel=1e-12)


def test_results_hold_accuracies_with_intervals(grid: MeasuredGrid, written: Path) -> None:
    (path,) = (written / "base").glob("results_*.json")
    found = json.loads(path.read_text())
    cell = analyse(grid).accuracy.cell(BASE, "math")
    assert cell is not None
    assert found["results"]["math"]["acc,none"] == cell.estimate
    assert found["results"]["math"]["acc_interval,none"] == [cell.low, cell.high]
    assert found["n-samples"]["math"] == {"original": 30, "effective": 30}


def test_a_sample_has_what_the_harness_writes(written: Path) -> None:
    path = sample_files(written / "base")["math"]
    row = json.loads(path.read_text().splitlines()[0])
    # the fields of a line of lm-evaluation-harness 0.4.13
    fields = {"doc_id", "doc", "target", "resps", "filtered_resps", "filter", "metrics", "doc_hash", "prompt_hash"}
    assert fields | {"target_hash"} <= set(row)
    assert row["doc_hash"] == text_digest(json.dumps(row["doc"], indent=2, ensure_ascii=False))
    assert row["metrics"] == ["acc"]
    assert row["acc"] in (0.0, 1.0)


def test_metrics_that_are_no_share_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "samples_task_2026-11-21T10-00-00.1.jsonl"
    row = {"doc_hash": "h", "filter": "none", "metrics": ["acc", "bits"], "acc": 1.0, "bits": 3.5}
    path.write_text(json.dumps(row) + "\n")
    assert sample_choices(path) == [("none", "acc")]
    path.write_text(json.dumps({**row, "metrics": ["bits"]}) + "\n")
    with pytest.raises(AnalysisError, match="no metric between 0 and 1"):
        grid_of_models("x", {"m": {"task": path}}, None)


def test_every_eval_ever_covers_models_side_by_side(grid: MeasuredGrid) -> None:
    validate = fastjsonschema.compile(json.loads(SCHEMA.read_text()), use_default=False)
    result = analyse(grid)
    for label in result.accuracy.rows:
        document = every_eval_ever(result, label, retrieved_seconds=0.0, command="xdomain eval x")
        validate(document)
        assert document["model_info"]["name"] == label
        assert len(document["evaluation_results"]) == 2
