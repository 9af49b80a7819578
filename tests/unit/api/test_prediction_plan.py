"""What predictors add to the plan of the smoke grid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from xdomain.api.plan_words import lines_in_words
from xdomain.api.prediction_plan import inputs_of, predictors_in_words
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import PlanError

SMOKE = Path(__file__).parents[3] / "experiments" / "smoke.yaml"


def test_the_plan_counts_cells_and_further_stages(tmp_path: Path) -> None:
    """Three merges, three evaluations of the base, three of single runs, and six of merges."""
    setting = "analysis.predictors=[prompt_similarity, additive_merge]"
    session = open_experiment(SMOKE, store=tmp_path / "store", settings=[setting])
    lines = dict(lines_in_words(session.forecast()))
    assert lines["predictors"] == (
        "prompt_similarity, additive_merge: 12 cells; 15 stages more, which run before those cells"
    )


def test_without_predictors_there_is_no_line(smoke: Session) -> None:
    assert predictors_in_words(smoke.plan) == []
    assert inputs_of(smoke.plan) is None


def test_a_domain_without_dev_items_is_named(tmp_path: Path) -> None:
    rows = "\n".join(json.dumps({"question": f"What is {n} + 1?", "answer": str(n + 1)}) for n in range(20))
    (tmp_path / "rows.jsonl").write_text(rows)
    fields = {"question": "question", "gold": "answer"}
    mine = {"name": "mine", "source": {"kind": "jsonl", "test": "rows.jsonl"}, "fields": fields, "verifier": "number"}
    changes = {"domains": ["math", mine], "grid": {"singles": False}, "curricula": ["math"]}
    changes |= {"model": {"preset": "tiny_qwen3"}, "analysis": {"predictors": ["prompt_similarity"]}}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(SMOKE.read_text()) | changes))
    session = open_experiment(path, store=tmp_path / "store")
    with pytest.raises(PlanError, match=r'analysis\.predictors: predictors read dev items, and "mine" has none'):
        list(lines_in_words(session.forecast()))
