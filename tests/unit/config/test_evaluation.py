"""Settings of an evaluation."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.config.evaluation import EvaluationConfig


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"samples": 2}, "repeats one completion"),
        ({"temperature": -1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"items": 0}, "items"),
        ({"split": "train"}, "split"),
        ({"backend": "vlm"}, 'Did you mean "vllm"'),
        ({"backend_parameters": {"x": 1}}, "are for backends of other packages"),
    ],
)
def test_mistakes(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        EvaluationConfig.model_validate(settings)


def test_several_samples_need_a_temperature() -> None:
    assert EvaluationConfig(samples=4, temperature=0.7).samples == 4
