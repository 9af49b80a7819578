"""Declarations of checkpoints that were trained elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment
from xdomain.config.adopted import AdoptedRun
from xdomain.config.load import load_experiment

RUN = {"curriculum": "logic", "checkpoints": [{"step": 5, "path": "/a"}, {"step": 10, "path": "/b"}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checkpoints": []}, "at least 1 item"),
        ({"checkpoints": {5: "/a"}}, "should be a list such as"),
        ({"checkpoints": [{"step": 5}]}, "either `path` or `hub`"),
        ({"checkpoints": [{"step": 5, "path": "/a", "hub": "a/b"}]}, "either `path` or `hub`"),
        ({"checkpoints": [{"step": 5, "path": "/a", "revision": "main"}]}, "only be used with `hub`"),
        ({"checkpoints": [{"step": 9, "path": "/a"}, {"step": 5, "path": "/b"}]}, "steps should rise"),
        ({"checkpoints": [{"step": 0, "path": "/a"}]}, "greater than or equal to 1"),
    ],
)
def test_mistakes_in_a_run(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AdoptedRun.model_validate(RUN | changes)


@pytest.mark.parametrize(
    ("adopted", "words"),
    [
        ([RUN, RUN], '"logic, seed 0" is declared twice'),
        ([RUN, RUN | {"seed": 1}], '"/a" is declared twice'),
        ([RUN | {"curriculum": "logik"}], "is not under `domains`"),
        ([RUN | {"seed": 3}], "the seed 3 is not listed under `seeds`"),
    ],
)
def test_mistakes_in_an_experiment(adopted: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_experiment(adopted=adopted, seeds=[0, 1])


def test_paths_start_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "name: a\nmodel: {preset: tiny_qwen3}\ndomains: [logic]\n"
        "adopted: [{curriculum: logic, checkpoints: [{step: 5, path: runs/5, adapter: runs/lora}]}]\n"
    )
    (checkpoint,) = load_experiment(path).adopted[0].checkpoints
    assert (checkpoint.path, checkpoint.adapter) == (str(tmp_path / "runs/5"), str(tmp_path / "runs/lora"))
