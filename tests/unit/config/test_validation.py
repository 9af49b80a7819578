"""Mistakes as one paragraph with the dotted field."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.config.experiment import Experiment
from xdomain.config.validation import validate
from xdomain.core.errors import ConfigError

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
        ({"seeds": [0, -1]}, "x.yaml: seeds.1: Input should be greater than or equal to 0. Found -1."),
        ({"model": {"preset": "tiny_qwen3", "lora": {"rank": 3}}}, 'model.lora.rank: unknown key "rank".'),
        ({"training": {"steps": 0, "generations": 1}}, "(More mistakes after this one: 1.)"),
        ({"strategies": ["cgpa"]}, 'Did you mean "cgpo"?'),
        ({"domains": [{"name": "d", "source": {"kind": "csv", "path": "a"}}]}, "domains.0: a csv source brings no"),
    ],
)
def test_the_first_mistake_is_told(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(Experiment, GOOD | changes, "x.yaml")
    assert words in str(caught.value)


def test_what_is_good_passes() -> None:
    assert validate(Experiment, GOOD, "x.yaml").domain_names == ("math",)
