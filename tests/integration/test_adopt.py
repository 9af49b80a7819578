"""A finished grid whose checkpoints are declared in an empty store gives the same matrices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import xdomain
from xdomain.api.session import Session
from xdomain.core.errors import PlanError, StageError

BASE: dict[str, Any] = {
    "name": "adopted",
    "model": {"preset": "tiny_qwen3", "warmup": {"steps": 30, "domains": ["math", "logic"]}},
    "domains": ["math", "logic"],
    "grid": {"singles": True, "ordered_pairs": True},
    "training": {"steps": 4, "prompts_per_step": 2, "generations": 2, "max_completion_tokens": 8},
    "checkpoints": {"every_steps": 2},
    "evaluation": {"items": 20},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Session:
    session = xdomain.open_experiment(BASE, store=tmp_path_factory.mktemp("trained") / "store")
    session.run()
    return session


def declared(session: Session, *, without: str = "") -> dict[str, Any]:
    """Return the experiment with all checkpoints of a session declared instead of a grid."""
    runs = [
        {
            "curriculum": str(stage.curriculum),
            "seed": stage.seed,
            "checkpoints": [
                {"step": step, "path": str(session.checkpoint(stage.key, step).path)}
                for step in stage.checkpoint_steps
            ],
        }
        for stage in session.plan.train_stages
        if stage.title != without
    ]
    return {**{key: value for key, value in BASE.items() if key != "grid"}, "adopted": runs}


def test_the_report_is_that_of_the_grid(trained: Session, tmp_path: Path) -> None:
    session = xdomain.open_experiment(declared(trained), store=tmp_path / "store")
    adopted = session.adopt()
    assert len(adopted.ran) == 1 + 4
    assert not any(stage.key in adopted.ran for stage in session.plan.evaluations)
    session.run()
    expected, found = trained.analyse(), session.analyse()
    assert found.matrices.keys() == expected.matrices.keys()
    for name, matrix in expected.matrices.items():
        assert found.matrices[name].cells == matrix.cells, name
    assert any("Declared by the user" in statement for statement in found.meta.statements)
    written = session.report(tmp_path / "report", ["markdown", "json", "csv", "html", "latex"])
    for name, path in written.items():
        text = path.read_text() if path.is_file() else "".join(each.read_text() for each in path.rglob("*.tex"))
        assert "eclared by the user" in text, name
