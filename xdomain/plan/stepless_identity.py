"""Identities of merges and rollbacks, which their keys are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.config.execution import ExecutionConfig
from xdomain.config.phases import Merge, Rollback
from xdomain.plan.identity import threads_of
from xdomain.plan.stage import CheckpointRef

MERGE_VERSION = 1
DARE_VERSION = 2
ROLLBACK_VERSION = 1


def merge_payload(
    merge: Merge, base: str, inputs: Sequence[CheckpointRef], choice: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the identity of a merge.

    Args:
        merge: The merge.
        base: Key of the base model's stage.
        inputs: Checkpoint of each argument.
        choice: The candidates, the rule and the evaluations that choose the scale; {} for fixed weights.
    """
    payload: dict[str, Any] = {
        "kind": "merge",
        "version": DARE_VERSION if merge.method.is_random else MERGE_VERSION,
        "base": base,
        "inputs": [{"stage": ref.stage, "step": ref.step} for ref in inputs],
        "weights": [weight for weight, _ in merge.arguments],
        "method": str(merge.method),
    }
    density = {} if merge.density is None else {"density": merge.density}
    return payload | density | ({"choice": dict(choice)} if choice else {})


def rollback_payload(
    rollback: Rollback,
    base: str,
    inputs: Sequence[CheckpointRef],
    execution: ExecutionConfig,
    points: int,
    answers: str | None,
    choice: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the identity of a rollback.

    Args:
        rollback: The rollback.
        base: Key of the base model's stage.
        inputs: Checkpoint that is repaired, and the earlier one.
        execution: Settings whose thread count changes rounding.
        points: Number of points of the integrated gradients.
        answers: Key of the evaluation that gives right completions, which holds items, samples and seed; None for
            random entries, whose seed is derived from the stage's key.
        choice: The candidates, the rule and the evaluations that choose the share; {} for a fixed share.
    """
    payload: dict[str, Any] = {
        "kind": "rollback",
        "version": ROLLBACK_VERSION,
        "base": base,
        "inputs": [{"stage": ref.stage, "step": ref.step} for ref in inputs],
        "method": str(rollback.method),
        "share": rollback.share,
    }
    if answers is not None:
        payload |= {"answers": answers, "points": points}
    return payload | ({"choice": dict(choice)} if choice else {}) | threads_of(execution)
