"""Evaluations: the split that their purpose takes, and which of them share a task."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.stages import evaluate_stage
from xdomain.plan.evaluate_stage import Purpose


@pytest.mark.parametrize(
    ("purpose", "split", "alone"),
    [(Purpose.REPORT, "dev", False), (Purpose.PASS_RATE, "train", True), (Purpose.REPAIR, "train", True)],
)
def test_only_the_report_leaves_the_training_split(purpose: Purpose, split: str, alone: bool) -> None:
    stage = replace(evaluate_stage("logic", checkpoint="x", split="dev"), purpose=purpose)
    assert stage.split == split
    assert (stage.task_group is None) == alone


def test_evaluations_of_a_checkpoint_share_a_task_whatever_their_items() -> None:
    first = evaluate_stage("logic", checkpoint="x", items=3)
    assert first.task_group == evaluate_stage("puzzle", checkpoint="x", items=9).task_group
    assert first.task_group != evaluate_stage("logic", checkpoint="y", items=3).task_group
