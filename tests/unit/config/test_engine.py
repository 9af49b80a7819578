from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from xdomain.config.engine import ALWAYS_USED, RECEIVABLE, EngineConfig
from xdomain.config.load import load_experiment
from xdomain.config.training import TrainingConfig

COMMAND = {"command": ["python", "train.py"], "version": "1"}


def test_every_listed_field_is_one_of_training() -> None:
    assert set(RECEIVABLE) | ALWAYS_USED <= set(TrainingConfig.model_fields)
    assert not set(RECEIVABLE) & ALWAYS_USED


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("learning_rat", 'Did you mean "learning_rate"'),
        ("steps", "need not be listed"),
        ("report_to", "cannot receive"),
    ],
)
def test_a_field_that_no_command_receives_is_refused(name: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        EngineConfig.model_validate(COMMAND | {"receives": [name]})


def test_the_order_of_received_fields_and_the_folder_are_no_identity() -> None:
    one = EngineConfig.model_validate(COMMAND | {"receives": ["beta", "top_p"], "folder": "/a", "stop_seconds": 1})
    other = EngineConfig.model_validate(COMMAND | {"receives": ["top_p", "beta"], "guarantees": {"seed": True}})
    assert one.identity() == other.identity()
    assert one.identity() != EngineConfig.model_validate(COMMAND | {"version": "2"}).identity()


def test_the_sentence_tells_what_is_declared_and_what_is_not() -> None:
    engine = EngineConfig.model_validate(COMMAND | {"guarantees": {"schedule": True}})
    assert engine.sentence() == (
        "Trained by the command `python train.py`, version 1; declared by its author: the exact prompt schedule; "
        "not declared: the same weights for the same seed, resuming."
    )


def test_the_folder_is_that_of_the_experiment_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    data = {"name": "x", "model": {"preset": "tiny_qwen3"}, "domains": ["logic"], "grid": {"singles": True}}
    path.write_text(yaml.safe_dump(data | {"training": {"engine": COMMAND}}))
    engine = load_experiment(path).training.engine
    assert engine is not None
    assert engine.folder == str(tmp_path.resolve())
