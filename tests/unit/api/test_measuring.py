"""What the store holds of an experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.measuring import describe, left_out_of, measure
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import AnalysisError
from xdomain.domains.build import build_domain


def test_text_is_read_only_where_it_is_asked_for(smoke: Session) -> None:
    grid = measure(smoke.plan, smoke.store, smoke.path)
    assert "completion" not in grid.records
    assert grid.prompts == {}
    assert set(grid.chance) == {"math", "logic", "puzzle"}
    assert grid.description["file"] == "smoke.yaml"
    assert grid.description["command"] == f"xdomain grid run {smoke.path}"


def test_nothing_measured_names_the_command_that_measures(smoke: Session, tmp_path: Path) -> None:
    fresh = open_experiment(smoke.experiment, store=tmp_path / "store")
    with pytest.raises(AnalysisError, match="Run `xdomain grid run smoke` first"):
        measure(fresh.plan, fresh.store)
    assert describe(fresh.plan, None)["file"] is None


def test_a_domain_without_bad_rows_adds_nothing() -> None:
    assert left_out_of([build_domain("logic")]) == {}
