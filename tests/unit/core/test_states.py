"""Enums whose words are stored in files and printed by `--json`."""

from __future__ import annotations

import json

import pytest

from xdomain.config.execution import RetryConfig
from xdomain.core.states import Cause, EventKind, StageState


def test_the_words_in_files_stay() -> None:
    assert [*Cause] == ["killed", "out of memory", "error", "damaged", "cancelled"]
    assert [*StageState] == ["done", "running", "failed", "waiting"]
    assert [*EventKind] == ["started", "done", "retry", "failed", "damaged", "blocked", "waiting"]
    assert json.dumps({StageState.DONE: Cause.OUT_OF_MEMORY}) == '{"done": "out of memory"}'


@pytest.mark.parametrize(
    ("cause", "retries"),
    [(Cause.KILLED, 5), (Cause.OUT_OF_MEMORY, 4), (Cause.ERROR, 3), (Cause.CORRUPT, 0), (Cause.CANCELLED, 0)],
)
def test_retries_by_cause(cause: Cause, retries: int) -> None:
    assert RetryConfig(killed=5, out_of_memory=4, error=3).after(cause) == retries
