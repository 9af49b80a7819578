"""Options of an evaluation."""

from __future__ import annotations

from xdomain.api.evaluation import EvaluationOptions
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.execution import ExecutionConfig


def test_sections_are_those_of_an_experiment() -> None:
    sections = EvaluationOptions(items=7, max_tokens=9, threads=2).sections()
    evaluation = EvaluationConfig.model_validate(sections["evaluation"])
    assert (evaluation.items, evaluation.max_completion_tokens, evaluation.samples) == (7, 9, 1)
    assert ExecutionConfig.model_validate(sections["execution"]).threads == 2
