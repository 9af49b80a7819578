"""A finished grid whose checkpoints are declared in an empty store gives the same matrices."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

import xdomain
from xdomain.api.session import Session
from xdomain.core.errors import StageError

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


def declared(session: Session) -> dict[str, Any]:
    """Return the experiment with all checkpoints of a session declared instead of a grid."""
    runs = [
        {
            "curriculum": str(stage.curriculum),
            "seed": stage.seed,
            "checkpoints": [
                {"step": step, "path": str(session.checkpoint(stage.key, step).path)} for step in stage.checkpoint_steps
            ],
        }
        for stage in session.plan.train_stages
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


def test_checkpoints_of_another_model_are_refused_by_name(trained: Session, tmp_path: Path) -> None:
    (single,) = [run for run in declared(trained)["adopted"] if run["curriculum"] == "math"]
    folder = tmp_path / "other"
    shutil.copytree(single["checkpoints"][0]["path"], folder)
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if "mlp" in name)
    weights[name][0, 0] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    experiment = {key: value for key, value in BASE.items() if key != "grid"} | {
        "adopted": [{"curriculum": "math", "checkpoints": [{"step": 2, "path": str(folder)}]}],
        "execution": {"executor": "inline"},
    }
    session = xdomain.open_experiment(experiment, store=tmp_path / "store")
    with pytest.raises(StageError):
        session.adopt()
    failed = session.status().document()
    assert f"its weight {name} is not finite" in str(failed)
