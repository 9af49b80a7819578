"""Stages made by hand, for tests of what runs them."""

from __future__ import annotations

from typing import Any

from xdomain.config.curriculum import parse_curriculum
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.run_id import BASE_RUN, JOINT, RunId
from xdomain.config.strategy import JointConfig, StrategyModel
from xdomain.plan.stage import CheckpointRef, EvaluateStage, TrainStage


def evaluate_stage(domain: str, *, checkpoint: str, key: str = "key", **settings: Any) -> EvaluateStage:
    """Return an evaluation of the checkpoint at step 0 of the stage `checkpoint`."""
    return EvaluateStage(
        key=key,
        title=f"{checkpoint} on {domain}",
        payload={},
        checkpoint=CheckpointRef(checkpoint, 0),
        checkpoint_title=checkpoint,
        domain_entry=domain,
        settings=EvaluationConfig(**settings),
    )


def train_stage(
    curriculum: str,
    *,
    parent: CheckpointRef = CheckpointRef("base", 0),  # noqa: B008 -- frozen
    strategy: StrategyModel | None = None,
    **changes: Any,
) -> TrainStage:
    """Return the training stage of a curriculum's last phase."""
    defaults: dict[str, Any] = {
        "key": "key",
        "title": curriculum,
        "payload": {},
        "curriculum": parse_curriculum(curriculum),
        "run": RunId(parse_curriculum(curriculum), JOINT),
        "parent_run": BASE_RUN,
        "phase_index": 0,
        "steps": 2,
        "seed": 0,
        "strategy_config": strategy or JointConfig(),
        "offsets": {},
        "checkpoint_steps": (2,),
        "parent": parent,
        "base": CheckpointRef("base", 0),
    }
    return TrainStage(**(defaults | changes))
