"""Counts and means by domain, by hand."""

from __future__ import annotations

import pytest

from xdomain.core.records import Outcome
from xdomain.train.rewards import ScoredSample
from xdomain.train.rollout_metrics import domain_metrics, stage_totals

SAMPLES = [
    ScoredSample("a", 1.0, Outcome.RIGHT),
    ScoredSample("a", 0.0, Outcome.WRONG, truncated=True),
    ScoredSample("a", 0.0, Outcome.MALFORMED),
    ScoredSample("a", 0.0, Outcome.WRONG),
    ScoredSample("b", None, Outcome.UNSCORED),
    ScoredSample("b", 1.0, Outcome.RIGHT),
]


def test_one_rollout() -> None:
    found = domain_metrics(SAMPLES, [1.0, -1.0, 0.0, 0.0, 0.0, 0.5], [4, 2, 3, 3, 1, 4], group=2)
    assert found["a"] == {
        "prompts": 2, "informative_groups": 1, "zero_variance_share": 0.5, "reward": 0.25, "right": 0.25,
        "malformed": 0.25, "unscored": 0.0, "truncated": 0.25, "completion_tokens": 12, "mean_length": 3.0,
        "teaching_groups": 1, "gradient_share": 0.75,
    }  # fmt: skip
    assert (found["b"]["prompts"], found["b"]["reward"], found["b"]["unscored"]) == (1, 1.0, 0.5)


def test_without_advantages_nobody_has_a_share() -> None:
    found = domain_metrics(SAMPLES[:2], [0.0, 0.0], [1, 1], group=2)
    assert found["a"]["gradient_share"] is None
    assert (found["a"]["informative_groups"], found["a"]["teaching_groups"]) == (1, 0)


def test_totals_of_a_stage() -> None:
    domains = domain_metrics(SAMPLES, [1.0, -1.0, 0.0, 0.0, 0.0, 0.5], [4, 2, 3, 3, 1, 4], group=2)
    line = {"domains": domains, "seconds": 2.0, "rollout_seconds": 1.5, "processor_seconds": 3.0, "step_time": 1.0}
    totals = stage_totals([line | {"rollout_processor_seconds": 1.0}, line, {"seconds": 1.0, "processor_seconds": 0.5}])
    assert (totals["steps"], totals["prompts"], totals["completion_tokens"]) == (3, 6, 34)
    assert totals["truncated_share"] == pytest.approx(1 / 6)
    assert (totals["training_seconds"], totals["rollout_seconds"], totals["update_processor_seconds"]) == (
        5.0,
        3.0,
        5.5,
    )


def test_what_an_earlier_version_did_not_write_is_unknown() -> None:
    domains = {"a": {"prompts": 1, "informative_groups": 0, "completion_tokens": 2}}
    totals = stage_totals([{"domains": domains}])
    unknown = ("truncated_share", "training_seconds", "update_processor_seconds")
    assert [totals[name] for name in unknown] == [None, None, None]
