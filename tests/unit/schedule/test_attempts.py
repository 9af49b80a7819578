"""Which failures are worth another attempt."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.config.execution import ExecutionConfig
from xdomain.core.states import Cause
from xdomain.schedule.attempts import REBUILDS, Attempts

TRAIN = make_plan().train_stages


@pytest.mark.parametrize(
    ("cause", "allowed"), [(Cause.KILLED, 2), (Cause.OUT_OF_MEMORY, 1), (Cause.ERROR, 0), (Cause.CORRUPT, 0)]
)
def test_default_retries_of_each_cause(cause: Cause, allowed: int) -> None:
    attempts = Attempts(ExecutionConfig())
    assert [attempts.may_retry(TRAIN[0], cause) for _ in range(4)] == [number < allowed for number in range(4)]


def test_stages_and_causes_are_counted_apart() -> None:
    attempts = Attempts(ExecutionConfig.model_validate({"retries": {"killed": 1, "error": 1}}))
    assert attempts.may_retry(TRAIN[0], Cause.KILLED)
    assert attempts.may_retry(TRAIN[0], Cause.ERROR)
    assert attempts.may_retry(TRAIN[1], Cause.KILLED)
    assert not attempts.may_retry(TRAIN[0], Cause.KILLED)


def test_inputs_are_rebuilt_only_if_the_experiment_allows_it() -> None:
    assert not Attempts(ExecutionConfig()).may_rebuild(TRAIN[0])
    attempts = Attempts(ExecutionConfig(damaged="remake"))
    assert [attempts.may_rebuild(TRAIN[0]) for _ in range(REBUILDS + 1)] == [True] * REBUILDS + [False]
    assert attempts.may_rebuild(TRAIN[1])
