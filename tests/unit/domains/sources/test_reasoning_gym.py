"""Tasks of reasoning-gym."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.config.domain_source import PackTask, ReasoningGymSource
from xdomain.core.errors import ConfigError
from xdomain.domains.sources.reasoning_gym import EXCLUDED, ReasoningGymRows, shares


def source(*tasks: dict[str, Any], **settings: Any) -> ReasoningGymRows:
    return ReasoningGymRows(ReasoningGymSource.model_validate({"kind": "reasoning_gym", "tasks": tasks, **settings}))


@pytest.mark.parametrize(
    ("weights", "size", "expected"),
    [((1, 1), 10, [5, 5]), ((1, 1, 1), 10, [4, 3, 3]), ((9, 1), 10, [9, 1]), ((1000, 1), 10, [9, 1]), ((1,), 7, [7])],
)
def test_shares_follow_the_weights(weights: tuple[float, ...], size: int, expected: list[int]) -> None:
    assert shares([PackTask(name="x", weight=weight) for weight in weights], size) == expected


def test_rows_repeat_and_depend_on_the_seed() -> None:
    tasks = ({"name": "chain_sum"}, {"name": "leg_counting", "weight": 2})
    one, other = source(*tasks, size=30), source(*tasks, size=30, seed=1)
    questions = [row.values["question"] for row in one.rows("pool")]
    assert questions == [row.values["question"] for row in one.rows("pool")]
    assert questions != [row.values["question"] for row in other.rows("pool")]
    assert len(set(questions)) == len(questions) <= 30
    assert one.identity() != other.identity()


@pytest.mark.parametrize("task", sorted(EXCLUDED)[:3])
def test_a_task_that_is_not_offered_says_why(task: str) -> None:
    with pytest.raises(ConfigError, match=f'"{task}" is not offered'):
        source({"name": task})


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"name": "chain_sums"}, 'Did you mean "chain_sum"'),
        ({"name": "chain_sum", "parameters": {"x": 1}}, "these parameters"),
    ],
)
def test_names_and_parameters_are_checked(task: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        source(task).rows("pool")
