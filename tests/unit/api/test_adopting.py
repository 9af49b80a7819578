"""What `adopt` refuses before it takes anything in; tests/integration/test_adopt.py takes some in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import xdomain
from xdomain.api.session import Session
from xdomain.core.errors import PlanError
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3


def session(tmp_path: Path, adopted: list[dict[str, Any]]) -> Session:
    experiment = {
        "name": "adopted",
        "model": {"preset": "tiny_qwen3"},
        "domains": ["math", "logic"],
        "grid": {"singles": True},
        "adopted": adopted,
    }
    return xdomain.open_experiment(experiment, store=tmp_path / "store")


def test_a_parent_is_declared_or_stored(tmp_path: Path) -> None:
    save_full(*tiny_qwen3(), tmp_path / "model", chat_template=False)
    run = {"curriculum": "math -> logic", "checkpoints": [{"step": 2, "path": str(tmp_path / "model")}]}
    with pytest.raises(PlanError, match='"math -> logic, seed 0" continues "math, seed 0", which is neither declared'):
        session(tmp_path, [run]).adopt()
    assert not (tmp_path / "store").exists()


def test_without_declarations_it_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"adopted: \[\{curriculum: math"):
        session(tmp_path, []).adopt()
