"""Where stages run."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.config.execution import ExecutionConfig, RetryConfig, StageResources
from xdomain.core.states import Cause


def test_retries_by_cause() -> None:
    retries = RetryConfig(killed=3, out_of_memory=2, error=1)
    assert [retries.after(cause) for cause in (Cause.KILLED, Cause.OUT_OF_MEMORY, Cause.ERROR)] == [3, 2, 1]
    assert retries.after(Cause.CANCELLED) == retries.after(Cause.CORRUPT) == 0


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({"gpus": 1.5}, "whole number, or a part of one GPU"),
        ({"custom": {"GPU": 1}}, "has its own field"),
        ({"custom": {"a100": 0}}, "custom"),
        ({"cpus": 0}, "cpus"),
    ],
)
def test_what_a_stage_cannot_ask_for(resources: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        StageResources.model_validate(resources)


@pytest.mark.parametrize("gpus", [0, 0.5, 1, 2])
def test_parts_of_one_gpu_and_whole_ones(gpus: float) -> None:
    assert StageResources(gpus=gpus).gpus == gpus


def test_a_lease_outlives_some_beats() -> None:
    with pytest.raises(ValidationError, match="stale_after_seconds"):
        ExecutionConfig(stale_after_seconds=2)
