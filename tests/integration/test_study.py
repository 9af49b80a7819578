"""A study of real tiny models, through the command line: their records give its numbers, and nothing is run twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.small_grid import TEXT, all_records, write_experiment, xdomain

STUDY = """
name: tiny-study
pairs:
  - {name: L, base: "base tiny_qwen3", tuned: "logic, seed 0", trained_on: [truth]}
  - {name: P, base: "base tiny_qwen3", tuned: "puzzle, seed 0@2", trained_on: [letters]}
groups: {truth: [logic], letters: [puzzle]}
domains: [logic, puzzle]
samples: {puzzle: 4}
evaluation: {items: 40, samples: 2, temperature: 1.0, max_completion_tokens: 8}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small grid of two single curricula, and a study of its checkpoints."""
    found = tmp_path_factory.mktemp("study")
    grid = "grid: {singles: true, ordered_pairs: true, mixed_pairs: true}"
    assert grid in TEXT
    experiment = write_experiment(found, TEXT.replace(grid, "grid: {singles: true}"))
    xdomain("grid", "run", experiment, "--store", found / "store")
    (found / "study.yaml").write_text(STUDY)
    return found


def test_a_study_of_checkpoints(folder: Path) -> None:
    before = len(all_records(folder / "store"))
    ended = xdomain("study", folder / "study.yaml", "--store", folder / "store", "--json")
    result = json.loads(ended.stdout)
    records = all_records(folder / "store")
    assert len(records) == before + 3 * 40 * (2 + 4), "three models, two samples on one benchmark and four on the other"

    sizes = records.groupby("stage_key")["sample"].size()
    new = records[records["stage_key"].isin(sizes[sizes >= 80].index)]
    means = new.groupby(["checkpoint", "domain", "item_id"])["score"].mean().groupby(["domain", "checkpoint"]).mean()
    by_model = result["accuracy"]["cells"]
    measured = sorted(cells[name]["estimate"] for cells in by_model.values() for name in ("logic", "puzzle"))
    assert measured == pytest.approx(sorted(means.tolist()))
    base, logic = by_model["base tiny_qwen3"], by_model["logic, seed 0"]
    gains = {name: logic[name]["estimate"] - base[name]["estimate"] for name in ("logic", "puzzle")}
    cells = result["gain"]["cells"]["L"]
    assert cells["in domain"]["estimate"] == pytest.approx(gains["logic"])
    assert cells["out of domain"]["estimate"] == pytest.approx(gains["puzzle"])
    assert result["items"] == {"logic": 40, "puzzle": 40}

    again = xdomain("study", folder / "study.yaml", "--store", folder / "store")
    assert "0 stages run" in again.stderr
    assert "1 stage run" not in again.stderr
    assert "mean over pairs" in again.stdout
    page = (folder / "store" / "reports" / "tiny-study" / "study.md").read_text()
    assert "| L | truth |" in page


def test_a_side_must_name_one_checkpoint(folder: Path) -> None:
    several = STUDY.replace('tuned: "logic, seed 0"', 'tuned: "*, seed 0"')
    (folder / "several.yaml").write_text(several)
    ended = xdomain("study", folder / "several.yaml", "--store", folder / "store", code=2)
    assert "names 2 checkpoints" in ended.stderr
    (folder / "nothing.yaml").write_text(STUDY.replace('tuned: "logic, seed 0"', 'tuned: "law, seed 0"'))
    assert "law, seed 0" in xdomain("study", folder / "nothing.yaml", "--store", folder / "store", code=2).stderr
