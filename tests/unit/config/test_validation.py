"""Mistakes as one paragraph with the dotted field."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.config.experiment import Experiment
from xdomain.config.validation import validate
from xdomain.core.errors import ConfigError, ConfigErrors

GOOD: dict[str, Any] = {
    "name": "x",
    "model": {"preset": "tiny_qwen3"},
    "domains": ["math"],
    "grid": {"singles": True},
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training": {"setps": 3}}, 'x.yaml: training.setps: unknown key "setps". Did you mean "steps"?'),
        ({"seeds": [0, -1]}, "x.yaml: seeds.1: should be at least 0. Found -1."),
        ({"model": {"preset": "tiny_qwen3", "lora": {"rank": 3}}}, 'model.lora.rank: unknown key "rank".'),
        ({"training": {"steps": 0, "generations": 1}}, "2 mistakes.\nx.yaml: training.steps: should be at least 1"),
        ({"strategy": {"name": "cgpo", "alhpa": 1}}, 'strategy.alhpa: unknown key "alhpa". Did you mean "alpha"?'),
        ({"strategies": [{"name": "scaled", "weights": 3}]}, "strategies.0.weights: should be a mapping of keys to"),
        ({"strategies": [{"name": "scaled", "weights": {"math": "a"}}]}, "strategies.0.weights.math: should be"),
        ({"domains": []}, "domains: should be a list that is not empty. Found an empty list."),
        ({"domains": [7]}, "domains.0: should be the name of a domain"),
        ({"strategies": ["cgpa"]}, 'Did you mean "cgpo"?'),
        ({"domains": [{"name": "d", "source": {"kind": "csv", "path": "a"}}]}, "domains.0: a csv source has no"),
    ],
)
def test_a_mistake_names_its_place(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(Experiment, GOOD | changes, "x.yaml")
    assert words in str(caught.value)


def test_what_is_good_passes() -> None:
    assert validate(Experiment, GOOD, "x.yaml").domain_names == ("math",)


def test_mistakes_in_one_file_are_all_told() -> None:
    changes = {"seeds": 3, "grid": ["a"], "training": {"steps": True, "learning_rate": "1"}}
    with pytest.raises(ConfigErrors) as caught:
        validate(Experiment, GOOD | changes, "x.yaml")
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        *("4 mistakes.", "grid", "seeds", "training.steps", "training.learning_rate")
    ]
