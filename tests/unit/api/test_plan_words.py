"""Lines about what a plan takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.plans import make_plan
from xdomain.api.plan_words import (
    STAGE_COLUMNS,
    bytes_in_words,
    large,
    lines_in_words,
    mermaid_lines,
    stage_rows,
    yaml_lines,
)
from xdomain.api.session import Session, open_experiment

SMOKE = Path(__file__).parents[3] / "experiments" / "smoke.yaml"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.2e12, "2.2 TB"), (123456789, "123 MB")]
)
def test_sizes_have_three_digits(number: float, words: str) -> None:
    assert bytes_in_words(number) == words
    assert large(12) == "12"


def test_changes_are_lines_of_an_experiment_file() -> None:
    changes = {"training.micro_batch": 2, "training.gradient_checkpointing": True, "model.lora": {"r": 32, "alpha": 64}}
    lines = yaml_lines(changes)
    assert lines[1] == "model: {lora: {alpha: 64, r: 32}}"
    assert yaml.safe_load("\n".join(lines)) == {
        "training": {"micro_batch": 2, "gradient_checkpointing": True},
        "model": {"lora": {"r": 32, "alpha": 64}},
    }


def test_a_finished_plan_and_an_open_one(smoke: Session, tmp_path: Path) -> None:
    done = dict(lines_in_words(smoke.forecast()))
    assert done["time left"].startswith("about 0 s")
    opened = open_experiment(SMOKE, store=tmp_path / "s").forecast(gpu_memory_gb=0.1)
    lines = list(lines_in_words(opened))
    assert "not reused" not in dict(lines)
    assert any("does not fit" in line for _, line in lines)
    assert dict(lines)["time left"].startswith("unknown")
    rows = list(stage_rows(opened))
    assert len(rows) == len(opened.plan.stages)
    assert all(len(row) == len(STAGE_COLUMNS) for row in rows)


def test_a_plan_tells_what_trains_unless_it_is_the_built_in_trainer(tmp_path: Path) -> None:
    command = open_experiment(SMOKE.parent / "engines" / "trl.yaml", store=tmp_path / "s").forecast()
    assert "exact prompt schedule" in dict(lines_in_words(command))["trainer"]
    assert command.document()["engine"]["command"] == ("python", "trl_command.py")
    built_in = open_experiment(SMOKE, store=tmp_path / "s").forecast()
    assert "trainer" not in dict(lines_in_words(built_in))
    assert built_in.document()["engine"] is None


def test_a_flowchart_has_one_line_per_node_however_long() -> None:
    plan = make_plan(
        domains=["logic", "puzzle", "math", "science"],
        grid={},
        curricula=[" -> ".join(["logic", "puzzle", "math", "science"] * 5)],
    )
    lines = list(mermaid_lines(plan))
    assert max(map(len, lines)) > 140
    assert len(lines) == 2 + 2 * len(plan.train_stages)
